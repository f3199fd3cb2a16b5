/** What a price looks like on its topic: the factors, what the lead is worth in its market, and what the price beat. */
import type { Lead, Price } from '../../schemas/types.ts'
import type { Choice } from './choose-buyer.ts'
import { PRICE_MOST, product } from './price-terms.ts'
import type { Tier } from './pricing-policy.ts'

/** The price that was chosen; factors in hundredths. */
export interface ChosenPrice {
  readonly tier: Tier
  readonly base_minor: number
  readonly quality: number
  readonly surge: number
  readonly price_minor: number
  readonly utilization_ratio: number | null
}

const MILLION = 1_000_000

export const price_row = (
  lead: Lead,
  chosen: ChosenPrice | null,
  alternatives: Price['alternatives'],
  currency: string,
  policy_version: string,
): Price => {
  const market = Math.round(lead.market_ratio * MILLION)
  const { base_minor, quality, surge } = chosen ?? { base_minor: 0, quality: 100, surge: 100 }
  const worth = product(base_minor, [quality, surge, market], 10_000 * MILLION)
  const revenue_potential_minor = Math.min(PRICE_MOST, worth)
  const { event_id, tenant_id, customer_id, conversation_id, cause_event_id, occurred_at, duration_ms } = lead
  return {
    event_id,
    tenant_id,
    customer_id,
    conversation_id,
    cause_event_id,
    occurred_at,
    quality_tier: lead.quality_tier,
    buyer_tier: chosen?.tier ?? null,
    currency,
    base_minor,
    quality_ratio: quality / 100,
    surge_ratio: surge / 100,
    market_ratio: market / MILLION,
    utilization_ratio: chosen?.utilization_ratio ?? null,
    price_minor: chosen?.price_minor ?? 0,
    revenue_potential_minor,
    revenue_per_minute_minor:
      duration_ms < 1000
        ? null
        : Math.min(PRICE_MOST, product(revenue_potential_minor, [60_000], duration_ms)),
    alternatives,
    policy_version,
  }
}

/** Of a buyer's own: its price has terms beyond the factors, told in `routes`. */
export const chosen_row = (
  lead: Lead,
  { chosen, alternatives }: Choice,
  currency: string,
  policy_version: string,
): Price =>
  price_row(
    lead,
    chosen && {
      tier: chosen.buyer.tier,
      base_minor: chosen.factors.base_minor,
      quality: chosen.factors.quality,
      surge: chosen.factors.surge,
      price_minor: chosen.price_minor,
      utilization_ratio: chosen.utilization_ratio,
    },
    alternatives.map(({ offer, reason }) => ({
      buyer_tier: offer.buyer.tier,
      price_minor: offer.price_minor,
      reason:
        reason === 'lower_score' && chosen && offer.price_minor < chosen.price_minor ? 'lower_price' : reason,
    })),
    currency,
    policy_version,
  )
