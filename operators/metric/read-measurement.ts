/** A number that somebody measured, as what it adds to its window; or why it is none. */
import type { Row } from '../core/keyed.ts'
import { bin_of } from '../stats/quantile-sketch.ts'
import { is_counted_here } from './metric-list.ts'
import type { Added } from './metric-window.ts'

export type Measured = Row<'measurements', 'metric' | 'currency' | 'dimension' | 'kind' | 'value' | 'weight'>
/** Sums of multiples of 2^-16 are the same in any order. */
export const PARTS = 2 ** 16

const METRIC = /^[a-z][a-z0-9_]{0,79}$/
const CURRENCY = /^[A-Z]{3}$/
const DIMENSION = /^[^=|]{1,40}=.{0,160}$/

export const read_measurement = (row: Measured): Added | string => {
  const { metric, currency, dimension, kind } = row
  if (!METRIC.test(metric)) return 'metric_name'
  if (is_counted_here(metric)) return 'metric_is_counted_from_events'
  if (currency !== null && !CURRENCY.test(currency)) return 'currency'
  if (dimension !== '' && !DIMENSION.test(dimension)) return 'dimension'
  const value = in_parts(row.value)
  const weight = in_parts(row.weight)
  if (value === null || weight === null) return 'number_too_large'
  if (weight < 0) return 'weight_negative'
  const base = { kind, numerator: value, denominator: 0, samples: 1, bins: [], parts: PARTS }
  if (kind === 'sum') return base
  if (kind === 'ratio') return { ...base, denominator: weight, samples: Math.round(weight) }
  if (kind === 'level') {
    const weighted = in_parts(value * weight)
    return weighted === null ? 'number_too_large' : { ...base, numerator: weighted, denominator: weight }
  }
  if (!Number.isInteger(weight)) return 'weight_not_whole'
  const bins = weight > 0 ? [{ bin: bin_of(row.value), count: weight }] : []
  return { ...base, numerator: 0, samples: weight, bins }
}

/** The nearest multiple of 1 / PARTS; null: so large that it would not be exact. */
const in_parts = (value: number): number | null => {
  const parts = Math.round(value * PARTS)
  return Number.isSafeInteger(parts) ? parts / PARTS + 0 : null
}
