/**
 * What is kept of a conversation, with one more of its events. Sums, extremes and newest words by event time: the same
 * whatever the order of events.
 */

import type { ConversationProgress } from '../../schemas/types.ts'
import { compile_lexicon, learn, learn_fields } from '../core/facts.ts'
import type { Row } from '../core/keyed.ts'
import {
  type Asked,
  answered_by,
  type ConversationPolicy,
  questions_by_fact,
  seller_roles,
} from './conversation-policy.ts'

export type Message = Row<
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
const FACTS = Object.keys(questions_by_fact) as Asked[]
const ANSWERED = Object.entries(answered_by).map(
  ([name, words]) => [`said_${name}`, compile_lexicon({ yes: words })] as const,
)

export const begun = (customer_id: string, started_ms: number): ConversationProgress => ({
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

export const add = (
  before: ConversationProgress,
  message: Message,
  { moods: most }: Pick<ConversationPolicy, 'moods'>,
): ConversationProgress => {
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
    moods: sentiment === null ? before.moods : felt(before.moods, message, sentiment, most),
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
