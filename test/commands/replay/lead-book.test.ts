/** What is expected of a sale in another course: by what the recorded one thought of this buyer and this lead. */
import { expect, test } from 'vitest'
import { LeadBook } from '../../../commands/replay/lead-book.ts'
import { exact_type } from '../../../runtime/avro/exact-type.ts'
import { definitions } from '../../../schemas/definitions.ts'
import type { Route } from '../../../schemas/types.ts'

const T = Date.UTC(2026, 5, 1)
const type = exact_type(definitions.routes)
const row = (over: Partial<Route>) => {
  const route: Route = {
    event_id: 'ada|1',
    tenant_id: 'acme',
    customer_id: 'ada',
    conversation_id: 'chat',
    cause_event_id: '1',
    occurred_at: T,
    decision_id: over.event_id ?? 'ada|1',
    status: 'reserved',
    attempt: 1,
    buyer_id: 'north',
    buyer_tier: 'standard',
    quality_tier: 'standard',
    total_score: 75,
    base_points: 30,
    behavior_points: 20,
    timing_points: 15,
    market_points: 10,
    conversion_probability: 0.2,
    currency: 'EUR',
    price_minor: 10_000,
    price_terms: [],
    acceptance_probability: 0.8,
    expected_revenue_minor: 8000,
    routing_score: 1,
    routing_terms: [],
    utilization_ratio: null,
    buyer_value_minor: null,
    alternatives: [],
    reason: 'the best',
    lead_policy_version: 'lead-1',
    policy_version: 'routing-1',
    ...over,
  }
  const value = Buffer.concat([Buffer.alloc(5), type.toBuffer(route)])
  return { topic: 'routes', partition: 0, key: Buffer.from('acme'), value }
}
const stretch = { from_ms: T, to_ms: T + 1000, tenant: null }
const alternative = { routing_score: 0, reason: 'second' }
const south = { ...alternative, buyer_id: 'south', price_minor: 5000, expected_revenue_minor: 2000 }

/** Expected in the other course, of the row that it has for ada. */
const expected = (other: Partial<Route>, ...recorded: readonly Partial<Route>[]): number | undefined => {
  const measure = new LeadBook(stretch)
  measure.take(recorded.map(row))
  const book = new LeadBook(stretch, measure)
  book.take([row(other)])
  return [...book.leads.values()][0]?.sale?.expected_minor
}

test('the same buyer for the same price: the same, though the lead is scored otherwise and the other knows less', () => {
  const scored_otherwise = { quality_tier: 'premium', total_score: 90, acceptance_probability: 0.3 } as const
  expect(expected(scored_otherwise, {})).toBe(8000)
  // What was thought of the lead after it was sold is another moment's.
  const later = {
    event_id: 'ada|2',
    occurred_at: T + 1,
    status: 'quoted',
    acceptance_probability: 0.1,
  } as const
  expect(expected(scored_otherwise, {}, later)).toBe(8000)
})

test('another buyer: by what was told of it beside the one that was chosen', () => {
  const other = { buyer_id: 'south', price_minor: 5000, acceptance_probability: 0.9 }
  expect(expected(other, { alternatives: [south] })).toBe(2000)
  // By this lead, not by one that came since.
  const of_bo = { customer_id: 'bo', event_id: 'bo|1', buyer_id: 'south', acceptance_probability: 0.7 }
  expect(expected(other, { alternatives: [south] }, of_bo)).toBe(2000)
})

test('a buyer that was no choice for the lead: by the last lead of the quality; by itself where nobody told', () => {
  const other = { buyer_id: 'south', price_minor: 5000, acceptance_probability: 0.9 }
  const of_bo = { customer_id: 'bo', event_id: 'bo|1', buyer_id: 'south', acceptance_probability: 0.7 }
  expect(expected(other, {}, of_bo)).toBe(3500)
  expect(expected(other, {})).toBe(4500)
})
