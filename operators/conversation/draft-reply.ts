/**
 * Decides: what to ask next, and the draft of a reply: an answer to what is open, a claim that supports it, one question.
 * Because: put together from a table and dated claims, a draft says nothing that nobody answers for; it is marked as a
 *   draft, for a person or a model to word.
 * Keeps: nothing.
 * When late, twice, missing: without anything to say it is a plain acknowledgement; a language without phrases gets
 *   English ones.
 * Limits: does not know what was said before, so a claim stays in the drafts as long as it holds.
 */

import type { ConversationMetric, ConversationProgress } from '../../schemas/types.ts'
import { fact_of, spelled } from '../core/facts.ts'
import { objections_of } from '../core/hear-message.ts'
import { language_of_tag } from '../core/hear-text.ts'
import { day_in } from '../core/zone-clock.ts'
import { type Claim, claims_for } from './choose-claims.ts'
import type { Advice, Asked, ConversationPolicy } from './conversation-policy.ts'
import { type Phrases, phrases_for } from './phrases.ts'

/** What a reply depends on beside the conversation. */
export interface Speaking {
  readonly tenant_id: string
  /** Event time of the message that is replied to. */
  readonly at_ms: number
  /** Of the tenant; asked only when there is something to say. */
  readonly zone: () => unknown
  readonly claim_of: (id: string) => unknown
}
export interface Reply {
  readonly next_questions: readonly string[]
  readonly draft: ConversationMetric['draft']
}

/** Rules whose advice is to bring figures or facts. */
const WITH_CLAIMS: readonly Advice[] = ['handle_objection', 'create_urgency', 'show_credibility']

/** `advice`: the rules whose advice is given, so not what is held back. */
export const reply_to = (
  progress: ConversationProgress,
  gaps: readonly Asked[],
  advice: readonly Advice[],
  policy: ConversationPolicy,
  speaking: Speaking,
): Reply => {
  const tag = fact_of(progress.facts, 'language')
  const [language, phrases] = phrases_for(tag === undefined ? policy.language : language_of_tag(tag))
  const asked = advice.includes('fill_gaps') ? gaps.slice(0, policy.next_questions) : []
  const next_questions = asked.map(name => phrases.questions[name])
  const claims = advice.some(code => WITH_CLAIMS.includes(code))
    ? claims_of(progress, language, policy, speaking)
    : []
  const sentences = [
    answer_of(progress, advice, phrases),
    ...claims.map(({ text }) => text),
    next_questions[0] ?? offer_of(progress, gaps, advice, phrases),
  ]
  const text = sentences.filter(sentence => sentence !== null).join(' ') || phrases.noted
  return { next_questions, draft: { text, language, is_draft: true, claim_ids: claims.map(({ id }) => id) } }
}

const claims_of = (
  progress: ConversationProgress,
  language: string,
  { claims, claims_said }: ConversationPolicy,
  { tenant_id, at_ms, zone, claim_of }: Speaking,
): readonly Claim[] => {
  if (claims.length === 0) return []
  const open = objections_of(progress).open > 0
  // What answers an objection is said while it is open.
  const facts = open ? progress.facts : progress.facts.filter(({ name }) => name !== 'objection')
  return claims_for(claims, claim_of, { tenant_id, day: day_in(at_ms, zone()), language, facts }, claims_said)
}

/** To an open objection, else to a technical question; null when there is neither. */
const answer_of = (
  { facts }: ConversationProgress,
  advice: readonly Advice[],
  phrases: Phrases,
): string | null => {
  if (advice.includes('handle_objection')) {
    const kind = fact_of(facts, 'objection') ?? 'other'
    return (Object.hasOwn(phrases.objections, kind) && phrases.objections[kind]) || phrases.objections.other
  }
  return advice.includes('show_credibility') ? phrases.technical : null
}

/** In place of a question for what is not known. */
const offer_of = (
  progress: ConversationProgress,
  gaps: readonly Asked[],
  advice: readonly Advice[],
  phrases: Phrases,
): string | null => {
  const { facts } = progress
  if (advice.includes('create_urgency')) return phrases.next_step
  if (advice.includes('raise_engagement')) return phrases.explain
  if (advice.includes('show_credibility')) {
    const kind = spelled(fact_of(facts, 'property_type') ?? fact_of(facts, 'said_property_type') ?? '')
    return Object.hasOwn(phrases.property, kind) ? (phrases.property[kind] as string) : null
  }
  return gaps.length === 0 && advice.length === 0 ? phrases.thanks : null
}
