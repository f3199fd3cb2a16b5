/** Against the integrals that the closed forms stand for. */
import { describe, expect, it } from 'vitest'
import { bg_nbd, mbg_nbd } from '../../../jobs/lifetime/beta-geometric.ts'
import { log_beta, log_gamma } from '../../../operators/stats/special-functions.ts'

/** Integral over (0, 1) by the tanh-sinh rule, also with poles at the ends: `of` gets p and 1 - p. */
const integral = (of: (p: number, q: number) => number): number => {
  let sum = 0
  const h = 1 / 64
  for (let k = -320; k <= 320; k++) {
    const u = (Math.PI / 2) * Math.sinh(k * h)
    const p = 1 / (1 + Math.exp(-2 * u))
    const q = 1 / (1 + Math.exp(2 * u))
    const weight = Math.PI * Math.cosh(k * h) * p * q
    if (weight > 0 && p > 0 && q > 0) sum += weight * of(p, q)
  }
  return sum * h
}

const density = (a: number, b: number) => (p: number, q: number) =>
  Math.exp((a - 1) * Math.log(p) + (b - 1) * Math.log(q) - log_beta(a, b))

/** (1 - (1 + p tau)^-k) / p: purchases at a given probability of leaving, the rate averaged out. */
const until_leaving = (k: number, tau: number, p: number): number => -Math.expm1(-k * Math.log1p(p * tau)) / p

const places = [
  { params: [0.243, 4.414, 0.793, 2.426], x: 2, t_x: 30.43, T: 38.86, t: 39 },
  { params: [0.5, 2, 1, 3], x: 0, t_x: 0, T: 10, t: 5 },
  { params: [0.7, 3, 0.4, 0.6], x: 0, t_x: 0, T: 20, t: 52 },
  { params: [0.7, 3, 0.3, 0.2], x: 0, t_x: 0, T: 20, t: 52 },
  { params: [2, 1.5, 2.5, 0.7], x: 40, t_x: 25, T: 26, t: 500 },
  { params: [0.05, 0.1, 0.9999999, 8], x: 300, t_x: 100, T: 104, t: 52 },
] as const

describe.each(places)('%o', ({ params, x, t_x, T, t }) => {
  const [r, alpha, a, b] = params
  const history = { x, t_x, T }
  const close = (got: number, known: number) => expect(got / known).toBeCloseTo(1, 8)

  it.each([bg_nbd, mbg_nbd])('$name: purchases expected', model => {
    const first = model === mbg_nbd ? 1 : 0
    const alive = model.p_alive(params, history)
    const of = density(a, b + x + first)
    const known = integral((p, q) => until_leaving(r + x, t / (alpha + T), p) * of(p, q))
    close(model.expected_purchases(params, history, t), alive * known)
    const new_ones = integral((p, q) => q ** first * until_leaving(r, t / alpha, p) * density(a, b)(p, q))
    close(model.expected_of_new(params, t), new_ones)
  })

  it.each([bg_nbd, mbg_nbd])('$name: likelihood and probability of being alive', model => {
    const first = model === mbg_nbd ? 1 : 0
    const rate = (until: number) =>
      Math.exp(log_gamma(r + x) - log_gamma(r) - x * Math.log(alpha) - (r + x) * Math.log1p(until / alpha))
    const stays = integral((p, q) => q ** (x + first) * density(a, b)(p, q))
    const leaves = integral((p, q) => p * q ** (x + first - 1) * density(a, b)(p, q))
    const [alive, left] = [rate(T) * stays, x + first === 0 ? 0 : rate(t_x) * leaves]
    const log = model.log_likelihood(params, [{ ...history, n: 3 }])
    expect(log).toBeCloseTo(3 * Math.log(alive + left), 6)
    expect(model.p_alive(params, history)).toBeCloseTo(alive / (alive + left), 8)
  })
})

it('believes who never came back by BG/NBD, not by MBG/NBD', () => {
  const silent = { x: 0, t_x: 0, T: 38 }
  expect(bg_nbd.p_alive([0.243, 4.414, 0.793, 2.426], silent)).toBe(1)
  expect(mbg_nbd.p_alive([0.525, 6.183, 0.891, 1.614], silent)).toBeLessThan(0.5)
})

it('stays finite where many purchases and a long silence overflow', () => {
  const gone = { x: 5000, t_x: 10, T: 5000 }
  const p = [0.5, 5, 0.8, 2]
  expect(bg_nbd.p_alive(p, gone)).toBe(0)
  expect(bg_nbd.expected_purchases(p, gone, 52)).toBe(0)
  expect(Number.isFinite(bg_nbd.log_likelihood(p, [{ ...gone, n: 1 }]))).toBe(true)
})

it.each([
  { params: [0.5, 1, 5000, 5000], history: { x: 3, t_x: 20, T: 30 } },
  { params: [1000, 1, 0.1, 50], history: { x: 40, t_x: 50, T: 51 } },
  { params: [0.01, 9e4, 1e-4, 9e4], history: { x: 0, t_x: 0, T: 0 } },
])('expects no more than a customer buys who never leaves: $params', ({ params, history }) => {
  const [r, alpha] = params as [number, number]
  for (const model of [bg_nbd, mbg_nbd]) {
    const expected = model.expected_purchases(params, history, 52)
    expect(expected).toBeGreaterThanOrEqual(0)
    expect(expected).toBeLessThanOrEqual((52 * (r + history.x)) / (alpha + history.T))
    expect(model.expected_of_new(params, 52)).toBeLessThanOrEqual((52 * r) / alpha)
  }
})
