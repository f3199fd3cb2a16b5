/**
 * A straight line through values at times 1, 2, 3 …, and one with a season beside it, by ordinary least
 * squares.
 */

export interface Line {
  /** At time 0. */
  readonly intercept: number
  readonly slope: number
  readonly se: { readonly intercept: number; readonly slope: number }
  /** Standard deviation of what the line leaves, with n - 2 degrees of freedom. */
  readonly sigma: number
  readonly r2: number
  /** Standard error of predicting a new value at time t. */
  prediction_error(t: number): number
}

/** Needs 2 values; from 3 on the errors are numbers. */
export const fit_line = (values: ArrayLike<number>): Line => {
  const n = values.length
  const middle = (n + 1) / 2
  let mean = 0
  for (let i = 0; i < n; i++) mean += values[i]! / n
  let [times2, cross, values2] = [0, 0, 0]
  for (let i = 0; i < n; i++) {
    const t = i + 1 - middle
    const x = values[i]! - mean
    times2 += t * t
    cross += t * x
    values2 += x * x
  }
  const slope = cross / times2
  const left = Math.max(0, values2 - slope * cross)
  const sigma = Math.sqrt(left / (n - 2))
  const error_at = (t: number, own: number): number =>
    sigma * Math.sqrt(own + 1 / n + (t - middle) ** 2 / times2)
  return {
    intercept: mean - slope * middle,
    slope,
    se: { intercept: error_at(0, 0), slope: sigma / Math.sqrt(times2) },
    sigma,
    r2: values2 > 0 ? 1 - left / values2 : 0,
    prediction_error: t => error_at(t, 1),
  }
}

export interface SeasonalLine {
  readonly slope: number
  /** Steps 1 … horizon after the last value. */
  forecast(horizon: number): Float64Array
}

/** One slope, one level a position in the season (season 1: the plain line). Needs 2 seasons and 3 values. */
export const fit_seasonal_line = (values: ArrayLike<number>, season: number): SeasonalLine => {
  const n = values.length
  const counts = new Float64Array(season)
  const time_means = new Float64Array(season)
  const value_means = new Float64Array(season)
  for (let i = 0; i < n; i++) {
    counts[i % season]!++
    time_means[i % season]! += i
    value_means[i % season]! += values[i]!
  }
  for (let p = 0; p < season; p++) {
    time_means[p]! /= counts[p]!
    value_means[p]! /= counts[p]!
  }
  let [times2, cross] = [0, 0]
  for (let i = 0; i < n; i++) {
    const t = i - time_means[i % season]!
    times2 += t * t
    cross += t * (values[i]! - value_means[i % season]!)
  }
  const slope = times2 > 0 ? cross / times2 : 0
  const forecast = (horizon: number): Float64Array =>
    Float64Array.from({ length: horizon }, (_, h) => {
      const p = (n + h) % season
      return value_means[p]! + slope * (n + h - time_means[p]!)
    })
  return { slope, forecast }
}
