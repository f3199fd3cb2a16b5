/**
 * Decides: which points of a tenant's metrics the season and its usual spread do not explain, and when they are usual again.
 * Because: expectation from hour of the day, weekday and hour of the week with a local level, robust z on a scale where counts
 *   have a constant spread (seasonal-level.ts, judge-point.ts). The threshold of 5 was chosen on own simulations: fewer than
 *   one false alarm in 100,000 quiet points of 5 to 6,000 events an hour; from 60 an hour on an outage of a count or of
 *   revenue is seen in 15 minutes; the conversion rate needs some 600 visits an hour for that.
 * Keeps: one slot of fixed size per metric and currency, for ever: the season, the last hour, up to 64 anomalies of two days.
 * When late: a revision of a point among those anomalies is judged again, and written as `none` where it is none any more; a
 *   revision within the last hour counts in the sums to come; others change nothing. Twice: a point comes once per revision.
 *   Missing: no point, no verdict; a ratio below policy.samples is not judged.
 * Limits: an anomaly's window is the quarter or whole hour that was judged, ending with the point of its event_id; a
 *   revision never makes an old point an anomaly; no verdict in the first three days; hours are UTC.
 */

import type { Anomaly, AnomalySeries, AnomalyTold, Nothing } from '../../schemas/types.ts'
import { days, hours } from '../../schemas/units.ts'
import { keyed, type Row } from '../core/keyed.ts'
import { from_root, to_root } from '../stats/root-scale.ts'
import {
  type AnomalyPolicy,
  default_anomalies,
  exposure_of,
  is_ratio,
  judge_point,
  new_series,
  score_of,
  type Verdict,
} from './judge-point.ts'

type Point = Row<
  'metric_points',
  'window_ms' | 'revision' | 'metric' | 'currency' | 'value' | 'numerator' | 'denominator' | 'samples'
>

const NOTHING: Nothing = {}
const TOLD_MOST = 64

export const detectAnomalies = (policy: AnomalyPolicy = default_anomalies) =>
  keyed<Point, Anomaly, Nothing, AnomalySeries>({
    name: 'detect-anomalies',
    version: 1,
    state: { schema: 'state/nothing', init: () => NOTHING },
    slot: { schema: 'state/anomaly_series', init: () => new_series(0) },
    // Points come back through the log while stream time may have leapt ahead: a tick that forgot would race with them.
    idle_ms: Number.POSITIVE_INFINITY,
    step: (state, point, turn) => {
      const id = `${point.metric}|${point.currency ?? ''}`
      const before = turn.slot(id) ?? new_series(point.occurred_at)
      if (point.occurred_at <= before.latest_ms) {
        const { series, told } = correct(before, point)
        if (series !== before) turn.put(id, series)
        if (told) turn.emit(anomaly(point, told, policy))
        return state
      }
      const { series, verdict } = judge_point(before, point, policy)
      const { next, told } = tell(series, point, verdict, policy)
      turn.put(id, next)
      if (told) turn.emit(anomaly(point, told, policy))
      return state
    },
  })

/** What is to be written of a newly judged point, and the series that remembers it. */
const tell = (
  series: AnomalySeries,
  point: Point,
  verdict: Verdict | null,
  policy: AnomalyPolicy,
): { readonly next: AnomalySeries; readonly told: AnomalyTold | null } => {
  if (!verdict) return { next: series, told: null }
  if (!verdict.unusual && series.settling === 0) return { next: series, told: null }
  const { span_ms, seen, exposure, expected, deviation, unit } = verdict
  const told: AnomalyTold = {
    start_ms: point.occurred_at,
    seen: point.numerator,
    exposure: exposure_of(point),
    rate: exposure > 0 ? expected / exposure : 0,
    span_ms,
    span_seen: seen,
    span_exposure: exposure,
    span_expected: expected,
    deviation,
    unit,
    points: series.points,
  }
  if (!verdict.unusual) return { next: { ...series, settling: series.settling - 1 }, told }
  const kept = series.told.filter(old => old.start_ms > point.occurred_at - days(2)).slice(1 - TOLD_MOST)
  const settling = Math.ceil(policy.settle_ms / point.window_ms)
  return { next: { ...series, settling, told: [...kept, told] }, told }
}

/** A later revision of a point that has been judged. */
const correct = (
  series: AnomalySeries,
  point: Point,
): { readonly series: AnomalySeries; readonly told: AnomalyTold | null } => {
  const { occurred_at, numerator } = point
  const exposure = exposure_of(point)
  const recent = series.recent.map(old => {
    if (old.start_ms !== occurred_at) return old
    const expected = old.exposure > 0 ? (old.expected / old.exposure) * exposure : old.expected
    return { ...old, seen: numerator, exposure, expected }
  })
  const moved = recent.findIndex((now, i) => now !== series.recent[i])
  const [was, is] = [series.recent[moved], recent[moved]]
  const in_hour = was && is && occurred_at >= series.hour_ms
  const next = !was
    ? series
    : {
        ...series,
        recent,
        hour_seen: series.hour_seen + (in_hour ? is.seen - was.seen : 0),
        hour_exposure: series.hour_exposure + (in_hour ? is.exposure - was.exposure : 0),
        hour_expected: series.hour_expected + (in_hour ? is.expected - was.expected : 0),
      }
  const old = series.told.find(({ start_ms }) => start_ms === occurred_at)
  if (!old) return { series: next, told: null }
  const more = exposure - old.exposure
  const told = {
    ...old,
    seen: numerator,
    exposure,
    span_seen: old.span_seen + numerator - old.seen,
    span_exposure: old.span_exposure + more,
    span_expected: old.span_expected + more * old.rate,
  }
  return { series: { ...next, told: next.told.map(other => (other === old ? told : other)) }, told }
}

const anomaly = (point: Point, told: AnomalyTold, { threshold }: AnomalyPolicy): Anomaly => {
  const { span_ms, span_seen, span_exposure, span_expected, deviation, unit } = told
  const score = score_of(span_seen, span_expected, deviation, unit)
  const root = to_root(span_expected, unit)
  const part = is_ratio(point.metric) ? span_exposure || 1 : 1
  const lower = from_root(root - threshold * deviation, unit) / part
  const usual = Math.abs(score) < threshold
  return {
    event_id: point.event_id,
    tenant_id: point.tenant_id,
    occurred_at: point.occurred_at + point.window_ms - span_ms,
    window_ms: span_ms,
    revision: point.revision,
    metric: point.metric,
    currency: point.currency,
    direction: usual ? 'none' : score > 0 ? 'spike' : 'drop',
    value: span_seen / part,
    expected: span_expected / part,
    lower: point.currency === null ? Math.max(0, lower) : lower,
    upper: from_root(root + threshold * deviation, unit) / part,
    score,
    baseline_points: told.points - 1,
    method: span_ms < hours(1) ? 'seasonal-robust-1 quarter' : 'seasonal-robust-1 hour',
  }
}
