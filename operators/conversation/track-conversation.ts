/**
 * Decides: how a conversation stands after each event of it (length, questions, sentiment, trend, advice, what to ask next)
 *   and when it is over: handed off, ended, or silent for idle_ms.
 * Because: counts, extremes and newest words by event time give the same answer in whatever order events arrive.
 * Keeps: one slot per conversation, until correction_ms after it was over.
 * When late: counts and is reported as long as the slot is kept, afterwards counted late; an event after the silence
 *   re-opens the conversation, which is closed anew (event_id conversation_id|closed|last event). Twice: dropped
 *   before. Missing: without an `ended` the timer closes it.
 * Limits: conversations are told apart by conversation_id alone and never merged; a row stands as it was written.
 */

import type { ConversationMetric, ConversationProgress, NextDue } from '../../schemas/types.ts'
import { days } from '../../schemas/units.ts'
import { compile_lexicon, learn, learn_fields } from '../core/facts.ts'
import { keyed, type Row, type Turn } from '../core/keyed.ts'
import { closes_at, default_lateness, earliest, forgotten_at, type Lateness } from '../core/windows.ts'
import {
  advice_of,
  engagement_of,
  gaps_of,
  next_questions_of,
  trend_of,
  urgency_of,
} from './coach-conversation.ts'
import {
  type Asked,
  answered_by,
  type ConversationPolicy,
  default_conversation_policy,
  questions_by_fact,
  seller_roles,
} from './conversation-policy.ts'

type Message = Row<
  'conversations',
  | 'customer_id'
  | 'conversation_id'
  | 'type'
  | 'role'
  | 'text'
  | 'sentiment'
  | 'technical_question'
  | 'context'
>
type Policy = ConversationPolicy & Lateness
type Tracking = Turn<ConversationMetric, ConversationProgress, 'close'>

const NO_DUE: NextDue = { due_ms: null }
const FACTS = Object.keys(questions_by_fact) as Asked[]
const ANSWERED = Object.entries(answered_by).map(
  ([name, words]) => [`said_${name}`, compile_lexicon({ yes: words })] as const,
)

export const trackConversation = (policy: Policy = { ...default_lateness, ...default_conversation_policy }) =>
  keyed<Message, ConversationMetric, NextDue, ConversationProgress, 'close'>({
    name: 'track-conversation',
    version: 1,
    state: { schema: 'state/next_due', init: () => NO_DUE },
    slot: { schema: 'state/conversation_progress', init: () => begun('', 0) },
    timers: { close: 'stream' },
    idle_ms: days(30),
    step: (state, message, turn) => {
      const { conversation_id, customer_id, occurred_at } = message
      const before = turn.slot(conversation_id)
      if (!before && forgotten_at(occurred_at + policy.idle_ms, policy) <= turn.stream_time_ms) {
        turn.late('beyond_correction')
        return state
      }
      const added = add(before ?? begun(customer_id, occurred_at), message, policy)
      const silent = closes_at(added.last_ms + policy.idle_ms, policy) <= turn.stream_time_ms
      const after = added.idle === silent ? added : { ...added, idle: silent }
      turn.put(conversation_id, after)
      const { event_id, type } = message
      turn.emit(row(turn, conversation_id, after, { event_id, type, occurred_at }, policy))
      const due_ms = due_of(after, policy)
      if (state.due_ms !== null && state.due_ms <= due_ms) return state
      turn.timer('close', due_ms)
      return { due_ms }
    },
    on_timer: (_state, _name, turn) => {
      for (const [id, progress] of turn.slots()) {
        const over_ms = progress.last_ms + policy.idle_ms
        if (forgotten_at(over_ms, policy) <= turn.at_ms) turn.put(id, null)
        else if (!progress.ended && !progress.idle && closes_at(over_ms, policy) <= turn.at_ms) {
          const closed = { ...progress, idle: true }
          turn.put(id, closed)
          const event_id = `${id}|closed|${progress.last_ms}`
          turn.emit(row(turn, id, closed, { event_id, type: 'ended', occurred_at: over_ms }, policy))
        }
      }
      const due_ms = earliest(turn.slots().map(([, progress]) => due_of(progress, policy)))
      turn.timer('close', due_ms)
      return { due_ms }
    },
  })

const begun = (customer_id: string, started_ms: number): ConversationProgress => ({
  customer_id,
  started_ms,
  last_ms: started_ms,
  messages: 0,
  questions: 0,
  objections: 0,
  objections_resolved: 0,
  sentiment_sum: 0,
  sentiments: 0,
  ended: false,
  idle: false,
  moods: [],
  facts: [],
})

/** Sums, extremes and newest words: the same whatever the order of events. */
const add = (before: ConversationProgress, message: Message, policy: Policy): ConversationProgress => {
  const { occurred_at, type, role, text, context, technical_question } = message
  let facts = learn_fields(before.facts, FACTS, context, message)
  if (text !== null && !(role !== null && seller_roles.has(role)))
    for (const [name, meaning_of] of ANSWERED) {
      const meaning = meaning_of(text)
      if (meaning !== null) facts = learn(facts, name, meaning, message)
    }
  const sentiment = message.sentiment === null ? null : Math.round(message.sentiment * 1e6)
  return {
    customer_id: before.customer_id,
    started_ms: Math.min(before.started_ms, occurred_at),
    last_ms: Math.max(before.last_ms, occurred_at),
    messages: before.messages + (type === 'message' ? 1 : 0),
    questions: before.questions + (technical_question === true ? 1 : 0),
    objections: before.objections + (type === 'objection' ? 1 : 0),
    objections_resolved: before.objections_resolved + (type === 'objection_resolved' ? 1 : 0),
    sentiment_sum: before.sentiment_sum + (sentiment ?? 0),
    sentiments: before.sentiments + (sentiment === null ? 0 : 1),
    ended: before.ended || type === 'ended' || type === 'handed_off',
    idle: before.idle,
    moods: sentiment === null ? before.moods : felt(before.moods, message, sentiment, policy.moods),
    facts,
  }
}

/** The latest `most` sentiments by event time, then event_id. */
const felt = (
  moods: ConversationProgress['moods'],
  { event_id, occurred_at }: Message,
  sentiment: number,
  most: number,
): ConversationProgress['moods'] =>
  [...moods, { felt_ms: occurred_at, event_id, sentiment }]
    .sort((a, b) => a.felt_ms - b.felt_ms || (a.event_id < b.event_id ? -1 : 1))
    .slice(-most)

type Cause = Pick<ConversationMetric, 'event_id' | 'type' | 'occurred_at'>

const row = (
  { key }: Tracking,
  conversation_id: string,
  progress: ConversationProgress,
  cause: Cause,
  policy: Policy,
): ConversationMetric => {
  const closed = progress.ended || progress.idle
  const gaps = closed ? [] : gaps_of(progress)
  const { sentiment_sum, sentiments } = progress
  return {
    ...cause,
    tenant_id: key.slice(0, key.indexOf('|')),
    customer_id: progress.customer_id,
    conversation_id,
    started_at: progress.started_ms,
    duration_ms: progress.last_ms - progress.started_ms,
    messages: progress.messages,
    questions_asked: progress.questions,
    objections: progress.objections,
    objections_resolved: progress.objections_resolved,
    technical_engagement: engagement_of(progress, policy),
    sentiment: sentiments === 0 ? null : Math.round(sentiment_sum / sentiments) / 1e6,
    urgency: urgency_of(progress, policy),
    trend: trend_of(progress, policy),
    recommendations: closed ? [] : advice_of(progress, gaps, policy),
    next_questions: next_questions_of(gaps, policy),
    closed,
  }
}

/** When the conversation has to be looked at next. */
const due_of = ({ last_ms, ended, idle }: ConversationProgress, policy: Policy): number =>
  (ended || idle ? forgotten_at : closes_at)(last_ms + policy.idle_ms, policy)
