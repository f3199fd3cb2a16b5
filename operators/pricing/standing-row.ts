/** What an event of a lead that has a decision is told: the decision as it stands, not what a new one would be. */
import type { Route } from '../../schemas/types.ts'
import type { Policies } from './read-policies.ts'
import {
  type Attempt,
  type LeadRecord,
  later_row,
  type RoutedLead,
  type Step,
  version_of,
} from './route-rows.ts'

/**
 * The buyer that holds it at the price of that decision, so that what is said of it is said of
 * the decision named; without anybody who holds it no buyer. The version is that of the day: nothing was decided by the older one here.
 */
export const standing_row = (
  lead: RoutedLead,
  step: Step,
  { status, attempts }: LeadRecord,
  policies: Policies,
): Route => {
  const attempt = attempts.at(-1) as Attempt
  const { buyer_id, buyer_tier } = attempt
  const held = status === 'reserved' || status === 'confirmed'
  const row = later_row(lead, step, attempt)
  const policy_version = version_of(policies)
  if (held) return { ...row, policy_version, reason: `${status} for ${buyer_tier} buyer ${buyer_id} already` }
  const reason = `offered already, last to ${buyer_id}, and now ${status}`
  const nobody = { buyer_id: null, buyer_tier: null, price_minor: 0, acceptance_probability: 0 }
  return { ...row, ...nobody, expected_revenue_minor: 0, policy_version, reason }
}
