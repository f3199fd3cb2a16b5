/**
 * Gamma-Gamma (Fader and Hardie, technical note 025, 2013): a customer's purchases vary around a mean of their own, gamma(p, nu), and nu varies
 * over customers, gamma(q, v). So who bought once is drawn towards everybody's mean, who bought often is believed. Supposes that what a purchase is
 * worth does not depend on how often the customer buys: where it clearly does, the model is refused.
 */
import { log_gamma } from '../../operators/stats/special-functions.ts'
import { by_x, type Counted, type Likelihood } from './purchases.ts'

export interface Spend {
  /** Purchases that the mean is of. */
  readonly x: number
  /** Their mean, major units, > 0. */
  readonly mean_spend: number
}

export const gamma_gamma: Likelihood<Spend & Counted> = {
  name: 'gamma_gamma',
  parameters: ['p', 'q', 'v'],
  starts: [
    [6, 4, 15],
    [1, 2, 50],
    [3, 10, 500],
    [20, 3, 1],
  ],
  log_likelihood: ([p, q, v]: readonly number[], rows) => {
    const fixed = q! * Math.log(v!) - log_gamma(q!)
    const of_x = by_x(x => {
      const shape = p! * x
      return log_gamma(shape + q!) - log_gamma(shape) + shape * Math.log(x) + fixed
    })
    let sum = 0
    for (const { x, mean_spend, n } of rows) {
      const shape = p! * x
      sum += n * (of_x(x) + (shape - 1) * Math.log(mean_spend) - (shape + q!) * Math.log(v! + x * mean_spend))
    }
    return sum
  },
}

/** What a purchase of this customer is expected to be worth, major units; x = 0: of a customer of whom nothing is known. */
export const expected_spend = ([p, q, v]: readonly number[], { x, mean_spend }: Spend): number =>
  (p! * (v! + x * mean_spend)) / (p! * x + q! - 1)

/** Pearson's correlation of two lists. */
export const correlation = (a: readonly number[], b: readonly number[]): number => {
  const mean = (list: readonly number[]): number => list.reduce((sum, v) => sum + v, 0) / list.length
  const [mean_a, mean_b] = [mean(a), mean(b)]
  let [aa, bb, ab] = [0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    const [da, db] = [a[i]! - mean_a, b[i]! - mean_b]
    aa += da * da
    bb += db * db
    ab += da * db
  }
  return aa === 0 || bb === 0 ? 0 : ab / Math.sqrt(aa * bb)
}
