import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Choice } from '../../../operators/pricing/choose-buyer.ts'
import { default_pricing } from '../../../operators/pricing/pricing-policy.ts'
import {
  type Attempt,
  type LeadRecord,
  later_id,
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
  usual_price_minor: 7500,
  acceptance_probability: 0.5,
  policy_version: 'p',
  answer: '',
  reversed: false,
  conversion: '',
  value_minor: null,
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
    event_id: '~ada|1|1|released',
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
  const offer = { buyer: { buyer_id: 'a', tier: 'volume' }, routing_score: 1, utilization_ratio: 0.666 }
  const alone = { ...nobody, chosen: offer } as unknown as Choice
  expect(why(alone, 'reserved')).toBe(
    'volume buyer, routing score 1.00, nobody else may have it, 67 % of its cap used',
  )
  const full = { ...nobody, alternatives: [{ offer, reason: 'full' }] } as unknown as Choice
  expect(why(full, 'unsold')).toBe('no buyer may have it: full')
})

it('names both policies', () => {
  expect(version_of({ pricing: default_pricing, routing: default_routing })).toBe('pricing-1+routing-1')
})

it('ids of later rows are those of no event, whatever its sender calls it', () => {
  const ids = fc.array(fc.constantFrom('1', '|', '~', '%', '2', 'reserved', 'a'), {
    minLength: 1,
    maxLength: 6,
  })
  const text = ids.map(parts => parts.join(''))
  const row_of = ([customer, event]: readonly [string, string]) =>
    `${customer.replaceAll(/[%|]/g, encodeURIComponent)}|${event}`
  const customer = text.filter(id => !id.startsWith('~'))
  const later = ([root_id, n]: readonly [string, number]) =>
    later_id({ root_id } as LeadRecord, n, 'reserved')
  const root = fc.tuple(customer, text).map(row_of)
  fc.assert(
    fc.property(root, root, fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 }), (a, b, n, m) => {
      expect(later([a, n])).not.toBe(b)
      expect(later([a, n]) === later([b, m])).toBe(a === b && n === m)
    }),
    { numRuns: 500 },
  )
  expect(later(['ada|1', 2])).toBe('~ada|1|2|reserved')
})
