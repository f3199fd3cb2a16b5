/**
 * What the trainer of lead policies learns from: routed leads and what their buyers said in the end. Points are kept as shares of what
 * the policy of the day could give, so that examples scored under different weights are of one kind.
 */

import { probability_of } from '../../operators/lead/judge-lead.ts'
import type { LeadPolicy } from '../../operators/lead/lead-policy.ts'
import { default_lead_policy } from '../../operators/lead/lead-policy.ts'
import { factors, most_of_factor, type Weights } from '../../operators/lead/weigh-factors.ts'
import type { JobRow } from '../job.ts'

export interface Example {
  readonly decision_id: string
  readonly buyer_id: string
  readonly answered_ms: number
  /** Taken by the buyer and not given back. */
  readonly accepted: 0 | 1
  /** Of what each factor could earn, 0 to 1, in the order of `factors`. */
  readonly shares: readonly number[]
  readonly price_minor: number
  /** 0 to 1: how far the buyer is believed. */
  readonly trusted_ratio: number
}

/** Points that each factor can earn. */
export const weights_of_policy = (policy: LeadPolicy): Weights =>
  Object.fromEntries(factors.map(factor => [factor, most_of_factor(policy, factor) / 100])) as Weights

/** A row of quality_example. A version that nobody knows any more counts as the built-in policy. */
export const example_of = (row: JobRow, policies: ReadonlyMap<string, LeadPolicy>): Example => {
  const most = weights_of_policy(policies.get(String(row.lead_policy_version)) ?? default_lead_policy)
  return {
    decision_id: String(row.decision_id),
    buyer_id: String(row.buyer_id),
    answered_ms: Number(row.answered_ms),
    accepted: Number(row.accepted) === 1 ? 1 : 0,
    shares: factors.map(factor => {
      const points = Number(row[`${factor}_points`])
      return most[factor] > 0 ? Math.min(1, Math.max(0, points / most[factor])) : 0
    }),
    price_minor: Number(row.price_minor),
    trusted_ratio: Math.min(1, Math.max(0, Number(row.trusted_ratio))),
  }
}

/** What the lead would have scored under the policy: 0 to 100. */
export const score_under = ({ shares }: Example, weights: Weights): number =>
  factors.reduce((sum, factor, k) => sum + weights[factor] * shares[k]!, 0)

/** Beyond certainty one error would outweigh all else. */
const LEAST = 0.001

/** The probability that the policy would have given each example. */
export const replay_policy = (examples: readonly Example[], policy: LeadPolicy): number[] => {
  const weights = weights_of_policy(policy)
  return examples.map(example =>
    Math.min(1 - LEAST, Math.max(LEAST, probability_of(score_under(example, weights), policy))),
  )
}

/** Even parts of all that one buyer's answers count for at most. */
const MOST_PARTS = 3

/**
 * How much each example counts: as far as its buyer is believed, and no buyer more than three times its even part (of four buyers and
 * more: among fewer each is a large part).
 */
export const weights_of_examples = (examples: readonly Example[]): number[] => {
  const answers = new Map<string, number>()
  for (const { buyer_id } of examples) answers.set(buyer_id, (answers.get(buyer_id) ?? 0) + 1)
  const most = answers.size > MOST_PARTS ? (MOST_PARTS * examples.length) / answers.size : examples.length
  return examples.map(
    ({ buyer_id, trusted_ratio }) => trusted_ratio * Math.min(1, most / answers.get(buyer_id)!),
  )
}
