/**
 * BG/BB (Fader, Hardie and Shang 2010), for purchases at fixed occasions (years of a donor, weeks of a shop): while alive a customer buys at an occasion
 * with a probability of their own, beta(alpha, beta) over customers, and leaves before one with a probability of their own, beta(gamma, delta).
 */
import { log_beta } from '../../operators/stats/special-functions.ts'
import type { Counted, Likelihood } from './purchases.ts'

export interface Occasions {
  /** Occasions used. */
  readonly x: number
  /** The number of the last of them, 1 to periods; 0 when there was none. */
  readonly t_x: number
  /** Occasions there have been. */
  readonly periods: number
}

type Parameters = readonly number[]

/**
 * ln of the likelihood of the history by leaving at one moment after it, right after occasion t_x, and how much likelier all is than that (left after
 * t_x, t_x + 1, … or still alive): each moment's likelihood is the one's before it times two quotients, so that no beta function is called in between.
 */
const log_likelihood_of = (
  [alpha, beta, gamma, delta]: Parameters,
  { x, t_x, periods }: Occasions,
): number => {
  const base = log_beta(alpha!, beta!) + log_beta(gamma!, delta!)
  const first = log_beta(alpha! + x, beta! + t_x - x) + log_beta(gamma! + 1, delta! + t_x) - base
  let left = 1
  let sum = 0
  for (let n = t_x; n < periods; n++) {
    sum += left
    left *= ((beta! + n - x) * (delta! + n)) / ((alpha! + beta! + n) * (gamma! + delta! + n + 1))
  }
  // B(gamma, delta + n) = B(gamma + 1, delta + n) (gamma + delta + n) / gamma
  const alive = (left * (gamma! + delta! + periods)) / gamma!
  return first + Math.log(sum + alive)
}

/** ln of the likelihood of having bought so and of being there for an occasion: the first `periods` of them have been survived. */
const log_alive = ([, , gamma, delta]: Parameters, log_bought: number, periods: number): number =>
  log_bought + log_beta(gamma!, delta! + periods) - log_beta(gamma!, delta!)

export const bg_bb: Likelihood<Occasions & Counted> & {
  p_alive(p: Parameters, history: Occasions): number
  expected_purchases(p: Parameters, history: Occasions, more: number): number
} = {
  name: 'bg_bb',
  parameters: ['alpha', 'beta', 'gamma', 'delta'],
  starts: [
    [1, 1, 0.6, 3],
    [0.5, 5, 0.5, 10],
    [2, 20, 1, 30],
  ],
  log_likelihood: (p, rows) => rows.reduce((sum, row) => sum + row.n * log_likelihood_of(p, row), 0),
  /** That the customer is there for the next occasion. */
  p_alive: (p, history) => {
    const [alpha, beta] = p as [number, number, number, number]
    const { x, periods } = history
    const bought = log_beta(alpha + x, beta + periods - x) - log_beta(alpha, beta)
    return Math.exp(log_alive(p, bought, periods + 1) - log_likelihood_of(p, history))
  },
  /** Occasions used of the next `more`. */
  expected_purchases: (p, history, more) => {
    const [alpha, beta] = p as [number, number, number, number]
    const { x, periods } = history
    const bought = log_beta(alpha + x + 1, beta + periods - x) - log_beta(alpha, beta)
    const all = log_likelihood_of(p, history)
    let sum = 0
    for (let n = 1; n <= more; n++) sum += Math.exp(log_alive(p, bought, periods + n) - all)
    return sum
  },
}
