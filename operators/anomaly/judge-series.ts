/**
 * Judges the values of any one series, each once and in order, with no parameter: how unusual is this one, what was expected,
 * which pattern is it.
 * Because: an ensemble of small detectors (series-signals.ts) on a season learned online (series-season.ts). Each signal becomes
 *   the tail probability of its size in this series (tail-strength.ts); their mean is one probability, as for dependent tests
 *   (Vovk and Wang 2020). What was told keeps silent what is not worse, and each detection makes the next a little harder,
 *   so a series that is always odd does not ring always. Settings and threshold: best of the standard profile of the Numenta
 *   Anomaly Benchmark, one for all series (bench/anomaly).
 * Keeps: one record of about 4 kB: running means, season, counts of each signal. No value is kept after the first 48.
 * When late, twice: the caller's: a value is judged when it comes. Missing: means over hours fade by the time that passed.
 * Limits: silent for the first 48 values; the season is a day and a week, in UTC, unless a cycle is given; an anomaly that
 *   lasts becomes usual within days; how far apart values are is taken from the first 48.
 */
import type { AnomalyDetector, AnomalyTail } from '../../schemas/types.ts'
import { days } from '../../schemas/units.ts'
import { add_to_tail, new_tail, tail_strength } from '../stats/tail-strength.ts'
import { name_pattern, type Pattern, watch_trend } from './series-pattern.ts'
import { learn_season, new_season, parts_of, season_at } from './series-season.ts'
import {
  measure_signals,
  new_means,
  root_of,
  SIDE,
  SIGNALS,
  type Signal,
  value_of,
  WEIGHT,
} from './series-signals.ts'

export interface Verdict {
  /** 1 less the probability of something so unusual; below the threshold while silent. */
  readonly score: number
  readonly anomaly: boolean
  readonly pattern: Pattern
  /** Null while too little is known. */
  readonly expected: number | null
  /** From expected, in usual distances. */
  readonly deviation: number
}

/** Values before the first verdict. */
export const WARM = 48
/** How the ensemble decides; other than as shipped only to measure its parts. */
export interface Ensemble {
  /** -log10 of the probability from which on a value is an anomaly. */
  readonly strength: number
  /** By SIGNALS. */
  readonly weights: readonly number[]
}
export const shipped: Ensemble = { strength: 1.15, weights: SIGNALS.map(signal => WEIGHT[signal] ?? 1) }
/** The score from which on a value is an anomaly. */
export const THRESHOLD = 1 - 10 ** -shipped.strength
/** After a detection only what is `worse` is told, less and less so for so many values. */
export const SILENCE = { values: 200, worse: 0.6 }
/** What a detection adds to what the next ones need, and how many values until two thirds of it are forgotten. */
export const LOAD = { each: 0.1, values: 40_000 }
/** Rare is not enough: some signal must be so many times its usual size (four standard deviations of usual noise). */
const FAR = 5
/** Values over which a signal's usual size is averaged. */
const SCALE = 3000

/** `season`: after how many values it repeats, where somebody knows. */
export const new_detector = (season = 0): AnomalyDetector => ({
  season,
  cycle_ms: days(1),
  interval_ms: 0,
  latest_ms: 0,
  values: 0,
  unit: 1,
  first: [],
  last: 0,
  means: new_means(),
  ...new_season(),
  tails: SIGNALS.map(new_tail),
  load: 0,
  told_after: -1,
  told_strength: 0,
  told_hours: new Array(24).fill(0),
  trend: [],
  trend_part: 0,
})

const SILENT: Verdict = { score: 0, anomaly: false, pattern: '', expected: null, deviation: 0 }

export const judge_value = (
  state: AnomalyDetector,
  at_ms: number,
  value: number,
  ensemble: Ensemble = shipped,
): { readonly state: AnomalyDetector; readonly verdict: Verdict } => {
  if (state.interval_ms > 0) return judge(state, at_ms, value, ensemble)
  const first = [...state.first, { at_ms, value }]
  if (first.length < WARM) return { state: { ...state, latest_ms: at_ms, first }, verdict: SILENT }
  let next: AnomalyDetector = { ...state, ...measure_first(first, state.season), first: [] }
  for (const one of first) next = judge(next, one.at_ms, one.value, ensemble).state
  return { state: { ...next, load: 0, told_after: -1 }, verdict: SILENT }
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0

const measure_first = (first: AnomalyDetector['first'], season: number) => {
  const gaps = first.slice(1).map(({ at_ms }, i) => at_ms - (first[i]?.at_ms ?? 0))
  const interval_ms = Math.max(1, median(gaps))
  return {
    interval_ms,
    cycle_ms: season > 0 ? season * interval_ms : days(interval_ms < days(0.5) ? 1 : 7),
    latest_ms: first[0]?.at_ms ?? 0,
    unit: median(first.map(({ value }) => Math.abs(value))) || 1,
  }
}

const judge = (state: AnomalyDetector, at_ms: number, value: number, ensemble: Ensemble) => {
  const n = state.values
  const root = root_of(value, state.unit)
  const at = season_at(state, at_ms, n === 0 ? root : state.last)
  const passed = Math.max(1, Math.min(1000, Math.round((at_ms - state.latest_ms) / state.interval_ms)))
  const { sizes, means, last } = measure_signals(state, value, at, passed)
  const tails = state.tails.map((tail, i) =>
    learn_tail(tail, SIGNALS[i] as Signal, sizes[i] as number, n + 1),
  )
  const strengths = tails.map(({ strength }) => strength)
  const far = tails.some(({ times }) => times >= FAR)
  const strength = far ? together(strengths, ensemble.weights) : 0
  const told = tell(state, strength, ensemble.strength)
  const trend = watch_trend(state, at_ms, root - at.expected)
  const pattern = told.anomaly
    ? name_pattern(state, strengths, root - at.expected, parts_of(state.cycle_ms, at_ms).hour)
    : ''
  const verdict: Verdict = {
    score: 1 - 10 ** -Math.max(0, told.effective),
    anomaly: told.anomaly,
    pattern,
    expected: value_of(at.expected, state.unit),
    deviation: state.spread > 0 ? (root - at.expected) / (1.25 * state.spread) : 0,
  }
  return {
    verdict,
    state: {
      ...state,
      ...learn_season(state, root, at),
      ...trend,
      latest_ms: at_ms,
      values: n + 1,
      last,
      means: means as number[],
      tails: tails.map(({ tail }) => tail),
      ...remember(state, told, strength, parts_of(state.cycle_ms, at_ms).hour),
    },
  }
}

const learn_tail = (tail: AnomalyTail, signal: Signal, size: number, n: number) => {
  const distance = Math.abs(size)
  const times = size * (SIDE[signal] ?? size) < 0 ? 0 : distance / (tail.scale + 1e-6)
  const most = n > 30 ? 4 * tail.scale + 1e-9 : Number.POSITIVE_INFINITY
  const scale = tail.scale + Math.max(1 / SCALE, 1 / n) * (Math.min(distance, most) - tail.scale)
  return { times, strength: tail_strength(tail, times), tail: { ...add_to_tail(tail, times), scale } }
}

/** The mean of the signals' inverse probabilities, as a strength. */
const together = (strengths: readonly number[], weights: readonly number[]): number => {
  let sum = 0
  let weighed = 0
  strengths.forEach((strength, i) => {
    sum += (weights[i] as number) * 10 ** strength
    weighed += weights[i] as number
  })
  return Math.log10(sum / weighed)
}

const load_of = ({ load, told_after, values }: AnomalyDetector): number =>
  told_after < 0 ? 0 : load * Math.exp(-(values - told_after) / LOAD.values)

/** `effective`: the strength less what this moment needs beyond the threshold. */
const tell = (state: AnomalyDetector, strength: number, needed: number) => {
  const age = state.told_after < 0 ? SILENCE.values : state.values - state.told_after
  const quiet =
    age >= SILENCE.values
      ? 0
      : Math.max(0, (state.told_strength + SILENCE.worse - needed) * (1 - age / SILENCE.values))
  const effective = strength - LOAD.each * load_of(state) - quiet
  return { effective, anomaly: effective >= needed }
}

const remember = (
  state: AnomalyDetector,
  { anomaly }: { readonly anomaly: boolean },
  strength: number,
  hour: number,
): Partial<AnomalyDetector> => {
  if (!anomaly) return {}
  return {
    load: load_of(state) + 1,
    told_after: state.values,
    told_strength: strength,
    told_hours: state.told_hours.map((times, i) => times * 0.95 + (i === hour ? 1 : 0)),
  }
}
