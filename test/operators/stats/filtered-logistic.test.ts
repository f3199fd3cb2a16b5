import { expect, it } from 'vitest'
import {
  filter_case,
  filtered_logit,
  filtered_variance,
  moderated,
  new_filtered_model,
  unsettled,
} from '../../../operators/stats/filtered-logistic.ts'
import { fit_logistic } from '../../../operators/stats/logistic.ts'
import { random_of } from '../quality/market.ts'

const LONG = { prior_variance: 4, memory: 1e9 }
const plain = { weight: 1, offset: 0 }

it('the first case by hand', () => {
  const model = new_filtered_model(1, LONG)
  expect(model).toEqual({ weights: [0, 0], covariance: [4, 0, 4] })
  // x = (1, 2), p = 1/2: reach = 4x = (4, 8), spread = 20, step = 1 / (1 + 20/4) = 1/6.
  const { weights, covariance } = filter_case(model, [2], 1, LONG, plain)
  expect(weights[0]).toBeCloseTo((4 * 0.5) / 6, 8)
  expect(weights[1]).toBeCloseTo((8 * 0.5) / 6, 8)
  expect(covariance[0]).toBeCloseTo(4 - 16 / 24, 6)
  expect(covariance[1]).toBeCloseTo(0 - 32 / 24, 6)
  expect(covariance[2]).toBeCloseTo(4 - 64 / 24, 6)
})

it('comes to what all cases at once say', () => {
  const random = random_of(5)
  const rows = Array.from({ length: 2000 }, () => [random() - 0.5, random() - 0.5])
  const outcomes = rows.map(([a = 0, b = 0]) =>
    random() < 1 / (1 + Math.exp(-(0.5 + 3 * a - 2 * b))) ? 1 : 0,
  )
  let model = new_filtered_model(2, LONG)
  for (const [i, row] of rows.entries()) model = filter_case(model, row, outcomes[i]!, LONG, plain)
  const batch = fit_logistic({ rows, outcomes }, { l2: 1 / LONG.prior_variance })
  const wanted = [batch.intercept, ...batch.coefficients]
  for (const [j, weight] of model.weights.entries()) expect(weight).toBeCloseTo(wanted[j]!, 1)
})

it('knows less again as cases fade, and never less than before any', () => {
  const short = { prior_variance: 4, memory: 10 }
  let model = new_filtered_model(1, short)
  for (let i = 0; i < 200; i++) model = filter_case(model, [0], i % 2, short, plain)
  // Only the intercept was asked about.
  expect(model.covariance[0]).toBeLessThan(3)
  expect(model.covariance[2]).toBeCloseTo(4, 9)
})

it('unsettled it says the same, as uncertain as a new one', () => {
  const model = filter_case(new_filtered_model(1, LONG), [2], 1, LONG, plain)
  const anew = unsettled(model, LONG)
  expect(anew).toEqual({ weights: model.weights, covariance: [4, 0, 4] })
  expect(filtered_logit(anew, [2])).toBe(filtered_logit(model, [2]))
})

it('a case of weight 0 changes nothing, one that the offset explains hardly anything', () => {
  const model = filter_case(new_filtered_model(1, LONG), [1], 1, LONG, plain)
  expect(filter_case(model, [1], 0, LONG, { weight: 0, offset: 0 })).toBe(model)
  const explained = filter_case(model, [1], 0, LONG, { weight: 1, offset: -20 })
  expect(filtered_logit(explained, [1])).toBeCloseTo(filtered_logit(model, [1]), 6)
  expect(() => filter_case(model, [1, 2], 0, LONG, plain)).toThrow(RangeError)
})

it('the variance of a logit by hand, and what it takes from a probability', () => {
  // (1, 2) against [[4, 1], [1, 3]]: 4 + 2 × 1 × 2 + 3 × 4.
  expect(filtered_variance({ weights: [0, 0], covariance: [4, 1, 3] }, [2])).toBe(20)
  expect(moderated(2, 0)).toBeCloseTo(1 / (1 + Math.exp(-2)), 12)
  expect(moderated(2, 8 / Math.PI)).toBeCloseTo(1 / (1 + Math.exp(-2 / Math.SQRT2)), 12)
  expect(moderated(-2, 1e9)).toBeCloseTo(0.5, 3)
})
