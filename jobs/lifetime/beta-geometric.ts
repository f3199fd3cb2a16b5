/**
 * BG/NBD (Fader, Hardie and Lee 2005) and MBG/NBD (Batislam, Denizel and Filiztekin 2007): while alive a customer buys at random
 * with a rate of their own, gamma(r, alpha) over customers; after a purchase they leave with a probability of their own,
 * beta(a, b). In BG/NBD nobody leaves right after the first purchase (so who never came back counts as alive for sure), in MBG/NBD they may.
 */
import { log_rising } from '../../operators/stats/special-functions.ts'
import { by_x, type History, type PurchaseModel } from './purchases.ts'
import { bought_while_leaving } from './while-leaving.ts'

type Parameters = readonly number[]

/** ln of how much likelier it is to have left after the last purchase than to be alive still. */
const log_odds_left = ([r, alpha, a, b]: Parameters, { x, t_x, T }: History, first: 0 | 1): number =>
  x === 0 && first === 0
    ? Number.NEGATIVE_INFINITY
    : Math.log(a! / (b! + x + first - 1)) + (r! + x) * Math.log1p((T - t_x) / (alpha! + t_x))

/** `first`: 1 when the first purchase is one to leave after. */
const beta_geometric = (name: 'bg_nbd' | 'mbg_nbd', first: 0 | 1): PurchaseModel => ({
  name,
  parameters: ['r', 'alpha', 'a', 'b'],
  starts: [
    [0.5, 5, 0.8, 2],
    [1, 20, 0.3, 3],
    [3, 2, 1.5, 5],
    [0.2, 1, 1, 1],
  ],
  log_likelihood: (p, rows) => {
    const [r, alpha, a, b] = p as [number, number, number, number]
    const of_x = by_x(x => {
      const stayed = log_rising(b, x + first) - log_rising(a + b, x + first)
      return log_rising(r, x) + r * Math.log(alpha) + stayed
    })
    let sum = 0
    for (const row of rows) {
      const alive = of_x(row.x) - (r + row.x) * Math.log(alpha + row.T)
      sum += row.n * (alive + log1p_exp(log_odds_left(p, row, first)))
    }
    return sum
  },
  p_alive: (p, history) => 1 / (1 + Math.exp(log_odds_left(p, history, first))),
  expected_purchases: (p, history, t) => {
    const [r, alpha, a, b] = p as [number, number, number, number]
    const { x, T } = history
    const alive = 1 / (1 + Math.exp(log_odds_left(p, history, first)))
    return alive * bought_while_leaving(r + x, a, b + x + first, t / (alpha + T))
  },
  expected_of_new: (p, t) => {
    const [r, alpha, a, b] = p as [number, number, number, number]
    const stayed = first === 1 ? b / (a + b) : 1
    return stayed * bought_while_leaving(r, a, b + first, t / alpha)
  },
})

/** ln(1 + e^u) without overflow. */
const log1p_exp = (u: number): number => (u > 0 ? u + Math.log1p(Math.exp(-u)) : Math.log1p(Math.exp(u)))

export const bg_nbd = beta_geometric('bg_nbd', 0)
export const mbg_nbd = beta_geometric('mbg_nbd', 1)
