/**
 * Decides: what each rule says of each series when a window is whole: trouble or calm, and what stands behind it.
 * Because: rules of several series (what explains, what inhibits, what is usual in money) must see the same window of all of
 *   them; those that explain others speak first, so that what they explain is never told before.
 * Keeps: of a series that a rule watches the last hour, or as long as the rule takes points together; a day's business by the
 *   hour; of more than two thousand series only the wholes.
 * When late: a window that comes behind is judged by itself; a revision changes what is taken together later, and raises nothing.
 *   Twice: the point replaces itself. Missing: without a point a rule over a stretch can become calm, never worse.
 * Limits: reads order-points, which hands on whole windows in one order whatever order they came in.
 */
import type { AlertSaid, AlertSeries, AlertUsual } from '../../schemas/types.ts'
import { keyed, type Turn } from '../core/keyed.ts'
import type { AlertRule, Severity } from './alert-rules.ts'
import { judgement_text } from './describe-alert.ts'
import { contributor_of, money_of } from './explain-alert.ts'
import { NOTHING_SAID } from './incident.ts'
import { type Judgement, judge_rule } from './judge-rule.ts'
import type { Heard, HeardAnomaly, HeardPoint } from './order-points.ts'
import { add_business, is_business, usual_of } from './usual-business.ts'
import { are_parts_watched, fingerprint_of, is_watched, watched_rules, watches } from './watched-rules.ts'
import { left_of, seen_of, type Watched, watched, with_point } from './watched-series.ts'

export interface Finding {
  readonly verdict: Judgement['verdict']
  readonly fingerprint: string
  readonly rule: AlertRule
  /** Of the stretch in which it shows. */
  readonly from_ms: number
  /** End of the window: when it is decided. */
  readonly at_ms: number
  readonly severity: Severity
  readonly cause_event_ids: readonly string[]
  /** In words and numbers; asked for when an alert is told. */
  said(): AlertSaid
}
type JudgeTurn = Turn<Finding, AlertSeries, 'judge'>

const QUIET: AlertUsual = { ends: [], newest_ms: 0, late: [], hours: [] }
const NEW_SERIES: AlertSeries = { points: [], anomalies: [] }
const SERIES_MOST = 2000

export const judgePoints = () =>
  keyed<Heard, Finding, AlertUsual, AlertSeries, 'judge'>({
    name: 'judge-points',
    version: 1,
    state: { schema: 'state/alert_usual', init: () => QUIET },
    slot: { schema: 'state/alert_series', init: () => NEW_SERIES },
    timers: { judge: 'stream' },
    idle_ms: Number.POSITIVE_INFINITY,
    step: (state, { from, value }, turn) =>
      from === 'point' ? hear_point(state, value, turn) : hear_anomaly(state, value, turn),
    on_timer: (state, _name, turn) => {
      for (const end_ms of state.ends) judge_window(state, end_ms, turn)
      return { ...state, ends: [], late: [], newest_ms: Math.max(state.newest_ms, ...state.ends) }
    },
  })

const id_of = ({ metric, currency, dimension }: HeardPoint | HeardAnomaly): string =>
  `${metric}|${currency ?? ''}|${dimension}`

const hear_point = (state: AlertUsual, point: HeardPoint, turn: JudgeTurn): AlertUsual => {
  const { metric, occurred_at: start_ms, window_ms, revision, dimension } = point
  const counts = dimension === '' && is_business(metric)
  if (!counts && !is_watched(metric, turn)) return state
  // Nobody asks for the id of a point that only explains another.
  const event_id = dimension === '' || are_parts_watched(metric, turn) ? point.event_id : ''
  const { kind, value, numerator, denominator, samples, expected, currency } = point
  const of = { event_id, start_ms, window_ms, kind, value, numerator, denominator, samples, expected }
  const id = id_of(point)
  const series = turn.slot(id) ?? NEW_SERIES
  const known = series.points.some(old => old.start_ms === start_ms)
  if (revision > 0 && !known) return state
  turn.put(id, { ...series, points: with_point(series.points, of) })
  if (revision > 0 || known) return state
  const next = counts
    ? {
        ...state,
        hours: add_business(state.hours, {
          metric,
          currency,
          start_ms,
          value,
          samples,
        }) as AlertUsual['hours'],
      }
    : state
  return expect(next, id, start_ms + window_ms, turn)
}

const hear_anomaly = (state: AlertUsual, anomaly: HeardAnomaly, turn: JudgeTurn): AlertUsual => {
  if (anomaly.revision > 0 || !is_watched(anomaly.metric, turn)) return state
  const { event_id, occurred_at: start_ms, window_ms, pattern, direction, value, expected, score } = anomaly
  const id = id_of(anomaly)
  const series = turn.slot(id) ?? NEW_SERIES
  const of = { event_id, start_ms, window_ms, pattern, direction, value, expected, score }
  turn.put(id, { ...series, anomalies: [...series.anomalies, of] })
  return expect(state, id, start_ms + window_ms, turn)
}

/** The window is judged when all that is handed on together is there: behind this timer or record. */
const expect = (state: AlertUsual, id: string, end_ms: number, turn: JudgeTurn): AlertUsual => {
  const is_late = end_ms <= state.newest_ms && !state.late.includes(id)
  if (state.ends.includes(end_ms) && !is_late) return state
  turn.timer('judge', turn.at_ms)
  return {
    ...state,
    ends: [...new Set([...state.ends, end_ms])].sort((a, b) => a - b),
    late: is_late ? [...state.late, id] : state.late,
  }
}

const judge_window = (state: AlertUsual, end_ms: number, turn: JudgeTurn): void => {
  const by_metric = watched_rules(turn)
  const all = turn.slots().map(watched)
  const findings: Finding[] = []
  for (const one of all) {
    // Of a window that comes behind, the others have been judged: they are not to fire for it twice.
    if (end_ms <= state.newest_ms && !state.late.includes(one.id)) continue
    const rules = by_metric.get(one.metric) ?? []
    for (const rule of rules) {
      if (!watches(rule, one.currency, one.dimension)) continue
      const judged = judge_rule(rule, seen_of(one.series, end_ms))
      if (judged) findings.push(finding(rule, judged, one, all, state, end_ms))
    }
    const left = left_of(one, rules, end_ms, all.length > SERIES_MOST)
    if (left !== one.series) turn.put(one.id, left)
  }
  for (const explains of [true, false])
    for (const found of findings) if (found.rule.inhibits.length > 0 === explains) turn.emit(found)
}

const finding = (
  rule: AlertRule,
  judged: Judgement,
  of: Watched,
  all: readonly Watched[],
  state: AlertUsual,
  end_ms: number,
): Finding => {
  const { metric, currency, dimension } = of
  const { verdict, from_ms, severity, cause_event_ids, value, expected } = judged
  const said = (): AlertSaid => {
    const about = { ...NOTHING_SAID, metric, currency, dimension, value, expected }
    const description = judgement_text(rule, judged, { metric, currency, dimension })
    if (verdict === 'calm') return { ...about, description }
    const parts = all.filter(
      part => part.metric === metric && part.currency === currency && part.dimension !== '',
    )
    return {
      ...{ ...about, description },
      ...contributor_of(rule, of, parts, end_ms),
      ...money_of(judged, of, usual_of(state.hours)),
    }
  }
  const fingerprint = fingerprint_of(rule, metric, currency, dimension)
  return { verdict, fingerprint, rule, from_ms, at_ms: end_ms, severity, cause_event_ids, said }
}
