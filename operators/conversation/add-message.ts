/**
 * Decides: what is kept of a conversation, with one more of its events.
 * Because: sums, extremes and newest words by event time are the same whatever the order in which events arrive.
 * Keeps: nothing itself; the slot of track-conversation. What an event says of its lead: core/hear-message.ts.
 * When late, twice, missing: as track-conversation. A text of a language without words is not guessed at; without a tag it
 *   is read in the policy's language.
 * Limits: those of what is heard.
 */

import type { ConversationProgress } from '../../schemas/types.ts'
import { type Fact, learn, learn_fields, type Said } from '../core/facts.ts'
import { hear_message, type Listened } from '../core/hear-message.ts'
import type { Row } from '../core/keyed.ts'
import { ASKED, type ConversationPolicy } from './conversation-policy.ts'

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
  | 'language'
>
type Listening = Pick<ConversationPolicy, 'moods' | 'language'>

const FACTS = [...ASKED, 'borough', 'neighborhood'] as const

export const begun = (customer_id: string, started_ms: number): ConversationProgress => ({
  customer_id,
  started_ms,
  last_ms: started_ms,
  messages: 0,
  questions: 0,
  objections: 0,
  objections_resolved: 0,
  objections_heard: 0,
  objections_heard_resolved: 0,
  asked_ms: null,
  answered_ms: null,
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
  policy: Listening,
): ConversationProgress => {
  const { occurred_at, type } = message
  const listened = hear_message(message, () => policy.language)
  const { by_seller, asks, objects, comes_round, sentiment } = listened
  return {
    customer_id: before.customer_id,
    started_ms: Math.min(before.started_ms, occurred_at),
    last_ms: Math.max(before.last_ms, occurred_at),
    messages: before.messages + (type === 'message' ? 1 : 0),
    questions: before.questions + (asks ? 1 : 0),
    objections: before.objections + (type === 'objection' ? 1 : 0),
    objections_resolved: before.objections_resolved + (type === 'objection_resolved' ? 1 : 0),
    objections_heard: before.objections_heard + (objects ? 1 : 0),
    objections_heard_resolved: before.objections_heard_resolved + (comes_round ? 1 : 0),
    asked_ms: asks ? newer(before.asked_ms, occurred_at) : before.asked_ms,
    answered_ms:
      by_seller && type === 'message' ? newer(before.answered_ms, occurred_at) : before.answered_ms,
    sentiment_sum: before.sentiment_sum + (sentiment ?? 0),
    sentiments: before.sentiments + (sentiment === null ? 0 : 1),
    ended: before.ended || type === 'ended' || type === 'handed_off',
    idle: before.idle,
    moods: sentiment === null ? before.moods : felt(before.moods, message, sentiment, policy.moods),
    facts: learned(before.facts, message, listened),
  }
}

const newer = (before: number | null, now: number): number => (before === null ? now : Math.max(before, now))

const learned = (before: readonly Fact[], message: Message, { heard }: Listened): readonly Fact[] => {
  const said: Said = message
  let facts = learn_fields(before, FACTS, message.context, said)
  for (const [fact, meaning] of heard.answers) facts = learn(facts, `said_${fact}`, meaning, said)
  if (message.language !== null) facts = learn(facts, 'language', message.language, said)
  const objection = message.type === 'objection' ? (heard.objection ?? 'other') : heard.objection
  return objection === null ? facts : learn(facts, 'objection', objection, said)
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
