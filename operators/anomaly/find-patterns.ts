/**
 * Decides: which hours and days of a series are unusual though its points are not: a level that shifted, a trend, a value of
 *   another kind; and which anomalies of points come back at an hour of the day.
 * Because: sums over 6 and 24 hours show what one hour is too short for (long-spans.ts), a week against the one before what
 *   the season follows (day-trend.ts), and an ensemble what has no such shape (judge-series.ts).
 * Keeps: per metric of the series, for ever: the hour and the day being added up, fourteen days, and in a slot the ensemble's
 *   record, which changes by the hour.
 * When late: a revision of a point changes nothing: its hour is judged. Twice: a point comes once per revision. Missing:
 *   hours without points, or of counts and sums without some of them, are not judged, nor ratios over policy.samples events.
 * Limits: told at the end of the hour that shows it, under the id of its last point, and not taken back; the first usual hour
 *   says `none`. Hours with an anomaly of a point teach none of this; the first fourteen days tell none of it.
 */
import type { Anomaly, AnomalyDetector, AnomalyHour, AnomalyHours } from '../../schemas/types.ts'
import { days, hours } from '../../schemas/units.ts'
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
      const kept = state.metrics.find(({ metric }) => metric === point.metric)
      if (kept && point.occurred_at <= kept.latest_ms) {
        if (anomaly) turn.emit({ of: 'anomaly', row: anomaly })
        return state
      }
      const known = recur(kept ?? first_hour(point), anomaly)
      if (known.anomaly) turn.emit({ of: 'anomaly', row: known.anomaly })
      const hour = add_point(known.hour, { point, anomaly }, over =>
        end_hour(over, { point, anomaly }, turn, policy),
      )
      return {
        metrics: kept ? state.metrics.map(old => (old === kept ? hour : old)) : [...state.metrics, hour],
      }
    },
  })

interface Told {
  readonly pattern: string
  readonly window_ms: number
  readonly method: string
  readonly verdict: LongVerdict
}

/** What the hour that is over shows, written at once; the hour as the next one begins from it. */
const end_hour = (
  over: AnomalyHour,
  { point, anomaly }: JudgedPoint,
  turn: Turn<Found, AnomalyDetector>,
  policy: AnomalyPolicy,
): AnomalyHour => {
  const spans = judge_spans(over, point, policy)
  const day = judge_day(add_to_day(spans.hour), point, over.hour_ms + hours(1))
  const value = value_of(over, point, policy.samples)
  const ensemble = value === null ? null : by_ensemble(over, value, turn, policy)
  const old = over.hour_ms - over.started_ms >= policy.pattern_ms
  const far = old && spans.verdict !== null && Math.abs(spans.verdict.score) >= policy.long_threshold
  const told: Told | null = far
    ? {
        pattern: 'level_shift',
        window_ms: hours(1),
        method: 'seasonal-robust-1 hours',
        verdict: spans.verdict,
      }
    : old && day.verdict
      ? { pattern: 'trend', window_ms: days(1), method: 'mann-kendall week', verdict: day.verdict }
      : over.left_out
        ? null
        : ensemble
  const calm = spans.verdict ?? null
  // The last point's own anomaly has its id.
  const free = !(anomaly && over.latest_ms === point.occurred_at)
  if (free && told) turn.emit({ of: 'anomaly', row: row_of(point, over, told) })
  if (free && !told && over.open && calm)
    turn.emit({
      of: 'anomaly',
      row: row_of(point, over, {
        pattern: '',
        window_ms: hours(1),
        method: 'seasonal-robust-1 hours',
        verdict: calm,
      }),
    })
  const open = told !== null || (over.open && !(free && calm))
  return { ...day.hour, open, run: far ? over.run + 1 : 0 }
}

const by_ensemble = (
  hour: AnomalyHour,
  value: number,
  turn: Turn<Found, AnomalyDetector>,
  { patterns, ensemble_score, threshold }: AnomalyPolicy,
): Told | null => {
  const { state, verdict } = judge_value(turn.slot(hour.metric) ?? new_detector(), hour.hour_ms, value)
  turn.put(hour.metric, state)
  if (!verdict.anomaly || verdict.score < ensemble_score || !patterns.has(verdict.pattern)) return null
  const expected = verdict.expected ?? value
  const one = verdict.deviation === 0 ? 0 : (value - expected) / verdict.deviation
  return {
    pattern: verdict.pattern,
    window_ms: hours(1),
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
  point: JudgedPoint['point'],
  hour: AnomalyHour,
  { pattern, window_ms, method, verdict }: Told,
): Anomaly => ({
  event_id: `${point.event_id.slice(0, point.event_id.lastIndexOf('|'))}|${hour.latest_ms}`,
  tenant_id: point.tenant_id,
  occurred_at: hour.hour_ms + hours(1) - window_ms,
  window_ms,
  revision: 0,
  metric: point.metric,
  currency: point.currency,
  dimension: point.dimension,
  pattern,
  direction: pattern === '' ? 'none' : verdict.score < 0 ? 'drop' : 'spike',
  ...verdict,
  baseline_points: hour.judged,
  method,
})
