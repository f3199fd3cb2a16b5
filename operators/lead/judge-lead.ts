/**
 * Decides: what a lead's points mean: its tier, the probability that a buyer takes it, whether it may be offered now.
 * Because: an isotonic calibration keeps the order of scores and says what feedback said (Zadrozny and Elkan 2002);
 *   straight lines between its knots, so that a better score is never worth less and rarely the same.
 * Keeps: nothing. When late, twice, missing: without a calibration the policy's logistic prior holds.
 * Limits: the probability knows the score alone; two ways to the same score are the same lead.
 */

import type { LeadKnowledge, LeadScore } from '../../schemas/types.ts'
import { fact_of } from '../core/facts.ts'
import type { Points } from './count-points.ts'
import type { LeadField, LeadPolicy } from './lead-policy.ts'

/** Facts of a conversation: it was handed off, or ended, once. */
const HANDED_OFF = 'handed_off'
const ENDED = 'ended'
/** Events that say so. */
export const closing_types: ReadonlySet<string> = new Set([HANDED_OFF, ENDED])

export interface JudgedLead
  extends Pick<LeadScore, 'total_score' | 'quality_tier' | 'conversion_probability'> {
  readonly ready: boolean
}

export const judge_lead = (known: LeadKnowledge, points: Points, policy: LeadPolicy): JudgedLead => {
  const total_score = points.total / 100
  const quality_tier = tier_of(points, policy)
  return {
    total_score,
    quality_tier,
    conversion_probability: probability_of(total_score, policy),
    ready: quality_tier !== 'unqualified' && may_be_offered(known, policy),
  }
}

const tier_of = ({ total, qualified }: Points, { tiers }: LeadPolicy): LeadScore['quality_tier'] => {
  if (!qualified || total < tiers.basic) return 'unqualified'
  if (total >= tiers.premium) return 'premium'
  return total >= tiers.standard ? 'standard' : 'basic'
}

/** Of a score from 0 to 100; to four decimals. */
export const probability_of = (score: number, { calibration, conversion }: LeadPolicy): number => {
  const probability = calibration
    ? between(calibration, score)
    : 1 / (1 + Math.exp((conversion.midpoint - score) / conversion.spread))
  return Math.round(10_000 * probability) / 10_000
}

/** Level before the first knot and behind the last. */
const between = (
  knots: readonly (readonly [score: number, probability: number])[],
  score: number,
): number => {
  const at = knots.findIndex(([from]) => from >= score)
  const [to, most] = (knots[at] ?? knots.at(-1)) as readonly [number, number]
  if (at <= 0) return most
  const [from, least] = knots[at - 1] as readonly [number, number]
  return Math.min(most, least + ((most - least) * (score - from)) / (to - from))
}

const may_be_offered = (known: LeadKnowledge, { ready }: LeadPolicy): boolean => {
  const is_known = (field: LeadField): boolean =>
    (fact_of(known.facts, field) ?? fact_of(known.facts, `said_${field}`)) !== undefined
  if (!ready.fields.every(is_known)) return false
  if (fact_of(known.facts, HANDED_OFF) !== undefined) return true
  const talked_ms = known.last_ms - known.first_ms
  if (talked_ms < ready.min_ms) return false
  // Of who has said good-bye nothing more will be known.
  const waits = talked_ms < ready.max_ms && fact_of(known.facts, ENDED) === undefined
  return !waits || ready.awaited.every(is_known)
}
