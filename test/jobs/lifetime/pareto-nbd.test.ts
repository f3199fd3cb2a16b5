/** Against the integral over the moment of leaving that the closed form stands for. */
import { describe, expect, it } from 'vitest'
import { pareto_nbd } from '../../../jobs/lifetime/pareto-nbd.ts'
import { log_gamma } from '../../../operators/stats/special-functions.ts'

/** Simpson's rule, on the logarithm of alpha + y: the integrand falls by a power of it. */
const left_between = (params: readonly number[], x: number, t_x: number, T: number): number => {
  const [r, alpha, s, beta] = params as [number, number, number, number]
  const [from, to] = [Math.log(alpha + t_x), Math.log(alpha + T)]
  const n = 200_000
  const of = (u: number): number => {
    const y = Math.exp(u) - alpha
    // Against the alive customer's term, so that nothing underflows.
    return s * Math.exp((r + x) * (to - u) + s * Math.log((beta + T) / (beta + y)) - Math.log(beta + y) + u)
  }
  const h = (to - from) / n
  let sum = of(from) + of(to)
  for (let k = 1; k < n; k++) sum += (k % 2 === 1 ? 4 : 2) * of(from + k * h)
  return (sum * h) / 3
}

const places = [
  { params: [0.553, 10.58, 0.606, 11.67], x: 26, t_x: 30.86, T: 31 },
  { params: [0.553, 10.58, 0.606, 11.67], x: 0, t_x: 0, T: 38.86 },
  { params: [0.553, 10.58, 0.606, 11.67], x: 4, t_x: 6, T: 38 },
  { params: [2, 50, 1, 3], x: 12, t_x: 20, T: 100 },
  { params: [0.3, 0.05, 2, 40], x: 60, t_x: 50, T: 60 },
  { params: [0.5, 8, 0.6, 8], x: 3, t_x: 9, T: 20 },
  { params: [0.02, 3, 5, 3000], x: 1, t_x: 2, T: 500 },
] as const

describe.each(places)('%o', ({ params, x, t_x, T }) => {
  const [r, alpha, s, beta] = params
  const odds = left_between(params, x, t_x, T)

  it('has that likelihood and that probability of being alive', () => {
    const alive =
      log_gamma(r + x) -
      log_gamma(r) +
      r * Math.log(alpha) +
      s * Math.log(beta) -
      (r + x) * Math.log(alpha + T) -
      s * Math.log(beta + T)
    expect(pareto_nbd.log_likelihood(params, [{ x, t_x, T, n: 2 }])).toBeCloseTo(
      2 * (alive + Math.log1p(odds)),
      7,
    )
    expect(pareto_nbd.p_alive(params, { x, t_x, T })).toBeCloseTo(1 / (1 + odds), 9)
  })

  it('expects purchases while alive: the integral of the rate over the coming weeks', () => {
    const n = 2000
    const stays = (u: number) => ((beta + T) / (beta + T + u)) ** s
    const h = 52 / n
    let weeks = (stays(0) + stays(52)) / 2
    for (let k = 1; k < n; k++) weeks += stays(k * h)
    const known = ((r + x) / (alpha + T) / (1 + odds)) * weeks * h
    expect(pareto_nbd.expected_purchases(params, { x, t_x, T }, 52) / known).toBeCloseTo(1, 5)
  })
})

it('goes smoothly through s = 1 and through alpha = beta', () => {
  const history = { x: 3, t_x: 9, T: 20 }
  const said = (s: number, beta: number) => pareto_nbd.expected_purchases([0.5, 8, s, beta], history, 52)
  expect(said(1, 8)).toBeCloseTo(said(1 + 1e-9, 8), 6)
  expect(said(0.6, 8)).toBeCloseTo(said(0.6, 8 + 1e-9), 6)
})

it('stays finite where the published form overflows', () => {
  const gone = { x: 5000, t_x: 10, T: 5000 }
  expect(pareto_nbd.p_alive([0.5, 5, 0.6, 10], gone)).toBe(0)
  expect(Number.isFinite(pareto_nbd.log_likelihood([0.5, 5, 0.6, 10], [{ ...gone, n: 1 }]))).toBe(true)
  expect(pareto_nbd.p_alive([0.5, 5, 0.6, 10], { x: 5000, t_x: 5000, T: 5000 })).toBe(1)
})

it('expects of a new customer what it expects of one right after the first purchase', () => {
  const p = [0.553, 10.58, 0.606, 11.67]
  expect(pareto_nbd.expected_of_new(p, 39)).toBeCloseTo(
    pareto_nbd.expected_purchases(p, { x: 0, t_x: 0, T: 0 }, 39),
    12,
  )
})

it('is alive at most for sure, also where the leaving rate is next to nothing', () => {
  const silent = { x: 0, t_x: 0, T: 30 }
  expect(pareto_nbd.p_alive([0.01, 0.01, 0.1, 90_000], silent)).toBeLessThanOrEqual(1)
  expect(pareto_nbd.p_alive([0.01, 0.01, 0.1, 90_000], silent)).toBeGreaterThan(0.99)
})
