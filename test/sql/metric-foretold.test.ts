/** metric_foretold: given forecasts and a ledger, expected rows. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { forecast_row } from './forecast-rows.ts'
import { ledger_row, type Served, serve_warehouse } from './served-warehouse.ts'

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
  await served.fill('ledger', [
    ledger_row({ event_id: 'a', occurred_at: '2025-03-01T00:10:00.000Z', amount_minor: 900 }),
    ledger_row({ event_id: 'b', occurred_at: '2025-03-02T10:00:00.000Z', amount_minor: 1300 }),
    ledger_row({ event_id: 'y', occurred_at: '2025-03-02T00:10:00.000Z', amount_minor: 7, currency: 'JPY' }),
  ])
  const says = [1000, 900, 1100, 800, 1300] as const
  await served.fill('forecasts', [
    forecast_row({ foretold_at: '2025-03-01', step: 1, says }),
    forecast_row({ foretold_at: '2025-03-01', step: 2, says }),
    forecast_row({ foretold_at: '2025-03-01', step: 3, says }),
    // Written twice, as after a restart of the job: one row.
    forecast_row({ foretold_at: '2025-03-01', step: 1, says }),
    forecast_row({ foretold_at: '2025-03-02', step: 1, says: [1200, 1100, 1250, 1000, 1299] }),
    forecast_row({
      foretold_at: '2025-03-01',
      step: 2,
      method: 'naive',
      currency: 'JPY',
      says: [7, 7, 7, 7, 7],
    }),
    forecast_row({
      foretold_at: '2025-03-01',
      step: 2,
      metric: 'payments',
      currency: null,
      says: [2, 1, 3, 0, 4],
    }),
    forecast_row({ foretold_at: '2025-03-01', step: 1, granularity: 'hour', says }),
  ])
})
afterAll(() => served.stop())

const foretold = async (as_of: string, granularity = 'day') => {
  const rows = await served.warehouse.query<Record<string, unknown>>(
    `SELECT metric, currency, formatDateTime(foretold_at, '%d') AS made, method, step,
       formatDateTime(period_start, '%d %H') AS period, value, actual, within80, within95
     FROM metric_foretold(as_of = {as_of:DateTime64(3, 'UTC')}, granularity = {granularity:String})
     ORDER BY metric, currency, made, method, step`,
    { as_of, granularity },
  )
  return rows.map(row => Object.values(row))
}

it('joins what was foretold with what came, bounds included, per currency', async () => {
  expect(await foretold('2025-03-03 00:00:00')).toEqual([
    ['payments', null, '01', 'best', 2, '02 00', 2, 2, 1, 1],
    ['revenue', 'JPY', '01', 'naive', 2, '02 00', 7, 7, 1, 1],
    ['revenue', 'USD', '01', 'best', 1, '01 00', 1000, 900, 1, 1],
    ['revenue', 'USD', '01', 'best', 2, '02 00', 1000, 1300, 0, 1],
    ['revenue', 'USD', '01', 'best', 3, '03 00', 1000, null, null, null],
    ['revenue', 'USD', '02', 'best', 1, '02 00', 1200, 1300, 0, 0],
  ])
})

it('knows only forecasts made at as_of or before, and what came of periods that are over', async () => {
  expect((await foretold('2025-03-02 23:59:59.999')).filter(row => row[1] === 'USD')).toEqual([
    ['revenue', 'USD', '01', 'best', 1, '01 00', 1000, 900, 1, 1],
    ['revenue', 'USD', '01', 'best', 2, '02 00', 1000, null, null, null],
    ['revenue', 'USD', '01', 'best', 3, '03 00', 1000, null, null, null],
    ['revenue', 'USD', '02', 'best', 1, '02 00', 1200, null, null, null],
  ])
  expect((await foretold('2025-03-01 00:00:00')).filter(row => row[1] === 'USD')).toEqual(
    [1, 2, 3].map(step => ['revenue', 'USD', '01', 'best', step, `0${step} 00`, 1000, null, null, null]),
  )
  expect(await foretold('2025-02-28 23:59:59.999')).toEqual([])
})

it('keeps hours apart from days', async () => {
  expect(await foretold('2025-03-03 00:00:00', 'hour')).toEqual([
    ['revenue', 'USD', '01', 'best', 1, '01 00', 1000, 900, 1, 1],
  ])
})
