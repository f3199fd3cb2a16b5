/**
 * Decides: what happens to a lead that is for sale: it is reserved for the chosen buyer, waits for its buyers' hours, goes
 *   back, goes to the next one, or stays unsold; and when it is looked at again.
 * Because: one record per conversation says who has it, so it is sold once; each record has one place in an agenda
 *   ordered by time (lead-agenda.ts), so that one timer serves all leads of a tenant.
 * Keeps: slots of route-lead: records, agenda, the buyers' books.
 * When late, twice, missing: see route-lead.ts.
 * Limits: a record is forgotten KEPT_MS after its conversation's last event and its last step.
 */

import { local_time } from '../core/zone-clock.ts'
import { EMPTY_BOOK, give_back, take } from './buyer-book.ts'
import { type Choice, choose_buyer, NO_CHOICE } from './choose-buyer.ts'
import {
  type Agenda,
  type Any,
  day_after,
  forget,
  KEPT_MS,
  keep,
  put_book,
  quarter_after,
  tried_by,
} from './lead-agenda.ts'
import { level_of } from './price-terms.ts'
import {
  type Attempt,
  decision_row,
  type LeadRecord,
  later_id,
  later_row,
  version_of,
  why,
} from './route-rows.ts'
import type { ChosenLead, Market, Offer } from './score-offer.ts'
import { market_or_none } from './see-market.ts'

/** What a step follows from; event_id where the row has that of a lead's event. */
export interface Cause {
  readonly cause_event_id: string
  readonly event_id: string | null
}

/** Reserves the lead for the best buyer left, or has it wait, or leaves it unsold. */
export const place_lead = (
  lead: LeadRecord,
  cause: Cause,
  market: Market,
  agenda: Agenda,
  turn: Any,
): Choice => {
  const { routing } = market.policies
  const n = lead.attempts.length + 1
  const given_up = n > routing.attempts_max || turn.at_ms - lead.first_ms > routing.fresh_ms
  const tried = tried_by(lead.customer_id, turn)
  const choice = given_up ? NO_CHOICE : choose_buyer(lead as ChosenLead, market, tried)
  const status = choice.chosen ? 'reserved' : choice.opening_ms === null ? 'unsold' : 'queued'
  const event_id = cause.event_id ?? later_id(lead, n, status)
  const decision_id = status === 'reserved' ? event_id : (lead.attempts.at(-1)?.decision_id ?? null)
  // Who waits already and goes on waiting is told once, unless an event of its conversation asks.
  if (status !== 'queued' || lead.status !== 'queued' || cause.event_id !== null) {
    const reason = given_up ? 'offered long enough, and to enough buyers' : why(choice, status)
    const attempt = status === 'reserved' ? n : 0
    const row = {
      event_id,
      tenant_id: turn.key,
      cause_event_id: cause.cause_event_id,
      occurred_at: turn.at_ms,
    }
    const step = { ...row, decision_id, status, attempt, reason } as const
    turn.emit({ of: 'route', row: decision_row(lead, step, choice, market.currency, market.policies) })
  }
  if (choice.chosen) reserve(lead, event_id, cause.event_id !== null, choice.chosen, market, agenda, turn)
  else if (choice.opening_ms !== null)
    keep(agenda, { ...lead, status, due_ms: quarter_after(choice.opening_ms) }, turn)
  // Nobody ever had it: the next event of its conversation may try again.
  else if (lead.attempts.length === 0) forget(lead, turn)
  else keep(agenda, { ...lead, status, due_ms: forgotten_ms(lead, turn.at_ms) }, turn)
  return choice
}

const reserve = (
  lead: LeadRecord,
  decision_id: string,
  is_root: boolean,
  { buyer, book, factors, limits, price_minor, usual_price_minor, acceptance_probability }: Offer,
  market: Market,
  agenda: Agenda,
  turn: Any,
): void => {
  const { at_ms, stream_time_ms } = turn
  const { currency, policies } = market
  const zone = buyer.zone ?? market.zone
  const level_minor = level_of(factors, limits)
  const taken = take(book, buyer, { zone, at_ms, stream_time_ms, level_minor, currency }, policies.pricing)
  put_book(buyer.slot_id, taken, turn)
  const { hour_number, day_number } = local_time(zone, at_ms)
  const attempt: Attempt = {
    decision_id,
    decided_ms: at_ms,
    buyer_id: buyer.buyer_id,
    buyer_tier: buyer.tier,
    hour: hour_number,
    day: day_number,
    currency,
    price_minor,
    usual_price_minor,
    acceptance_probability,
    policy_version: version_of(policies),
    answer: '',
    reversed: false,
    conversion: '',
    value_minor: null,
  }
  const { expire_ms } = policies.routing
  const next: LeadRecord = {
    ...lead,
    root_id: is_root ? decision_id : lead.root_id,
    status: 'reserved',
    attempts: [...lead.attempts, attempt],
  }
  const due_ms = expire_ms > 0 ? quarter_after(at_ms + expire_ms) : forgotten_ms(next, at_ms)
  keep(agenda, { ...next, due_ms }, turn)
}

export const forgotten_ms = ({ seen_ms }: LeadRecord, at_ms: number): number =>
  day_after(Math.max(seen_ms, at_ms) + KEPT_MS)

/** The row of what became of the last decision, under the id that only it can have. */
export const tell = (
  lead: LeadRecord,
  status: 'confirmed' | 'released',
  cause_event_id: string,
  reason: string,
  turn: Any,
): void => {
  const attempt = lead.attempts.at(-1) as Attempt
  const n = lead.attempts.length
  const event_id = later_id(lead, n, status)
  const step = { event_id, tenant_id: turn.key, cause_event_id, occurred_at: turn.at_ms }
  const { decision_id } = attempt
  turn.emit({
    of: 'route',
    row: later_row(lead, { ...step, decision_id, status, attempt: n, reason }, attempt),
  })
}

/** The last buyer gives the lead back, and its cap is free again; the next one has it. */
export const pass_on = (
  lead: LeadRecord,
  cause_event_id: string,
  reason: string,
  agenda: Agenda,
  turn: Any,
): void => {
  const attempt = lead.attempts.at(-1) as Attempt
  const market = market_or_none(turn)
  const buyer = market.buyers.find(({ buyer_id }) => buyer_id === attempt.buyer_id)
  const slot_id = `buyer|${attempt.buyer_id}`
  const book = turn.slot(slot_id)?.buyer ?? EMPTY_BOOK
  const caps = { hourly_cap: buyer?.hourly_cap ?? null, daily_cap: buyer?.daily_cap ?? null }
  put_book(slot_id, give_back(book, caps, attempt.hour, attempt.day, market.policies.pricing), turn)
  tell(lead, 'released', cause_event_id, reason, turn)
  place_lead(lead, { cause_event_id, event_id: null }, market, agenda, turn)
}
