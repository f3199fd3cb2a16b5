/** Champion against challenger, asked about the same leads, whose outcomes neither was fitted to. */
import type { LeadPolicy } from '../../operators/lead/lead-policy.ts'
import { log_cost } from '../../operators/stats/ranking-measures.ts'
import { type Example, replay_policy, weights_of_examples } from './examples.ts'

export interface Comparison {
  readonly n: number
  /** Nats a lead, by weight. */
  readonly champion: number
  readonly challenger: number
  /** By how many standard errors the challenger is better; 0 where nothing tells them apart. */
  readonly deviations: number
}

/**
 * Log loss: it is best for the probability that is true (Good 1952), so a policy gains by order and by honesty. Differences are paired
 * by lead; their error is that of the buyers' sums, since one buyer's answers hang together, with two buyers at least.
 */
export const compare_policies = (
  examples: readonly Example[],
  champion: LeadPolicy,
  challenger: LeadPolicy,
): Comparison => {
  const weights = weights_of_examples(examples)
  const [old_said, new_said] = [champion, challenger].map(policy => replay_policy(examples, policy))
  const by_buyer = new Map<string, { sum: number; weight: number }>()
  let [weight, old_cost, new_cost] = [0, 0, 0]
  for (const [i, { buyer_id, accepted }] of examples.entries()) {
    const of_old = log_cost(old_said![i]!, accepted)
    const of_new = log_cost(new_said![i]!, accepted)
    weight += weights[i]!
    old_cost += weights[i]! * of_old
    new_cost += weights[i]! * of_new
    const buyer = by_buyer.get(buyer_id) ?? { sum: 0, weight: 0 }
    buyer.sum += weights[i]! * (of_old - of_new)
    buyer.weight += weights[i]!
    by_buyer.set(buyer_id, buyer)
  }
  if (weight === 0) return { n: 0, champion: 0, challenger: 0, deviations: 0 }
  const gain = (old_cost - new_cost) / weight
  const squares = [...by_buyer.values()].reduce((sum, of) => sum + (of.sum - gain * of.weight) ** 2, 0)
  const buyers = by_buyer.size
  const error = buyers > 1 ? Math.sqrt((squares * buyers) / (buyers - 1)) / weight : 0
  return {
    n: examples.length,
    champion: old_cost / weight,
    challenger: new_cost / weight,
    deviations: error > 0 ? gain / error : 0,
  }
}
