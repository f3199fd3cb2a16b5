/**
 * What a rule says of a series at the end of a window: trouble, calm or nothing. Pure; the stream and the back-test call it alike.
 * A ratio that must not be chance passes by Wilson's bound, so that one failure of two is no alarm.
 */
import type { AlertSeriesAnomaly, AlertSeriesPoint } from '../../schemas/types.ts'
import { wilson_lower } from '../stats/proportion.ts'
import { type AlertRule, CHANCE_Z, type Severity } from './alert-rules.ts'
import { severity_of } from './watched-rules.ts'

export interface Seen {
  /** Of the series, by their start; none begins behind the window. */
  readonly points: readonly AlertSeriesPoint[]
  /** What the detectors say of the window. */
  readonly anomalies: readonly AlertSeriesAnomaly[]
  /** Of the window. */
  readonly end_ms: number
  /** Whether the window itself has a point. Without one, time can bring calm, never trouble. */
  readonly fresh: boolean
}

/** Points taken together. */
export interface Taken {
  readonly from_ms: number
  readonly value: number
  readonly expected: number | null
  readonly numerator: number
  readonly denominator: number
  readonly samples: number
  readonly kind: string
}

export interface Judgement {
  readonly verdict: 'trouble' | 'calm'
  readonly from_ms: number
  readonly window_ms: number
  readonly value: number | null
  readonly expected: number | null
  readonly severity: Severity
  /** Of what the detectors say. */
  readonly score: number | null
  /** Null where the detectors say it, or there is no point. */
  readonly taken: Taken | null
  readonly cause_event_ids: readonly string[]
}

/** null: nothing can be said. */
export const judge_rule = (rule: AlertRule, seen: Seen): Judgement | null =>
  rule.of === 'anomaly' ? judge_anomaly(rule, seen) : judge_points(rule, seen)

const judge_anomaly = (rule: AlertRule, { points, anomalies, fresh }: Seen): Judgement | null => {
  const bad = anomalies.find(one => is_anomaly_bad(rule, one))
  const anomaly = bad ?? anomalies[0]
  if (!anomaly) {
    const last = points.at(-1)
    if (!fresh || !last) return null
    const { start_ms, window_ms, value, expected, event_id } = last
    return {
      ...{ verdict: 'calm', from_ms: start_ms, window_ms, value, expected, severity: rule.severity },
      ...{ score: null, taken: take([last]), cause_event_ids: [event_id] },
    }
  }
  const { event_id, start_ms, window_ms, value, expected, score } = anomaly
  return {
    verdict: bad ? 'trouble' : 'calm',
    ...{ from_ms: start_ms, window_ms, value, expected, score },
    ...{ severity: severity_of(rule, score), taken: null, cause_event_ids: [event_id] },
  }
}

const is_anomaly_bad = (rule: AlertRule, anomaly: AlertSeriesAnomaly): boolean => {
  const { pattern, direction, value, expected, score } = anomaly
  const heard =
    rule.when === 'unusual'
      ? direction !== 'none'
      : rule.when === 'drop' || rule.when === 'spike'
        ? direction === rule.when && (pattern === '' || pattern === direction)
        : pattern === rule.when && direction !== 'none'
  if (!heard) return false
  return rule.as_share
    ? Math.abs(expected - value) >= rule.threshold * Math.abs(expected)
    : Math.abs(score) >= rule.threshold
}

const judge_points = (rule: AlertRule, { points, end_ms, fresh }: Seen): Judgement | null => {
  const from_ms = rule.window_ms > 0 ? end_ms - rule.window_ms : (points.at(-1)?.start_ms ?? end_ms)
  const some = points.slice(first_from(points, from_ms))
  const taken = take(some)
  const of = { severity: rule.severity, score: null, taken, from_ms, window_ms: end_ms - from_ms }
  if (!taken) {
    if (rule.window_ms === 0 || rule.when !== 'above') return null
    return { ...of, verdict: 'calm', value: null, expected: null, cause_event_ids: [] }
  }
  if (rule.window_ms === 0 && !fresh) return null
  const bad = is_bad(rule, taken)
  if (bad === null) return null
  const { value, expected } = taken
  if (!bad) return { ...of, verdict: 'calm', value, expected, cause_event_ids: ids_of(some.slice(-1)) }
  if (!fresh || taken.samples < rule.least_samples) return null
  const causes = rule.beyond_chance ? some.filter(({ numerator }) => numerator > 0) : some
  // The newest stretch that is to blame, not all that was taken into account.
  const newest = some.at(-1)?.start_ms ?? from_ms
  return { ...of, verdict: 'trouble', from_ms: newest, value, expected, cause_event_ids: ids_of(causes) }
}

const ids_of = (points: readonly AlertSeriesPoint[]): readonly string[] =>
  points.slice(-50).map(({ event_id }) => event_id)

const first_from = (points: readonly AlertSeriesPoint[], from_ms: number): number => {
  let at = points.length
  while (at > 0 && (points[at - 1] as AlertSeriesPoint).start_ms >= from_ms) at--
  return at
}

const is_bad = (rule: AlertRule, { value, expected, numerator, denominator }: Taken): boolean | null => {
  const { when, threshold } = rule
  if (when === 'above')
    return rule.beyond_chance
      ? wilson_lower(numerator, denominator, CHANCE_Z) >= threshold
      : value > threshold
  if (when === 'below') return value < threshold
  if (expected === null || expected <= 0) return null
  return when === 'drops_by' ? value <= expected * (1 - threshold) : value >= expected * (1 + threshold)
}

/** Ratios and levels over what they are ratios of; quantiles by their events; sums and counts added up. null: no point. */
export const take = (points: readonly AlertSeriesPoint[]): Taken | null => {
  const [first] = points
  if (!first) return null
  const { kind, start_ms: from_ms } = first
  let [numerator, denominator, samples, expected, known] = [0, 0, 0, 0, true]
  for (const point of points) {
    const weight = weight_of(point)
    numerator += kind === 'quantile' ? point.value * weight : point.numerator
    denominator += weight
    samples += point.samples
    if (point.expected === null) known = false
    else expected += point.expected * weight
  }
  const mean = kind === 'ratio' || kind === 'level' || kind === 'quantile'
  const over = mean ? denominator || 1 : 1
  return {
    ...{ from_ms, kind, numerator, denominator, samples, value: numerator / over },
    expected: known ? expected / over : null,
  }
}

/** What the value is a mean over; 1 where it is a sum. */
export const weight_of = ({ kind, denominator, samples }: AlertSeriesPoint): number =>
  kind === 'ratio' || kind === 'level' ? denominator : kind === 'quantile' ? samples : 1
