/** The series and the integral are two ways to one number; where only one goes, limits that are known. */
import { describe, expect, it } from 'vitest'
import { bought_while_leaving, by_integral, by_series } from '../../../jobs/lifetime/while-leaving.ts'

const KS = [0.01, 0.5, 3, 50, 1000]
const TAUS = [1e-9, 1e-4, 0.01, 0.5, 5, 500]
const LEAVING = [1e-4, 0.1, 0.9999, 1, 2.5, 50, 5000, 150_000]
const places = KS.flatMap(k =>
  TAUS.flatMap(tau => LEAVING.flatMap(a => LEAVING.map(b => ({ k, a, b, tau })))),
)

it('is the same by the series, where it keeps its digits, as by the integral', () => {
  let both = 0
  for (const { k, a, b, tau } of places) {
    const series = by_series(k, a, b, tau)
    if (series === null) continue
    both++
    expect(Math.abs(by_integral(k, a, b, tau) / series - 1), JSON.stringify({ k, a, b, tau })).toBeLessThan(
      1e-8,
    )
  }
  expect(both).toBeGreaterThan(places.length / 3)
})

it('is never less than nothing, nor more than somebody buys who never leaves', () => {
  for (const { k, a, b, tau } of places) {
    const bought = by_integral(k, a, b, tau)
    const text = JSON.stringify({ k, a, b, tau, bought })
    expect(bought, text).toBeGreaterThanOrEqual(0)
    expect(bought, text).toBeLessThanOrEqual(k * tau * (1 + 1e-9))
    const bounded = bought_while_leaving(k, a, b, tau)
    expect(bounded >= 0 && bounded <= k * tau, text).toBe(true)
  }
})

describe('where the series cancels', () => {
  it('all leave alike: the quotient at their one probability', () => {
    // With a = b = 5000 the second order is 1 / (8 * 10001) of the curvature.
    expect(by_series(3.5, 5000, 5000, 1.7)).toBeNull()
    const known = (1 - (1 + 0.5 * 1.7) ** -3.5) / 0.5
    expect(bought_while_leaving(3.5, 5000, 5000, 1.7) / known).toBeCloseTo(1, 3)
  })

  it('many purchases, few leave: every leaving probability in turn', () => {
    expect(by_series(1040, 0.1, 90, 1)).toBeNull()
    // a = 1: density b (1 - p)^(b - 1), by Simpson's rule over p.
    const [k, b, tau, n] = [1040, 90, 1, 200_000]
    const of = (p: number): number =>
      b * (1 - p) ** (b - 1) * (p === 0 ? k * tau : -Math.expm1(-k * Math.log1p(p * tau)) / p)
    let sum = of(0) + of(1)
    for (let i = 1; i < n; i++) sum += (i % 2 === 1 ? 4 : 2) * of(i / n)
    expect(bought_while_leaving(k, 1, b, tau) / (sum / (3 * n))).toBeCloseTo(1, 9)
  })
})
