/**
 * Decides: engagement, urgency, trend, advice and next questions of a conversation, from what is kept of it.
 * Because: S-shaped scores would hide the rule; each number is a share or a difference of means that can be retold.
 * Keeps: nothing; pure arithmetic on what track-conversation keeps.
 * When late, twice, missing: sees only what is known; without two sentiments the trend is stable.
 * Limits: the trend follows sentiment alone; advice does not know what was advised before.
 */

import type { ConversationMetric, ConversationProgress } from '../../schemas/types.ts'
import { fact_of, spelled } from '../core/facts.ts'
import {
  type Advice,
  type Asked,
  advice_titles,
  type ConversationPolicy,
  questions_by_fact,
} from './conversation-policy.ts'

const ASKED = Object.keys(questions_by_fact) as Asked[]
const SAID = ASKED.map(name => `said_${name}`)
const ADVICE = (Object.keys(advice_titles) as Advice[]).map(code => ({ code, title: advice_titles[code] }))
type Progress = Pick<ConversationProgress, 'facts'>

/** Technical questions of a fully engaged lead's, at most 1. */
export const engagement_of = ({ questions }: ConversationProgress, policy: ConversationPolicy): number =>
  Math.min(1, questions / policy.engaged_questions)

/** Sum of what the newest word on each matter adds, 0 to 1. */
export const urgency_of = ({ facts }: Progress, policy: ConversationPolicy): number => {
  let hundredths = 0
  for (const name in policy.urgency) {
    const said = fact_of(facts, name)
    if (said !== undefined) hundredths += worth_of(spelled(said), policy.urgency[name] ?? {})
  }
  return Math.min(100, hundredths) / 100
}

/** Words are anybody's: `constructor` is none of the table's. */
const worth_of = (word: string, table: Readonly<Record<string, number>>): number =>
  Object.hasOwn(table, word) ? (table[word] as number) : 0

/** Mean of the later half of the latest sentiments against the mean of their earlier half. */
export const trend_of = (
  { moods }: Pick<ConversationProgress, 'moods'>,
  policy: ConversationPolicy,
): ConversationMetric['trend'] => {
  if (moods.length < 2) return 'stable'
  const half = Math.floor(moods.length / 2)
  const difference = mean(moods.slice(half)) - mean(moods.slice(0, half))
  if (difference >= policy.trend_millionths) return 'improving'
  return difference <= -policy.trend_millionths ? 'declining' : 'stable'
}

const mean = (moods: ConversationProgress['moods']): number =>
  moods.reduce((sum, { sentiment }) => sum + sentiment, 0) / moods.length

/** What is not known of the lead yet, what is worth most first. */
export const gaps_of = ({ facts }: Progress): readonly Asked[] =>
  ASKED.filter(
    (name, i) => fact_of(facts, name) === undefined && fact_of(facts, SAID[i] as string) === undefined,
  )

export const next_questions_of = (gaps: readonly Asked[], policy: ConversationPolicy): readonly string[] =>
  gaps.slice(0, policy.next_questions).map(name => questions_by_fact[name])

/** The rules that apply, most useful first. */
export const advice_of = (
  progress: ConversationProgress,
  gaps: readonly Asked[],
  policy: ConversationPolicy,
): ConversationMetric['recommendations'] => {
  const applies: Readonly<Record<Advice, boolean>> = {
    handle_objection: progress.objections > progress.objections_resolved,
    fill_gaps: gaps.length > 0,
    create_urgency:
      fact_of(progress.facts, 'homeowner_verified') === 'true' &&
      fact_of(progress.facts, 'bill_amount_minor') !== undefined &&
      urgency_of(progress, policy) < policy.low_urgency,
    raise_engagement:
      progress.messages >= policy.low_engagement_messages &&
      engagement_of(progress, policy) < policy.low_engagement,
    show_credibility: progress.questions > 0,
  }
  return ADVICE.filter(({ code }) => applies[code])
}
