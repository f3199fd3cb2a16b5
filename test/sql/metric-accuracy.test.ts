/** metric_accuracy: given forecasts, scores and what came, expected errors and coverage. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { forecast_row } from './forecast-rows.ts'
import { ledger_row, type Served, serve_warehouse } from './served-warehouse.ts'

const score = (occurred_at: string, method: string, mae: number) => ({
  _key: 't1',
  event_id: `revenue|USD|day|${method}|${Date.parse(occurred_at)}`,
  tenant_id: 't1',
  occurred_at: new Date(occurred_at).toISOString(),
  ...{ metric: 'revenue', currency: 'USD', granularity: 'day', method, origins: 8, mae, rmse: mae + 1 },
  ...{ smape: 12, mase: null, coverage80: 0.75, coverage95: 1, weight: method === 'naive' ? 0.4 : 0 },
})

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
  await served.fill('ledger', [
    ledger_row({ event_id: 'a', occurred_at: '2025-03-01T00:10:00.000Z', amount_minor: 300 }),
    ledger_row({ event_id: 'b', occurred_at: '2025-03-02T10:00:00.000Z', amount_minor: 100 }),
  ])
  const naive = (foretold_at: string, step: number, value: number) =>
    forecast_row({ foretold_at, step, method: 'naive', says: [value, 90, 110, 80, 120] })
  await served.fill('forecasts', [
    naive('2025-03-01', 1, 100),
    naive('2025-03-01', 2, 100),
    naive('2025-03-01', 3, 0),
    naive('2025-03-02', 1, 300),
    naive('2025-03-02', 2, 100),
    forecast_row({ foretold_at: '2025-03-03', step: 1, says: [1, 1, 1, 1, 1] }),
  ])
  await served.fill('forecast_scores', [
    score('2025-03-01', 'naive', 40),
    score('2025-03-02', 'naive', 50),
    score('2025-03-03', 'best', 60),
  ])
})
afterAll(() => served.stop())

const accuracy = async (as_of: string, columns: string) => {
  const rows = await served.warehouse.query<Record<string, unknown>>(
    `SELECT method, step, ${columns}
     FROM metric_accuracy(as_of = {as_of:DateTime64(3, 'UTC')}, granularity = 'day') ORDER BY method, step`,
    { as_of },
  )
  return rows.map(row => Object.values(row))
}
const near = (value: number) => expect.closeTo(value, 9)

it('measures what came against what was foretold, per step and in all (step 0)', async () => {
  const columns = 'realised, mae, rmse, bias, smape, coverage80, coverage95'
  expect(await accuracy('2025-03-04 00:00:00', columns)).toEqual([
    ['best', 0, 1, 1, 1, 1, 200, 0, 0],
    ['best', 1, 1, 1, 1, 1, 200, 0, 0],
    // Came: 300, 100, 0, and 100, 0. Where both are 0, as on the third, there is no percentage.
    ['naive', 0, 5, 100, near(Math.sqrt(18_000)), 20, near((100 + 0 + 100 + 200) / 4), 0.4, 0.4],
    ['naive', 1, 2, 200, 200, 0, near(100), 0.5, 0.5],
    ['naive', 2, 2, 50, near(Math.sqrt(5000)), 50, near(100), 0.5, 0.5],
    ['naive', 3, 1, 0, 0, 0, null, 0, 0],
  ])
})

it('has the scores of the newest backtest in every row, and rows before anything has come', async () => {
  const columns = `toString(toDate(scored_at)) AS at, origins, backtest_mae, backtest_rmse, backtest_smape, backtest_mase,
    backtest_coverage80, backtest_coverage95, weight`
  const naive = (step: number, at: string, mae: number) => [
    ...['naive', step, at, 8, mae, mae + 1, 12, null, 0.75, 1, 0.4],
  ]
  expect(await accuracy('2025-03-03 00:00:00', columns)).toEqual([
    ['best', 0, '2025-03-03', 8, 60, 61, 12, null, 0.75, 1, 0],
    naive(0, '2025-03-02', 50),
    naive(1, '2025-03-02', 50),
    naive(2, '2025-03-02', 50),
  ])
  expect(await accuracy('2025-03-01 00:00:00', columns)).toEqual([naive(0, '2025-03-01', 40)])
  expect(await accuracy('2025-03-01 00:00:00', 'realised, mae, coverage80')).toEqual([
    ['naive', 0, 0, null, null],
  ])
})
