/**
 * Decides: how long a buyer's answer waits for a decision that is not known here yet, and when it is told that none came.
 * Because: leads and answers come from several tasks, and history is read in the order in which those wrote it, not in that of
 *   events: there an answer may come first. It is told once, with its decision or, at the end, without: a reader of
 *   route_outcomes need not take anything back.
 * Keeps: a slot per customer (early|customer): the newest MOST answers, each WAITS_MS of stream time, to the end of the day.
 * When late: waits from stream time on. Twice: dropped before. Missing: an answer that names neither decision nor buyer waits for
 *   nothing, nor does one of a tenant that has no buyers of its own.
 * Limits: beyond MOST answers of a customer the oldest is told without its decision.
 */
import type { LeadFeedback, RoutingSlot } from '../../schemas/types.ts'
import { days } from '../../schemas/units.ts'
import { type Agenda, type Any, day_after, EMPTY_SLOT } from './lead-agenda.ts'

type Early = RoutingSlot['early'][number]

export const WAITS_MS = days(7)
export const MOST = 20

const of_customer = (customer_id: string): string => `early|${customer_id}`

const early_of = (customer_id: string, turn: Any): readonly Early[] =>
  turn.slot(of_customer(customer_id))?.early ?? []

const put = (customer_id: string, early: readonly Early[], turn: Any): void =>
  turn.put(of_customer(customer_id), early.length === 0 ? null : { ...EMPTY_SLOT, early })

const feedback_of = (customer_id: string, early: Early, turn: Any): LeadFeedback => {
  const { kept_until_ms: _, occurred_ms, outcome, ...told } = early
  const whose = { tenant_id: turn.key, customer_id, occurred_at: occurred_ms }
  return { ...told, ...whose, outcome: outcome as LeadFeedback['outcome'] }
}

/** Keeps the answer; those that no longer fit are to be told. */
export const keep_early = (feedback: LeadFeedback, agenda: Agenda, turn: Any): readonly LeadFeedback[] => {
  const { customer_id, event_id, occurred_at: occurred_ms, decision_id, buyer_id } = feedback
  const { outcome, reason, amount_minor, currency } = feedback
  const kept_until_ms = day_after(Math.max(turn.at_ms, turn.stream_time_ms) + WAITS_MS)
  const told = { occurred_ms, decision_id, buyer_id, outcome, reason, amount_minor, currency }
  const before = early_of(customer_id, turn)
  const all = [...before, { kept_until_ms, event_id, ...told }]
  put(customer_id, all.slice(-MOST), turn)
  if (!before.some(each => each.kept_until_ms === kept_until_ms))
    agenda.enter({ due_ms: kept_until_ms, customer_id, conversation_id: null }, turn)
  return all.slice(0, -MOST).map(each => feedback_of(customer_id, each, turn))
}

/** Takes out the first answer, by event time, for which something is found. */
export const take_early = <T>(
  customer_id: string,
  turn: Any,
  find: (feedback: LeadFeedback) => T | null,
): { readonly feedback: LeadFeedback; readonly found: T } | null => {
  const early = early_of(customer_id, turn)
  const by_time = [...early].sort((a, b) => a.occurred_ms - b.occurred_ms)
  for (const each of by_time) {
    const feedback = feedback_of(customer_id, each, turn)
    const found = find(feedback)
    if (found === null) continue
    put(
      customer_id,
      early.filter(other => other !== each),
      turn,
    )
    return { feedback, found }
  }
  return null
}

/** Takes out the answers that have waited long enough. */
export const give_up_early = (customer_id: string, turn: Any): readonly LeadFeedback[] => {
  const early = early_of(customer_id, turn)
  const [over, others] = [true, false].map(is_over =>
    early.filter(({ kept_until_ms }) => kept_until_ms <= turn.at_ms === is_over),
  ) as [Early[], Early[]]
  put(customer_id, others, turn)
  return over.map(each => feedback_of(customer_id, each, turn))
}
