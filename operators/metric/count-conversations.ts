/**
 * Decides: when a conversation counts: once with the first event that arrives of it, and once more as a qualified lead
 *   when its score first reaches a tier that can be sold (basic or better).
 * Because: a conversation is one however many messages it has, and a lead that was qualified once has been found.
 * Keeps: per conversation what has been counted, for thirty days after its last event.
 * When late: counts at its own event time; an event of a conversation that is forgotten, or would be, is counted late and
 *   not as another conversation (metrics are corrected for two days only). Twice: the task has dropped the duplicate
 *   before; a second qualifying score counts nothing. Missing: a conversation without a score is never qualified.
 * Limits: a score that falls again takes nothing back; scores come back through the log, so the lead counts a moment
 *   after its message, at the message's time.
 */

import type { Observable } from 'rxjs'
import type { MetricConversation, MetricConversationV1, NextDue } from '../../schemas/types.ts'
import { days } from '../../schemas/units.ts'
import { keyed, type Row, type Tagged, type Turn } from '../core/keyed.ts'
import type { Signal } from './metric-list.ts'

type Score = Row<'lead_scores', 'conversation_id' | 'quality_tier'>
export type ConversationInput = Tagged<{
  event: Observable<Row<'conversations', 'conversation_id'>>
  score: Observable<Score>
}>

const KEEP_MS = days(30)
/** Old conversations are looked for so often; and a conversation's last event is known to so much. */
const LOOK_MS = days(1)
const NO_DUE: NextDue = { due_ms: null }
const UNCOUNTED: MetricConversation = { counted: false, qualified: false, last_ms: 0 }

export const countConversations = () =>
  keyed<ConversationInput, Signal, NextDue, MetricConversation, 'forget'>({
    name: 'count-conversations',
    version: 2,
    state: {
      schema: 'state/next_due',
      init: () => NO_DUE,
      earlier: { 1: 'state/nothing' },
      upgrade: () => NO_DUE,
    },
    slot: {
      schema: 'state/metric_conversation',
      init: () => UNCOUNTED,
      earlier: { 1: 'state/metric_conversation_v1' },
      upgrade: (_, earlier) => ({ ...(earlier as MetricConversationV1), last_ms: 0 }),
    },
    timers: { forget: 'stream' },
    idle_ms: KEEP_MS,
    step: (state, { from, value }, turn) => {
      const before = turn.slot(value.conversation_id)
      if (!before && turn.may_be_late && value.occurred_at + KEEP_MS <= turn.stream_time_ms) {
        turn.late('conversation_forgotten')
        return state
      }
      const after = count(before ?? { ...UNCOUNTED, last_ms: value.occurred_at }, from, value, turn)
      if (after !== before) turn.put(value.conversation_id, after)
      // Time that is past is that of a timer that was lost.
      if (state.due_ms !== null && state.due_ms > turn.stream_time_ms) return state
      const due_ms = Math.max(turn.stream_time_ms, turn.at_ms) + LOOK_MS
      turn.timer('forget', due_ms)
      return { due_ms }
    },
    on_timer: (_state, _name, turn) => {
      for (const [id, counted] of turn.slots())
        if (counted.last_ms === 0) turn.put(id, { ...counted, last_ms: turn.at_ms })
        else if (counted.last_ms + KEEP_MS <= turn.at_ms) turn.put(id, null)
      const due_ms = turn.slots('', 1).length > 0 ? turn.at_ms + LOOK_MS : null
      turn.timer('forget', due_ms)
      return { due_ms }
    },
  })

const count = (
  counted: MetricConversation,
  from: ConversationInput['from'],
  value: ConversationInput['value'],
  turn: Turn<Signal, MetricConversation, 'forget'>,
): MetricConversation => {
  const later = value.occurred_at >= counted.last_ms + LOOK_MS
  const after = later ? { ...counted, last_ms: value.occurred_at } : counted
  if (from === 'event') {
    if (counted.counted) return after
    turn.emit(signal(value, 'conversation'))
    return { ...after, counted: true }
  }
  const { quality_tier } = value as Score
  if (counted.qualified || quality_tier === 'unqualified') return after
  turn.emit(signal(value, 'qualified_lead'))
  return { ...after, qualified: true }
}

const signal = (
  { event_id, tenant_id, occurred_at }: ConversationInput['value'],
  kind: Signal['kind'],
): Signal => ({ event_id, tenant_id, occurred_at, kind, part: null })
