/**
 * How far a metric usually is from its season, on the root scale: a variance per span of time, pooled and by hour of the
 * day, learnt from residuals cut at 2.5 deviations (Huber's proposal 2, recursive).
 */

import { days, hours, minutes } from '../../schemas/units.ts'
import type { Series } from './anomaly-series.ts'

/** What is judged: the quarter-hour shows what stopped, the hour what sank. */
export const SPANS: readonly number[] = [minutes(15), hours(1)]
const CUT = 2.5
/** Variances per span: pooled, then 24 by hour of the day. */
const SPREADS = 25

export interface Residual {
  readonly score: number
  readonly deviation: number
  /** What the season's doubt is of that deviation's square. */
  readonly doubted: number
}

export const new_spreads = (): number[] => new Array(SPANS.length * SPREADS).fill(1)

/** Nothing is known of the scale: the first residuals, uncut, are the spread of every hour. */
export const first_spreads = (spreads: number[], span: number, points: number, residual: number): void => {
  const at = span * SPREADS
  const before = points === 0 ? 0 : (spreads[at] as number)
  spreads.fill(before + (residual * residual - before) / (points + 1), at, at + SPREADS)
}

const hour_of = (at_ms: number): number => ((Math.floor(at_ms / hours(1)) % 24) + 24) % 24

/** The variance of a span: pooled at first, more and more that of its hour of the day. */
export const spread_at = (series: Series, span: number, at_ms: number): number => {
  const history = (at_ms - series.started_ms) / days(1)
  const own = Math.min(0.75, history / (history + 7))
  const at = span * SPREADS
  return (
    (1 - own) * (series.spreads[at] as number) + own * (series.spreads[at + 1 + hour_of(at_ms)] as number)
  )
}

/** Lets the spread learn from a residual, cut; what the season's doubt explains is not counted twice. */
export const widen = (
  spreads: number[],
  span: number,
  points: number,
  { occurred_at, window_ms }: { readonly occurred_at: number; readonly window_ms: number },
  { score, deviation, doubted }: Residual,
): void => {
  const per_hour = hours(1) / window_ms
  const variance = Math.max(0, Math.min(score * score, CUT * CUT) * deviation * deviation - doubted)
  const teach = (at: number, share: number) => {
    spreads[at] = (spreads[at] as number) + share * (variance - (spreads[at] as number))
  }
  teach(span * SPREADS, Math.max(1 / (points + 2), 1 / (168 * per_hour)))
  teach(span * SPREADS + 1 + hour_of(occurred_at), Math.max(1 / (points / 24 + 2), 1 / (28 * per_hour)))
}
