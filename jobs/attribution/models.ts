/** Every model that needs no times, by name, on counted paths. */
import { markov_model } from './markov.ts'
import { type Credit, deal, type PathSet, shares_of } from './paths.ts'
import { RULES, rule_credit } from './rules.ts'
import { rate_credit, shapley_rate, shapley_sum } from './shapley.ts'

export const MODELS = [...RULES, 'markov', 'shapley', 'shapley_rate'] as const
export type Model = (typeof MODELS)[number]

export interface ModelCredit extends Credit {
  /** By place; of markov the removal effect, of shapley_rate the Shapley value, of others none. */
  readonly effects: readonly number[] | null
}

/**
 * Conversions and value of every place; they sum to those of the paths, but are all zero by markov where no path converts.
 * `order`: of markov, at least 1.
 */
export const credit_by = (set: PathSet, model: Model, order: number): ModelCredit => {
  if (model === 'markov') {
    const effects = markov_model(set, order).removal_effects
    return { ...deal(set, shares_of(effects)), effects }
  }
  if (model === 'shapley_rate') {
    const effects = shapley_rate(set)
    return { ...rate_credit(set, effects), effects }
  }
  return { ...(model === 'shapley' ? shapley_sum(set) : rule_credit(set, model)), effects: null }
}
