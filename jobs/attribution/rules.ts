/**
 * Rules that need no times, on counted paths. What attribution_credit.sql does with the touches of events is done here with the
 * steps of a path; a test holds that both agree.
 */
import type { Credit, PathSet } from './paths.ts'

export const RULES = ['first_touch', 'last_touch', 'linear', 'position_based', 'last_non_direct'] as const
export type Rule = (typeof RULES)[number]

/** What last_non_direct looks past. */
const DIRECT = 'direct'

/** Weights of the n steps of a path, in any unit. */
const WEIGHTS: Readonly<Record<Rule, (places: readonly string[]) => number[]>> = {
  first_touch: places => places.map((_, i) => (i === 0 ? 1 : 0)),
  last_touch: places => places.map((_, i) => (i === places.length - 1 ? 1 : 0)),
  linear: places => places.map(() => 1),
  // 40 % first, 40 % last, 20 % between, in whole numbers; one and two touches share evenly.
  position_based: places => {
    const between = places.length - 2
    return places.map((_, i) => (between > 0 && (i === 0 || i === between + 1) ? 2 * between : 1))
  },
  last_non_direct: places => {
    const last = places.findLastIndex(place => place !== DIRECT)
    return places.map((_, i) => (i === (last < 0 ? places.length - 1 : last) ? 1 : 0))
  },
}

/** Conversions and value of every place by a rule; they sum to those of the paths. */
export const rule_credit = (set: PathSet, rule: Rule): Credit => {
  const conversions = set.places.map(() => 0)
  const value = set.places.map(() => 0)
  for (const path of set.paths) {
    const weights = WEIGHTS[rule](path.steps.map(step => set.places[step]!))
    const whole = weights.reduce((sum, weight) => sum + weight, 0)
    for (const [i, step] of path.steps.entries()) {
      conversions[step]! += (path.conversions * weights[i]!) / whole
      value[step]! += (path.value * weights[i]!) / whole
    }
  }
  return { conversions, value }
}
