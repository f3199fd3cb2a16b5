/**
 * Decides: what a row of conversation_metrics says: how the conversation stands, which advice is given and which held back.
 * Because: one place where what is kept becomes what is told, the same for an event and for the end of the silence.
 * Keeps: nothing.
 * When late, twice, missing: tells what is known; of a conversation that is over nothing is advised or asked.
 * Limits: the policy is that of the row's own time; rows stand as they were written.
 */

import type { ConversationMetric, ConversationProgress } from '../../schemas/types.ts'
import { fact_of } from '../core/facts.ts'
import { objections_of } from '../core/hear-message.ts'
import type { Turn } from '../core/keyed.ts'
import { advice_of, engagement_of, gaps_of, trend_of, urgency_of } from './coach-conversation.ts'
import { advice_titles } from './conversation-policy.ts'
import { reply_to, type Speaking } from './draft-reply.ts'
import { is_held_out } from './hold-out.ts'
import type { ReadPolicy } from './read-policy.ts'

/** What the row is told for: an event, or the end of the silence. */
export type Cause = Pick<ConversationMetric, 'event_id' | 'type' | 'occurred_at'>
type Reporting = Pick<Turn<never>, 'key' | 'catalog'>

export const report = (
  turn: Reporting,
  conversation_id: string,
  progress: ConversationProgress,
  cause: Cause,
  { policy, problem }: ReadPolicy,
): ConversationMetric => {
  const tenant_id = tenant_of(turn.key)
  const closed = progress.ended || progress.idle
  const gaps = gaps_of(progress)
  const applies = closed ? [] : advice_of(progress, gaps, policy)
  const held_out = applies.filter(code => is_held_out(conversation_id, code, policy))
  const advice = applies.filter(code => !held_out.includes(code))
  const { raised, resolved, open } = objections_of(progress)
  const { sentiment_sum, sentiments, moods } = progress
  const duration_ms = progress.last_ms - progress.started_ms
  return {
    ...cause,
    tenant_id,
    customer_id: progress.customer_id,
    conversation_id,
    started_at: progress.started_ms,
    duration_ms,
    messages: progress.messages,
    questions_asked: progress.questions,
    objections: raised,
    objections_resolved: resolved,
    technical_engagement: engagement_of(progress, policy),
    sentiment: sentiments === 0 ? null : Math.round(sentiment_sum / sentiments) / 1e6,
    urgency: urgency_of(progress, policy),
    trend: trend_of(progress, policy),
    recommendations: advice.map(code => ({ code, title: advice_titles[code] })),
    ...(closed
      ? { next_questions: [], draft: silent(policy.language) }
      : reply_to(progress, gaps, advice, policy, speaking(turn, tenant_id, cause.occurred_at))),
    closed,
    objections_open: open,
    within_bounds: duration_ms >= policy.min_duration_ms && duration_ms <= policy.max_duration_ms,
    over_long: duration_ms > policy.max_duration_ms,
    sentiment_course: moods.map(({ sentiment }) => sentiment / 1e6),
    language: fact_of(progress.facts, 'language') ?? null,
    gaps,
    held_out,
    policy_version: policy.version,
    policy_problem: problem,
  }
}

export const tenant_of = (key: string): string => key.slice(0, key.indexOf('|'))

const silent = (language: string): ConversationMetric['draft'] => ({
  text: '',
  language,
  is_draft: true,
  claim_ids: [],
})

const speaking = (turn: Reporting, tenant_id: string, at_ms: number): Speaking => ({
  tenant_id,
  at_ms,
  zone: () => turn.catalog('tenants', tenant_id)?.zone,
  claim_of: id => turn.catalog('claims', id),
})
