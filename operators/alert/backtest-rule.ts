/**
 * When a rule would have fired over points and anomalies of the past: through the judgement and the incidents that decide on alerts,
 * without their stream. What people did, silences and inhibition are not part of it.
 */
import type { AlertIncident, AlertSeriesAnomaly, AlertSeriesPoint, MetricPoint } from '../../schemas/types.ts'
import { type AlertRule, type Severity, severities } from './alert-rules.ts'
import { calm, is_told, pass_time, sound, told } from './incident.ts'
import { type Judgement, judge_rule } from './judge-rule.ts'
import type { HeardAnomaly } from './order-points.ts'
import { fingerprint_of, watches } from './watched-rules.ts'

export interface Fired {
  readonly fingerprint: string
  readonly dimension: string
  readonly currency: string | null
  /** When it fired: the end of the window that was too much, or of the rule's patience. */
  readonly from_ms: number
  /** When it was resolved; null: it goes on. */
  readonly to_ms: number | null
  /** The highest. */
  readonly severity: Severity
  /** Of the judgement that made it fire. */
  readonly value: number | null
  readonly expected: number | null
}

type Point = Omit<MetricPoint, 'tenant_id'>
type Told = Omit<HeardAnomaly, 'tenant_id' | 'revision'>
interface Series {
  readonly currency: string | null
  readonly dimension: string
  readonly points: AlertSeriesPoint[]
  readonly anomalies: Map<number, AlertSeriesAnomaly[]>
}

/** The newest revision of each window, in any order; rows that the rule is not about are passed over. By time, then fingerprint. */
export const backtest_rule = (
  rule: AlertRule,
  points: readonly Point[],
  anomalies: readonly Told[],
): readonly Fired[] => {
  const ends = new Set<number>()
  const all = gather(rule, points, anomalies, ends)
  // A rule over a stretch can become calm at every window, another at its own only.
  const sorted = [...ends].sort((a, b) => a - b)
  return [...all.values()]
    .flatMap(series => run_series(rule, series, sorted))
    .sort((a, b) => a.from_ms - b.from_ms || (a.fingerprint < b.fingerprint ? -1 : 1))
}

const gather = (
  rule: AlertRule,
  points: readonly Point[],
  anomalies: readonly Told[],
  ends: Set<number>,
): ReadonlyMap<string, Series> => {
  const all = new Map<string, Series>()
  const series_of = ({ metric, currency, dimension }: Point | Told): Series | null => {
    if (metric !== rule.metric || !watches(rule, currency, dimension)) return null
    const id = `${currency ?? ''}|${dimension}`
    const known = all.get(id) ?? { currency, dimension, points: [], anomalies: new Map() }
    all.set(id, known)
    return known
  }
  for (const point of points) {
    const series = series_of(point)
    if (!series) continue
    const { occurred_at: start_ms, ...rest } = point
    series.points.push({ ...rest, start_ms })
    ends.add(start_ms + point.window_ms)
  }
  for (const anomaly of anomalies) {
    const series = series_of(anomaly)
    if (!series) continue
    const { occurred_at: start_ms, ...rest } = anomaly
    const end_ms = start_ms + anomaly.window_ms
    series.anomalies.set(end_ms, [...(series.anomalies.get(end_ms) ?? []), { ...rest, start_ms }])
    ends.add(end_ms)
  }
  for (const { points: list } of all.values()) list.sort((a, b) => a.start_ms - b.start_ms)
  return all
}

const run_series = (rule: AlertRule, series: Series, ends: readonly number[]): Fired[] => {
  const { points } = series
  const fired: Fired[] = []
  let incident: AlertIncident | undefined
  let bad: Judgement | null = null
  let [first, behind] = [0, 0]
  const step = (next: AlertIncident, was_told: boolean) => {
    if (is_told(next) && !was_told) fired.push(begin(rule, series, next, bad))
    const last = fired.at(-1)
    if (last && (is_told(next) || was_told))
      fired[fired.length - 1] = {
        ...last,
        to_ms: is_told(next) ? null : next.told_ms,
        severity: severities[next.rank] as Severity,
      }
    incident = told(next)
  }
  for (const end_ms of ends) {
    while (incident) {
      const passed = pass_time(incident, rule, end_ms - 1)
      if (!passed) break
      step(passed.incident, is_told(incident))
    }
    while (behind < points.length && end_of(points[behind]) <= end_ms) behind++
    while (first < behind - 1 && end_of(points[first]) <= end_ms - rule.window_ms) first++
    const seen = points.slice(first, behind)
    const newest = points[behind - 1]
    const anomalies = series.anomalies.get(end_ms) ?? []
    const fresh = newest !== undefined && end_of(newest) === end_ms
    const judged = judge_rule(rule, { points: seen, anomalies, end_ms, fresh })
    if (!judged) continue
    if (judged.verdict === 'trouble') bad = judged
    const next =
      judged.verdict === 'calm'
        ? calm(incident, rule, end_ms)
        : sound(incident, rule, { ...judged, at_ms: end_ms, cause_event_ids: [] })
    if (next) step(next.incident, incident !== undefined && is_told(incident))
  }
  return fired
}

const end_of = (point: AlertSeriesPoint | undefined): number => (point ? point.start_ms + point.window_ms : 0)

const begin = (
  rule: AlertRule,
  { currency, dimension }: Series,
  incident: AlertIncident,
  judged: Judgement | null,
): Fired => ({
  fingerprint: fingerprint_of(rule, rule.metric, currency, dimension),
  dimension,
  currency,
  from_ms: incident.fired_ms,
  to_ms: null,
  severity: severities[incident.rank] as Severity,
  value: judged?.value ?? null,
  expected: judged?.expected ?? null,
})
