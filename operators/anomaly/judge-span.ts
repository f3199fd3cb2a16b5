/** How unusual a sum over a quarter or an hour is, in robust standard deviations, and what its spread learns from that. */

import { days } from '../../schemas/units.ts'
import type { AnomalyPolicy } from './anomaly-policy.ts'
import type { Series } from './anomaly-series.ts'
import { is_own_scale, is_ratio, type Judged, part_of, type Sums, score_of, unit_of } from './judged-scale.ts'
import { first_spreads, type Residual, spread_at, widen } from './usual-spread.ts'

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

export interface Span extends Sums {
  readonly span_ms: number
  readonly span: number
}

export const judge_span = (
  series: Series,
  point: Judged,
  { span_ms, span, ...sums }: Span,
  doubt: number,
  { threshold }: AnomalyPolicy,
): { readonly verdict: Verdict; readonly doubted: number } => {
  const unit = unit_of(series)
  const { least, doubted } = is_own_scale(point)
    ? own_variance(series, point, span, sums, doubt)
    : count_variance(point, sums, doubt, unit)
  const deviation = Math.sqrt(Math.max(least, spread_at(series, span, point.occurred_at)) + doubted)
  const score = score_of(point, sums, deviation, unit)
  const unusual = Math.abs(score) >= threshold
  return {
    verdict: { ...sums, span_ms: Math.max(span_ms, point.window_ms), deviation, unit, score, unusual },
    doubted,
  }
}

/** Of a share no more than a binomial's, of a count a Poisson's. */
const count_variance = (point: Judged, { expected, exposure }: Sums, doubt: number, unit: number) => ({
  least: 1 - (is_ratio(point) && exposure > 0 ? Math.min(0.9, expected / exposure) : 0),
  doubted: (doubt * Math.max(0, expected)) / unit,
})

/** What does not vary at all may still be off by a ten-thousandth. */
const own_variance = (
  series: Series,
  point: Judged,
  span: number,
  { expected, exposure }: Sums,
  doubt: number,
) => ({
  least: (1e-4 * (expected / part_of(point, exposure))) ** 2 + 1e-12,
  doubted: doubt * spread_at(series, span, point.occurred_at),
})

const FIRST_POINTS = 12
export const teach_spread = (
  spreads: number[],
  span: number,
  series: Series,
  point: Judged,
  residual: Residual,
): void => {
  const { points, started_ms } = series
  if (is_own_scale(point) && points < FIRST_POINTS)
    first_spreads(spreads, span, points, residual.score * residual.deviation)
  // Its hours of the day are seen for the first time: that they differ is no spread.
  else if (!is_own_scale(point) || point.occurred_at - started_ms >= days(1))
    widen(spreads, span, points, point, residual)
}
