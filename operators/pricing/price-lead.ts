/**
 * Decides: which tier of buyers a lead goes to now, at what price, and what it is worth in its market.
 * Because: the best-paying tier that may buy this quality and has room; price = base × quality × surge, potential =
 *   price × market, each an exact product of integers rounded half up once.
 * Keeps: per tier of limited capacity and UTC day how many leads were sold and whether demand is high, and a mark of each
 *   conversation sold; both until the correction time after the day.
 * When late: a lead's day is its event time's; when that day is forgotten it is priced without utilisation and not counted.
 *   Twice: a conversation is counted once, at its first hand-off or end. Missing: without capacity nothing is full.
 * Limits: sold means handed off or ended while for sale, not yet accepted by a buyer; capacity set during a day
 *   counts from then on.
 */

import { exponents } from '../../schemas/currencies.ts'
import type { Lead, NextDue, Price, PricingSlot } from '../../schemas/types.ts'
import { days } from '../../schemas/units.ts'
import { keyed, type Turn } from '../core/keyed.ts'
import { default_lateness, earliest, forgotten_at, type Lateness, window_start } from '../core/windows.ts'
import { default_pricing, type PricingPolicy, type Tier } from './pricing-policy.ts'

type Pricing = Turn<Price, PricingSlot, 'forget'>
type Policy = PricingPolicy & Lateness

const DAY_MS = days(1)
const NO_DUE: NextDue = { due_ms: null }
/** Larger amounts of the catalog are not believed: products must stay exact. */
const MOST_MINOR = 1e11
const MILLION = 1_000_000

export const priceLead = (policy: Policy = { ...default_lateness, ...default_pricing }) =>
  keyed<Lead, Price, NextDue, PricingSlot, 'forget'>({
    name: 'price-lead',
    version: 1,
    state: { schema: 'state/next_due', init: () => NO_DUE },
    slot: { schema: 'state/pricing_slot', init: () => unsold(0) },
    timers: { forget: 'stream' },
    idle_ms: days(30),
    step: (state, lead, turn) => {
      const { best, others } = choose(lead, turn, policy)
      turn.emit(row(lead, best, others, turn, policy))
      const day_ms = window_start(lead.occurred_at, DAY_MS)
      const ends = lead.type === 'handed_off' || lead.type === 'ended'
      if (!best?.counter || !ends || !sell(lead, best.tier, best.counter, turn)) return state
      const due_ms = forgotten_at(day_ms + DAY_MS, policy)
      if (state.due_ms !== null && state.due_ms <= due_ms) return state
      turn.timer('forget', due_ms)
      return { due_ms }
    },
    on_timer: (_state, _name, turn) => {
      const due_of = ({ day_ms }: PricingSlot) => forgotten_at(day_ms + DAY_MS, policy)
      const kept: number[] = []
      for (const [id, slot] of turn.slots())
        if (due_of(slot) <= turn.at_ms) turn.put(id, null)
        else kept.push(due_of(slot))
      const due_ms = earliest(kept)
      turn.timer('forget', due_ms)
      return { due_ms }
    },
  })

interface Offer {
  readonly tier: Tier
  readonly base_minor: number
  /** Hundredths. */
  readonly quality: number
  readonly surge: number
  readonly price_minor: number
  readonly full: boolean
  /** What the tier has sold that day, where its capacity is known. */
  readonly counter: PricingSlot | null
  readonly utilization_ratio: number | null
}

/** The offers of the tiers that may buy: the best one with room, and the others, best first. */
const choose = (
  lead: Lead,
  turn: Pricing,
  policy: Policy,
): { best: Offer | null; others: readonly Offer[] } => {
  const tiers = policy.sold_to[lead.quality_tier]
  if (tiers.length === 0) return { best: null, others: [] }
  const quality = policy.quality.find(({ from_score }) => lead.total_score >= from_score)?.hundredths ?? 100
  const offers = tiers.map(tier => offer_of(lead, tier, quality, turn, policy))
  // Sorting keeps the policy's order where prices are equal.
  if (offers.length > 1) offers.sort((a, b) => b.price_minor - a.price_minor)
  const best = offers.find(({ full }) => !full) ?? null
  return { best, others: offers.filter(offer => offer !== best) }
}

const offer_of = (lead: Lead, tier: Tier, quality: number, turn: Pricing, policy: Policy): Offer => {
  const entry = turn.catalog('buyer_tiers', tier)
  const own_minor = entry?.base_minor
  const base_minor = is_amount(own_minor)
    ? own_minor
    : policy.base_major[tier] * 10 ** (exponents.get(currency_of(lead, turn)) as number)
  const capacity = entry?.daily_capacity
  const day_ms = window_start(lead.occurred_at, DAY_MS)
  if (!is_amount(capacity) || forgotten_at(day_ms + DAY_MS, policy) <= turn.stream_time_ms) {
    const price_minor = times(base_minor, quality * 100, 10_000)
    return {
      tier,
      base_minor,
      quality,
      surge: 100,
      price_minor,
      full: false,
      counter: null,
      utilization_ratio: null,
    }
  }
  const counted = turn.slot(counter_id(day_ms, tier)) ?? unsold(day_ms)
  const bar = counted.surging ? policy.surge_off : policy.surge_on
  const surging = capacity > 0 && counted.sold * 100 >= capacity * bar
  const counter = surging === counted.surging ? counted : { ...counted, surging }
  if (counter !== counted) turn.put(counter_id(day_ms, tier), counter)
  const surge = surging ? policy.surge : 100
  return {
    tier,
    base_minor,
    quality,
    surge,
    price_minor: times(base_minor, quality * surge, 10_000),
    full: counter.sold >= capacity,
    counter,
    utilization_ratio: capacity === 0 ? 1 : counter.sold / capacity,
  }
}

/** Counts the conversation against the tier's day, once; false when it was counted before. */
const sell = (lead: Lead, tier: Tier, counter: PricingSlot, turn: Pricing): boolean => {
  // The length keeps the two texts apart.
  const mark = `lead|${lead.customer_id.length}|${lead.customer_id}|${lead.conversation_id}`
  if (turn.slot(mark)) return false
  turn.put(mark, { day_ms: counter.day_ms, sold: 1, surging: false })
  turn.put(counter_id(counter.day_ms, tier), { ...counter, sold: counter.sold + 1 })
  return true
}

const row = (
  lead: Lead,
  best: Offer | null,
  others: readonly Offer[],
  turn: Pricing,
  policy: Policy,
): Price => {
  const market = Math.round(lead.market_ratio * MILLION)
  const base_minor = best?.base_minor ?? 0
  const scale = (best?.quality ?? 100) * (best?.surge ?? 100)
  const revenue_potential_minor = times(base_minor, scale * market, 10_000 * MILLION)
  const { event_id, tenant_id, customer_id, conversation_id, cause_event_id, occurred_at, duration_ms } = lead
  return {
    event_id,
    tenant_id,
    customer_id,
    conversation_id,
    cause_event_id,
    occurred_at,
    quality_tier: lead.quality_tier,
    buyer_tier: best?.tier ?? null,
    currency: currency_of(lead, turn),
    base_minor,
    quality_ratio: (best?.quality ?? 100) / 100,
    surge_ratio: (best?.surge ?? 100) / 100,
    market_ratio: market / MILLION,
    utilization_ratio: best?.utilization_ratio ?? null,
    price_minor: best?.price_minor ?? 0,
    revenue_potential_minor,
    revenue_per_minute_minor: duration_ms < 1000 ? null : times(revenue_potential_minor, 60_000, duration_ms),
    alternatives: others.map(({ tier, price_minor, full }) => ({
      buyer_tier: tier,
      price_minor,
      reason: full ? 'full' : 'lower_price',
    })),
    policy_version: policy.version,
  }
}

const unsold = (day_ms: number): PricingSlot => ({ day_ms, sold: 0, surging: false })
const counter_id = (day_ms: number, tier: Tier): string => `tier|${day_ms}|${tier}`
const is_amount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= MOST_MINOR

const currency_of = ({ tenant_id }: Lead, turn: Pricing): string => {
  const currency = turn.catalog('tenants', tenant_id)?.currency
  return currency !== undefined && exponents.has(currency) ? currency : 'USD'
}

/** amount × factor ÷ divisor, rounded half up; exact also where the product is beyond a safe integer. */
const times = (amount: number, factor: number, divisor: number): number => {
  const product = 2 * amount * factor + divisor
  if (product < Number.MAX_SAFE_INTEGER) return Math.floor(product / (2 * divisor))
  return Number((2n * BigInt(amount) * BigInt(factor) + BigInt(divisor)) / (2n * BigInt(divisor)))
}
