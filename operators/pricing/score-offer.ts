/**
 * Decides: what one buyer would pay for a lead now, what may be expected of it, and how high it stands among the others.
 * Because: v1 is the weighted sum that sales published, every term told; v2 is expected revenue alone. Terms other than
 *   money are 0 to 100.
 * Keeps: nothing. When late, twice, missing: judged by the instant it is given; without a cap all capacity is there.
 * Limits: how well a buyer did with its leads is the share that it reports converted.
 */

import type { LocalTime } from '../core/zone-clock.ts'
import type { PooledModel } from '../stats/pooled-logistic.ts'
import { acceptance } from './acceptance.ts'
import { acceptance_case } from './acceptance-row.ts'
import type { Book, Usage } from './buyer-book.ts'
import { conversion, mean_value } from './buyer-value.ts'
import {
  business_hours_of,
  type PriceFactors,
  type PriceLimits,
  price_of,
  product,
  weekday_of,
} from './price-terms.ts'
import { type Quality, STEP_HOLDS_MS, type Tier } from './pricing-policy.ts'
import { type Buyer, lies_in, type Place } from './read-buyers.ts'
import type { Policies } from './read-policies.ts'
import type { RoutingPolicy } from './routing-policy.ts'

/** What is chosen for. */
export interface ChosenLead extends Place {
  readonly quality_tier: Quality
  readonly total_score: number
  readonly base_share: number
  readonly behavior_share: number
  readonly timing_share: number
  readonly market_share: number
  readonly customer_id: string
  readonly market_ratio: number
}

/** The tenant as it stands. */
export interface Market {
  readonly buyers: readonly Buyer[]
  readonly policies: Policies
  readonly at_ms: number
  /** Of buyers without one. */
  readonly zone: string
  readonly currency: string
  /** Minor units of a whole one: 100 for USD. */
  readonly unit: number
  /** Of buyers without one. */
  base_of(tier: Tier): number
  book_of(buyer: Buyer): Book | undefined
  /** What all answers say together; null before the first. */
  readonly model: PooledModel | null
}

export interface Offer {
  readonly buyer: Buyer
  readonly book: Book
  readonly factors: PriceFactors
  readonly limits: PriceLimits
  readonly price_minor: number
  /** Without demand, hours and terms of its own: what such a lead costs its tier. */
  readonly usual_price_minor: number
  readonly acceptance_probability: number
  readonly expected_revenue_minor: number
  readonly utilization_ratio: number | null
  /** What a lead has brought this buyer on average; null before the first it took. */
  readonly value_minor: number | null
  /** Of the score's terms, in their order. */
  readonly values: readonly number[]
  readonly routing_score: number
}
export interface RoutingTerm {
  readonly term: string
  readonly value: number
  readonly weight: number
}

/** One buyer at the instant. */
export interface Asked {
  readonly buyer: Buyer
  readonly time: LocalTime
  readonly book: Book
  readonly usage: Usage
}

export const offer_of = (
  lead: ChosenLead,
  place: Place,
  of_lead: Pick<PriceFactors, 'quality' | 'market'>,
  { buyer, time, book, usage }: Asked,
  market: Market,
): Offer => {
  const { pricing, routing } = market.policies
  const factors: PriceFactors = {
    base_minor: buyer.base_minor ?? market.base_of(buyer.tier),
    quality: of_lead.quality,
    surge: usage.surging ? pricing.surge : 100,
    business_hours: business_hours_of(time, pricing),
    weekday: weekday_of(time, pricing),
    market: of_lead.market,
  }
  const limits: PriceLimits = {
    step: pricing.step,
    last_level_minor: holds(book, market) ? book.last_level_minor : 0,
    floor_minor: buyer.floor_minor,
    ceiling_minor: buyer.ceiling_minor,
  }
  const price_minor = price_of(factors, limits)
  const usual_price_minor = product(
    market.base_of(buyer.tier),
    [of_lead.quality, of_lead.market.num],
    100 * of_lead.market.den,
  )
  const acceptance_probability = acceptance(
    routing.acceptance,
    market.model,
    book,
    acceptance_case(lead, buyer.tier, price_minor, usual_price_minor),
    market.at_ms,
    buyer.acceptance_prior,
  )
  const expected_revenue_minor = product(price_minor, [Math.round(acceptance_probability * 1e6)], 1e6)
  const revenue = expected_revenue_minor / market.unit
  const { utilization_ratio } = usage
  const values =
    routing.score === 'v2'
      ? [revenue]
      : [
          revenue,
          acceptance_probability * 100,
          (1 - (utilization_ratio ?? 0)) * 100,
          quality_match(pricing.sold_to[lead.quality_tier], buyer.tier),
          geographic_match(place, buyer),
          conversion(book, market.at_ms) * 100,
        ]
  const weights = weights_of(routing)
  let routing_score = 0
  for (let i = 0; i < values.length; i++) routing_score += (values[i] as number) * (weights[i] as number)
  return {
    buyer,
    book,
    factors,
    limits,
    price_minor,
    usual_price_minor,
    acceptance_probability,
    expected_revenue_minor,
    utilization_ratio,
    value_minor: mean_value(book, market.currency),
    values,
    routing_score,
  }
}

/** Whether the last price is of this currency, and of a day around. */
const holds = ({ last_currency, last_sold_ms }: Book, { currency, at_ms }: Market): boolean =>
  last_currency === currency && Math.abs(at_ms - last_sold_ms) <= STEP_HOLDS_MS

const NAMES = [
  'expected_revenue',
  'acceptance_rate',
  'available_capacity',
  'quality_match',
  'geographic_match',
  'historical_performance',
] as const
const V2 = [1]

const weights_of = ({ score, weights }: RoutingPolicy): readonly number[] =>
  score === 'v2'
    ? V2
    : [
        weights.expected_revenue,
        weights.acceptance_rate,
        weights.available_capacity,
        weights.quality_match,
        weights.geographic_match,
        weights.historical_performance,
      ]

/** The terms by name: value × weight, added in this order, is the score. */
export const routing_terms = ({ values }: Offer, routing: RoutingPolicy): RoutingTerm[] => {
  const weights = weights_of(routing)
  return values.map((value, i) => ({ term: NAMES[i] as string, value, weight: weights[i] as number }))
}

/** 0 to 100: the tier that a quality is sold to first matches it best, the others in equal steps below. */
export const quality_match = (sold_to: readonly Tier[], tier: Tier): number => {
  const place = sold_to.indexOf(tier)
  return place < 0 ? 0 : (100 * (sold_to.length - place)) / sold_to.length
}

/** 100 where the buyer prefers to be, 0 elsewhere; one without preferences prefers all its areas. */
const geographic_match = (place: Place, { preferred_areas }: Buyer): number =>
  preferred_areas && !lies_in(place, preferred_areas) ? 0 : 100
