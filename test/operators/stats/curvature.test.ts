import { expect, it } from 'vitest'
import { gradient, hessian, inverse, settle } from '../../../operators/stats/curvature.ts'

const bowl = ([x, y]: readonly number[]): number => 3 * (x! - 1) ** 2 + 2 * x! * y! + 5 * y! ** 2 + 4

it('differentiates a quadratic exactly', () => {
  const [a, b] = gradient(bowl, [2, 1])
  expect(a).toBeCloseTo(8, 7)
  expect(b).toBeCloseTo(14, 7)
  const [[xx, xy], [yx, yy]] = hessian(bowl, [2, 1]) as [[number, number], [number, number]]
  for (const [got, known] of [
    [xx, 6],
    [xy, 2],
    [yx, 2],
    [yy, 10],
  ] as const)
    expect(got).toBeCloseTo(known, 6)
})

it('inverts what is positive definite and refuses the rest', () => {
  const [[a, b], [, d]] = inverse([
    [4, 2],
    [2, 3],
  ]) as [[number, number], [number, number]]
  expect([a, b, d].map(v => v * 8)).toEqual([3, -2, 4].map(v => expect.closeTo(v, 12)))
  for (const [diagonal, beside] of [
    [1, 2],
    [1, 1],
    [-1, 0],
    [NaN, 0],
  ] as const)
    expect(
      inverse([
        [diagonal, beside],
        [beside, diagonal],
      ]),
    ).toBeNull()
})

it('settles at the bottom with the covariance of an estimate', () => {
  // Minus the log-likelihood of 100 draws of mean 5 and variance 4: the mean's variance is 0.04, ln sd's 1/200.
  const normal = ([mean, log_sd]: readonly number[]): number =>
    100 * log_sd! + (100 * (4 + (5 - mean!) ** 2)) / (2 * Math.exp(2 * log_sd!))
  const { x, covariance } = settle(normal, [4, 1])
  expect(x[0]).toBeCloseTo(5, 6)
  expect(x[1]).toBeCloseTo(Math.log(2), 6)
  expect(covariance![0]![0]).toBeCloseTo(0.04, 4)
  expect(covariance![1]![1]).toBeCloseTo(1 / 200, 4)
  expect(covariance![0]![1]).toBeCloseTo(0, 6)
})

it('halves a step that would go up', () => {
  // Newton's step from 2 on ln cosh goes to -11.6, and from there ever farther.
  const { x, value } = settle(([x]) => Math.log(Math.cosh(x!)), [2])
  expect(x[0]).toBeCloseTo(0, 5)
  expect(value).toBeLessThan(1e-9)
})

it('has no covariance on a ridge', () => {
  expect(settle(([x, y]) => (x! + y!) ** 2, [1, 2]).covariance).toBeNull()
})
