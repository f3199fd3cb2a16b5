/**
 * Decides: engagement, urgency, objections, trend, advice and next questions of a conversation, from what is kept of it.
 * Because: S-shaped scores would hide the rule; each number is a share or a difference of means that can be retold.
 * Keeps: nothing; pure arithmetic on what track-conversation keeps.
 * When late, twice, missing: sees only what is known; without two sentiments the trend is stable.
 * Limits: the trend follows sentiment alone; advice does not know what was advised before. A technical question counts as
 *   answered by the seller's next message, whatever it says.
 */

import type { ConversationMetric, ConversationProgress } from '../../schemas/types.ts'
import { fact_of, spelled } from '../core/facts.ts'
import { objections_of } from '../core/hear-message.ts'
import {
  type Advice,
  ASKED,
  type Asked,
  advice_titles,
  type ConversationPolicy,
} from './conversation-policy.ts'

const SAID = ASKED.map(name => `said_${name}`)
const ADVICE = Object.keys(advice_titles) as Advice[]
type Progress = Pick<ConversationProgress, 'facts'>

/** Technical questions of a fully engaged lead's, at most 1. */
export const engagement_of = ({ questions }: ConversationProgress, policy: ConversationPolicy): number =>
  Math.min(1, questions / policy.engaged_questions)

/** Sum of what the newest word on each matter adds, 0 to 1. */
export const urgency_of = ({ facts }: Progress, policy: ConversationPolicy): number => {
  let hundredths = 0
  for (const name in policy.urgency) {
    const said = fact_of(facts, name) ?? fact_of(facts, `said_${name}`)
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

/** The rules that apply, most useful first. */
export const advice_of = (
  progress: ConversationProgress,
  gaps: readonly Asked[],
  policy: ConversationPolicy,
): readonly Advice[] => {
  const applies: Readonly<Record<Advice, boolean>> = {
    handle_objection: objections_of(progress).open > 0,
    fill_gaps: gaps.length > 0,
    create_urgency: qualifies(progress) && urgency_of(progress, policy) < policy.low_urgency,
    raise_engagement:
      progress.messages >= policy.low_engagement_messages &&
      engagement_of(progress, policy) < policy.low_engagement,
    show_credibility:
      progress.asked_ms !== null &&
      (progress.answered_ms === null || progress.answered_ms <= progress.asked_ms),
  }
  return ADVICE.filter(code => applies[code])
}

/** Owns the home, and says what there is to save on. */
const qualifies = ({ facts }: Progress): boolean =>
  fact_of(facts, 'homeowner_verified') === 'true' && fact_of(facts, 'bill_amount_minor') !== undefined
