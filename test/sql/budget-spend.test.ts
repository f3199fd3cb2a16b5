/** budget_spend: given touches with costs and spend, what was spent by day, channel and campaign. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Served, serve_warehouse } from './served-warehouse.ts'

const row = (event_id: string, at: string, channel: string, more: object) => ({
  _key: 't1|c1',
  event_id,
  tenant_id: 't1',
  occurred_at: `2026-01-${at}:00.000Z`,
  channel,
  currency: 'EUR',
  ...more,
})
const spring = { campaign: 'spring' }

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
  await served.fill('touchpoints', [
    row('1', '05T00:00', 'search', { ...spring, cost_minor: 30 }),
    row('2', '05T23:59', 'search', { ...spring, cost_minor: 20 }),
    row('3', '06T00:00', 'search', { ...spring, cost_minor: 5 }),
    row('4', '05T12:00', 'search', { cost_minor: 8 }),
    row('free', '05T12:00', 'email', { cost_minor: 0 }),
    row('yen', '05T12:00', 'search', { ...spring, cost_minor: 7, currency: 'JPY' }),
    row('other', '05T12:00', 'search', { cost_minor: 9, tenant_id: 't2' }),
  ])
  await served.fill('spend', [
    row('1', '05T12:00', 'search', { ...spring, amount_minor: 500, content_id: 'film' }),
    // A correction, on its own day.
    row('2', '06T12:00', 'search', { ...spring, amount_minor: -60 }),
    row('3', '06T12:00', 'tv', { amount_minor: 700 }),
    row('free', '06T12:00', 'radio', { amount_minor: 0 }),
  ])
  // Inserted again, as after a restart of the sink.
  await served.fill('touchpoints', [row('1', '05T00:00', 'search', { ...spring, cost_minor: 30 })])
  await served.fill('spend', [row('3', '06T12:00', 'tv', { amount_minor: 700 })])
})
afterAll(() => served.stop())

const spent = async (as_of: string, columns = '* EXCEPT (tenant_id)', where = `tenant_id = 't1'`) => {
  const rows = await served.warehouse.query<Record<string, unknown>>(
    `SELECT ${columns} FROM budget_spend(as_of = {as_of:DateTime64(3, 'UTC')})
     WHERE ${where} ORDER BY ALL`,
    { as_of },
  )
  return rows.map(row => Object.values(row))
}

it('adds what touches cost to what was paid beside them, by day, channel, campaign and currency', async () => {
  expect(await spent('2026-02-01 00:00:00.000')).toEqual([
    ['2026-01-05', 'search', 'none', 'EUR', 8, 0, 8],
    ['2026-01-05', 'search', 'spring', 'EUR', 50, 500, 550],
    ['2026-01-05', 'search', 'spring', 'JPY', 7, 0, 7],
    ['2026-01-06', 'search', 'spring', 'EUR', 5, -60, -55],
    ['2026-01-06', 'tv', 'none', 'EUR', 0, 700, 700],
  ])
})

it('knows nothing of what happens from as_of on', async () => {
  const columns = 'day, sum(touches_minor), sum(beside_minor)'
  const where = `tenant_id = 't1' AND currency = 'EUR' GROUP BY day`
  expect(await spent('2026-01-06 12:00:00.000', columns, where)).toEqual([
    ['2026-01-05', 58, 500],
    ['2026-01-06', 5, 0],
  ])
  expect(await spent('2026-01-05 00:00:00.000')).toEqual([])
})

it('is what attribution_channel and subscription_economics set against what came in', async () => {
  const [whole] = await spent('2026-02-01 00:00:00.000', 'sum(spend_minor)', `currency = 'EUR'`)
  const [of_channels] = await served.warehouse.query<{ minor: number }>(
    `SELECT sum(spend_minor) AS minor
     FROM attribution_channel(as_of = '2026-02-01 00:00:00.000', from_day = '2026-01-05', to_day = '2026-01-07',
       lookback_days = 30, half_life_days = 7, models = ['linear'])
     WHERE currency = 'EUR'`,
  )
  expect([of_channels?.minor]).toEqual(whole)
  const started = { type: 'subscription_started', subscription_id: 's', mrr_minor: 100, amount_minor: 0 }
  await served.fill('payments', [
    row('s', '05T12:00', '', { ...started, customer_id: 'c1', quantity: 1 }),
    row('s', '05T12:00', '', { ...started, customer_id: 'c1', quantity: 1, tenant_id: 't2' }),
  ])
  const [of_months] = await served.warehouse.query<{ minor: number }>(
    `SELECT sum(spend_minor) AS minor
     FROM subscription_economics(as_of = '2026-02-01 00:00:00.000', granularity = 'month', margin_ratio = 1)
     WHERE currency = 'EUR'`,
  )
  expect([of_months?.minor]).toEqual(whole)
})
