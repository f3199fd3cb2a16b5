/**
 * Decides: how a conversation stands after each event of it (length, questions, sentiment, trend, advice, what to ask next, a
 *   draft) and when it is over: handed off, ended, or silent for idle_ms. By the catalog's policy of the tenant, else of all.
 * Because: counts, extremes and newest words by event time give the same answer in whatever order events arrive.
 * Keeps: one slot per conversation, until correction_ms after it was over, and one that sorts it by when it is due, so that a
 *   timer looks at none that is not.
 * When late: counts and is reported as long as the slot is kept, afterwards counted late; an event after the silence
 *   re-opens the conversation, which is closed anew (event_id conversation_id|closed|last event). Twice: dropped
 *   before. Missing: without an `ended` the timer closes it.
 * Limits: conversations are told apart by conversation_id alone and never merged; a row stands as it was written.
 */

import type {
  ConversationClock,
  ConversationMetric,
  ConversationProgress,
  ConversationProgressV2,
  NextDue,
} from '../../schemas/types.ts'
import { days } from '../../schemas/units.ts'
import { keyed, type Turn } from '../core/keyed.ts'
import {
  closes_at,
  default_lateness,
  forgotten_at,
  type Lateness,
  SORTABLE_LENGTH,
  sortable_ms,
  sorted_ms,
} from '../core/windows.ts'
import { add, begun, type Message } from './add-message.ts'
import { type ConversationPolicy, default_conversation_policy } from './conversation-policy.ts'
import { policy_reader, type ReadPolicy } from './read-policy.ts'
import { report, tenant_of } from './report-conversation.ts'

type Policy = ConversationPolicy & Lateness
type Tracking = Turn<ConversationMetric, ConversationProgress, 'close'>

const NOT_BEGUN: ConversationClock = { due_ms: null, indexed: true }
const SLOT_V2 = 'state/conversation_progress_v2'
/** How the ids of sorting slots begin: no conversation's has a control character. */
const DUE = '\n'
const due_id = (due_ms: number, id: string): string => `${DUE}${sortable_ms(due_ms)}${id}`
export const trackConversation = (
  policy: Policy = { ...default_lateness, ...default_conversation_policy },
) => {
  const judged_by = policies_of(policy)
  return keyed<Message, ConversationMetric, ConversationClock, ConversationProgress, 'close'>({
    name: 'track-conversation',
    version: 3,
    state: {
      schema: 'state/conversation_clock',
      init: () => NOT_BEGUN,
      earlier: { 1: 'state/next_due', 2: 'state/conversation_clock' },
      upgrade: (version, earlier) =>
        version === 1 ? { ...(earlier as NextDue), indexed: false } : (earlier as ConversationClock),
    },
    slot: {
      schema: 'state/conversation_progress',
      init: () => begun('', 0),
      earlier: { 1: SLOT_V2, 2: SLOT_V2 },
      upgrade: (_, earlier) => upgraded(earlier as ConversationProgressV2),
    },
    timers: { close: 'stream' },
    idle_ms: days(30),
    step: (state, message, turn) => {
      const { conversation_id, customer_id, occurred_at } = message
      const before = turn.slot(conversation_id)
      if (!before && forgotten_at(occurred_at + policy.idle_ms, policy) <= turn.stream_time_ms) {
        turn.late('beyond_correction')
        return state
      }
      const by = judged_by(turn)
      const added = add(before ?? begun(customer_id, occurred_at), message, by.policy)
      const silent = closes_at(added.last_ms + policy.idle_ms, policy) <= turn.stream_time_ms
      const after = added.idle === silent ? added : { ...added, idle: silent }
      turn.put(conversation_id, after)
      const { event_id, type } = message
      turn.emit(report(turn, conversation_id, after, { event_id, type, occurred_at }, by))
      const due_ms = due_of(after, policy)
      // One that is due later than it is sorted for is sorted anew when the timer finds it.
      if (before && due_of(before, policy) <= due_ms) return state
      turn.put(due_id(due_ms, conversation_id), begun('', 0))
      // Time that is past is that of a timer that was lost.
      if (state.due_ms !== null && state.due_ms <= due_ms && state.due_ms > turn.stream_time_ms) return state
      turn.timer('close', due_ms)
      return { ...state, due_ms }
    },
    on_timer: (state, _name, turn) => {
      if (!state.indexed)
        for (const [id, progress] of turn.slots())
          if (!id.startsWith(DUE)) turn.put(due_id(due_of(progress, policy), id), begun('', 0))
      let [next] = turn.slots(DUE, 1)
      while (next && sorted_ms(next[0], DUE) <= turn.at_ms) {
        turn.put(next[0], null)
        look_at(next[0].slice(DUE.length + SORTABLE_LENGTH), turn, policy, judged_by)
        next = turn.slots(DUE, 1)[0]
      }
      const due_ms = next ? sorted_ms(next[0], DUE) : null
      turn.timer('close', due_ms)
      return { due_ms, indexed: true }
    },
  })
}

type Judged = (turn: Pick<Tracking, 'key' | 'catalog'>) => ReadPolicy
/** What the catalog says at the turn's time of the tenant's conversations, else of all tenants'. */
const policies_of = (policy: Policy): Judged => {
  const read = policy_reader(policy)
  return turn =>
    read(
      turn.catalog('conversation_policies', tenant_of(turn.key)) ??
        turn.catalog('conversation_policies', '*'),
    )
}

/** Versions 1 and 2 did not listen to texts, and did not tell who spoke last: a question they counted is an open one. */
const upgraded = (earlier: ConversationProgressV2): ConversationProgress => ({
  ...earlier,
  objections_heard: 0,
  objections_heard_resolved: 0,
  asked_ms: earlier.questions > 0 ? earlier.last_ms : null,
  answered_ms: null,
})

/** Closes or forgets the conversation if it is time to, else sorts it by when it will be. */
const look_at = (id: string, turn: Tracking, policy: Policy, judged_by: Judged): void => {
  const progress = turn.slot(id)
  if (!progress) return
  const over_ms = progress.last_ms + policy.idle_ms
  if (forgotten_at(over_ms, policy) <= turn.at_ms) {
    turn.put(id, null)
    return
  }
  const closes = !progress.ended && !progress.idle && closes_at(over_ms, policy) <= turn.at_ms
  const after = closes ? { ...progress, idle: true } : progress
  turn.put(due_id(due_of(after, policy), id), begun('', 0))
  if (!closes) return
  turn.put(id, after)
  const event_id = `${id}|closed|${progress.last_ms}`
  turn.emit(report(turn, id, after, { event_id, type: 'ended', occurred_at: over_ms }, judged_by(turn)))
}

/** When the conversation has to be looked at next. */
const due_of = ({ last_ms, ended, idle }: ConversationProgress, policy: Policy): number =>
  (ended || idle ? forgotten_at : closes_at)(last_ms + policy.idle_ms, policy)
