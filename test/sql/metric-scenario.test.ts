/** metric_scenario: given a forecast of two days, three ways it may go. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { forecast_row, normal } from './forecast-rows.ts'
import { type Served, serve_warehouse } from './served-warehouse.ts'

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
  await served.fill('forecasts', [
    forecast_row({ foretold_at: '2025-03-01', step: 1, says: normal(100, 10) }),
    forecast_row({ foretold_at: '2025-03-01', step: 2, says: normal(200, 10) }),
    forecast_row({ foretold_at: '2025-03-01', step: 1, method: 'naive', says: normal(7, 1) }),
    forecast_row({
      ...{ foretold_at: '2025-03-01', step: 1, metric: 'conversion_rate', currency: null },
      says: normal(0.5, 0.1),
    }),
  ])
})
afterAll(() => served.stop())

const scenarios = async ([optimistic, realistic, pessimistic]: readonly number[]) => {
  const rows = await served.warehouse.query<Record<string, unknown>>(
    `SELECT scenario, toString(day) AS d, factor, value, total
     FROM metric_scenario(as_of = '2025-03-01 00:00:00.000', optimistic_factor = {optimistic:Float64},
       realistic_factor = {realistic:Float64}, pessimistic_factor = {pessimistic:Float64})
     ORDER BY scenario, d`,
    { optimistic, realistic, pessimistic },
  )
  return rows.map(row => Object.values(row))
}
const near = (value: number) => expect.closeTo(value, 6)
/** One of ten days is so much better. */
const REACH = 10 * 1.2815515655446004

it('takes a day in ten by day, and a sum in ten in all', async () => {
  expect(await scenarios([1, 1, 1])).toEqual([
    ['optimistic', '2025-03-01', 1, near(100 + REACH), near(100 + REACH)],
    ['optimistic', '2025-03-02', 1, near(200 + REACH), near(300 + REACH * Math.SQRT2)],
    ['pessimistic', '2025-03-01', 1, near(100 - REACH), near(100 - REACH)],
    ['pessimistic', '2025-03-02', 1, near(200 - REACH), near(300 - REACH * Math.SQRT2)],
    ['realistic', '2025-03-01', 1, 100, 100],
    ['realistic', '2025-03-02', 1, 200, 300],
  ])
})

it('multiplies by what the analyst knows better', async () => {
  expect(await scenarios([1.5, 2, 0])).toEqual([
    ['optimistic', '2025-03-01', 1.5, near(1.5 * (100 + REACH)), near(1.5 * (100 + REACH))],
    ['optimistic', '2025-03-02', 1.5, near(1.5 * (200 + REACH)), near(1.5 * (300 + REACH * Math.SQRT2))],
    ['pessimistic', '2025-03-01', 0, 0, 0],
    ['pessimistic', '2025-03-02', 0, 0, 0],
    ['realistic', '2025-03-01', 2, 200, 200],
    ['realistic', '2025-03-02', 2, 400, 600],
  ])
  await expect(scenarios([1, -1, 1])).rejects.toThrow('a factor is 0 or more')
})
