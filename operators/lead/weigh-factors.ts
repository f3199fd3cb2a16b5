/**
 * Decides: what every signal of a lead policy is worth when its four factors get other weights.
 * Because: score = Σ weight × factor is how people (and the trainer) speak of a policy; what signals are worth within a
 *   factor stays in proportion. Largest remainders, so that the signals of a factor add up to its weight exactly.
 * Keeps: nothing. When late, twice, missing: sees policies, no events.
 * Limits: a factor whose signals are worth nothing cannot get a weight: that is an error.
 */

import type { LeadPolicy, Worth } from './lead-policy.ts'

export type Factor = 'base' | 'behavior' | 'timing' | 'market'
/** Points (0 to 100) that each factor can earn. */
export type Weights = Readonly<Record<Factor, number>>

/** Signals whose most is one number, and those with a table of meanings; the bill is neither. */
const NUMBERS = [
  'homeowner',
  'zip_code',
  'premium_area',
  'engagement',
  'questions',
  'objections',
  'sentiment',
  'adoption_index',
  'income_index',
  'supply_index',
  'season_index',
] as const
const TABLES = [
  'property_type',
  'install_timeline',
  'credit_signal',
  'decision_role',
  'comparing_offers',
] as const
export type NumberSignal = (typeof NUMBERS)[number]
export type TableSignal = (typeof TABLES)[number]
export const number_signals: readonly NumberSignal[] = NUMBERS
export const table_signals: readonly TableSignal[] = TABLES

export const signals_of = {
  base: ['homeowner', 'bill', 'zip_code', 'premium_area', 'property_type'],
  behavior: ['engagement', 'questions', 'objections', 'sentiment'],
  timing: ['install_timeline', 'credit_signal', 'decision_role', 'comparing_offers'],
  market: ['adoption_index', 'income_index', 'supply_index', 'season_index'],
} as const
export const factors: readonly Factor[] = ['base', 'behavior', 'timing', 'market']
type Signal = NumberSignal | TableSignal | 'bill'

/** The most that a table of meanings can earn. */
export const most_of = (worth: Worth): number => {
  let most = 0
  for (const meaning in worth) most = Math.max(most, worth[meaning] as number)
  return most
}

/** In hundredths of a point. */
export const most_of_signal = (policy: LeadPolicy, signal: Signal): number => {
  if (signal === 'bill') return policy.bill[0]?.points ?? 0
  const worth = policy[signal]
  return typeof worth === 'number' ? worth : most_of(worth)
}

/** The most that the factor can earn, in hundredths of a point. */
export const most_of_factor = (policy: LeadPolicy, factor: Factor): number =>
  signals_of[factor].reduce((most, signal) => most + most_of_signal(policy, signal), 0)

const MOSTS = new WeakMap<LeadPolicy, Readonly<Record<Factor, number>>>()

/**
 * Points (hundredths) as shares (0 to 1) of what the policy gives at most: the same lead has the same shares whatever the factors
 * weigh. A factor that weighs nothing says nothing: 0.5.
 */
export const shares_under = (policy: LeadPolicy, points: Readonly<Record<Factor, number>>) => {
  let mosts = MOSTS.get(policy)
  if (!mosts) {
    mosts = Object.fromEntries(factors.map(each => [each, most_of_factor(policy, each)])) as Weights
    MOSTS.set(policy, mosts)
  }
  const of = (factor: Factor, most: number): number =>
    most > 0 ? Math.min(1, Math.max(0, points[factor] / most)) : 0.5
  return {
    base_share: of('base', mosts.base),
    behavior_share: of('behavior', mosts.behavior),
    timing_share: of('timing', mosts.timing),
    market_share: of('market', mosts.market),
  }
}

/**
 * The policy with its factors worth `weights` points, which sum to 100. A factor of weight 0 has no signals any more.
 * @throws RangeError where a factor is to weigh something whose signals earn nothing.
 */
export const weigh_factors = (policy: LeadPolicy, weights: Weights): LeadPolicy => {
  const most = apportion(
    10_000,
    factors.map(factor => weights[factor]),
  )
  const changed: Record<string, unknown> = {}
  for (const [i, factor] of factors.entries()) {
    const signals = signals_of[factor]
    const before = signals.map(signal => most_of_signal(policy, signal))
    if (most[i] !== 0 && before.every(points => points === 0))
      throw new RangeError(`weights.${factor}: its signals earn nothing`)
    const after = apportion(most[i] as number, before)
    for (const [j, signal] of signals.entries())
      changed[signal] = scaled(policy, signal, before[j] as number, after[j] as number)
  }
  return { ...policy, ...changed }
}

/** `whole` in integers that are to each other as the shares; what is left over goes to the largest remainders. */
const apportion = (whole: number, shares: readonly number[]): readonly number[] => {
  const sum = shares.reduce((a, b) => a + b, 0)
  if (sum === 0) return shares.map(() => 0)
  const exact = shares.map(share => (whole * share) / sum)
  const parts = exact.map(Math.floor)
  const left = whole - parts.reduce((a, b) => a + b, 0)
  const order = shares.map((_, i) => i)
  const rest = (i: number): number => (exact[i] as number) - (parts[i] as number)
  // Sorting is stable: equal remainders go by the order of the signals.
  order.sort((a, b) => rest(b) - rest(a))
  for (const i of order.slice(0, left)) parts[i] = (parts[i] as number) + 1
  return parts
}

/** Rounded like any share; never out of order, and the best meaning earns the most exactly. */
const scaled = (policy: LeadPolicy, signal: Signal, before: number, after: number): unknown => {
  const of = (points: number): number => (before === 0 ? 0 : Math.round((points * after) / before))
  if (signal === 'bill') return policy.bill.map(step => ({ ...step, points: of(step.points) }))
  const worth = policy[signal]
  if (typeof worth === 'number') return after
  if (after === 0) return {}
  return Object.fromEntries(Object.entries(worth).map(([meaning, points]) => [meaning, of(points)]))
}
