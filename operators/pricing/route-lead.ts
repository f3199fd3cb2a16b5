/**
 * Decides: to which of a tenant's buyers a lead goes, at what price, and what becomes of it: reserved, confirmed by the
 *   buyer's word, released by its refusal or its silence, then offered to the next; queued for the buyers' hours; unsold.
 * Because: one task sees all leads and answers of a tenant in one order, so caps are counters and a lead is sold once,
 *   without a lock; choose-buyer.ts says who, hold-lead.ts what follows.
 * Keeps: per buyer a book (caps by local hour and day, answers), per conversation a record of its decisions, in slots; the
 *   record until 31 days after its last event and step; what all buyers answered, decayed; answers that came before their
 *   decision, for a week.
 * When late: a lead counts in the hour of its event time; where that is a day behind stream time its counters are gone and
 *   that buyer is full. Twice: a conversation that somebody has, or had, is quoted with who has it, not sold. An answer counts
 *   once per decision; one after the lead has gone on is learned from and moves nothing. Missing: without an answer a buyer loses
 *   the lead when its time is over; without buyers of its own a tenant's leads are quoted by tier (price-lead.ts).
 * Limits: what was unsold for want of room is tried again with the next event of its conversation, not by time.
 */
import type { Observable } from 'rxjs'
import type { Lead, LeadFeedback, RoutingSlot, RoutingTenant } from '../../schemas/types.ts'
import { days } from '../../schemas/units.ts'
import { keyed, type Tagged } from '../core/keyed.ts'
import { choose_buyer, NO_CHOICE } from './choose-buyer.ts'
import { forget_early, hear_early, hear_feedback } from './hear-feedback.ts'
import { pass_on, place_lead } from './hold-lead.ts'
import {
  Agenda,
  type Decided,
  day_after,
  EMPTY_SLOT,
  forget,
  KEPT_MS,
  keep,
  type PricedLead,
  quarter_after,
  type RouteTurn,
  record_of,
  tried_by,
} from './lead-agenda.ts'
import {
  type Attempt,
  decision_row,
  type LeadRecord,
  type RoutedLead,
  routed_lead,
  why,
} from './route-rows.ts'
import type { Market } from './score-offer.ts'
import { market_of, market_or_none } from './see-market.ts'
import { standing_row } from './standing-row.ts'

export type RouteInput = Tagged<{ lead: Observable<Lead>; feedback: Observable<LeadFeedback> }>
export type Routed = Decided | PricedLead<Lead>
type LeadTurn = RouteTurn<PricedLead<Lead>>

const NOBODY_ASKED: RoutingTenant = { agenda: [], accepted_count: 0, rejected_count: 0 }

export const routeLead = () =>
  keyed<RouteInput, Routed, RoutingTenant, RoutingSlot, 'due'>({
    name: 'route-lead',
    version: 1,
    state: { schema: 'state/routing_tenant', init: () => NOBODY_ASKED },
    slot: { schema: 'state/routing_slot', init: () => EMPTY_SLOT },
    timers: { due: 'stream' },
    // What buyers answered is worth keeping over any silence.
    idle_ms: Number.POSITIVE_INFINITY,
    step: (state, input, turn) => {
      const agenda = new Agenda(state.agenda)
      let next = state
      if (input.from === 'lead') hear_lead(input.value, agenda, turn)
      else next = hear_feedback(state, input.value, agenda, turn)
      return armed(hear_early(next, input.value.customer_id, agenda, turn), agenda, turn)
    },
    on_timer: (state, _name, turn) => {
      const agenda = new Agenda(state.agenda)
      let next = state
      for (const { customer_id, lead } of agenda.take(turn)) {
        if (lead) look_at(lead, agenda, turn)
        else forget_early(customer_id, turn)
        next = hear_early(next, customer_id, agenda, turn)
      }
      return armed(next, agenda, turn, true)
    },
  })

/** The timer stands where the agenda begins. */
const armed = (state: RoutingTenant, agenda: Agenda, turn: LeadTurn, rang = false): RoutingTenant => {
  const { instants, comes } = agenda
  if (rang || comes !== (state.agenda[0]?.due_ms ?? null)) turn.timer('due', comes)
  return instants === state.agenda ? state : { ...state, agenda: instants }
}

const hear_lead = (lead: Lead, agenda: Agenda, turn: LeadTurn): void => {
  const market = market_of(turn)
  const record = record_of(lead, turn)
  // It waits, and nobody has had it yet: it may still change, be sold, or no longer be for sale.
  const waits = record !== null && record.status === 'queued' && record.attempts.length === 0
  if (market && lead.ready && (record === null || waits)) {
    const fresh: LeadRecord = {
      ...routed_lead(lead),
      root_id: record?.root_id ?? lead.event_id,
      status: record?.status ?? 'new',
      first_ms: record?.first_ms ?? turn.at_ms,
      seen_ms: turn.at_ms,
      due_ms: record?.due_ms ?? turn.at_ms,
      attempts: [],
    }
    const cause = { cause_event_id: lead.cause_event_id, event_id: lead.event_id }
    turn.emit({ of: 'lead', lead, choice: place_lead(fresh, cause, market, agenda, turn) })
    return
  }
  if (waits) forget(record, turn)
  else if (record && turn.at_ms > record.seen_ms + days(1))
    keep(agenda, { ...record, seen_ms: turn.at_ms }, turn)
  tell_now(lead, record, market, turn)
}

/** Nothing is taken: who has the lead; that it waits no longer; or to whom it would go now. */
const tell_now = (lead: Lead, record: LeadRecord | null, market: Market | null, turn: LeadTurn): void => {
  const there = market ?? market_or_none(turn)
  const attempt = record?.attempts.at(-1)
  // The price is what the lead is worth now, also of one that somebody has.
  const choice = choose_buyer(lead, there, attempt ? undefined : tried_by(lead.customer_id, turn))
  const ends = record !== null && !attempt
  const status = ends || (!attempt && !market && lead.ready) ? 'unsold' : 'quoted'
  const { event_id, cause_event_id } = lead
  const step = {
    event_id,
    tenant_id: turn.key,
    cause_event_id,
    occurred_at: turn.at_ms,
    decision_id: attempt?.decision_id ?? null,
    status,
    attempt: 0,
    reason: ends ? 'no longer for sale: it waits no more' : why(choice, status),
  } as const
  const known: RoutedLead = routed_lead(lead)
  const { currency, policies } = there
  const row =
    record && attempt
      ? standing_row(known, step, record, policies)
      : decision_row(known, step, ends ? NO_CHOICE : choice, currency, policies)
  turn.emit({ of: 'route', row })
  turn.emit({ of: 'lead', lead, choice: market ? choice : null })
}

/** A lead whose time has come: its buyer was silent, its buyers open, or it is to be forgotten. */
const look_at = (lead: LeadRecord, agenda: Agenda, turn: LeadTurn): void => {
  if (lead.status === 'queued') {
    const cause = { cause_event_id: lead.attempts.at(-1)?.decision_id ?? lead.root_id, event_id: null }
    place_lead(lead, cause, market_or_none(turn), agenda, turn)
    return
  }
  const last = lead.attempts.at(-1) as Attempt
  const { expire_ms } = market_or_none(turn).policies.routing
  const expires = lead.status === 'reserved' && expire_ms > 0
  const due_ms = expires ? quarter_after(last.decided_ms + expire_ms) : day_after(lead.seen_ms + KEPT_MS)
  if (due_ms > turn.at_ms) keep(agenda, { ...lead, due_ms }, turn)
  else if (expires)
    pass_on(lead, last.decision_id, 'no answer within the time that a buyer has', agenda, turn)
  else forget(lead, turn)
}
