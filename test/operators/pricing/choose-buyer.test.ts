import { expect, it } from 'vitest'
import { EMPTY_BOOK, take } from '../../../operators/pricing/buyer-book.ts'
import { choose_buyer } from '../../../operators/pricing/choose-buyer.ts'
import { default_pricing } from '../../../operators/pricing/pricing-policy.ts'
import { type Buyer, buyers_of } from '../../../operators/pricing/read-buyers.ts'
import { default_routing } from '../../../operators/pricing/routing-policy.ts'
import type { ChosenLead, Market } from '../../../operators/pricing/score-offer.ts'
import { days } from '../../../schemas/units.ts'

const NOON = Date.UTC(2026, 0, 5, 12)
const lead: ChosenLead = {
  quality_tier: 'standard',
  total_score: 75,
  base_share: 0.875,
  behavior_share: 0.9,
  timing_share: 0.9,
  market_share: 0.7,
  customer_id: 'ada',
  market_ratio: 1,
  zip_code: null,
  borough: null,
  neighborhood: null,
}
const market = (list: readonly object[], more: Partial<Market> = {}): Market => ({
  buyers: buyers_of({ buyers: list }) as readonly Buyer[],
  policies: { pricing: default_pricing, routing: default_routing },
  at_ms: NOON,
  zone: 'UTC',
  currency: 'USD',
  unit: 100,
  model: null,
  base_of: tier => default_pricing.base_major[tier] * 100,
  book_of: () => undefined,
  ...more,
})
const standard = (buyer_id: string, more: object = {}) => ({ buyer_id, tier: 'standard', ...more })
const chosen = (of: Market, tried?: ReadonlySet<string>, one = lead) =>
  choose_buyer(one, of, tried).chosen?.buyer.buyer_id ?? null

it('takes the highest score, of equal ones the lower id, in whatever order buyers are entered', () => {
  expect(chosen(market([standard('b'), standard('a'), standard('c')]))).toBe('a')
  expect(chosen(market([standard('b', { base_minor: 12_600 }), standard('a')]))).toBe('b')
  expect(chosen(market([standard('b'), standard('a')]), new Set(['a']))).toBe('b')
})

it('sells a quality to its tiers, or to whom asks for it; what is not qualified to nobody', () => {
  const list = [standard('s'), { buyer_id: 'p', tier: 'premium' }, { buyer_id: 'v', tier: 'volume' }]
  expect(chosen(market(list))).toBe('s')
  expect(chosen(market([{ buyer_id: 'p', tier: 'premium' }]))).toBeNull()
  const asks = { buyer_id: 'p', tier: 'premium', qualities: ['standard', 'unqualified'] }
  expect(chosen(market([asks]))).toBe('p')
  expect(chosen(market([asks]), undefined, { ...lead, quality_tier: 'unqualified' })).toBeNull()
})

it('names five alternatives, the best first, then who may not have it and why', () => {
  const many = Array.from({ length: 9 }, (_, i) => standard(`b${i}`, { base_minor: 10_000 + i }))
  const { alternatives } = choose_buyer(lead, market(many))
  expect(alternatives.map(({ offer, reason }) => [offer.buyer.buyer_id, reason])).toEqual([
    ['b7', 'lower_score'],
    ['b6', 'lower_score'],
    ['b5', 'lower_score'],
    ['b4', 'lower_score'],
    ['b3', 'lower_score'],
  ])
  const few = choose_buyer(lead, market([standard('a'), standard('b', { paused: true }), standard('c')]))
  expect(few.alternatives.map(({ offer, reason }) => [offer.buyer.buyer_id, reason])).toEqual([
    ['c', 'lower_score'],
    ['b', 'paused'],
  ])
})

it('says when the first of those that are closed opens, in its zone or the tenant’s', () => {
  const evening = { from: 18, to: 22, days: [1] }
  const list = [standard('a', { hours: evening, zone: 'Asia/Kolkata' }), standard('b', { hours: evening })]
  expect(choose_buyer(lead, market(list, { zone: 'America/New_York' }))).toMatchObject({
    chosen: null,
    // 18:00 in Kolkata; in New York it would be 23:00 UTC.
    opening_ms: Date.UTC(2026, 0, 5, 12, 30),
  })
  const without = choose_buyer(lead, market([list[1] as object], { zone: 'America/New_York' }))
  expect(without.opening_ms).toBe(Date.UTC(2026, 0, 5, 23))
  // Who could not have it anyway opens nothing.
  expect(
    choose_buyer(lead, market([standard('a', { hours: evening, least_score: 76 })])).opening_ms,
  ).toBeNull()
})

it('passes by whoever is full, and asks more while demand is high', () => {
  const list = [standard('a', { daily_cap: 10 }), standard('b')]
  const of = market(list)
  const [a] = of.buyers as [Buyer, Buyer]
  const sale = { zone: 'UTC', at_ms: NOON, stream_time_ms: NOON, level_minor: 18_000, currency: 'USD' }
  const book = (n: number) =>
    Array.from({ length: n }).reduce<typeof EMPTY_BOOK>(
      all => take(all, a, sale, default_pricing),
      EMPTY_BOOK,
    )
  const with_book = (n: number) =>
    market(list, { book_of: buyer => (buyer.buyer_id === 'a' ? book(n) : undefined) })
  const surging = choose_buyer(lead, with_book(8))
  // 125 × 1.5 × 1.2 (noon), against 125 × 1.2.
  expect(surging.chosen).toMatchObject({
    buyer: { buyer_id: 'a' },
    price_minor: 22_500,
    utilization_ratio: 0.8,
  })
  const full = choose_buyer(lead, with_book(9))
  expect(full.chosen).toMatchObject({ buyer: { buyer_id: 'b' }, price_minor: 15_000 })
  expect(full.alternatives).toMatchObject([{ offer: { buyer: { buyer_id: 'a' } }, reason: 'full' }])
})

it('moves a buyer’s price by a step from its last one in that currency', () => {
  const dear = { ...EMPTY_BOOK, last_level_minor: 100_000, last_currency: 'USD', last_sold_ms: NOON }
  const price = (currency: string, at_ms = NOON) =>
    choose_buyer(lead, market([standard('a')], { currency, at_ms, book_of: () => dear })).chosen?.price_minor
  expect([price('USD'), price('EUR')]).toEqual([50_000, 15_000])
  // It ages: a day later, or for a lead of a day before, it holds nothing any more.
  const days_later = [-1.001, -1, 1, 1.001].map(after => price('USD', NOON + days(after)))
  expect(days_later).toEqual([11_875, 50_000, 50_000, 15_000])
})
