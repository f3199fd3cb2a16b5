import { expect, it } from 'vitest'
import { minimise } from '../../../operators/stats/minimise.ts'

/** Rosenbrock's curved valley; least 0 at (1, 1, …). */
const valley = (x: readonly number[]): number =>
  x.slice(1).reduce((sum, next, i) => sum + 100 * (next - x[i]! ** 2) ** 2 + (1 - x[i]!) ** 2, 0)

it('follows a curved valley to its bottom, in two and in four dimensions', () => {
  for (const start of [
    [-1.2, 1],
    [-1.2, 1, 1, -1],
  ]) {
    const { x, value, converged } = minimise(valley, start, { tolerance: 1e-12 })
    expect(converged).toBe(true)
    expect(value).toBeLessThan(1e-11)
    for (const v of x) expect(v).toBeCloseTo(1, 4)
  }
})

it('finds one number and none', () => {
  expect(minimise(([x]) => (x! - 3) ** 2 + 5, [100]).x[0]).toBeCloseTo(3, 4)
  expect(minimise(() => 7, [])).toMatchObject({ x: [], value: 7, converged: true })
})

it('goes around where the function is not defined', () => {
  // A bottom at the edge of what is defined, which begins beside it.
  const { x, value } = minimise(([a, b]) => (a! < 0 ? Number.NaN : Math.sqrt(a!) + (b! - 2) ** 2), [4, 0])
  expect(value).toBeLessThan(1e-3)
  expect(x[1]).toBeCloseTo(2, 2)
})

it('says so where nothing is defined, and where its evaluations were not enough', () => {
  expect(minimise(() => Number.NaN, [0, 0])).toMatchObject({
    value: Number.POSITIVE_INFINITY,
    converged: false,
  })
  const { converged, evaluations } = minimise(valley, [-1.2, 1], { most: 30 })
  expect(converged).toBe(false)
  expect(evaluations).toBeLessThan(40)
})

it('gives the same bits every time, and leaves the start alone', () => {
  const start = [-1.2, 1]
  expect(minimise(valley, start)).toEqual(minimise(valley, start))
  expect(start).toEqual([-1.2, 1])
})

it('takes a step of its own for each number', () => {
  const far = (x: readonly number[]): number => (x[0]! / 1e6 - 1) ** 2 + (x[1]! - 1) ** 2
  expect(minimise(far, [0, 0], { step: [1e5, 0.1] }).x[0]! / 1e6).toBeCloseTo(1, 3)
})
