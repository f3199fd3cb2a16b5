import { expect, it } from 'vitest'
import { fit_logistic, logistic_probability, logit, sigmoid } from '../../../operators/stats/logistic.ts'

/** n cases of x, `yes` of them a yes. */
const cases = (...groups: readonly (readonly [x: number, n: number, yes: number])[]) => ({
  rows: groups.flatMap(([x, n]) => Array.from({ length: n }, () => [x])),
  outcomes: groups.flatMap(([, n, yes]) => Array.from({ length: n }, (_, i) => (i < yes ? 1 : 0))),
})

it('without a penalty, of one yes-or-no column: the log odds and their difference', () => {
  const fit = fit_logistic(cases([0, 10, 2], [1, 10, 7]), { l2: 0 })
  expect(fit.converged).toBe(true)
  expect(fit.intercept).toBeCloseTo(Math.log(2 / 8), 9)
  expect(fit.coefficients[0]).toBeCloseTo(Math.log(7 / 3) - Math.log(2 / 8), 9)
  expect(fit.log_likelihood).toBeCloseTo(
    2 * Math.log(0.2) + 8 * Math.log(0.8) + 7 * Math.log(0.7) + 3 * Math.log(0.3),
    9,
  )
  expect(logistic_probability(fit, [1])).toBeCloseTo(0.7, 9)
})

it('with a penalty the slope of the likelihood is l2 × the way to what it is drawn to', () => {
  const examples = cases([-1, 10, 2], [1, 10, 9])
  for (const toward of [0, 3]) {
    const fit = fit_logistic(examples, { l2: 4, toward: [toward] })
    const slope = examples.rows.reduce(
      (sum, row, i) => sum + (examples.outcomes[i]! - logistic_probability(fit, row)) * row[0]!,
      0,
    )
    expect(slope).toBeCloseTo(4 * (fit.coefficients[0]! - toward), 6)
  }
})

it('a weight is so many cases', () => {
  const many = fit_logistic(cases([0, 6, 2], [1, 4, 3]), { l2: 1 })
  const few = fit_logistic(
    { rows: [[0], [0], [1], [1]], outcomes: [1, 0, 1, 0], weights: [2, 4, 3, 1] },
    { l2: 1 },
  )
  expect(few.coefficients[0]).toBeCloseTo(many.coefficients[0]!, 9)
  expect(few.intercept).toBeCloseTo(many.intercept, 9)
})

it('within bounds: who is held is at the bound, and the others are the best there', () => {
  // Column 0 does harm, column 1 does good.
  const rows = [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ].flatMap(row => Array.from({ length: 10 }, () => row))
  const yes = [4, 8, 2, 6]
  const outcomes = rows.map((_, i) => (i % 10 < yes[Math.floor(i / 10)]! ? 1 : 0))
  const free = fit_logistic({ rows, outcomes }, { l2: 0 })
  expect(free.coefficients[0]).toBeLessThan(0)
  const held = fit_logistic({ rows, outcomes }, { l2: 0, lower: [0, 0], upper: [9, 0.5] })
  expect(held.coefficients).toEqual([0, 0.5])
  const alone = fit_logistic({ rows: rows.map(([, x]) => [x!]), outcomes }, { l2: 0 })
  const signed = fit_logistic({ rows, outcomes }, { l2: 0, lower: [0, 0] })
  expect(signed.coefficients[0]).toBe(0)
  expect(signed.coefficients[1]).toBeCloseTo(alone.coefficients[0]!, 8)
})

it('finds a steep answer that a plain Newton step shoots past', () => {
  const fit = fit_logistic(cases([-10, 50, 1], [-9, 50, 0], [9, 50, 50], [10, 50, 49]), { l2: 1e-4 })
  expect(fit.converged).toBe(true)
  expect(logistic_probability(fit, [10])).toBeGreaterThan(0.95)
})

it('says what it cannot fit', () => {
  expect(() => fit_logistic(cases([0, 3, 3]), { l2: 1 })).toThrow('all outcomes are the same')
  expect(() => fit_logistic({ rows: [[1], [1]], outcomes: [1] }, { l2: 1 })).toThrow(RangeError)
  expect(() => fit_logistic(cases([0, 3, 1]), { l2: [1, 1] })).toThrow(RangeError)
  const same = { rows: [0, 1, 0, 1].map(x => [x, x]), outcomes: [0, 1, 0, 0] }
  expect(() => fit_logistic(same, { l2: 0 })).toThrow(RangeError)
})

it('log odds and back, far out too', () => {
  for (const p of [1e-12, 0.3, 0.5]) expect(sigmoid(logit(p))).toBeCloseTo(p, 14)
  expect([sigmoid(-800), sigmoid(800)]).toEqual([0, 1])
})
