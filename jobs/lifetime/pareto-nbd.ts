/**
 * Pareto/NBD (Schmittlein, Morrison and Colombo 1987): while alive a customer buys at random with a rate of their own, gamma(r, alpha) over
 * customers, and may leave at any time, with a rate of their own, gamma(s, beta). So who is silent for long has probably left, whether they
 * ever came back or not.
 */
import { hyp2f1_one, log_rising } from '../../operators/stats/special-functions.ts'
import { by_x, type History, type PurchaseModel } from './purchases.ts'

type Parameters = readonly number[]

/**
 * ln of s * integral from t to infinity of (alpha + y)^-(r + x) (beta + y)^-(s + 1) dy. The published form is (alpha + t)^-(r + s + x) 2F1(r + s
 * + x, s + 1; r + s + x + 1; z) s / (r + s + x), or with beta where that is larger, and overflows with x; Euler's transformation leaves
 * 2F1(1, …), which does not.
 */
const log_left_after = ([r, alpha, s, beta]: Parameters, x: number, t: number): number => {
  const k = r! + x
  const c = k + s! + 1
  const [from_alpha, from_beta] = [Math.log(alpha! + t), Math.log(beta! + t)]
  if (alpha! >= beta!)
    return (
      Math.log((s! / (c - 1)) * hyp2f1_one(k, c, (alpha! - beta!) / (alpha! + t))) -
      k * from_alpha -
      s! * from_beta
    )
  return (
    Math.log((s! / (c - 1)) * hyp2f1_one(s! + 1, c, (beta! - alpha!) / (beta! + t))) -
    (k - 1) * from_alpha -
    (s! + 1) * from_beta
  )
}

/**
 * ln of how much likelier the history is than with the customer known to be alive: 1 + the odds of having left between t_x and T. The
 * difference of two integrals that are both below the alive customer's term: nothing is lost by it. All who never came back
 * share the first of them.
 */
const log_all_over_alive = (
  p: Parameters,
  { x, t_x, T }: History,
  since_start = x === 0 ? log_left_after(p, 0, 0) : Number.NaN,
): number => {
  if (T <= t_x) return 0
  const [r, alpha, s, beta] = p as [number, number, number, number]
  const alive = -(r + x) * Math.log(alpha + T) - s * Math.log(beta + T)
  const since = (x === 0 ? since_start : log_left_after(p, x, t_x)) - alive
  const later = Math.exp(log_left_after(p, x, T) - alive)
  // e^since may overflow where the customer has surely left.
  return since > 30 ? since + Math.log1p((1 - later) * Math.exp(-since)) : Math.log1p(Math.exp(since) - later)
}

/** Where z is next to 1 the difference is rough, and might say more than 1. */
const alive_of = (p: Parameters, history: History): number =>
  Math.min(1, Math.exp(-log_all_over_alive(p, history)))

export const pareto_nbd: PurchaseModel = {
  name: 'pareto_nbd',
  parameters: ['r', 'alpha', 's', 'beta'],
  starts: [
    [0.5, 8, 0.6, 10],
    [1, 20, 0.3, 20],
    [3, 3, 1, 30],
    [0.3, 2, 0.5, 2],
  ],
  log_likelihood: (p, rows) => {
    const [r, alpha, s, beta] = p as [number, number, number, number]
    const of_x = by_x(x => log_rising(r, x) + r * Math.log(alpha) + s * Math.log(beta))
    const since_start = log_left_after(p, 0, 0)
    let sum = 0
    for (const row of rows) {
      const alive = of_x(row.x) - (r + row.x) * Math.log(alpha + row.T) - s * Math.log(beta + row.T)
      sum += row.n * (alive + log_all_over_alive(p, row, since_start))
    }
    return sum
  },
  p_alive: alive_of,
  expected_purchases: (p, history, t) => {
    const [r, alpha, s, beta] = p as [number, number, number, number]
    const { x, T } = history
    const alive = alive_of(p, history)
    return alive * ((r + x) / (alpha + T)) * time_alive(s, beta + T, t)
  },
  expected_of_new: (p, t) => {
    const [r, alpha, s, beta] = p as [number, number, number, number]
    return (r / alpha) * time_alive(s, beta, t)
  },
}

/** How much of the next t weeks somebody stays whose leaving rate is gamma(s, beta); at s = 1 the published quotient is 0 / 0. */
const time_alive = (s: number, beta: number, t: number): number => {
  const grown = Math.log1p(t / beta)
  return s === 1 ? beta * grown : (beta * -Math.expm1((1 - s) * grown)) / (s - 1)
}
