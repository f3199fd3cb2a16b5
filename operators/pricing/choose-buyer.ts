/**
 * Decides: which of a tenant's buyers a lead goes to now, at what price, why not to the others, and when to ask again.
 * Because: who may have it is a matter of rules, asked in a fixed order; who gets it is the highest routing score (v1: the
 *   weighted sum of the requirements; v2: expected revenue), of equal scores the lower buyer_id.
 * Keeps: nothing. When late, twice, missing: judged by the instant it is given.
 * Limits: each lead is decided by itself; room is not kept for a better one to come.
 */

import { is_open, type LocalTime, local_time, next_opening_ms } from '../core/zone-clock.ts'
import { type Book, EMPTY_BOOK, type Usage, usage_of } from './buyer-book.ts'
import { market_fraction, quality_of } from './price-terms.ts'
import { type Buyer, lies_in, type Place, spelled_place } from './read-buyers.ts'
import type { Policies } from './read-policies.ts'
import { type ChosenLead, type Market, type Offer, offer_of } from './score-offer.ts'

export type Exclusion = 'paused' | 'suppressed' | 'tried' | 'quality' | 'area' | 'closed' | 'full'

export interface Choice {
  readonly chosen: Offer | null
  /** Best first, at most five. */
  readonly alternatives: readonly { readonly offer: Offer; readonly reason: Exclusion | 'lower_score' }[]
  /** When the first buyer that is closed now takes leads again. */
  readonly opening_ms: number | null
}

/** Of a lead that is offered to nobody. */
export const NO_CHOICE: Choice = { chosen: null, alternatives: [], opening_ms: null }

const ALTERNATIVES_MOST = 5
const NOBODY: ReadonlySet<string> = new Set()

/** tried: buyers that have had the lead, or its customer. */
export const choose_buyer = (
  lead: ChosenLead,
  market: Market,
  tried: ReadonlySet<string> = NOBODY,
): Choice => {
  const place = spelled_place(lead)
  const quality = quality_of(lead.total_score, market.policies.pricing)
  const fraction = market_fraction(lead.market_ratio)
  const offers: Offer[] = []
  const excluded: { buyer: Buyer; reason: Exclusion }[] = []
  let opening_ms: number | null = null
  const offer = (buyer: Buyer, time: LocalTime, book: Book, usage: Usage) =>
    offer_of(lead, place, { quality, market: fraction }, { buyer, time, book, usage }, market)
  for (const buyer of market.buyers) {
    const barred = why_barred(lead, place, buyer, tried, market.policies)
    if (barred) {
      excluded.push({ buyer, reason: barred })
      continue
    }
    const zone = buyer.zone ?? market.zone
    const time = local_time(zone, market.at_ms)
    if (buyer.hours && !is_open(buyer.hours, time)) {
      const opens_ms = next_opening_ms(buyer.hours, zone, market.at_ms)
      if (opens_ms !== null && (opening_ms === null || opens_ms < opening_ms)) opening_ms = opens_ms
      excluded.push({ buyer, reason: 'closed' })
      continue
    }
    const book = market.book_of(buyer) ?? EMPTY_BOOK
    const usage = usage_of(book, buyer, time, market.at_ms, market.policies)
    if (usage.room) offers.push(offer(buyer, time, book, usage))
    else excluded.push({ buyer, reason: 'full' })
  }
  // Buyers come by id, and sorting keeps that order where scores are equal.
  offers.sort((a, b) => b.routing_score - a.routing_score)
  const [chosen = null, ...others] = offers.slice(0, ALTERNATIVES_MOST + 1)
  const behind = others.map(each => ({ offer: each, reason: 'lower_score' as const }))
  const missed = excluded.slice(0, ALTERNATIVES_MOST - behind.length).map(({ buyer, reason }) => {
    const time = local_time(buyer.zone ?? market.zone, market.at_ms)
    const book = market.book_of(buyer) ?? EMPTY_BOOK
    return {
      offer: offer(buyer, time, book, usage_of(book, buyer, time, market.at_ms, market.policies)),
      reason,
    }
  })
  return { chosen, alternatives: [...behind, ...missed], opening_ms }
}

/** What does not change with the hour. */
const why_barred = (
  lead: ChosenLead,
  place: Place,
  buyer: Buyer,
  tried: ReadonlySet<string>,
  { pricing }: Policies,
): Exclusion | null => {
  if (buyer.paused) return 'paused'
  if (buyer.suppressed.has(lead.customer_id)) return 'suppressed'
  if (tried.has(buyer.buyer_id)) return 'tried'
  const sold_to = pricing.sold_to[lead.quality_tier]
  // Nobody buys what is not qualified, whatever a buyer's list says.
  const wanted = buyer.qualities ? buyer.qualities.has(lead.quality_tier) : sold_to.includes(buyer.tier)
  if (!wanted || sold_to.length === 0 || lead.total_score < buyer.least_score) return 'quality'
  return buyer.areas && !lies_in(place, buyer.areas) ? 'area' : null
}
