/**
 * What BG/NBD and MBG/NBD expect of somebody who is there: E[(1 - (1 + p tau)^-k) / p] over a probability of leaving p that is beta(a, b). By a
 * series, which costs little; where its terms cancel or do not end, by Gauss and Legendre's rule on the integral itself.
 */
import { log_beta } from '../../operators/stats/special-functions.ts'

/** Of 16 digits the series may lose this many, as a factor. */
const MOST_LOST = 1e5
const MOST_TERMS = 3000

/**
 * Purchases in a time tau = t / (alpha + T) of somebody alive whose rate is gamma(k, alpha + T) and whose probability of leaving is
 * beta(a, b): from 0 to k tau, which is what somebody who never leaves would buy.
 */
export const bought_while_leaving = (k: number, a: number, b: number, tau: number): number => {
  const found = by_series(k, a, b, tau) ?? by_integral(k, a, b, tau)
  return Math.min(Math.max(found, 0), k * tau)
}

/**
 * Published as (c / (a - 1)) (1 - (1 - z)^k 2F1(k, b; c; z)) with c = a + b - 1, z = tau / (1 + tau), which breaks at a = 1 and at c = 0;
 * Euler's transformation takes (1 - z)^(a - 1) out of 2F1, and what is left has the factor a - 1 in all terms but the first, so that it
 * cancels. null where too few digits would be left: with large a, b or k.
 */
export const by_series = (k: number, a: number, b: number, tau: number): number | null => {
  const c = a + b - 1
  const log_rest = -Math.log1p(tau)
  const z = tau / (1 + tau)
  const lead = c * (a === 1 ? -log_rest : -Math.expm1((a - 1) * log_rest) / (a - 1))
  // 2F1(a - 1, a + b - 1 - k; c; z) = 1 + (a - 1) / c * sum
  let term = (c - k) * z
  let sum = term
  let size = Math.abs(term)
  let n = 1
  for (; n < MOST_TERMS && Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= ((c - k + n) * (a + n - 1) * z) / ((c + n) * (n + 1))
    sum += term
    size += Math.abs(term)
  }
  const rest = Math.exp((a - 1) * log_rest)
  const found = lead - rest * sum
  const kept = Math.abs(lead) + rest * size < MOST_LOST * found
  return kept && n < MOST_TERMS ? found : null
}

/** Beyond this drop from the top, in logarithms, nothing is left to add. */
const DROP = 45
const NEGLIGIBLE = 1e-14

/**
 * Over u = ln(p / (1 - p)), where the integrand has one top and both tails fall as exponentials: e^(a u) and e^(-b u), which are long where a or
 * b are small and are then added in closed form from where p or 1 - p is negligible.
 */
export const by_integral = (k: number, a: number, b: number, tau: number): number => {
  const base = log_beta(a, b)
  const log_of = (u: number): number => {
    const log_p = -Math.log1p(Math.exp(-u))
    const log_q = -Math.log1p(Math.exp(u))
    // p itself may be too small to be a number: then the quotient is k tau.
    const p = Math.exp(log_p)
    const bought = p * tau * (1 + k) < NEGLIGIBLE ? k * tau : -Math.expm1(-k * Math.log1p(p * tau)) / p
    return a * log_p + b * log_q - base + Math.log(bought)
  }
  const least = Math.log(NEGLIGIBLE / (1 + a + b + tau * (1 + k)))
  const most = -Math.log(NEGLIGIBLE / (1 + a + b + k))
  const width = Math.sqrt(1 / a + 1 / b)
  const top = Math.min(Math.max(Math.log(a / b), least), most)
  const from = Math.max(fallen(log_of, top, -width), least)
  const to = Math.min(fallen(log_of, top, width), most)
  const parts = Math.ceil((to - from) / Math.min(2, 3 * width))
  const half = (to - from) / parts / 2
  let sum = 0
  for (let i = 0; i < parts; i++)
    for (const { x, weight } of RULE) sum += weight * Math.exp(log_of(from + half * (2 * i + 1 + x)))
  const left = from === least ? Math.exp(log_of(from)) / a : 0
  const right = to === most ? Math.exp(log_of(to)) / b : 0
  return sum * half + left + right
}

/** Where a function with one top has fallen for good, on one side. */
const fallen = (log_of: (u: number) => number, start: number, step: number): number => {
  let best = log_of(start)
  for (let way = step; ; way *= 1.5) {
    const here = log_of(start + way)
    if (!(here > best - DROP) || Math.abs(way) > 1e3) return start + way
    best = Math.max(best, here)
  }
}

/** Nodes and weights on (-1, 1): the roots of Legendre's polynomial by Newton's steps (Abramowitz and Stegun 25.4.29). */
const gauss_legendre = (n: number): readonly { x: number; weight: number }[] =>
  Array.from({ length: n }, (_, i) => {
    let x = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5))
    let slope = 0
    for (let turn = 0; turn < 8; turn++) {
      let [before, value] = [1, x]
      for (let m = 2; m <= n; m++) [before, value] = [value, ((2 * m - 1) * x * value - (m - 1) * before) / m]
      slope = (n * (x * value - before)) / (x * x - 1)
      x -= value / slope
    }
    return { x, weight: 2 / ((1 - x * x) * slope * slope) }
  })
const RULE = gauss_legendre(16)
