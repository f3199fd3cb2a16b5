/** What is kept of a series that a rule watches: its last points, and what the detectors said of windows that are not judged yet. */
import type { AlertSeries, AlertSeriesAnomaly, AlertSeriesPoint } from '../../schemas/types.ts'
import { hours } from '../../schemas/units.ts'
import type { AlertRule } from './alert-rules.ts'
import type { SeriesOf } from './explain-alert.ts'
import type { Seen } from './judge-rule.ts'
import { watches } from './watched-rules.ts'

export interface Watched extends SeriesOf {
  /** metric|currency|dimension */
  readonly id: string
  readonly series: AlertSeries
}

/** By their start; a point of the same start is replaced. */
export const with_point = (
  points: readonly AlertSeriesPoint[],
  point: AlertSeriesPoint,
): AlertSeriesPoint[] => {
  const at = points.findLastIndex(({ start_ms }) => start_ms <= point.start_ms)
  const same = points[at]?.start_ms === point.start_ms ? 1 : 0
  return points.toSpliced(at + 1 - same, same, point)
}

export const watched = ([id, series]: readonly [string, AlertSeries]): Watched => {
  const [first, second] = [id.indexOf('|'), id.indexOf('|', id.indexOf('|') + 1)]
  return {
    id,
    series,
    metric: id.slice(0, first),
    currency: id.slice(first + 1, second) || null,
    dimension: id.slice(second + 1),
    points: series.points,
  }
}

const end_of = ({ start_ms, window_ms }: AlertSeriesPoint | AlertSeriesAnomaly): number =>
  start_ms + window_ms

/** As it stood at the end of a window. */
export const seen_of = ({ points, anomalies }: AlertSeries, end_ms: number): Seen => {
  const last = points.findLastIndex(point => end_of(point) <= end_ms)
  const newest = points[last]
  return {
    points: last === points.length - 1 ? points : points.slice(0, last + 1),
    anomalies: anomalies.filter(anomaly => end_of(anomaly) === end_ms),
    end_ms,
    fresh: newest !== undefined && end_of(newest) === end_ms,
  }
}

/** How long a point may still be asked for. */
const kept_ms = (rules: readonly AlertRule[], { currency, dimension }: Watched, many: boolean): number => {
  let kept = 0
  for (const rule of rules) {
    if (rule.window_ms > 0 && watches(rule, currency, dimension))
      kept = Math.max(kept, rule.window_ms + rule.keep_firing_ms + hours(1))
    // Of the whole, and of parts that explain it.
    if (rule.dimension === '' && !(many && dimension)) kept = Math.max(kept, hours(1))
  }
  return kept
}

/** What is left when a window has been judged; null: nothing. `many`: parts are not kept to explain their whole. */
export const left_of = (
  of: Watched,
  rules: readonly AlertRule[],
  end_ms: number,
  many: boolean,
): AlertSeries | null => {
  const { points, anomalies } = of.series
  const from_ms = end_ms - kept_ms(rules, of, many)
  const first = points[0]
  const old = first !== undefined && end_of(first) <= from_ms
  const judged = anomalies.some(anomaly => end_of(anomaly) <= end_ms)
  if (!old && !judged) return of.series
  const left = {
    points: old ? points.filter(point => end_of(point) > from_ms) : points,
    anomalies: anomalies.filter(anomaly => end_of(anomaly) > end_ms),
  }
  return left.points.length + left.anomalies.length > 0 ? left : null
}
