import { expect, it } from 'vitest'
import type { Choice } from '../../../operators/pricing/choose-buyer.ts'
import { default_pricing } from '../../../operators/pricing/pricing-policy.ts'
import {
  type Attempt,
  later_row,
  outcome_row,
  type RoutedLead,
  version_of,
  why,
} from '../../../operators/pricing/route-rows.ts'
import { default_routing } from '../../../operators/pricing/routing-policy.ts'
import type { LeadFeedback } from '../../../schemas/types.ts'

const lead = {
  customer_id: 'ada',
  conversation_id: 'chat',
  quality_tier: 'basic',
  total_score: 55,
} as RoutedLead
const attempt: Attempt = {
  decision_id: 'ada|1',
  decided_ms: 7,
  buyer_id: 'a',
  buyer_tier: 'volume',
  hour: 0,
  day: 0,
  currency: 'EUR',
  price_minor: 7501,
  acceptance_probability: 0.5,
  policy_version: 'p',
  answer: '',
  converted: false,
}
const feedback: LeadFeedback = {
  event_id: 'ada|f',
  tenant_id: 'acme',
  customer_id: 'ada',
  occurred_at: 9,
  decision_id: null,
  buyer_id: 'a',
  outcome: 'rejected',
  reason: 'duplicate',
  amount_minor: null,
  currency: null,
}

it('tells what became of a decision with its price, and leaves the terms to the row that reserved', () => {
  const step = {
    event_id: 'ada|1|1|released',
    tenant_id: 'acme',
    cause_event_id: 'x',
    occurred_at: 8,
    decision_id: 'ada|1',
    status: 'released',
    attempt: 1,
    reason: 'why',
  } as const
  expect(later_row(lead, step, attempt)).toMatchObject({
    ...step,
    buyer_id: 'a',
    buyer_tier: 'volume',
    price_minor: 7501,
    // 3750.5, half up.
    expected_revenue_minor: 3751,
    price_terms: [],
    routing_terms: [],
    routing_score: 0,
    currency: 'EUR',
    policy_version: 'p',
  })
})

it('joins an answer to its decision, or says that none is known', () => {
  expect(outcome_row(feedback, { lead, attempt }, 0.5)).toMatchObject({
    event_id: 'ada|f',
    conversation_id: 'chat',
    decision_id: 'ada|1',
    decided_at: 7,
    buyer_tier: 'volume',
    reason_class: 'duplicate',
    price_minor: 7501,
    currency: null,
    trusted_ratio: 0.5,
  })
  const unknown = outcome_row(feedback, null, 1)
  const { conversation_id, decision_id, decided_at, price_minor, total_score, policy_version } = unknown
  expect([conversation_id, decision_id, decided_at, price_minor, total_score, policy_version]).toEqual(
    Array(6).fill(null),
  )
  // What it is worth is in the decision’s currency, unless it says another.
  const worth = { ...feedback, outcome: 'converted', amount_minor: 5 } as const
  expect(outcome_row(worth, { lead, attempt }, 1)).toMatchObject({ currency: 'EUR', reason_class: null })
  expect(outcome_row({ ...worth, currency: 'USD' }, { lead, attempt }, 1).currency).toBe('USD')
})

it('says in a sentence why', () => {
  const nobody: Choice = { chosen: null, alternatives: [], opening_ms: null }
  expect(why(nobody, 'unsold')).toBe('there is no buyer')
  expect(why({ ...nobody, opening_ms: 1 }, 'queued')).toBe('waits for the hours of its buyers')
  const offer = { buyer: { buyer_id: 'a', tier: 'volume' }, routing_score: 1, utilization_ratio: 0.5 }
  const alone = { ...nobody, chosen: offer } as unknown as Choice
  expect(why(alone, 'reserved')).toBe(
    'volume buyer, routing score 1.00, nobody else may have it, 50 % of its cap used',
  )
  const full = { ...nobody, alternatives: [{ offer, reason: 'full' }] } as unknown as Choice
  expect(why(full, 'unsold')).toBe('no buyer may have it: full')
})

it('names both policies', () => {
  expect(version_of({ pricing: default_pricing, routing: default_routing })).toBe('pricing-1+routing-1')
})
