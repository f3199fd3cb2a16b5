/** metric_outlook: given a forecast of three days, the days it is followed by, and their sums with bounds. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { forecast_row, normal } from './forecast-rows.ts'
import { type Served, serve_warehouse } from './served-warehouse.ts'

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
  const day = (tenant_id: string, step: number, value: number, sd: number, more: object = {}) =>
    forecast_row({ tenant_id, foretold_at: '2025-03-01', step, says: normal(value, sd), ...more })
  await served.fill('forecasts', [
    day('even', 1, 100, 10),
    day('even', 2, 200, 10),
    day('even', 3, 300, 10),
    day('even', 1, 0, 1, { method: 'naive' }),
    day('even', 1, 0.5, 0.1, { metric: 'conversion_rate', currency: null }),
    // Variance 100 (1 + (h - 1) / 4): carry 0.5.
    ...[1, 2, 3].map(step => day('grows', step, 100, Math.sqrt(75 + 25 * step))),
    // As a random walk.
    ...[1, 2, 3].map(step => day('walk', step, 100, 10 * Math.sqrt(step))),
    ...Array.from({ length: 16 }, (_, i) => day('weeks', i + 1, i + 1, 1)),
  ])
})
afterAll(() => served.stop())

const outlook = async (tenant: string, as_of: string, columns: string, days = 5) => {
  const rows = await served.warehouse.query<Record<string, unknown>>(
    `SELECT ${columns} FROM metric_outlook(as_of = {as_of:DateTime64(3, 'UTC')})
     WHERE tenant_id = {tenant:String} ORDER BY metric, day LIMIT ${days}`,
    { as_of, tenant },
  )
  return rows.map(row => Object.values(row))
}
const near = (value: number) => expect.closeTo(value, 6)
const Z80 = 1.2815515655446004

it('sums days whose errors have nothing to do with each other, and goes on with the last days', async () => {
  expect(
    await outlook(
      'even',
      '2025-03-01 00:00:00',
      "formatDateTime(day, '%d') AS d, beyond, value, lo80, total, total_hi80, carry",
    ),
  ).toEqual([
    ['01', 0, 100, near(100 - Z80 * 10), 100, near(100 + Z80 * 10), 0],
    ['02', 0, 200, near(200 - Z80 * 10), 300, near(300 + Z80 * 10 * Math.SQRT2), 0],
    ['03', 0, 300, near(300 - Z80 * 10), 600, near(600 + Z80 * 10 * Math.sqrt(3)), 0],
    ['04', 1, 100, near(100 - Z80 * 10), 700, near(700 + Z80 * 20), 0],
    ['05', 1, 200, near(200 - Z80 * 10), 900, near(900 + Z80 * 10 * Math.sqrt(5)), 0],
  ])
  expect(await outlook('even', '2025-03-01 00:00:00', 'metric', 1000)).toHaveLength(366)
})

it('adds the covariances of a level that wanders', async () => {
  // Errors n1, n2 + n1/2, n3 + n1/2 + n2/2, n4 + (n1 + n2 + n3)/2 with noise of deviation 10.
  const sums = [[1], [1.5, 1], [2, 1.5, 1], [2.5, 2, 1.5, 1]].map(
    weights => 100 * weights.reduce((sum, weight) => sum + weight * weight, 0),
  )
  expect(await outlook('grows', '2025-03-01 00:00:00', 'carry, total_variance', 4)).toEqual(
    sums.map(variance => [near(0.5), near(variance)]),
  )
  const walked = [[1], [2, 1], [3, 2, 1], [4, 3, 2, 1]].map(
    weights => 100 * weights.reduce((sum, weight) => sum + weight * weight, 0),
  )
  expect(await outlook('walk', '2025-03-01 00:00:00', 'carry, total_variance', 4)).toEqual(
    walked.map(variance => [near(1), near(variance)]),
  )
})

it('counts of today the part that is left, and of an old forecast the days from today on', async () => {
  expect(
    await outlook(
      'even',
      '2025-03-02 18:00:00',
      "formatDateTime(day, '%d') AS d, value, hi80, total, total_variance",
      3,
    ),
  ).toEqual([
    ['02', 50, near(50 + Z80 * 5), 50, near(25)],
    ['03', 300, near(300 + Z80 * 10), 350, near(125)],
    ['04', 100, near(100 + Z80 * 10), 450, near(225)],
  ])
  expect(await outlook('even', '2025-02-28 23:59:59', 'day')).toEqual([])
})

it('repeats whole weeks', async () => {
  const values = (await outlook('weeks', '2025-03-01 00:00:00', 'value', 32)).map(([value]) => value)
  const last = Array.from({ length: 14 }, (_, i) => 3 + i)
  expect(values).toEqual([1, 2, ...last, ...last, 3, 4])
})
