/**
 * How unusual the newest stretch of a metric is: sums over a quarter and a whole hour against what the season expects, on
 * the root scale, in robust standard deviations. An incident moves neither level nor spread. */
import type { AnomalyPoint, AnomalySeries, MetricPoint } from '../../schemas/types.ts'
import { days, hours, minutes } from '../../schemas/units.ts'
import { from_root, to_root } from '../stats/root-scale.ts'
import { learn_hour, usual_at } from './seasonal-level.ts'
import { new_spreads, SPANS, spread_at, widen } from './usual-spread.ts'

export interface AnomalyPolicy {
  /** Robust standard deviations from which on a point is unusual. */
  readonly threshold: number
  /** No verdict before so much history. */
  readonly history_ms: number
  /** A ratio over fewer is not judged. */
  readonly samples: number
  /** After so long of nothing but unusual points they are the new usual, and teach again. */
  readonly adopt_ms: number
  /** For so long of normal points after an anomaly each is told, as `none`. */
  readonly settle_ms: number
}
export const default_anomalies: AnomalyPolicy = {
  threshold: 5,
  history_ms: days(3),
  samples: 20,
  adopt_ms: days(1),
  settle_ms: minutes(30),
}

export type Judged = Pick<
  MetricPoint,
  'occurred_at' | 'window_ms' | 'metric' | 'currency' | 'value' | 'numerator' | 'denominator' | 'samples'
>
export interface Verdict {
  readonly span_ms: number
  readonly seen: number
  readonly exposure: number
  readonly expected: number
  /** One robust standard deviation on the root scale. */
  readonly deviation: number
  readonly unit: number
  readonly score: number
  readonly unusual: boolean
}

const zeros = (n: number): number[] => new Array(n).fill(0)
export const new_series = (start_ms: number): AnomalySeries => ({
  started_ms: start_ms,
  latest_ms: start_ms - 1,
  points: 0,
  unit_seen: 0,
  unit_samples: 0,
  hour_ms: Math.floor(start_ms / hours(1)) * hours(1),
  hour_seen: 0,
  hour_exposure: 0,
  hour_expected: 0,
  hour_unusual: false,
  exposure: 0,
  level: zeros(2),
  hours: zeros(48),
  days: zeros(14),
  week: zeros(336),
  spreads: new_spreads(),
  recent: [],
  run: 0,
  settling: 0,
  told: [],
})

export const is_ratio = (metric: string): boolean => metric.endsWith('_rate')

/** What a ratio is a share of; of sums and counts the part of an hour. */
export const exposure_of = (point: Judged): number =>
  is_ratio(point.metric) ? point.denominator : point.window_ms / hours(1)

const unit_of = (series: AnomalySeries): number =>
  series.unit_samples > 0 ? Math.max(1, (2 * series.unit_seen) / series.unit_samples) : 1

/** How far `seen` is from what was expected. */
export const score_of = (seen: number, expected: number, deviation: number, unit: number): number =>
  (to_root(seen, unit) - to_root(expected, unit)) / deviation

/** The series with a new point in it, and what is to be said of the point; null while too little is known. */
export const judge_point = (
  before: AnomalySeries,
  point: Judged,
  policy: AnomalyPolicy,
): { readonly series: AnomalySeries; readonly verdict: Verdict | null } => {
  const start_ms = point.occurred_at
  const exposure = exposure_of(point)
  const series = measure_unit(end_hour(before, start_ms, policy), point)
  const unit = unit_of(series)
  const { rate, doubt } = usual_at(series, start_ms + point.window_ms / 2, unit)
  const newest = { start_ms, seen: point.numerator, exposure, expected: rate * exposure }
  const recent = [...series.recent.filter(p => p.start_ms > start_ms - hours(1)), newest]
  const spreads = series.spreads.slice()
  const warm = start_ms - series.started_ms >= policy.history_ms
  let worst: Verdict | null = null
  SPANS.forEach((span_ms, span) => {
    if (span_ms < point.window_ms && span !== SPANS.length - 1) return
    const sum = sum_of(recent, start_ms + point.window_ms - Math.max(span_ms, point.window_ms))
    const verdict = judge_span(series, point, { ...sum, span_ms, doubt, unit, span }, policy)
    if (!verdict.unusual || !warm) widen(spreads, span, series.points, point, verdict, doubt)
    if (sum.exposure < policy.samples && is_ratio(point.metric)) return
    if (!worst || Math.abs(verdict.score) > Math.abs(worst.score)) worst = verdict
  })
  const verdict = warm ? (worst as Verdict | null) : null
  const run = verdict?.unusual ? series.run + 1 : 0
  return {
    verdict,
    series: {
      ...series,
      latest_ms: start_ms,
      points: series.points + 1,
      hour_seen: series.hour_seen + newest.seen,
      hour_exposure: series.hour_exposure + exposure,
      hour_expected: series.hour_expected + newest.expected,
      hour_unusual: series.hour_unusual || (run > 0 && run * point.window_ms < policy.adopt_ms),
      spreads,
      recent,
      run,
    },
  }
}

const sum_of = (recent: readonly AnomalyPoint[], from_ms: number) => {
  const sum = { seen: 0, exposure: 0, expected: 0 }
  for (const point of recent) {
    if (point.start_ms < from_ms) continue
    sum.seen += point.seen
    sum.exposure += point.exposure
    sum.expected += point.expected
  }
  return sum
}

interface Span {
  readonly seen: number
  readonly exposure: number
  readonly expected: number
  readonly span_ms: number
  readonly span: number
  readonly doubt: number
  readonly unit: number
}

const judge_span = (
  series: AnomalySeries,
  point: Judged,
  { seen, exposure, expected, span_ms, span, doubt, unit }: Span,
  policy: AnomalyPolicy,
): Verdict => {
  const share = is_ratio(point.metric) && exposure > 0 ? Math.min(0.9, expected / exposure) : 0
  const variance = Math.max(1 - share, spread_at(series, span, point.occurred_at))
  const deviation = Math.sqrt(variance + (doubt * Math.max(0, expected)) / unit)
  const score = score_of(seen, expected, deviation, unit)
  const unusual = Math.abs(score) >= policy.threshold
  return {
    span_ms: Math.max(span_ms, point.window_ms),
    seen,
    exposure,
    expected,
    deviation,
    unit,
    score,
    unusual,
  }
}

/** Size of one movement of money. */
const measure_unit = (series: AnomalySeries, { currency, numerator, samples }: Judged): AnomalySeries => {
  if (currency === null || samples <= 0) return series
  const kept = 0.9995
  return {
    ...series,
    unit_seen: series.unit_seen * kept + Math.abs(numerator),
    unit_samples: series.unit_samples * kept + samples,
  }
}

/** Teaches the season the hour that is over, cut at three deviations; an unusual one teaches nothing. */
const end_hour = (series: AnomalySeries, start_ms: number, policy: AnomalyPolicy): AnomalySeries => {
  const hour_ms = Math.floor(start_ms / hours(1)) * hours(1)
  if (hour_ms === series.hour_ms) return series
  const unit = unit_of(series)
  const taught = series.hour_unusual
    ? series
    : learn_hour(series, series.hour_ms, cut_hour(series, unit, policy), series.hour_exposure, unit)
  return { ...taught, hour_ms, hour_seen: 0, hour_exposure: 0, hour_expected: 0, hour_unusual: false }
}

const cut_hour = (series: AnomalySeries, unit: number, policy: AnomalyPolicy): number => {
  const { hour_ms, started_ms, hour_seen, hour_expected, run } = series
  if (hour_ms - started_ms < policy.history_ms || run > 0) return hour_seen
  const root = to_root(hour_expected, unit)
  const most =
    3 * Math.sqrt(Math.max(1, spread_at(series, SPANS.length - 1, hour_ms)) + (0.01 * hour_expected) / unit)
  const lower = from_root(root - most, unit)
  return Math.min(from_root(root + most, unit), Math.max(Math.min(lower, hour_expected), hour_seen))
}
