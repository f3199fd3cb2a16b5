import { expect, it } from 'vitest'
import { fit_line, fit_seasonal_line } from '../../../jobs/forecast/fit-line.ts'

it('fits a line with its errors', () => {
  const { intercept, slope, se, sigma, r2, prediction_error } = fit_line([1, 3, 2, 5])
  expect([intercept, slope]).toEqual([0, 1.1])
  expect(sigma).toBeCloseTo(Math.sqrt(2.7 / 2), 12)
  expect(r2).toBeCloseTo(1 - 2.7 / 8.75, 12)
  expect(se.slope).toBeCloseTo(sigma / Math.sqrt(5), 12)
  expect(se.intercept).toBeCloseTo(sigma * Math.sqrt(0.25 + 6.25 / 5), 12)
  expect(prediction_error(5)).toBeCloseTo(sigma * Math.sqrt(1.25 + 6.25 / 5), 12)
})

it('fits a line beside a season, also where a turn is cut off', () => {
  const value = (i: number): number => 7 + 0.5 * i + [3, -4, 1][i % 3]!
  const values = Array.from({ length: 11 }, (_, i) => value(i))
  const { slope, forecast } = fit_seasonal_line(values, 3)
  expect(slope).toBeCloseTo(0.5, 12)
  for (const [h, x] of forecast(4).entries()) expect(x).toBeCloseTo(value(11 + h), 10)
})
