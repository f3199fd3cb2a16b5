/**
 * One logistic model learned from the answers of many sources (buyers, raters), each with a level of its own on top: what makes a case
 * good is shared, how choosy a source is belongs to it (a partially pooled model: Gelman and Hill 2007, chapter 12, fitted case by case).
 *   logit p = shared model of the row + level of the source
 * The level is one Newton step a case on a normal prior around 0 (extended Kalman filter), so that a source of few answers has little.
 *
 * A source is believed by what its answers have to do with the row. Where a source's own past share foretells it as well as the model
 * does (it refuses everything, answers blindly, or the other way round), while the other sources' answers follow the model, its cases
 * move its own level alone. And no source counts for more than three times its even part of the cases.
 *
 * A truth that changes at once is noticed by a cumulative sum (CUSUM; Page 1954) of what answers cost above expectation (log loss minus
 * entropy), as far as their source is believed; then the model is as uncertain as at first. One source hardly moves it: its level follows.
 */
import {
  type FilteredModel,
  type FilteredOptions,
  filter_case,
  filtered_logit,
  filtered_variance,
  moderated,
  new_filtered_model,
  unsettled,
} from './filtered-logistic.ts'
import { sigmoid } from './logistic.ts'
import { log_cost } from './ranking-measures.ts'

export interface PooledModel {
  readonly shared: FilteredModel
  /** Cases so far, and sources. */
  readonly cases: number
  readonly sources: number
  /** By how much better, in nats a case, the model foretold the believed than their own shares did; and from how many. */
  readonly gain: number
  readonly gained_from: number
  /** Nats by which the believed answers cost more than expected, since they last cost less. */
  readonly surprise: number
}

/** What is known of one source. Sums fade: memory is in cases of its own. */
export interface PooledSource {
  readonly level: number
  readonly precision: number
  readonly yes: number
  readonly answers: number
  readonly gain: number
  /** Its part of all cases, as of the model's case number `at_case`. */
  readonly volume: number
  readonly at_case: number
}

export interface PooledOptions extends FilteredOptions {
  /** Cases of all sources after which a source's part of them, and how far answers follow the model, is judged anew. */
  readonly part_memory: number
  /** Cases of its own that a source is known by. */
  readonly source_memory: number
  /** Variance of levels between sources. */
  readonly level_variance: number
  /** Cases before what a source says weighs as much as that it was believed at first. */
  readonly patience: number
  /** Nats of surprise beyond which the truth has changed; about once in a thousand answers by chance, which costs little. */
  readonly surprise_most: number
  /** Level of a source of which nothing is known; 0 without. */
  readonly new_level?: number
}

export const pooled_defaults: PooledOptions = {
  prior_variance: 2,
  // Long: what changes at once is noticed by surprise.
  memory: 1500,
  part_memory: 500,
  source_memory: 100,
  level_variance: 0.5,
  patience: 20,
  surprise_most: 5,
}

export const new_pooled_model = (columns: number, options: PooledOptions = pooled_defaults): PooledModel => ({
  shared: new_filtered_model(columns, options),
  cases: 0,
  sources: 0,
  gain: 0,
  gained_from: 0,
  surprise: 0,
})

export const new_pooled_source: PooledSource = {
  level: 0,
  precision: 0,
  yes: 0,
  answers: 0,
  gain: 0,
  volume: 0,
  at_case: 0,
}

/** By how much is known: who is chosen for a high probability is often one of whom little is known. */
export const pooled_probability = (
  { shared }: PooledModel,
  source: PooledSource | undefined,
  row: ArrayLike<number>,
  { level_variance, new_level = 0 }: PooledOptions = pooled_defaults,
): number => {
  const of_level = Math.min(level_variance, 1 / (source?.precision || 1 / level_variance))
  return moderated(
    filtered_logit(shared, row) + (source?.level ?? new_level),
    filtered_variance(shared, row) + of_level,
  )
}

/** Below so many nats a case the model knows nothing by which to tell who follows it. */
const LEAST_GAIN = 0.005

/** 0 to 1; 1 of a source that is new, and as long as nobody's answers follow the model. */
export const trust_in = (
  { gain, gained_from }: PooledModel,
  source: PooledSource | undefined,
  { patience }: PooledOptions = pooled_defaults,
): number => {
  const usual = gained_from < patience ? 0 : gain / gained_from
  if (!source || usual < LEAST_GAIN) return 1
  const own = source.gain + patience * usual
  return Math.min(1, Math.max(0, own / ((source.answers + patience) * usual)))
}

/** Nats that each answer may cost above expectation, and the most that one adds. */
const ALLOWED = 0.05
const MOST_SURPRISE = 2

/** What the answer costs above what the probability expects of it, in nats; 0 on average while the model is right. */
const surprise_of = (p: number, outcome: number): number =>
  Math.min(MOST_SURPRISE, log_cost(p, outcome) - p * log_cost(p, 1) - (1 - p) * log_cost(p, 0))

/** Shares above three even parts count as three. */
const MOST_PARTS = 3

/**
 * The model and the source after one answer (0 or 1), and how much it was believed. `source` is undefined of one that answers for the
 * first time. Throws RangeError when the row has another length than the model.
 */
export const learn_pooled = (
  model: PooledModel,
  source: PooledSource | undefined,
  row: ArrayLike<number>,
  outcome: number,
  options: PooledOptions = pooled_defaults,
): { readonly model: PooledModel; readonly source: PooledSource; readonly trust: number } => {
  const before = source ?? { ...new_pooled_source, level: options.new_level ?? 0 }
  const trust = trust_in(model, source, options)
  const p = pooled_probability(model, before, row, options)
  const gain = own_cost(before, outcome) - log_cost(p, outcome)
  const after = answered(model, before, row, outcome, gain, options)
  const sources = model.sources + (source ? 0 : 1)
  const even = Math.min(model.cases + 1, options.part_memory) / sources
  // Of few sources each has a large part: nobody is held down then.
  const fair = Math.min(1, (MOST_PARTS * even) / after.volume)
  const weight = trust * fair
  const fade = 1 - 1 / options.part_memory
  const surprise = Math.max(0, model.surprise + weight * (surprise_of(p, outcome) - ALLOWED))
  const changed = surprise > options.surprise_most
  const shared = changed ? unsettled(model.shared, options) : model.shared
  return {
    model: {
      shared: filter_case(shared, row, outcome, options, { weight, offset: after.level }),
      cases: model.cases + 1,
      sources,
      gain: model.gain * fade + weight * gain,
      gained_from: model.gained_from * fade + weight,
      surprise: changed ? 0 : surprise,
    },
    source: after,
    trust,
  }
}

/** What the source's own past share, drawn to one half by two answers, costs for the answer, in nats. */
const own_cost = ({ yes, answers }: PooledSource, outcome: number): number =>
  log_cost((yes + 1) / (answers + 2), outcome)

const answered = (
  { shared, cases }: PooledModel,
  source: PooledSource,
  row: ArrayLike<number>,
  outcome: number,
  gain: number,
  { part_memory, source_memory, level_variance }: PooledOptions,
): PooledSource => {
  const fade = 1 - 1 / source_memory
  const p = sigmoid(filtered_logit(shared, row) + source.level)
  const precision = Math.max(1 / level_variance, fade * source.precision) + p * (1 - p)
  const gone = cases - source.at_case
  return {
    level: source.level + (outcome - p) / precision,
    precision,
    yes: fade * source.yes + outcome,
    answers: fade * source.answers + 1,
    gain: fade * source.gain + gain,
    volume: source.volume * (1 - 1 / part_memory) ** gone + 1,
    at_case: cases,
  }
}
