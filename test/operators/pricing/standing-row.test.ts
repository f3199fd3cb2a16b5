import { expect, it } from 'vitest'
import { default_pricing } from '../../../operators/pricing/pricing-policy.ts'
import type { Attempt, LeadRecord, RoutedLead } from '../../../operators/pricing/route-rows.ts'
import { default_routing } from '../../../operators/pricing/routing-policy.ts'
import { standing_row } from '../../../operators/pricing/standing-row.ts'

const attempt = {
  decision_id: 'ada|1',
  buyer_id: 'a',
  buyer_tier: 'volume',
  currency: 'EUR',
  price_minor: 7501,
  acceptance_probability: 0.5,
  policy_version: 'old',
} as Attempt
const lead = {
  customer_id: 'ada',
  conversation_id: 'chat',
  quality_tier: 'basic',
  total_score: 55,
} as RoutedLead
const policies = { pricing: default_pricing, routing: default_routing }
const step = {
  event_id: 'ada|2',
  tenant_id: 'acme',
  cause_event_id: '2',
  occurred_at: 8,
  decision_id: 'ada|1',
  status: 'quoted',
  attempt: 0,
  reason: '',
} as const
const row = (status: string) => {
  const record = { status, attempts: [{ ...attempt, buyer_id: 'before' }, attempt] } as unknown as LeadRecord
  return standing_row(lead, step, record, policies)
}

it.each(['reserved', 'confirmed'])('tells who holds a lead that is %s, and at which price', status => {
  expect(row(status)).toMatchObject({
    ...step,
    buyer_id: 'a',
    buyer_tier: 'volume',
    currency: 'EUR',
    price_minor: 7501,
    expected_revenue_minor: 3751,
    alternatives: [],
    price_terms: [],
    policy_version: 'pricing-1+routing-1',
    reason: `${status} for volume buyer a already`,
  })
})

it.each(['unsold', 'queued'])('tells nobody of one that is %s', status => {
  expect(row(status)).toMatchObject({
    decision_id: 'ada|1',
    buyer_id: null,
    buyer_tier: null,
    price_minor: 0,
    expected_revenue_minor: 0,
    acceptance_probability: 0,
    reason: `offered already, last to a, and now ${status}`,
  })
})
