/**
 * Decides: which decision a buyer's answer is about, what is learned from it, and whether the lead is confirmed or goes on.
 * Because: an answer names its decision; one that does not is about the newest decision of that customer and buyer that it can
 *   have heard of. Only who has the lead can confirm it or give it back; everybody can be learned from: a first word and one change of
 *   mind per decision (learn-word.ts).
 * Keeps: answers in the buyer's book and on the decision's record (slots of route-lead), the tally of all buyers; what comes
 *   before its decision waits (early-answers.ts) and is then heard as of its own event time.
 * When late: an answer after the lead has gone on is learned from and moves nothing. Twice: the same answer again changes
 *   nothing. Missing: an answer whose decision never comes gives an outcome that names none.
 * Limits: a decision is known for 31 days after its lead's last event and step. Who gets a lead next after an answer that had
 *   to wait is chosen by the catalog as of the event that it waited for.
 */
import type { LeadFeedback, RoutingTenant } from '../../schemas/types.ts'
import { minutes } from '../../schemas/units.ts'
import { trusted } from './acceptance.ts'
import { EMPTY_BOOK } from './buyer-book.ts'
import { give_up_early, keep_early, take_early } from './early-answers.ts'
import { forgotten_ms, pass_on, tell } from './hold-lead.ts'
import { type Agenda, type Any, EMPTY_SLOT, keep, MODEL, put_book, records_of } from './lead-agenda.ts'
import { answer_of, learn_word } from './learn-word.ts'
import { type Attempt, type LeadRecord, outcome_row } from './route-rows.ts'
import { market_of, market_or_none } from './see-market.ts'

/** A tenant's tally forgets as slowly as a score of buyers do. */
const TALLY_KEPT = 1 - 1 / 1000
/** Without a name an answer is about no decision later than this after it: clocks of senders differ. */
const CLOCKS_DIFFER_MS = minutes(10)

type Answered = readonly [lead: LeadRecord, attempt: number]

/** The decision that the feedback names, else the newest one of that customer and buyer. */
const answered_by = (feedback: LeadFeedback, turn: Any): Answered | null => {
  const { decision_id, buyer_id, customer_id } = feedback
  const latest_ms = feedback.occurred_at + CLOCKS_DIFFER_MS
  let found: Answered | null = null
  let newest_ms = Number.NEGATIVE_INFINITY
  for (const lead of records_of(customer_id, turn))
    for (const [i, attempt] of lead.attempts.entries()) {
      if (buyer_id !== null && attempt.buyer_id !== buyer_id) continue
      if (decision_id === null ? attempt.decided_ms > latest_ms : attempt.decision_id !== decision_id)
        continue
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
  const names_nothing = feedback.decision_id === null && feedback.buyer_id === null
  const answered = names_nothing ? null : answered_by(feedback, turn)
  if (answered) return hear_answer(state, feedback, answered, agenda, turn)
  const may_come = !names_nothing && market_of(turn) !== null
  tell_unknown(may_come ? keep_early(feedback, agenda, turn) : [feedback], turn)
  return state
}

/** Answers of a customer whose decision has come by now. */
export const hear_early = (
  state: RoutingTenant,
  customer_id: string,
  agenda: Agenda,
  turn: Any,
): RoutingTenant => {
  let next = state
  for (;;) {
    const taken = take_early(customer_id, turn, feedback => answered_by(feedback, turn))
    if (!taken) return next
    next = hear_answer(next, taken.feedback, taken.found, agenda, as_of(turn, taken.feedback.occurred_at))
  }
}

/** Answers of a customer that have waited long enough. */
export const forget_early = (customer_id: string, turn: Any): void =>
  tell_unknown(give_up_early(customer_id, turn), turn)

const tell_unknown = (unknown: readonly LeadFeedback[], turn: Any): void => {
  for (const feedback of unknown) turn.emit({ of: 'outcome', row: outcome_row(feedback, null, 1) })
}

/** The turn at another event time; the catalog stays that of the turn. */
const as_of = (turn: Any, at_ms: number): Any => ({
  key: turn.key,
  at_ms,
  stream_time_ms: turn.stream_time_ms,
  cause_id: turn.cause_id,
  may_be_late: turn.may_be_late,
  emit: value => turn.emit(value),
  late: reason => turn.late(reason),
  reject: reason => turn.reject(reason),
  timer: (name, due_ms) => turn.timer(name, due_ms),
  slot: id => turn.slot(id),
  put: (id, value) => turn.put(id, value),
  slots: (prefix, most) => turn.slots(prefix, most),
  catalog: (kind, id) => turn.catalog(kind, id),
})

const hear_answer = (
  state: RoutingTenant,
  feedback: LeadFeedback,
  [record, i]: Answered,
  agenda: Agenda,
  turn: Any,
): RoutingTenant => {
  const attempt = record.attempts[i] as Attempt
  const answer = answer_of(feedback)
  const { buyers, policies, model } = market_or_none(turn)
  const slot_id = `buyer|${attempt.buyer_id}`
  const book = turn.slot(slot_id)?.buyer ?? EMPTY_BOOK
  const trusted_ratio = trusted(policies.routing.acceptance, model, book, state)
  const prior = buyers.find(({ buyer_id }) => buyer_id === attempt.buyer_id)?.acceptance_prior
  const learned = learn_word(feedback, record, attempt, { model, book }, turn.at_ms, prior)
  if (learned.model !== model) turn.put(MODEL, { ...EMPTY_SLOT, model: learned.model })
  put_book(slot_id, learned.book, turn)
  turn.emit({ of: 'outcome', row: outcome_row(feedback, { lead: record, attempt }, trusted_ratio) })
  const attempts = record.attempts.map((each, at) => (at === i ? learned.attempt : each))
  move_on({ ...record, attempts }, i, feedback, answer, agenda, turn)
  if (learned.counted === null) return state
  return {
    ...state,
    accepted_count: state.accepted_count * TALLY_KEPT + (answer === 'accepted' ? 1 : 0),
    rejected_count: state.rejected_count * TALLY_KEPT + (answer === 'rejected' ? 1 : 0),
  }
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
