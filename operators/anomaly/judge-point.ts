/**
 * How unusual the newest stretch of a metric is: sums over a quarter and a whole hour against what the season expects, on
 * the root scale, in robust standard deviations. An incident moves neither level nor spread. */

import type { AnomalyPoint } from '../../schemas/types.ts'
import { hours } from '../../schemas/units.ts'
import type { AnomalyPolicy } from './anomaly-policy.ts'
import type { Series } from './anomaly-series.ts'
import { judge_span, teach_spread, type Verdict } from './judge-span.ts'
import {
  exposure_of,
  is_own_scale,
  is_ratio,
  type Judged,
  measure_unit,
  part_of,
  seen_of,
  unit_of,
} from './judged-scale.ts'
import { end_hour } from './learn-season.ts'
import { usual_own } from './own-season.ts'
import { type Usual, usual_at } from './seasonal-level.ts'
import { SPANS } from './usual-spread.ts'

const usual_of = (series: Series, point: Judged): Usual => {
  const middle_ms = point.occurred_at + point.window_ms / 2
  if (is_own_scale(point) && series.points === 0) return { rate: point.value, doubt: 1 }
  return is_own_scale(point) ? usual_own(series, middle_ms) : usual_at(series, middle_ms, unit_of(series))
}

/** What the season expects of a point's value; null while too little is known. */
export const expected_of = (
  { started_ms }: Series,
  point: Judged,
  { rate }: Usual,
  { history_ms }: AnomalyPolicy,
): number | null =>
  point.occurred_at - started_ms < history_ms
    ? null
    : (rate * exposure_of(point)) / part_of(point, exposure_of(point))

/** The same of a point that has been judged before. */
export const expected_again = (series: Series, point: Judged, policy: AnomalyPolicy): number | null =>
  expected_of(series, point, usual_of(series, point), policy)

export interface Judgement {
  readonly series: Series
  /** What is to be said of the point; null while too little is known. */
  readonly verdict: Verdict | null
  readonly expected: number | null
}

/** The series with a new point in it, and its judgement. */
export const judge_point = (before: Series, point: Judged, policy: AnomalyPolicy): Judgement => {
  const start_ms = point.occurred_at
  const exposure = exposure_of(point)
  const series = measure_unit(end_hour(before, point, policy), point)
  const usual = usual_of(series, point)
  const newest = { start_ms, seen: seen_of(point), exposure, expected: usual.rate * exposure }
  const recent = [...series.recent.filter(p => p.start_ms > start_ms - hours(1)), newest]
  const spreads = series.spreads.slice()
  const warm = start_ms - series.started_ms >= policy.history_ms
  let worst: Verdict | null = null
  SPANS.forEach((span_ms, span) => {
    if (span_ms < point.window_ms && span !== SPANS.length - 1) return
    const sum = sum_of(recent, start_ms + point.window_ms - Math.max(span_ms, point.window_ms))
    const { verdict, doubted } = judge_span(series, point, { ...sum, span_ms, span }, usual.doubt, policy)
    if (!verdict.unusual || !warm) teach_spread(spreads, span, series, point, { ...verdict, doubted })
    if (sum.exposure < policy.samples && is_ratio(point)) return
    if (!worst || Math.abs(verdict.score) > Math.abs(worst.score)) worst = verdict
  })
  const verdict = warm ? (worst as Verdict | null) : null
  const run = verdict?.unusual ? series.run + 1 : 0
  return {
    verdict,
    expected: expected_of(series, point, usual, policy),
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
