/** One window of a series: what has been added to it, whether that is exact, and its points. */
import type { Measure, MetricPoint, MetricWindow } from '../../schemas/types.ts'
import { merge_bins, quantile } from '../stats/quantile-sketch.ts'

export type MeasureKind = Measure['kind']
/** What an event or a batch of them adds to a window. */
export interface Added {
  readonly kind: MeasureKind
  readonly numerator: number
  readonly denominator: number
  readonly samples: number
  readonly bins: Measure['bins']
  /** All numbers are multiples of 1 / parts: their sums are exact as long as they are no larger than that allows. */
  readonly parts: number
}

export const EMPTY_WINDOW: MetricWindow = { numerator: 0, denominator: 0, samples: 0, bins: [], revision: -1 }

export const add_to = (window: MetricWindow, added: Added): MetricWindow => ({
  numerator: window.numerator + added.numerator,
  denominator: window.denominator + added.denominator,
  samples: window.samples + added.samples,
  bins: merge_bins(window.bins, added.bins) as MetricWindow['bins'],
  revision: window.revision,
})

export const is_exact = ({ numerator, denominator, samples }: MetricWindow, parts: number): boolean =>
  Number.isSafeInteger(numerator * parts) &&
  Number.isSafeInteger(denominator * parts) &&
  Number.isSafeInteger(samples)

/** Where nothing happened there was nothing of these; the others cannot tell. */
export const has_zeros = (kind: string): boolean => kind === 'count' || kind === 'sum'

export interface Series {
  readonly tenant_id: string
  readonly metric: string
  readonly currency: string | null
  /** Empty: the whole. */
  readonly dimension: string
}

/** Of a key `tenant|metric|currency|dimension`; only the last may have a bar in it. */
export const series_of_key = (key: string): Series => {
  const [tenant_id = '', metric = '', currency = '', ...dimension] = key.split('|')
  return { tenant_id, metric, currency: currency || null, dimension: dimension.join('|') }
}

export interface PointOf {
  readonly start_ms: number
  readonly window_ms: number
  readonly revision: number
}

const QUANTILES = [50, 90, 99] as const

/** None where there is nothing to divide by, or no value. */
export const points_of = (
  series: Series,
  kind: string,
  window: MetricWindow,
  { start_ms, window_ms, revision }: PointOf,
): MetricPoint[] => {
  const { numerator, denominator, samples } = window
  const point = (metric: string, of: string, over: number, amount: number): MetricPoint => {
    const { tenant_id, currency, dimension } = series
    const name = `${metric}|${currency ?? ''}${dimension ? `|${dimension}` : ''}`
    return {
      event_id: `${name}|${start_ms}`,
      tenant_id,
      occurred_at: start_ms,
      window_ms,
      revision,
      metric,
      currency,
      value: amount / over,
      numerator: amount,
      denominator: over,
      kind: of,
      dimension,
      expected: null,
      samples,
    }
  }
  if (kind === 'values')
    return samples <= 0
      ? []
      : QUANTILES.map(q => point(`${series.metric}_p${q}`, 'quantile', 1, quantile(window.bins, q / 100)))
  if (has_zeros(kind)) return [point(series.metric, kind, 1, numerator)]
  return denominator > 0 ? [point(series.metric, kind, denominator, numerator)] : []
}
