/** metric_series: given a ledger and points of a ratio, series without gaps. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ledger_row, type Served, serve_warehouse } from './served-warehouse.ts'

const rate = (occurred_at: string, numerator: number, denominator: number) => ({
  _key: 't1',
  event_id: `conversion_rate||${occurred_at}`,
  tenant_id: 't1',
  ...{ occurred_at, metric: 'conversion_rate', numerator, denominator },
})

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
  await served.fill('ledger', [
    ledger_row({ event_id: 'a', occurred_at: '2025-03-29T00:10:00.000Z', amount_minor: 900 }),
    ledger_row({ event_id: 'b', occurred_at: '2025-03-31T23:59:00.000Z', amount_minor: 300 }),
  ])
  await served.fill('metric_points', [
    rate('2025-03-29T00:10:00.000Z', 0, 0),
    rate('2025-03-30T10:00:00.000Z', 1, 4),
    rate('2025-04-01T10:00:00.000Z', 1, 2),
  ])
})
afterAll(() => served.stop())

const series = async (as_of: string, granularity = 'day') => {
  const rows = await served.warehouse.query<Record<string, unknown>>(
    `SELECT metric, toString(toDate(starts_at)) AS since, values
     FROM metric_series(as_of = {as_of:DateTime64(3, 'UTC')}, granularity = {granularity:String})
     WHERE metric IN ('revenue', 'conversion_rate') ORDER BY metric`,
    { as_of, granularity },
  )
  return rows.map(row => Object.values(row))
}

it('fills days of nothing with zeros, and a ratio with what it was before, up to the last day that is over', async () => {
  expect(await series('2025-04-04 12:00:00')).toEqual([
    ['conversion_rate', '2025-03-30', [0.25, 0.25, 0.5, 0.5, 0.5]],
    ['revenue', '2025-03-29', [900, 0, 300, 0, 0, 0]],
  ])
  expect(await series('2025-03-31 00:00:00')).toEqual([
    ['conversion_rate', '2025-03-30', [0.25]],
    ['revenue', '2025-03-29', [900, 0]],
  ])
  expect(await series('2025-03-29 23:59:59.999')).toEqual([])
})

it('leaves out a first month that was not whole', async () => {
  expect(await series('2025-06-01 00:00:00', 'month')).toEqual([
    ['conversion_rate', '2025-04-01', [0.5, 0.5]],
    ['revenue', '2025-04-01', [0, 0]],
  ])
})
