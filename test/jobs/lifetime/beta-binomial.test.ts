/** Against sums over everything that can happen. */
import { expect, it } from 'vitest'
import { bg_bb } from '../../../jobs/lifetime/beta-binomial.ts'
import { log_beta } from '../../../operators/stats/special-functions.ts'

const P = [1.2, 0.75, 0.66, 2.8] as const

/** The probability of buying at just these occasions, by the moment of leaving: B(., .) of each, as published. */
const probability = (bought: readonly boolean[]): number => {
  const [alpha, beta, gamma, delta] = P
  const x = bought.filter(Boolean).length
  const last = bought.lastIndexOf(true) + 1
  const n = bought.length
  const of = (until: number, left: boolean) =>
    Math.exp(
      log_beta(alpha + x, beta + until - x) -
        log_beta(alpha, beta) +
        log_beta(gamma + Number(left), delta + until) -
        log_beta(gamma, delta),
    )
  let sum = of(n, false)
  for (let until = last; until < n; until++) sum += of(until, true)
  return sum
}
const histories = (n: number): boolean[][] =>
  Array.from({ length: 2 ** n }, (_, bits) => Array.from({ length: n }, (_, i) => (bits >> i) % 2 === 1))
const row_of = (bought: readonly boolean[]) => ({
  ...{ x: bought.filter(Boolean).length, t_x: bought.lastIndexOf(true) + 1, periods: bought.length, n: 1 },
})

it('gives all histories of six occasions their probability, together 1', () => {
  let sum = 0
  for (const bought of histories(6)) {
    const likelihood = Math.exp(bg_bb.log_likelihood(P, [row_of(bought)]))
    expect(likelihood).toBeCloseTo(probability(bought), 12)
    sum += likelihood
  }
  expect(sum).toBeCloseTo(1, 12)
})

it('expects of the next occasions what the histories that go on say', () => {
  for (const bought of histories(3)) {
    const whole = probability(bought)
    const expected = histories(4).reduce(
      (sum, more) => sum + (probability([...bought, ...more]) / whole) * more.filter(Boolean).length,
      0,
    )
    expect(bg_bb.expected_purchases(P, row_of(bought), 4)).toBeCloseTo(expected, 10)
  }
})

it('is alive for the next occasion as often as purchases then need it', () => {
  // E[buys next] = P(alive) E[p | alive]; given alive, p is beta(alpha + x, beta + n - x).
  for (const bought of histories(4)) {
    const row = row_of(bought)
    const buys = (P[0] + row.x) / (P[0] + P[1] + row.periods)
    expect(bg_bb.p_alive(P, row) * buys).toBeCloseTo(bg_bb.expected_purchases(P, row, 1), 12)
  }
})

it('does not underflow over five years of days', () => {
  expect(Number.isFinite(bg_bb.log_likelihood(P, [{ x: 3, t_x: 40, periods: 1800, n: 1 }]))).toBe(true)
  expect(Number.isFinite(bg_bb.log_likelihood(P, [{ x: 1800, t_x: 1800, periods: 1800, n: 1 }]))).toBe(true)
})
