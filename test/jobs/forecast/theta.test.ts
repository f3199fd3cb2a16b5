import { expect, it } from 'vitest'
import { fit_simple } from '../../../jobs/forecast/fit-smoothing.ts'
import { dynamic_theta_forecast, theta_forecast } from '../../../jobs/forecast/theta.ts'
import { random_of } from '../../operators/anomaly/simulated-metric.ts'

const random = random_of(21)
const drifting = Array.from({ length: 40 }, (_, i) => 100 + i + 8 * random())

it('continues a line exactly, as the mean of the line and of itself', () => {
  const line = Array.from({ length: 12 }, (_, i) => 4 + 2 * i)
  const path = theta_forecast(line, 3)
  // Bent twice a line is the same line; smoothing it gives its last value.
  for (const [h, x] of path.entries()) expect(x).toBeCloseTo((26 + 26 + 2 * (h + 1)) / 2, 4)
})

it('climbs by half the slope of the line', () => {
  const [first, second] = theta_forecast(drifting, 2)
  expect(second! - first!).toBeGreaterThan(0.4)
  expect(second! - first!).toBeLessThan(0.6)
})

it('dynamic: between smoothing and the line, following the drift', () => {
  const flat = fit_simple(drifting).forecast(1)[0]!
  const path = dynamic_theta_forecast(drifting, 10)
  expect(path[9]).toBeGreaterThan(flat + 3)
  expect(Math.abs(path[9]! - 153)).toBeLessThan(5)
})

it('dynamic: rises on by the slope of the line', () => {
  const path = dynamic_theta_forecast([10, 12, 11, 14, 13, 16, 15, 19, 17, 20, 19, 23], 6)
  for (let h = 1; h < 6; h++) expect(path[h]! - path[h - 1]!).toBeCloseTo(1.059, 2)
})

it('dynamic: without a drift it is simple smoothing', () => {
  const values = drifting.map((x, i) => x - i)
  const path = dynamic_theta_forecast(values, 10)
  expect(Math.abs(path[9]! - fit_simple(values).forecast(1)[0]!)).toBeLessThan(1.5)
  for (const x of dynamic_theta_forecast([3, 3, 3, 3, 3], 2)) expect(x).toBeCloseTo(3, 9)
})
