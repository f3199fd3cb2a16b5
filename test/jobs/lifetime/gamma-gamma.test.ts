import { expect, it } from 'vitest'
import { correlation, expected_spend, gamma_gamma } from '../../../jobs/lifetime/gamma-gamma.ts'
import { log_gamma } from '../../../operators/stats/special-functions.ts'

const P = [6.25, 3.74, 15.44] as const

it('has the density that is left when nu is averaged out', () => {
  const [p, q, v] = P
  for (const { x, mean_spend } of [
    { x: 1, mean_spend: 11.77 },
    { x: 7, mean_spend: 73.74 },
    { x: 400, mean_spend: 3 },
  ]) {
    // zbar given nu is gamma(p x, nu x); nu is gamma(q, v). Simpson over ln nu.
    const log_joint = (u: number): number =>
      p * x * (u + Math.log(x)) +
      (p * x - 1) * Math.log(mean_spend) -
      Math.exp(u) * (x * mean_spend + v) -
      log_gamma(p * x) +
      q * (u + Math.log(v)) -
      log_gamma(q)
    const [from, to, n] = [-12, 8, 20_000]
    const h = (to - from) / n
    let sum = Math.exp(log_joint(from)) + Math.exp(log_joint(to))
    for (let k = 1; k < n; k++) sum += (k % 2 === 1 ? 4 : 2) * Math.exp(log_joint(from + k * h))
    const got = gamma_gamma.log_likelihood(P, [{ x, mean_spend, n: 2 }])
    expect(got).toBeCloseTo(2 * Math.log((sum * h) / 3), 8)
  }
})

it('expects everybody’s mean of a stranger, and one’s own of a regular', () => {
  const everybody = (P[0] * P[2]) / (P[1] - 1)
  expect(expected_spend(P, { x: 0, mean_spend: 0 })).toBeCloseTo(everybody, 12)
  expect(expected_spend(P, { x: 1e9, mean_spend: 80 })).toBeCloseTo(80, 6)
  const once = expected_spend(P, { x: 1, mean_spend: 80 })
  expect(once).toBeGreaterThan(everybody)
  expect(once).toBeLessThan(80)
})

it('correlates', () => {
  expect(correlation([1, 2, 3], [2, 4, 6])).toBeCloseTo(1, 12)
  expect(correlation([1, 2, 3, 4], [1, -1, -1, 1])).toBe(0)
  expect(correlation([1, 1], [2, 3])).toBe(0)
})
