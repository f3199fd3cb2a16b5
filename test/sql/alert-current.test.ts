/** alert_current: given what was said of troubles, the newest word on each. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { alert_word } from './alert-rows.ts'
import { type Served, serve_warehouse } from './served-warehouse.ts'

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
  await served.fill('alerts', [
    alert_word('visits_drop|a', '10:00', 1, '10:05', 'pending'),
    alert_word('visits_drop|a', '10:00', 2, '10:10', 'firing'),
    // A person's word has the clock's time; the metric's that follow have their windows'.
    alert_word('visits_drop|a', '10:00', 3, '10:22', 'acknowledged', { acknowledged_by: 'ann' }),
    alert_word('visits_drop|a', '10:00', 4, '10:20', 'acknowledged', { severity: 'critical' }),
    alert_word('revenue_drop|b', '10:00', 9, '10:30', 'firing'),
    alert_word('revenue_drop|b', '10:00', 10, '10:40', 'resolved'),
    alert_word('churn_risk|c', '09:00', 2, '09:50', 'resolved'),
    alert_word('churn_risk|c', '10:15', 1, '10:20', 'firing', { money_at_risk_minor: 12_300 }),
    alert_word('premium_lead|l', '10:00', 1, '10:00', 'firing', { severity: 'info' }),
    alert_word('visits_drop|a', '10:00', 1, '10:45', 'firing', { _key: 't2', tenant_id: 't2' }),
  ])
})
afterAll(() => served.stop())

const current = async (as_of: string, where = "tenant_id = 't1'") =>
  Object.fromEntries(
    (
      await served.warehouse.query<Record<string, unknown>>(
        `SELECT * FROM alert_current(as_of = {as_of:DateTime64(3, 'UTC')}) WHERE ${where}`,
        { as_of: `2026-01-05 ${as_of}:00.000` },
      )
    ).map(row => [row.fingerprint, row]),
  )

it('has one row a trouble: the newest word of its newest incident', async () => {
  const rows = await current('11:00')
  expect(Object.keys(rows).sort()).toEqual([
    'churn_risk|c',
    'premium_lead|l',
    'revenue_drop|b',
    'visits_drop|a',
  ])
  expect(rows['visits_drop|a']).toMatchObject({ status: 'acknowledged', severity: 'critical', open: true })
  expect(rows['revenue_drop|b']).toMatchObject({ status: 'resolved', open: false })
  expect(rows['churn_risk|c']).toMatchObject({ status: 'firing', open: true, money_at_risk_minor: 12_300 })
  expect(rows['premium_lead|l']).toMatchObject({ status: 'firing', open: false })
})

it('knows only what had been said by the moment, and no other tenant’s', async () => {
  expect((await current('10:10'))['visits_drop|a']).toMatchObject({ status: 'pending', open: false })
  expect((await current('10:22'))['visits_drop|a']).toMatchObject({ severity: 'critical' })
  expect((await current('10:20'))['visits_drop|a']).toMatchObject({ status: 'firing' })
  expect(Object.keys(await current('11:00', "tenant_id = 't2'"))).toEqual(['visits_drop|a'])
  expect(await current('10:45', "tenant_id = 't2'")).toEqual({})
})
