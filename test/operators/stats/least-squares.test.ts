import { expect, it } from 'vitest'
import {
  fit_least_squares,
  minimise_line,
  solve_definite,
  sum_of_squares,
} from '../../../operators/stats/least-squares.ts'

const decay = Array.from({ length: 20 }, (_, i) => 3 * Math.exp(-0.4 * i))
const curve = (upper: number) =>
  fit_least_squares({
    residuals: (p, out) => {
      for (let i = 0; i < out.length; i++) out[i] = decay[i]! - p[0]! * Math.exp(-p[1]! * i)
    },
    size: decay.length,
    start: [1, 0.1],
    lower: [0, 0],
    upper: [10, upper],
  })

it('finds the parameters that made a curve', () => {
  const { parameters, sum } = curve(1)
  expect(parameters[0]).toBeCloseTo(3, 6)
  expect(parameters[1]).toBeCloseTo(0.4, 6)
  expect(sum).toBeLessThan(1e-12)
})

it('stays within bounds and is best there', () => {
  const { parameters } = curve(0.3)
  expect(parameters[1]).toBe(0.3)
  const weights = decay.map((_, i) => Math.exp(-0.3 * i))
  const best =
    weights.reduce((sum, w, i) => sum + w * decay[i]!, 0) / weights.reduce((sum, w) => sum + w * w, 0)
  expect(parameters[0]).toBeCloseTo(best, 6)
})

it('takes no step that makes it worse', () => {
  // Undamped steps from here swing ever further out.
  const fit = fit_least_squares({
    residuals: (p, out) => void out.fill(Math.atan(p[0]!)),
    size: 1,
    start: [3],
    lower: [-1e9],
    upper: [1e9],
  })
  expect(fit.parameters[0]).toBeCloseTo(0, 5)
})

it('leaves a start alone where no number is finite', () => {
  const fit = fit_least_squares({
    residuals: (_, out) => void out.fill(Number.NaN),
    size: 2,
    start: [0.5],
    lower: [0],
    upper: [1],
  })
  expect([...fit.parameters]).toEqual([0.5])
  expect(fit.sum).toBe(Number.POSITIVE_INFINITY)
})

it('solves definite systems and refuses others', () => {
  const x = solve_definite(Float64Array.of(4, 2, 2, 3), Float64Array.of(10, 9))!
  expect(x[0]).toBeCloseTo(1.5, 12)
  expect(x[1]).toBeCloseTo(2, 12)
  expect(solve_definite(Float64Array.of(1, 2, 2, 1), Float64Array.of(1, 1))).toBeNull()
  expect(sum_of_squares(Float64Array.of(3, -4))).toBe(25)
})

it('searches a line beyond its first valley, and its ends', () => {
  const two_valleys = (x: number): number => Math.min((x - 0.2) ** 2 + 0.1, (x - 0.83) ** 2)
  expect(minimise_line(two_valleys, 0, 1)).toBeCloseTo(0.83, 4)
  expect(minimise_line(x => x, 0, 1)).toBe(0)
  expect(minimise_line(x => -x, 0, 1)).toBe(1)
})
