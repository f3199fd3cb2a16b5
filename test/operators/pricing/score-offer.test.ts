/** The routing score of the requirements, term by term. */
import fc from 'fast-check'
import { expect, it, test } from 'vitest'
import { local_time } from '../../../operators/core/zone-clock.ts'
import {
  ACCEPTANCE_COLUMNS,
  acceptance_case,
  acceptance_row,
} from '../../../operators/pricing/acceptance-row.ts'
import { type Book, EMPTY_BOOK, usage_of } from '../../../operators/pricing/buyer-book.ts'
import { market_fraction } from '../../../operators/pricing/price-terms.ts'
import { default_pricing } from '../../../operators/pricing/pricing-policy.ts'
import { type Buyer, buyers_of, spelled_place } from '../../../operators/pricing/read-buyers.ts'
import { default_routing } from '../../../operators/pricing/routing-policy.ts'
import {
  type Market,
  offer_of,
  quality_match,
  routing_terms,
} from '../../../operators/pricing/score-offer.ts'
import { learn_pooled, new_pooled_model } from '../../../operators/stats/pooled-logistic.ts'

/** Sunday, 4 January 2026, at night: neither business hours nor a working day. */
const SUNDAY = Date.UTC(2026, 0, 4, 2)
const policies = { pricing: { ...default_pricing, weekend: 100 }, routing: default_routing }
const market: Market = {
  buyers: [],
  policies,
  at_ms: SUNDAY,
  zone: 'UTC',
  currency: 'USD',
  unit: 100,
  base_of: tier => policies.pricing.base_major[tier] * 100,
  book_of: () => undefined,
  model: null,
}
const lead = {
  quality_tier: 'premium',
  total_score: 87,
  base_share: 0.875,
  behavior_share: 0.9,
  timing_share: 0.9,
  market_share: 0.7,
  customer_id: 'ada',
  market_ratio: 1,
  zip_code: '10021',
  borough: 'manhattan',
  neighborhood: null,
} as const
const offered = (more: object, of = market, book: Book = EMPTY_BOOK) => {
  const [buyer] = buyers_of({ buyers: [{ buyer_id: 'a', tier: 'premium', ...more }] }) as readonly Buyer[]
  const time = local_time('UTC', SUNDAY)
  const usage = usage_of(book, buyer as Buyer, time, SUNDAY, of.policies)
  const asked = { buyer: buyer as Buyer, time, book, usage }
  return offer_of(lead, spelled_place(lead), { quality: 120, market: market_fraction(1) }, asked, of)
}

it('is revenue × .4 + acceptance × .25 + capacity × .15 + quality × .1 + area × .05 + history × .05', () => {
  // 300 × .85 = 255 of expected revenue; nothing sold; its own tier; preferred; no history: one half.
  const offer = offered({ daily_cap: 10, preferred_areas: ['manhattan'] })
  expect(offer.values).toEqual([255, 85, 100, 100, 100, 50])
  expect(offer.routing_score).toBe(255 * 0.4 + 85 * 0.25 + 100 * 0.15 + 100 * 0.1 + 100 * 0.05 + 50 * 0.05)
  expect(offered({ preferred_areas: ['brooklyn'] }).values[4]).toBe(0)
  expect(offered({ daily_cap: 0 }).values[2]).toBe(0)
  expect(offered({ acceptance_prior: 0.5 }).values.slice(0, 2)).toEqual([150, 50])
  expect(offered({ tier: 'volume' }).values).toEqual([76.5, 85, 100, 25, 100, 50])
})

it('tells what its leads have brought the buyer, and counts none of it', () => {
  expect(offered({}).value_minor).toBeNull()
  const book = {
    ...EMPTY_BOOK,
    value_sum: 45_000,
    valued_count: 1.5,
    value_currency: 'USD',
    learned_ms: SUNDAY,
  }
  const with_value = offered({}, market, book)
  expect(with_value.value_minor).toBe(30_000)
  expect(with_value.routing_score).toBe(offered({}).routing_score)
  expect(offered({}, { ...market, currency: 'EUR' }, book).value_minor).toBeNull()
  // Conversions fade by time: half of ten leads' worth in 14 days.
  const converts = { ...EMPTY_BOOK, taken_count: 10, converted_count: 10, learned_ms: SUNDAY }
  const history = (at_ms: number) => offered({}, { ...market, at_ms }, converts).values[5]
  expect([history(SUNDAY), history(SUNDAY + 14 * 86_400_000)]).toEqual([75, expect.closeTo(200 / 3, 4)])
})

it('is expected revenue alone by v2, and in whole units of any currency', () => {
  const of = { ...market, policies: { ...policies, routing: { ...default_routing, score: 'v2' } as const } }
  const offer = offered({}, of)
  expect(offer.routing_score).toBe(255)
  expect(routing_terms(offer, of.policies.routing)).toEqual([
    { term: 'expected_revenue', value: 255, weight: 1 },
  ])
  const yen = { ...market, currency: 'JPY', unit: 1, base_of: () => 250 }
  expect(offered({}, yen).values[0]).toBe(255)
})

it('matches qualities to tiers in steps', () => {
  const { sold_to } = default_pricing
  const of = (quality: 'premium' | 'standard' | 'basic' | 'unqualified') =>
    (['premium', 'direct', 'standard', 'volume'] as const).map(tier => quality_match(sold_to[quality], tier))
  expect(of('premium')).toEqual([100, 75, 50, 25])
  expect(of('standard')).toEqual([0, 0, 100, 50])
  expect(of('basic')).toEqual([0, 0, 0, 100])
  expect(of('unqualified')).toEqual([0, 0, 0, 0])
})

test('the terms sum to the score', () => {
  const weight = fc.double({ min: 0, max: 10, noNaN: true })
  const weights = fc.record({
    expected_revenue: weight,
    acceptance_rate: weight,
    available_capacity: weight,
    quality_match: weight,
    geographic_match: weight,
    historical_performance: weight,
  })
  const of_buyer = fc.record({
    base_minor: fc.integer({ min: 0, max: 1e11 }),
    acceptance_prior: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  fc.assert(
    fc.property(weights, of_buyer, (each, more) => {
      const routing = { ...default_routing, weights: each }
      const offer = offered(more, { ...market, policies: { ...policies, routing } })
      const terms = routing_terms(offer, routing)
      expect(terms.map(({ term }) => term)).toEqual(Object.keys(each))
      expect(terms.reduce((sum, { value, weight: w }) => sum + value * w, 0)).toBe(offer.routing_score)
      // More money for the same acceptance is never a lower score.
      const dearer = offered(
        { ...more, base_minor: more.base_minor + 1000 > 1e11 ? more.base_minor : more.base_minor + 1000 },
        { ...market, policies: { ...policies, routing } },
      )
      expect(dearer.routing_score).toBeGreaterThanOrEqual(offer.routing_score)
    }),
  )
})

it('asks how likely the lead is taken at its price beside what such a lead costs the tier', () => {
  const [buyer] = buyers_of({
    buyers: [{ buyer_id: 'a', tier: 'volume', base_minor: 9000 }],
  }) as readonly Buyer[]
  const time = local_time('UTC', SUNDAY)
  const usage = { utilization_ratio: null, room: true, surging: true }
  const asked = { buyer: buyer as Buyer, time, book: EMPTY_BOOK, usage }
  const factors = { quality: 120, market: market_fraction(1.15) }
  const of = { ...market, policies: { ...policies, pricing: { ...policies.pricing, weekend: 95 } } }
  const offer = offer_of(lead, spelled_place(lead), factors, asked, of)
  // 75.00 × 1.2 × 1.15: without demand, hours, days and the buyer's own base.
  expect([offer.usual_price_minor, offer.price_minor]).toEqual([10_350, 17_699])
  // Who is told that half such a price is refused expects a refusal.
  const row = acceptance_row(acceptance_case(lead, 'volume', offer.price_minor, offer.usual_price_minor))
  let model = new_pooled_model(ACCEPTANCE_COLUMNS)
  for (let i = 0; i < 80; i++) model = learn_pooled(model, undefined, row, 0).model
  const refused = offer_of(lead, spelled_place(lead), factors, asked, { ...of, model })
  expect(refused.acceptance_probability).toBeLessThan(0.5)
  expect(refused.expected_revenue_minor).toBe(Math.round(17_699 * refused.acceptance_probability))
  const shares = { ...of.policies, routing: { ...default_routing, acceptance: 'shares' } as const }
  const by_shares = offer_of(lead, spelled_place(lead), factors, asked, { ...of, model, policies: shares })
  expect(by_shares.acceptance_probability).toBe(0.85)
})
