/** What a decision about a lead looks like on the topics: rows of `routes` and `route_outcomes`, with the words for people. */
import type { Lead, LeadFeedback, Route, RouteOutcome, RoutingSlot } from '../../schemas/types.ts'
import type { Choice } from './choose-buyer.ts'
import { product, terms_of } from './price-terms.ts'
import type { Quality } from './pricing-policy.ts'
import type { Policies } from './read-policies.ts'
import { reason_class_of } from './reason-classes.ts'
import { default_routing, type RoutingPolicy } from './routing-policy.ts'
import { type Offer, routing_terms } from './score-offer.ts'

export type LeadRecord = RoutingSlot['leads'][number]
export type Attempt = LeadRecord['attempts'][number]
/** What of a lead every row says. */
export type RoutedLead = Omit<
  LeadRecord,
  'root_id' | 'status' | 'first_ms' | 'seen_ms' | 'due_ms' | 'attempts'
>

/** What the row is, and what it follows from. */
export interface Step {
  readonly event_id: string
  readonly tenant_id: string
  readonly cause_event_id: string
  readonly occurred_at: number
  readonly decision_id: string | null
  readonly status: Route['status']
  readonly attempt: number
  readonly reason: string
}

export const version_of = ({ pricing, routing }: Policies): string => `${pricing.version}+${routing.version}`

/**
 * Of a row that no event of the lead has: no customer_id begins with ~, so it is the id of no event's row, whatever ids its sender
 * invents.
 */
export const later_id = ({ root_id }: LeadRecord, attempt: number, status: Route['status']): string =>
  `~${root_id}|${attempt}|${status}`

const lead_fields = (lead: RoutedLead) => ({
  customer_id: lead.customer_id,
  conversation_id: lead.conversation_id,
  quality_tier: lead.quality_tier as Quality,
  total_score: lead.total_score,
  base_points: lead.base_points,
  behavior_points: lead.behavior_points,
  timing_points: lead.timing_points,
  market_points: lead.market_points,
  conversion_probability: lead.conversion_probability,
  lead_policy_version: lead.lead_policy_version,
})

const alternatives_of = (choice: Choice): Route['alternatives'] =>
  choice.alternatives.map(({ offer, reason }) => ({
    buyer_id: offer.buyer.buyer_id,
    routing_score: offer.routing_score,
    price_minor: offer.price_minor,
    expected_revenue_minor: offer.expected_revenue_minor,
    reason,
  }))

/** A decision as it was taken. */
export const decision_row = (
  lead: RoutedLead,
  step: Step,
  choice: Choice,
  currency: string,
  policies: Policies,
): Route => {
  const { chosen } = choice
  return {
    ...step,
    ...lead_fields(lead),
    currency,
    ...offer_fields(step.status === 'queued' || step.status === 'unsold' ? null : chosen, policies.routing),
    alternatives: alternatives_of(choice),
    policy_version: version_of(policies),
  }
}

const offer_fields = (offer: Offer | null, routing: RoutingPolicy) => ({
  buyer_id: offer?.buyer.buyer_id ?? null,
  buyer_tier: offer?.buyer.tier ?? null,
  price_minor: offer?.price_minor ?? 0,
  price_terms: offer ? terms_of(offer.factors, offer.limits) : [],
  acceptance_probability: offer?.acceptance_probability ?? 0,
  expected_revenue_minor: offer?.expected_revenue_minor ?? 0,
  routing_score: offer?.routing_score ?? 0,
  routing_terms: offer ? routing_terms(offer, routing) : [],
  utilization_ratio: offer?.utilization_ratio ?? null,
  buyer_value_minor: offer?.value_minor ?? null,
})

const NO_OFFER = offer_fields(null, default_routing)

/** What became of a decision: its terms stand in the row that reserved. */
export const later_row = (lead: RoutedLead, step: Step, attempt: Attempt): Route => ({
  ...step,
  ...lead_fields(lead),
  ...NO_OFFER,
  currency: attempt.currency,
  buyer_id: attempt.buyer_id,
  buyer_tier: attempt.buyer_tier,
  price_minor: attempt.price_minor,
  acceptance_probability: attempt.acceptance_probability,
  expected_revenue_minor: expected(attempt.price_minor, attempt.acceptance_probability),
  alternatives: [],
  policy_version: attempt.policy_version,
})

const expected = (price_minor: number, probability: number): number =>
  product(price_minor, [Math.round(probability * 1e6)], 1e6)

/** The feedback beside the decision that it answers; null: none is known. */
export const outcome_row = (
  feedback: LeadFeedback,
  answered: { readonly lead: RoutedLead; readonly attempt: Attempt } | null,
  trusted_ratio: number,
): RouteOutcome => {
  const { event_id, tenant_id, customer_id, occurred_at, outcome, reason, amount_minor, currency } = feedback
  const { lead, attempt } = answered ?? {}
  return {
    event_id,
    tenant_id,
    customer_id,
    occurred_at,
    conversation_id: lead?.conversation_id ?? null,
    decision_id: attempt?.decision_id ?? feedback.decision_id,
    decided_at: attempt?.decided_ms ?? null,
    buyer_id: attempt?.buyer_id ?? feedback.buyer_id,
    buyer_tier: attempt?.buyer_tier ?? null,
    outcome,
    reason,
    reason_class: reason_class_of(outcome, reason),
    value_minor: amount_minor,
    currency: currency ?? (amount_minor === null ? null : (attempt?.currency ?? null)),
    price_minor: attempt?.price_minor ?? null,
    quality_tier: lead?.quality_tier ?? null,
    total_score: lead?.total_score ?? null,
    base_points: lead?.base_points ?? null,
    behavior_points: lead?.behavior_points ?? null,
    timing_points: lead?.timing_points ?? null,
    market_points: lead?.market_points ?? null,
    conversion_probability: lead?.conversion_probability ?? null,
    acceptance_probability: attempt?.acceptance_probability ?? null,
    trusted_ratio,
    lead_policy_version: lead?.lead_policy_version ?? null,
    policy_version: attempt?.policy_version ?? null,
  }
}

/** What a lead's record keeps of its event. */
export const routed_lead = (lead: Lead): RoutedLead => ({
  customer_id: lead.customer_id,
  conversation_id: lead.conversation_id,
  quality_tier: lead.quality_tier,
  total_score: lead.total_score,
  base_points: lead.base_points,
  behavior_points: lead.behavior_points,
  timing_points: lead.timing_points,
  market_points: lead.market_points,
  base_share: lead.base_share,
  behavior_share: lead.behavior_share,
  timing_share: lead.timing_share,
  market_share: lead.market_share,
  conversion_probability: lead.conversion_probability,
  market_ratio: lead.market_ratio,
  zip_code: lead.zip_code,
  borough: lead.borough,
  neighborhood: lead.neighborhood,
  lead_policy_version: lead.lead_policy_version,
})

/** Why it was chosen, or nobody was. */
export const why = (choice: Choice, status: Route['status']): string => {
  const { chosen, alternatives } = choice
  if (status === 'queued') return 'waits for the hours of its buyers'
  if (chosen && status !== 'unsold') {
    const score = `routing score ${chosen.routing_score.toFixed(2)}`
    const second = alternatives.find(({ reason }) => reason === 'lower_score')
    const room =
      chosen.utilization_ratio === null ? '' : `, ${percent(chosen.utilization_ratio)} of its cap used`
    const before = second
      ? ` before ${second.offer.buyer.buyer_id} (${second.offer.routing_score.toFixed(2)})`
      : ', nobody else may have it'
    return `${chosen.buyer.tier} buyer, ${score}${before}${room}`
  }
  if (alternatives.length === 0) return 'there is no buyer'
  const reasons = [...new Set(alternatives.map(({ reason }) => reason))]
  return `no buyer may have it: ${reasons.join(', ')}`
}

const percent = (ratio: number): string => `${Math.round(ratio * 100)} %`
