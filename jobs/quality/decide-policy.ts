/**
 * What becomes of a tenant's lead policy at a moment: nothing, a challenger in the shadow, its promotion, or the way back. Promotion and
 * way back are decided on answers that came after the policy in question was written: it cannot have been fitted to them.
 */
import { probability_of } from '../../operators/lead/judge-lead.ts'
import { read_lead_policy } from '../../operators/lead/read-policy.ts'
import { factors } from '../../operators/lead/weigh-factors.ts'
import { type Comparison, compare_policies } from './compare-policies.ts'
import { type Example, weights_of_policy } from './examples.ts'
import { type Fitted, fit_policy } from './fit-policy.ts'
import type { PolicyBody, PolicyEntry, PolicyHistory } from './policy-history.ts'

export interface Decision {
  readonly as: 'champion' | 'shadow'
  readonly body: PolicyBody
}

/** Answers that a comparison needs, and after how many a challenger that is not better is given up. */
export const LEAST_HELD_OUT = 200
export const MOST_HELD_OUT = 1000
/**
 * Standard errors that are beyond noise. It is asked at every run while answers come in: of ten times one is beyond two by chance
 * alone, hardly ever beyond three.
 */
const BEYOND_NOISE = 3
/** Versions of ours: only these are taken back by us. */
const OURS = 'learned-'
/** Hundredths of a point and of probability below which a challenger is what there is. */
const SAME_POINTS = 0.5
const SAME_PROBABILITY = 0.02

export const decide_policy = (
  examples: readonly Example[],
  history: PolicyHistory,
  as_of: number,
): Decision | null => {
  const { champion, before, shadow } = history
  const after = (entry: PolicyEntry): Example[] =>
    examples.filter(({ answered_ms }) => answered_ms >= entry.effective_ms)
  if (before && champion.body.version.startsWith(OURS)) {
    const judged = compare_policies(after(champion), before.policy, champion.policy)
    if (judged.n >= LEAST_HELD_OUT && judged.deviations <= -BEYOND_NOISE)
      return { as: 'champion', body: taken_back(before, champion, judged) }
  }
  if (shadow) {
    const judged = compare_policies(after(shadow), champion.policy, shadow.policy)
    if (judged.n >= LEAST_HELD_OUT && judged.deviations >= BEYOND_NOISE)
      return { as: 'champion', body: { ...shadow.body, reason: promoted_by(champion, judged) } }
    if (judged.n < MOST_HELD_OUT && judged.deviations > -BEYOND_NOISE) return null
  }
  return challenge(examples, champion, as_of)
}

const challenge = (examples: readonly Example[], champion: PolicyEntry, as_of: number): Decision | null => {
  const today = weights_of_policy(champion.policy)
  const fitted = fit_policy(examples, today, as_of)
  if (!fitted) return null
  const body: PolicyBody = {
    version: `${OURS}${new Date(as_of).toISOString().slice(0, 16)}Z`,
    base: champion.body.base,
    reason: learned_from(fitted, champion),
    table: { ...champion.body.table, weights: fitted.weights },
    calibration: fitted.calibration,
  }
  const { policy, problem } = read_lead_policy(body)
  if (problem !== null) return null
  const [old_said, new_said] = [champion.policy, policy].map(of => probabilities(of))
  const same =
    factors.every(factor => Math.abs(fitted.weights[factor] - today[factor]) < SAME_POINTS) &&
    new_said!.every((p, score) => Math.abs(p - old_said![score]!) < SAME_PROBABILITY)
  return same ? null : { as: 'shadow', body }
}

/** Of the scores that leads for sale have. */
const probabilities = (policy: PolicyEntry['policy']): number[] =>
  Array.from({ length: 51 }, (_, i) => probability_of(50 + i, policy))

const learned_from = ({ weights, answers, buyers }: Fitted, { body, policy }: PolicyEntry): string => {
  const today = weights_of_policy(policy)
  const moved = factors
    .filter(factor => Math.abs(weights[factor] - today[factor]) >= 0.01)
    .map(factor => `${factor} ${round(today[factor])} to ${round(weights[factor])}`)
  const what = moved.length === 0 ? 'Weights as they were' : `Weights ${moved.join(', ')}`
  return `${what}, and probabilities after ${answers} answers of ${buyers} buyers; before: ${body.version}.`
}

const promoted_by = (champion: PolicyEntry, { n, ...judged }: Comparison): string =>
  `Foretold ${n} answers that came later better than ${champion.body.version}: log loss ` +
  `${judged.challenger.toFixed(4)} against ${judged.champion.toFixed(4)}, ${round(judged.deviations)} standard errors.`

const taken_back = (
  before: PolicyEntry,
  champion: PolicyEntry,
  { n, ...judged }: Comparison,
): PolicyBody => ({
  ...before.body,
  reason:
    `Back from ${champion.body.version}, which foretold ${n} answers that came later worse: log loss ` +
    `${judged.challenger.toFixed(4)} against ${judged.champion.toFixed(4)}, ${round(-judged.deviations)} standard errors.`,
})

const round = (x: number): number => Math.round(x * 100) / 100
