/**
 * A series without its season, and the season put back on a forecast: classical decomposition when the 90 %
 * test finds one (as the M4 benchmarks do), by ratios where every value is positive, else by differences.
 */
import { decompose, is_seasonal } from '../../operators/stats/seasonality.ts'

export interface Adjusted {
  readonly seasonal: boolean
  readonly values: Float64Array
  /** A forecast of the adjusted values, step 1 first, with its season. */
  restore(path: Float64Array): Float64Array
}

export const adjust_season = (values: ArrayLike<number>, season: number): Adjusted => {
  const seasonal = is_seasonal(values, season)
  if (!seasonal) return { seasonal, values: Float64Array.from(values), restore: path => path }
  const n = values.length
  const positive = Array.from(values).every(x => x > 0)
  const { indices } = decompose(values, season, positive ? 'multiplicative' : 'additive')
  return {
    seasonal,
    values: Float64Array.from(values, (x, i) =>
      positive ? x / indices[i % season]! : x - indices[i % season]!,
    ),
    restore: path =>
      path.map((x, h) => (positive ? x * indices[(n + h) % season]! : x + indices[(n + h) % season]!)),
  }
}
