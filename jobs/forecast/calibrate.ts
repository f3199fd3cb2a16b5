/**
 * Intervals from how far forecasts really were from what came (split conformal prediction: Vovk et al. 2005,
 * Lei et al. 2018), pooled over the windows of a set: errors are scaled by what was known at their origin,
 * by how errors grow with the step, and by how well the series was foretold in windows apart from it;
 * quantiles are of the scaled errors.
 */

export interface ErrorWindow {
  readonly origin: number
  readonly scale: number
  /** Actual minus forecast, step 1 first; may be shorter than the horizon. */
  readonly errors: Float64Array
}

export interface ErrorSeries {
  readonly windows: readonly ErrorWindow[]
  /** At the origin that the interval is for. */
  readonly scale: number
}

/** Half widths by step. */
export interface HalfWidths {
  readonly final: Float64Array
  /** What they would have been at each window, its own errors unknown. */
  readonly by_window: readonly Float64Array[]
}

/**
 * So many windows of a series count as much as the pool in judging how well it can be foretold: 1 in a large
 * pool, more in a small one, all of them where the series is the pool.
 */
const pool_worth = (others: number): number => 1 + 10 / others

/** A step has its own quantile from so many windows on; below it all steps share one. */
const ENOUGH_WINDOWS = 60

/**
 * Mean scaled absolute error by step, never falling; by the square root of the step where nothing is known.
 */
const growth_of = (set: readonly ErrorSeries[], horizon: number): Float64Array => {
  const sums = new Float64Array(horizon)
  const counts = new Float64Array(horizon)
  for (const { windows } of set)
    for (const { scale, errors } of windows)
      for (let h = 0; h < errors.length; h++) {
        sums[h]! += Math.abs(errors[h]!) / scale
        counts[h]!++
      }
  const growth = new Float64Array(horizon)
  let before = 0
  for (let h = 0; h < horizon; h++) {
    const mean = counts[h]! > 0 ? sums[h]! / counts[h]! : h > 0 ? before * Math.sqrt((h + 1) / h) : 1
    before = Math.max(before, mean, 1e-12)
    growth[h] = before
  }
  return growth
}

/**
 * How much worse (above 1) or better than the pool a series was foretold in the windows that share no value
 * with `apart`.
 */
const own_factor = (
  windows: readonly ErrorWindow[],
  sizes: readonly number[],
  worth: number,
  apart: ErrorWindow | null,
): number => {
  if (worth === Number.POSITIVE_INFINITY) return 1
  let sum = worth
  let count = worth
  for (const [w, { origin, errors }] of windows.entries()) {
    if (apart && origin < apart.origin + apart.errors.length && apart.origin < origin + errors.length)
      continue
    sum += sizes[w]!
    count++
  }
  return sum / count
}

/**
 * The k-th smallest with k = ⌈(n + 1) level⌉, as conformal prediction wants it; beyond the largest, the
 * largest.
 */
const conformal_quantile = (sorted: Float64Array, level: number): number =>
  sorted[Math.min(sorted.length, Math.ceil((sorted.length + 1) * level)) - 1]!

/** Quantiles of a normal error whose mean absolute size is 1, where no window is known. */
const NORMAL: Readonly<Record<number, number>> = { 0.8: 1.6062, 0.95: 2.4565 }

const quantiles = (scores: readonly number[][], level: number): Float64Array => {
  const all = Float64Array.from(scores.flat()).sort()
  return Float64Array.from(scores, step => {
    if (all.length === 0) return NORMAL[level]!
    return conformal_quantile(step.length >= ENOUGH_WINDOWS ? Float64Array.from(step).sort() : all, level)
  })
}

/** One result a series and level. */
export const calibrate = (
  set: readonly ErrorSeries[],
  horizon: number,
  levels: readonly number[],
): HalfWidths[][] => {
  const growth = growth_of(set, horizon)
  const known = set.filter(({ windows }) => windows.length > 0).length
  const worth = pool_worth(Math.max(0, known - 1))
  const sizes = set.map(({ windows }) =>
    windows.map(({ scale, errors }) => {
      let sum = 0
      for (let h = 0; h < errors.length; h++) sum += Math.abs(errors[h]!) / scale / growth[h]!
      return sum / errors.length
    }),
  )
  const scores: number[][] = Array.from({ length: horizon }, () => [])
  for (const [s, { windows }] of set.entries())
    for (const window of windows) {
      const { scale, errors } = window
      const unit = scale * own_factor(windows, sizes[s]!, worth, window)
      for (let h = 0; h < errors.length; h++) scores[h]!.push(Math.abs(errors[h]!) / unit / growth[h]!)
    }
  const by_level = levels.map(level => quantiles(scores, level))
  return set.map(({ windows, scale }, s) =>
    by_level.map(quantile => {
      const width = (unit: number): Float64Array => quantile.map((q, h) => q * growth[h]! * unit)
      return {
        final: width(scale * own_factor(windows, sizes[s]!, worth, null)),
        by_window: windows.map(window => width(window.scale * own_factor(windows, sizes[s]!, worth, window))),
      }
    }),
  )
}
