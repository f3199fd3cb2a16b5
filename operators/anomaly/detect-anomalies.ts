/**
 * Decides: which points of a series the season and its usual spread do not explain, and when they are usual again.
 * Because: expectation from hour of the day, weekday and hour of the week with a local level, robust z on a scale where counts
 *   have a constant spread (seasonal-level.ts, judge-point.ts). The threshold of 5 was chosen on own simulations: fewer than
 *   one false alarm in 100,000 quiet points of 5 to 6,000 events an hour; from 60 an hour on an outage of a count or of
 *   revenue is seen in 15 minutes; the conversion rate needs some 600 visits an hour for that.
 * Keeps: per metric of the series, for ever: the spread, the last hour, up to 64 anomalies of two days; the season in a slot,
 *   which changes by the hour.
 * When late: a revision of a point among those anomalies is judged again, and written as `none` where it is none any more; a
 *   revision within the last hour counts in the sums to come; others change nothing. Twice: a point comes once per revision.
 *   Missing: no point, no verdict; a ratio below policy.samples is not judged.
 * Limits: an anomaly's window is the quarter or whole hour that was judged, ending with the point of its event_id; a
 *   revision never makes an old point an anomaly; no verdict in the first three days; hours are UTC.
 */

import type { OperatorFunction } from 'rxjs'
import type { Anomaly, AnomalySeason, AnomalySeries, AnomalyTold, MetricPoint } from '../../schemas/types.ts'
import { days, hours } from '../../schemas/units.ts'
import { keyed } from '../core/keyed.ts'
import { type AnomalyPolicy, default_anomalies, type Found, type JudgedPoint } from './anomaly-policy.ts'
import { metric_of, new_season, new_series, type Series, season_of } from './anomaly-series.ts'
import { findPatterns } from './find-patterns.ts'
import { expected_again, judge_point } from './judge-point.ts'
import { exposure_of, off_scale, on_scale, part_of, score_of, seen_of } from './judged-scale.ts'

const TOLD_MOST = 64

/** Points with what was expected of them, each followed by its anomalies: of the point, then of the hour that it completes. */
export const detectAnomalies =
  (policy: AnomalyPolicy = default_anomalies): OperatorFunction<MetricPoint, Found> =>
  points =>
    points.pipe(judgePoints(policy), findPatterns(policy))

export const judgePoints = (policy: AnomalyPolicy = default_anomalies) =>
  keyed<MetricPoint, JudgedPoint, AnomalySeries, AnomalySeason>({
    name: 'detect-anomalies',
    version: 2,
    state: { schema: 'state/anomaly_series', init: () => ({ metrics: [] }) },
    slot: { schema: 'state/anomaly_season', init: new_season },
    // Points come back through the log while stream time may have leapt ahead: a tick that forgot would race with them.
    idle_ms: Number.POSITIVE_INFINITY,
    step: (state, point, turn) => {
      const kept = state.metrics.find(({ metric }) => metric === point.metric)
      const season = turn.slot(point.metric)
      const before = kept && season ? { ...kept, ...season } : new_series(point.occurred_at, point.metric)
      const { series, expected, told } =
        point.occurred_at <= before.latest_ms ? correct(before, point, policy) : judge(before, point, policy)
      turn.emit({ point: { ...point, expected }, anomaly: told && anomaly(point, told, policy) })
      if (!season || series.week !== season.week || series.level !== season.level)
        turn.put(point.metric, season_of(series))
      if (series === before) return state
      const metric = metric_of(series)
      return {
        metrics: kept ? state.metrics.map(old => (old === kept ? metric : old)) : [...state.metrics, metric],
      }
    },
  })

interface Step {
  readonly series: Series
  readonly expected: number | null
  readonly told: AnomalyTold | null
}

const judge = (before: Series, point: MetricPoint, policy: AnomalyPolicy): Step => {
  const { series, verdict, expected } = judge_point(before, point, policy)
  if (!verdict || (!verdict.unusual && series.settling === 0)) return { series, expected, told: null }
  const { span_ms, seen, exposure, deviation, unit } = verdict
  const told: AnomalyTold = {
    start_ms: point.occurred_at,
    seen: seen_of(point),
    exposure: exposure_of(point),
    rate: exposure > 0 ? verdict.expected / exposure : 0,
    span_ms,
    span_seen: seen,
    span_exposure: exposure,
    span_expected: verdict.expected,
    deviation,
    unit,
    points: series.points,
  }
  if (!verdict.unusual) return { series: { ...series, settling: series.settling - 1 }, expected, told }
  const kept = series.told.filter(old => old.start_ms > point.occurred_at - days(2)).slice(1 - TOLD_MOST)
  const settling = Math.ceil(policy.settle_ms / point.window_ms)
  return { series: { ...series, settling, told: [...kept, told] }, expected, told }
}

/** A later revision of a point that has been judged. */
const correct = (series: Series, point: MetricPoint, policy: AnomalyPolicy): Step => {
  const again = expected_again(series, point, policy)
  const { occurred_at } = point
  const seen_now = seen_of(point)
  const exposure = exposure_of(point)
  const recent = series.recent.map(old => {
    if (old.start_ms !== occurred_at) return old
    const expected = old.exposure > 0 ? (old.expected / old.exposure) * exposure : old.expected
    return { ...old, seen: seen_now, exposure, expected }
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
  if (!old) return { series: next, expected: again, told: null }
  const more = exposure - old.exposure
  const told = {
    ...old,
    seen: seen_now,
    exposure,
    span_seen: old.span_seen + seen_now - old.seen,
    span_exposure: old.span_exposure + more,
    span_expected: old.span_expected + more * old.rate,
  }
  const all = next.told.map(other => (other === old ? told : other))
  return { series: { ...next, told: all }, expected: again, told }
}

const anomaly = (point: MetricPoint, told: AnomalyTold, { threshold }: AnomalyPolicy): Anomaly => {
  const { span_ms, deviation, unit } = told
  const sums = { seen: told.span_seen, expected: told.span_expected, exposure: told.span_exposure }
  const score = score_of(point, sums, deviation, unit)
  const part = part_of(point, sums.exposure)
  const place = on_scale(point, sums.expected, sums.exposure, unit)
  const bound = (score: number) => off_scale(point, place + score * deviation, sums.exposure, unit) / part
  const lower = bound(-threshold)
  const usual = Math.abs(score) < threshold
  return {
    event_id: point.event_id,
    tenant_id: point.tenant_id,
    occurred_at: point.occurred_at + point.window_ms - span_ms,
    window_ms: span_ms,
    revision: point.revision,
    metric: point.metric,
    currency: point.currency,
    dimension: point.dimension,
    pattern: usual ? '' : score > 0 ? 'spike' : 'drop',
    direction: usual ? 'none' : score > 0 ? 'spike' : 'drop',
    value: sums.seen / part,
    expected: sums.expected / part,
    lower: point.kind === 'count' || point.kind === 'ratio' ? Math.max(0, lower) : lower,
    upper: bound(threshold),
    score,
    baseline_points: told.points - 1,
    method: span_ms < hours(1) ? 'seasonal-robust-1 quarter' : 'seasonal-robust-1 hour',
  }
}
