/**
 * Decides: which tier of buyers a lead goes to now, at what price, and what it is worth in its market.
 * Because: where the tenant names its buyers, the chosen one's tier and price (route-lead.ts). Else the best-paying tier
 *   that may buy this quality and has room; price = base × quality × surge, potential = price × market, each an exact
 *   product of integers rounded half up once.
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
import type { PricedLead } from './lead-agenda.ts'
import { type ChosenPrice, chosen_row, price_row } from './price-row.ts'
import { is_amount, product, quality_of } from './price-terms.ts'
import type { PricingPolicy, Tier } from './pricing-policy.ts'
import { policies_of } from './read-policies.ts'

type Pricing = Turn<Price, PricingSlot, 'forget'>
type Policy = PricingPolicy & Lateness

const DAY_MS = days(1)
const NO_DUE: NextDue = { due_ms: null }
const SLOT = 'state/pricing_slot'

export const priceLead = (lateness: Lateness = default_lateness) =>
  keyed<PricedLead<Lead>, Price, NextDue, PricingSlot, 'forget'>({
    name: 'price-lead',
    version: 2,
    state: { schema: 'state/next_due', init: () => NO_DUE, earlier: { 1: 'state/next_due' } },
    slot: { schema: SLOT, init: () => unsold(0), earlier: { 1: SLOT } },
    timers: { forget: 'stream' },
    idle_ms: days(30),
    step: (state, { lead, choice }, turn) => {
      const { pricing } = policies_of(turn.key, (kind, id) => turn.catalog(kind, id))
      const currency = currency_of(lead, turn)
      if (choice) {
        turn.emit(chosen_row(lead, choice, currency, pricing.version))
        return state
      }
      const { best, others } = choose(lead, turn, { ...lateness, ...pricing })
      turn.emit(price_row(lead, best, others.map(beaten), currency, pricing.version))
      const day_ms = window_start(lead.occurred_at, DAY_MS)
      const ends = lead.type === 'handed_off' || lead.type === 'ended'
      if (!best?.counter || !ends || !sell(lead, best.tier, best.counter, turn)) return state
      const due_ms = forgotten_at(day_ms + DAY_MS, lateness)
      if (state.due_ms !== null && state.due_ms <= due_ms) return state
      turn.timer('forget', due_ms)
      return { due_ms }
    },
    on_timer: (_state, _name, turn) => {
      const due_of = ({ day_ms }: PricingSlot) => forgotten_at(day_ms + DAY_MS, lateness)
      const kept: number[] = []
      for (const [id, slot] of turn.slots())
        if (due_of(slot) <= turn.at_ms) turn.put(id, null)
        else kept.push(due_of(slot))
      const due_ms = earliest(kept)
      turn.timer('forget', due_ms)
      return { due_ms }
    },
  })

interface Offer extends ChosenPrice {
  readonly full: boolean
  /** What the tier has sold that day, where its capacity is known. */
  readonly counter: PricingSlot | null
}

const beaten = ({ tier, price_minor, full }: Offer): Price['alternatives'][number] => ({
  buyer_tier: tier,
  price_minor,
  reason: full ? 'full' : 'lower_price',
})

/** The offers of the tiers that may buy: the best one with room, and the others, best first. */
const choose = (
  lead: Lead,
  turn: Pricing,
  policy: Policy,
): { best: Offer | null; others: readonly Offer[] } => {
  const tiers = policy.sold_to[lead.quality_tier]
  if (tiers.length === 0) return { best: null, others: [] }
  const quality = quality_of(lead.total_score, policy)
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
    const price_minor = product(base_minor, [quality], 100)
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
    price_minor: product(base_minor, [quality, surge], 10_000),
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

const unsold = (day_ms: number): PricingSlot => ({ day_ms, sold: 0, surging: false })
const counter_id = (day_ms: number, tier: Tier): string => `tier|${day_ms}|${tier}`
const currency_of = ({ tenant_id }: Lead, turn: Pricing): string => {
  const currency = turn.catalog('tenants', tenant_id)?.currency
  return currency !== undefined && exponents.has(currency) ? currency : 'USD'
}
