/** The newest values of a stream, oldest first, and what is asked of them. Windows are short: every answer looks at all. */
import { add_value, deviation_of, type Moments, mean_of, no_moments } from './moments.ts'

export const slide = (window: readonly number[], value: number, most: number): readonly number[] =>
  window.length < most ? [...window, value] : [...window.slice(window.length - most + 1), value]

const moments = (window: readonly number[]): Moments => window.reduce(add_value, no_moments)
export const window_mean = (window: readonly number[]): number => mean_of(moments(window))
/** Of a sample: NaN of fewer than two values. */
export const window_deviation = (window: readonly number[]): number => deviation_of(moments(window))
export const window_least = (window: readonly number[]): number =>
  window.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY)
export const window_median = (window: readonly number[]): number => {
  const sorted = window.toSorted((a, b) => a - b)
  const half = sorted.length >> 1
  const upper = sorted[half] ?? Number.NaN
  return sorted.length % 2 ? upper : ((sorted[half - 1] ?? Number.NaN) + upper) / 2
}
