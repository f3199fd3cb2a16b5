/**
 * Decides: which hours and days of a series are unusual though its points are not: a level that shifted, a trend, a value of
 *   another kind; and which anomalies of points come back at an hour of the day (recurring-hour.ts).
 * Because: sums over 6 and 24 hours show what one hour is too short for (long-spans.ts), a week against the one before what
 *   the season follows (day-trend.ts), and an ensemble what has no such shape (judge-series.ts).
 * Keeps: per metric of the series, for ever: the hour and the day being added up, fourteen days, and in a slot the ensemble's
 *   record, which changes by the hour.
 * When late: a revision of a point changes nothing: its hour is judged. Twice: a point comes once per revision. Missing:
 *   hours without points, or of counts and sums without some of them, are not judged, nor ratios over policy.samples events.
 * Limits: told at the end of the hour that shows it, under the id of its last point, and not taken back; the first usual hour
 *   says `none`. Hours with an anomaly of a point teach none of this; the first fourteen days tell none of it.
 */
import type { Anomaly, AnomalyDetector, AnomalyHour, AnomalyHours, MetricPoint } from '../../schemas/types.ts'
import { hours } from '../../schemas/units.ts'
import { keyed, type Turn } from '../core/keyed.ts'
import type { AnomalyPolicy, Found, JudgedPoint } from './anomaly-policy.ts'
import { add_to_day, judge_day } from './day-trend.ts'
import { judge_value, new_detector } from './judge-series.ts'
import { judge_spans, type LongVerdict } from './long-spans.ts'
import { recur } from './recurring-hour.ts'
import { add_point, first_hour, value_of } from './whole-hour.ts'

export const findPatterns = (policy: AnomalyPolicy) =>
  keyed<JudgedPoint, Found, AnomalyHours, AnomalyDetector>({
    name: 'find-patterns',
    version: 1,
    state: { schema: 'state/anomaly_hours', init: () => ({ metrics: [] }) },
    slot: { schema: 'state/anomaly_detector', init: new_detector },
    idle_ms: Number.POSITIVE_INFINITY,
    step: (state, { point, anomaly }, turn) => {
      turn.emit({ of: 'point', row: point })
      if (anomaly) turn.emit({ of: 'anomaly', row: anomaly })
      const kept = state.metrics.find(({ metric }) => metric === point.metric)
      if (kept && point.occurred_at <= kept.latest_ms) return state
      const known = recur(kept ?? first_hour(point), anomaly)
      const hour = add_point(known, { point, anomaly }, over => end_hour(over, point, turn, policy))
      return {
        metrics: kept ? state.metrics.map(old => (old === kept ? hour : old)) : [...state.metrics, hour],
      }
    },
  })

interface Told {
  readonly pattern: string
  /** The row's window begins here and ends with the hour. */
  readonly start_ms: number
  readonly method: string
  readonly verdict: LongVerdict
}
const BY_SEASON = 'seasonal-robust-1 hours'

/** Says what the hour that is over shows; the hour as the next one begins from it. */
const end_hour = (
  over: AnomalyHour,
  point: MetricPoint,
  turn: Turn<Found, AnomalyDetector>,
  policy: AnomalyPolicy,
): AnomalyHour => {
  const spans = judge_spans(over, point, policy)
  const day = judge_day(add_to_day(spans.hour), point, over.hour_ms + hours(1))
  const ensemble = by_ensemble(over, value_of(over, point, policy.samples), turn, policy)
  const started = over.hour_ms - over.started_ms >= policy.pattern_ms
  const verdict = started ? spans.verdict : null
  const shifted = verdict !== null && Math.abs(verdict.score) >= policy.long_threshold
  const run = shifted ? over.run + 1 : 0
  // The last point's own anomaly has its id.
  if (over.latest_told) return { ...day.hour, run }
  const start_ms = over.hour_ms
  const say = (told: Told) => turn.emit({ of: 'anomaly', row: row_of(point, over, told) })
  if (shifted) say({ pattern: 'level_shift', start_ms, method: BY_SEASON, verdict })
  else if (started && day.verdict)
    say({
      pattern: 'trend',
      start_ms: start_ms - hours(23),
      method: 'mann-kendall week',
      verdict: day.verdict,
    })
  else if (over.left_out) return { ...day.hour, run }
  else if (over.recurring) {
    say({
      pattern: 'recurring',
      start_ms: over.recurring.start_ms,
      method: BY_SEASON,
      verdict: over.recurring,
    })
    return { ...day.hour, run, open: true, recurring: null }
  } else if (ensemble) say(ensemble)
  else {
    if (over.open && verdict) say({ pattern: '', start_ms, method: BY_SEASON, verdict })
    return { ...day.hour, run, open: over.open && !verdict }
  }
  return { ...day.hour, run, open: true }
}

const by_ensemble = (
  hour: AnomalyHour,
  value: number | null,
  turn: Turn<Found, AnomalyDetector>,
  { patterns, ensemble_score, threshold }: AnomalyPolicy,
): Told | null => {
  if (value === null) return null
  const { state, verdict } = judge_value(turn.slot(hour.metric) ?? new_detector(), hour.hour_ms, value)
  turn.put(hour.metric, state)
  if (!verdict.anomaly || verdict.score < ensemble_score || !patterns.has(verdict.pattern)) return null
  const expected = verdict.expected ?? value
  const one = verdict.deviation === 0 ? 0 : (value - expected) / verdict.deviation
  return {
    pattern: verdict.pattern,
    start_ms: hour.hour_ms,
    method: 'ensemble-1 hour',
    verdict: {
      value,
      expected,
      lower: expected - threshold * Math.abs(one),
      upper: expected + threshold * Math.abs(one),
      score: verdict.deviation,
    },
  }
}

const row_of = (
  point: MetricPoint,
  hour: AnomalyHour,
  { pattern, start_ms, method, verdict }: Told,
): Anomaly => {
  const { value, expected, lower, upper, score } = verdict
  return {
    event_id: `${point.event_id.slice(0, point.event_id.lastIndexOf('|'))}|${hour.latest_ms}`,
    tenant_id: point.tenant_id,
    occurred_at: start_ms,
    window_ms: hour.hour_ms + hours(1) - start_ms,
    revision: 0,
    metric: point.metric,
    currency: point.currency,
    dimension: point.dimension,
    pattern,
    direction: pattern === '' ? 'none' : score < 0 ? 'drop' : 'spike',
    ...{ value, expected, lower, upper, score },
    baseline_points: hour.judged,
    method,
  }
}
