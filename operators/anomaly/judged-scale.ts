/**
 * The scale on which a metric's distance from usual is measured. Counts, sums and ratios: the root of a sum, on which their
 * spread does not grow with them. Levels and quantiles: their mean, as it is, since nothing is known of how it spreads.
 */

import type { MetricPoint } from '../../schemas/types.ts'
import { hours } from '../../schemas/units.ts'
import { from_root, to_root } from '../stats/root-scale.ts'
import type { Series } from './anomaly-series.ts'

export type Judged = Pick<
  MetricPoint,
  'occurred_at' | 'window_ms' | 'kind' | 'currency' | 'value' | 'numerator' | 'denominator' | 'samples'
>
type Kind = Pick<Judged, 'kind'>

export const is_ratio = ({ kind }: Kind): boolean => kind === 'ratio'
/** Neither counts nor made of counts: may be negative, and a sum of it means nothing. */
export const is_own_scale = ({ kind }: Kind): boolean => kind === 'level' || kind === 'quantile'

/** What a ratio is a share of; of all else the part of an hour. */
export const exposure_of = (point: Judged): number =>
  is_ratio(point) ? point.denominator : point.window_ms / hours(1)

/** What is added up over a span. */
export const seen_of = (point: Judged): number =>
  is_own_scale(point) ? point.value * exposure_of(point) : point.numerator

/** What a value is a sum over: a rate times it is the value. */
export const part_of = (point: Kind, exposure: number): number =>
  (is_ratio(point) || is_own_scale(point)) && exposure > 0 ? exposure : 1

export const on_scale = (point: Kind, sum: number, exposure: number, unit: number): number =>
  is_own_scale(point) ? sum / part_of(point, exposure) : to_root(sum, unit)

export const off_scale = (point: Kind, place: number, exposure: number, unit: number): number =>
  is_own_scale(point) ? place * part_of(point, exposure) : from_root(place, unit)

export interface Sums {
  readonly seen: number
  readonly expected: number
  readonly exposure: number
}
const SCORE_MOST = 1000

/** How far what was seen is from what was expected. */
export const score_of = (
  point: Kind,
  { seen, expected, exposure }: Sums,
  deviation: number,
  unit: number,
): number => {
  const far = on_scale(point, seen, exposure, unit) - on_scale(point, expected, exposure, unit)
  return Math.min(SCORE_MOST, Math.max(-SCORE_MOST, far / deviation))
}

/** Size of one event on the root scale: twice a usual payment or amount, as sizes differ; of counts 1. */
export const unit_of = ({ unit_seen, unit_samples }: Series): number =>
  unit_seen > 0 && unit_samples > 0 ? (2 * unit_seen) / unit_samples : 1

export const measure_unit = (series: Series, { kind, numerator, samples }: Judged): Series => {
  if (kind !== 'sum' || samples <= 0) return series
  const kept = 0.9995
  return {
    ...series,
    unit_seen: series.unit_seen * kept + Math.abs(numerator),
    unit_samples: series.unit_samples * kept + samples,
  }
}
