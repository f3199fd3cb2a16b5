/** metric_forecast: given two forecasts of a metric, the newer one with what came since. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { forecast_row } from './forecast-rows.ts'
import { ledger_row, type Served, serve_warehouse } from './served-warehouse.ts'

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
  await served.fill('ledger', [
    ledger_row({ event_id: 'a', occurred_at: '2025-03-01T00:10:00.000Z', amount_minor: 900 }),
    ledger_row({ event_id: 'b', occurred_at: '2025-03-02T10:00:00.000Z', amount_minor: 1300 }),
  ])
  await served.fill('forecasts', [
    forecast_row({ foretold_at: '2025-03-01', step: 1, says: [1000, 900, 1100, 800, 1200] }),
    forecast_row({ foretold_at: '2025-03-02', step: 1, says: [1200, 1100, 1250, 1000, 1300] }),
    forecast_row({ foretold_at: '2025-03-02', step: 2, says: [1300, 1200, 1400, 1100, 1500] }),
    forecast_row({ foretold_at: '2025-03-02', step: 1, method: 'naive', says: [900, 500, 1300, 400, 1400] }),
    // Another metric was foretold last a day earlier: its newest is that one.
    forecast_row({
      foretold_at: '2025-03-01',
      step: 1,
      metric: 'visits',
      currency: null,
      says: [5, 4, 6, 3, 7],
    }),
  ])
})
afterAll(() => served.stop())

const forecast = async (as_of: string) => {
  const rows = await served.warehouse.query<Record<string, unknown>>(
    `SELECT metric, method, step, formatDateTime(period_start, '%d') AS day, value, lo80, hi80, lo95, hi95,
       actual, within80, within95
     FROM metric_forecast(as_of = {as_of:DateTime64(3, 'UTC')}, granularity = 'day') ORDER BY metric, method, step`,
    { as_of },
  )
  return rows.map(row => Object.values(row))
}
const visits = ['visits', 'best', 1, '01', 5, 4, 6, 3, 7, null, null, null]

it('is the newest of each metric at the moment', async () => {
  expect(await forecast('2025-03-02 12:00:00')).toEqual([
    ['revenue', 'best', 1, '02', 1200, 1100, 1250, 1000, 1300, null, null, null],
    ['revenue', 'best', 2, '03', 1300, 1200, 1400, 1100, 1500, null, null, null],
    ['revenue', 'naive', 1, '02', 900, 500, 1300, 400, 1400, null, null, null],
    visits,
  ])
  expect(await forecast('2025-03-01 12:00:00')).toEqual([
    ['revenue', 'best', 1, '01', 1000, 900, 1100, 800, 1200, null, null, null],
    visits,
  ])
})

it('tells what has come since', async () => {
  expect((await forecast('2025-03-03 00:00:00')).slice(0, 3)).toEqual([
    ['revenue', 'best', 1, '02', 1200, 1100, 1250, 1000, 1300, 1300, 0, 1],
    ['revenue', 'best', 2, '03', 1300, 1200, 1400, 1100, 1500, null, null, null],
    ['revenue', 'naive', 1, '02', 900, 500, 1300, 400, 1400, 1300, 1, 1],
  ])
})
