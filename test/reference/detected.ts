/** Runs detectors over labelled series: ours as it is shipped, parts of it, and any other by its scores. */
import {
  type Ensemble,
  judge_value,
  LOAD,
  new_detector,
  SILENCE,
  shipped,
} from '../../operators/anomaly/judge-series.ts'
import { add_to_tail, new_tail, tail_strength } from '../../operators/stats/tail-strength.ts'
import type { AnomalyDetector } from '../../schemas/types.ts'
import type { LabelledSeries } from './anomaly-data.ts'
import { normalised, type Outcome, PROFILES, type Profile, score_detections } from './nab-score.ts'

export interface Run {
  readonly scores: Float64Array
  readonly detected: readonly number[]
  readonly patterns: readonly string[]
  readonly state: AnomalyDetector
}

export const run_detector = (series: LabelledSeries, ensemble: Ensemble = shipped): Run => {
  const scores = new Float64Array(series.rows)
  const detected: number[] = []
  const patterns: string[] = []
  let state = new_detector()
  series.values.forEach((value, i) => {
    const judged = judge_value(state, series.at_ms[i]!, value, ensemble)
    state = judged.state
    scores[i] = judged.verdict.score
    if (!judged.verdict.anomaly) return
    detected.push(i)
    patterns.push(judged.verdict.pattern)
  })
  return { scores, detected, patterns, state }
}

/** How rare each value is, before anything is told or silenced. */
export const strengths_of = (series: LabelledSeries, weights = shipped.weights): Float64Array =>
  run_detector(series, { weights, strength: Number.POSITIVE_INFINITY }).scores.map(
    score => -Math.log10(Math.max(1e-12, 1 - score)),
  )

/** The same of another detector's scores, by the tail of those before. */
export const rarity_of = (scores: Float64Array): Float64Array => {
  let tail = new_tail()
  return scores.map(score => {
    const strength = tail_strength(tail, score)
    tail = add_to_tail(tail, score)
    return strength
  })
}

/** The rows that are told with our rule of silence, as judge-series.ts tells them. */
export const told_at = (strengths: Float64Array, needed: number): number[] => {
  const rows: number[] = []
  let load = 0
  let last = Number.NEGATIVE_INFINITY
  let before = 0
  strengths.forEach((strength, i) => {
    if (strength < needed) return
    const age = i - last
    const faded = load * Math.exp(-age / LOAD.values)
    const silent = age >= SILENCE.values ? 0 : (before + SILENCE.worse - needed) * (1 - age / SILENCE.values)
    if (strength - LOAD.each * faded - Math.max(0, silent) < needed) return
    rows.push(i)
    load = faded + 1
    last = i
    before = strength
  })
  return rows
}

export const outcomes_of = (
  set: readonly LabelledSeries[],
  detected: readonly (readonly number[])[],
  profile: Profile,
): Outcome[] => set.map((series, i) => score_detections(series, detected[i]!, profile))

export const score_of = (
  set: readonly LabelledSeries[],
  detected: readonly (readonly number[])[],
  profile: Profile = PROFILES.standard,
): number => normalised(outcomes_of(set, detected, profile), profile) ?? 0

export const STRENGTHS = Array.from({ length: 51 }, (_, i) => 0.5 + 0.05 * i)

/** The strength that scores best on the standard profile, smoothed over its neighbours; the highest of equals. */
export const best_strength = (set: readonly LabelledSeries[], strengths: readonly Float64Array[]): number => {
  const scores = STRENGTHS.map(needed =>
    score_of(
      set,
      strengths.map(one => told_at(one, needed)),
    ),
  )
  const smooth = scores.map((score, i) => (scores[i - 1] ?? score) + 2 * score + (scores[i + 1] ?? score))
  const best = Math.max(...smooth)
  return STRENGTHS[smooth.findLastIndex(score => score >= best - 1e-9)] as number
}
