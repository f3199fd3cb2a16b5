/**
 * Decides: which decision a buyer's answer is about, what is learned from it, and whether the lead is confirmed or goes on.
 * Because: an answer names its decision; one that does not is about the newest decision of that customer and buyer. Only
 *   who has the lead can confirm it or give it back; everybody can be learned from, once per decision.
 * Keeps: answers in the buyer's book and on the decision's record (slots of route-lead), the tally of all buyers.
 * When late: an answer after the lead has gone on is learned from and moves nothing. Twice: the same answer again changes
 *   nothing. Missing: an unknown decision gives an outcome that names none.
 * Limits: a decision is known for 31 days after its lead's last event and step.
 */
import type { LeadFeedback, RoutingTenant } from '../../schemas/types.ts'
import { learn_answer, learn_conversion, tally_of, trust } from './acceptance.ts'
import { EMPTY_BOOK } from './buyer-book.ts'
import { forgotten_ms, pass_on, tell } from './hold-lead.ts'
import { type Agenda, type Any, keep, put_book, records_of } from './lead-agenda.ts'
import { type Attempt, type LeadRecord, outcome_row } from './route-rows.ts'

/** A tenant's tally forgets as slowly as a score of buyers do. */
const TALLY_KEPT = 1 - 1 / 1000

/** The decision that the feedback names, else the newest one of that customer and buyer. */
const answered_by = (feedback: LeadFeedback, turn: Any): [LeadRecord, number] | null => {
  const { decision_id, buyer_id, customer_id } = feedback
  let found: [LeadRecord, number] | null = null
  let newest_ms = Number.NEGATIVE_INFINITY
  for (const lead of records_of(customer_id, turn))
    for (const [i, attempt] of lead.attempts.entries()) {
      if (buyer_id !== null && attempt.buyer_id !== buyer_id) continue
      if (decision_id === null ? buyer_id === null : attempt.decision_id !== decision_id) continue
      if (attempt.decided_ms < newest_ms) continue
      newest_ms = attempt.decided_ms
      found = [lead, i]
    }
  return found
}

export const hear_feedback = (
  state: RoutingTenant,
  feedback: LeadFeedback,
  agenda: Agenda,
  turn: Any,
): RoutingTenant => {
  const answered = answered_by(feedback, turn)
  if (!answered) {
    turn.emit({ of: 'outcome', row: outcome_row(feedback, null, 1) })
    return state
  }
  const [record, i] = answered
  const attempt = record.attempts[i] as Attempt
  const { outcome } = feedback
  const answer = outcome === 'accepted' || outcome === 'converted' ? 'accepted' : 'rejected'
  const converted = attempt.converted || outcome === 'converted'
  const slot_id = `buyer|${attempt.buyer_id}`
  let book = turn.slot(slot_id)?.buyer ?? EMPTY_BOOK
  let tally = state
  if (attempt.answer !== answer) {
    book = { ...book, ...learn_answer(book, record.quality_tier, answer, turn.at_ms) }
    tally = {
      ...state,
      accepted_count: state.accepted_count * TALLY_KEPT + (answer === 'accepted' ? 1 : 0),
      rejected_count: state.rejected_count * TALLY_KEPT + (answer === 'rejected' ? 1 : 0),
    }
  }
  if (converted && !attempt.converted) book = { ...book, ...learn_conversion(book) }
  put_book(slot_id, book, turn)
  const own = tally_of(book)
  const others = {
    accepted_count: Math.max(0, tally.accepted_count - own.accepted_count),
    rejected_count: Math.max(0, tally.rejected_count - own.rejected_count),
  }
  turn.emit({ of: 'outcome', row: outcome_row(feedback, { lead: record, attempt }, trust(book, others)) })
  const attempts = record.attempts.map((each, at) => (at === i ? { ...each, answer, converted } : each))
  move_on({ ...record, attempts }, i, feedback, answer, agenda, turn)
  return tally
}

/** What the answer changes: only who has the lead can confirm it or give it back. */
const move_on = (
  lead: LeadRecord,
  i: number,
  { event_id, outcome, reason }: LeadFeedback,
  answer: 'accepted' | 'rejected',
  agenda: Agenda,
  turn: Any,
): void => {
  const held = lead.status === 'reserved' || lead.status === 'confirmed'
  if (!held || i !== lead.attempts.length - 1) keep(agenda, lead, turn)
  else if (answer === 'rejected')
    pass_on(lead, event_id, `${outcome} by the buyer${reason ? `: ${reason}` : ''}`, agenda, turn)
  else {
    if (lead.status === 'reserved') tell(lead, 'confirmed', event_id, `${outcome} by the buyer`, turn)
    keep(agenda, { ...lead, status: 'confirmed', due_ms: forgotten_ms(lead, turn.at_ms) }, turn)
  }
}
