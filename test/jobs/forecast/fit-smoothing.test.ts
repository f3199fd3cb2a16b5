import { expect, it } from 'vitest'
import {
  fit_holt,
  fit_simple,
  fit_winters,
  fit_winters_from_start,
  winters_start,
} from '../../../jobs/forecast/fit-smoothing.ts'
import { run_holt } from '../../../operators/stats/exponential-smoothing.ts'
import { sum_of_squares } from '../../../operators/stats/least-squares.ts'
import { random_of } from '../../operators/anomaly/simulated-metric.ts'

const random = random_of(7)
const noise = Array.from({ length: 60 }, () => random() - 0.5)
const walk = noise.map((_, i) => 20 + noise.slice(0, i + 1).reduce((a, b) => a + b, 0))
/** Some of the noise stays in the level, some does not: alpha lies inside its bounds. */
const mixed = walk.map((x, i) => x + noise[59 - i]!)

it('no other alpha and start level fit a series better', () => {
  const { parameters, sse } = fit_simple(mixed)
  const errors = new Float64Array(mixed.length)
  for (const alpha of [-0.05, 0, 0.05])
    for (const level of [-0.2, 0, 0.2]) {
      const near = { ...parameters, alpha: parameters.alpha + alpha, level: parameters.level + level }
      run_holt(mixed, near, errors)
      expect(sum_of_squares(errors)).toBeGreaterThanOrEqual(sse * (1 - 1e-9))
    }
})

it('takes the mean of noise and the last value of a walk', () => {
  const mean = noise.reduce((a, b) => a + b, 0) / noise.length
  expect(fit_simple(noise).forecast(1)[0]).toBeCloseTo(mean, 1)
  expect(fit_simple([1, 2, 1, 2, 9, 10, 9, 10, 30, 31]).parameters.alpha).toBeGreaterThan(0.9)
  expect([...fit_simple([5, 5, 5]).forecast(2)]).toEqual([5, 5])
})

it('goes on with a line; damped, it bends', () => {
  const line = walk.map((_, i) => 10 + 3 * i)
  for (const [h, x] of fit_holt(line, false).forecast(4).entries()) expect(x).toBeCloseTo(190 + 3 * h, 5)
  const [first, second, third] = fit_holt(line, true).forecast(3)
  expect(second! - first!).toBeGreaterThan(third! - second!)
  expect(third! - second!).toBeGreaterThan(2.4)
})

it('survives a constant series', () => {
  for (const damped of [true, false])
    for (const x of fit_holt([4, 4, 4, 4, 4, 4], damped).forecast(3)) expect(x).toBeCloseTo(4, 9)
})

const indices = [1.2, 0.8, 1.1, 0.9]
const seasonal = Array.from({ length: 24 }, (_, i) => (100 + 2 * i) * indices[i % 4]!)

it('starts a season where R does', () => {
  const { level, trend, seasonal: start } = winters_start(seasonal, 4, 'multiplicative')
  // The centred averages of the first two seasons are at times 3 to 6.
  expect(level + trend).toBeCloseTo(104, 0)
  expect(trend).toBeCloseTo(2, 0)
  for (const [i, x] of start.entries()) expect(x).toBeCloseTo(indices[i]!, 1)
})

it('continues a multiplicative season, better with its own start states', () => {
  const rough = fit_winters_from_start(seasonal, 4, 'multiplicative')
  const fine = fit_winters(seasonal, 4, 'multiplicative')
  expect(fine.sse).toBeLessThan(1e-3)
  expect(fine.sse).toBeLessThan(rough.sse)
  for (const [h, x] of fine.forecast(6).entries())
    expect(Math.abs(x / ((148 + 2 * h) * indices[h % 4]!) - 1)).toBeLessThan(1e-3)
})

it('continues an additive season below zero', () => {
  const values = Array.from({ length: 18 }, (_, i) => [-5, 1, 4][i % 3]! - i)
  const fitted = fit_winters(values, 3, 'additive')
  for (const [h, x] of fitted.forecast(3).entries()) expect(x).toBeCloseTo([-5, 1, 4][h]! - 18 - h, 3)
})
