/**
 * Decides: how likely each case of a key is a yes, by what the key's earlier cases turned out to be; asks before it is told.
 * Because: a case's own answer must not be in what was said of it, then every output is a fair test of the model (prequential: Dawid
 *   1984). Model: pooled logistic, one for all sources with a level each, sources that answer blindly not believed
 *   (operators/stats/pooled-logistic.ts).
 * Keeps: the model of the key (state), and per source a slot, for as long as the key has cases.
 * When late: is asked and told when it comes; order within the key is what counts. Twice: dropped before. Missing: a case without an
 *   outcome is scored only; a row of another length than the model's is rejected, one that is not finite too.
 * Limits: columns are to be of about the size of 1, at most about fifty. Another number of columns is another operator (its name).
 */

import type { QualityModel, QualitySource } from '../../schemas/types.ts'
import { days } from '../../schemas/units.ts'
import { keyed } from '../core/keyed.ts'
import {
  learn_pooled,
  new_pooled_model,
  type PooledOptions,
  pooled_defaults,
  pooled_probability,
  trust_in,
} from '../stats/pooled-logistic.ts'

export interface StreamCase {
  readonly event_id: string
  readonly tenant_id: string
  readonly occurred_at: number
  /** Who answers, e.g. the buyer. */
  readonly source: string
  readonly row: readonly number[]
  /** Null of a case that is only to be scored. */
  readonly outcome: 0 | 1 | null
}
export interface ScoredCase extends StreamCase {
  /** 0 to 1, six decimals, before the outcome was learned. */
  readonly probability: number
  /** 0 to 1, six decimals: how far the source is believed. */
  readonly trusted_ratio: number
}

const KEEP_MS = days(365)
const NOTHING: QualityModel = {
  shared: { weights: [], covariance: [] },
  cases: 0,
  sources: 0,
  gain: 0,
  gained_from: 0,
  surprise: 0,
}
const rounded = (x: number): number => Math.round(x * 1e6) / 1e6

/** `as`: the name under which it keeps its state, where a pipeline has two. */
export const scoreStream = (columns: number, options: PooledOptions = pooled_defaults, as = 'score-stream') =>
  keyed<StreamCase, ScoredCase, QualityModel, QualitySource>(
    {
      name: 'score-stream',
      version: 1,
      state: { schema: 'state/quality_model', init: () => NOTHING },
      slot: {
        schema: 'state/quality_source',
        init: () => ({ level: 0, precision: 0, yes: 0, answers: 0, gain: 0, volume: 0, at_case: 0 }),
      },
      idle_ms: KEEP_MS,
      step: (state, of, turn) => {
        const { row, outcome } = of
        if (row.length !== columns) turn.reject(`a row of ${row.length} columns, not ${columns}`)
        if (!row.every(Number.isFinite)) turn.reject('a row that is not finite')
        const model = state.shared.weights.length === 0 ? new_pooled_model(columns, options) : state
        const source = turn.slot(of.source)
        turn.emit({
          ...of,
          probability: rounded(pooled_probability(model, source, row, options)),
          trusted_ratio: rounded(trust_in(model, source, options)),
        })
        if (outcome === null) return state
        const learned = learn_pooled(model, source, row, outcome, options)
        turn.put(of.source, learned.source)
        return learned.model
      },
    },
    as,
  )
