/**
 * Seasonal-trend decomposition by loess (STL: Cleveland, Cleveland, McRae and Terpenning 1990), without its
 * robust outer loop. For evenly spaced values; the season may change slowly from one turn to the next.
 */

/**
 * Local regression at `x` of the values at 0, 1, 2 …, over the `window` nearest; degree 0 or 1, tricube
 * weights.
 */
const loess_at = (values: Float64Array, x: number, window: number, degree: 0 | 1): number => {
  const n = values.length
  const width = Math.min(window, n)
  const left = Math.min(Math.max(0, Math.round(x - (width - 1) / 2)), n - width)
  const right = left + width - 1
  const reach = Math.max(x - left, right - x) + (window > n ? (window - n) / 2 : 0)
  const bandwidth = Math.max(reach, 0.5) * 1.001
  let [weights, xs, ys, xx, xy] = [0, 0, 0, 0, 0]
  for (let i = left; i <= right; i++) {
    const distance = Math.abs(i - x) / bandwidth
    if (distance >= 1) continue
    const cube = 1 - distance * distance * distance
    const weight = cube * cube * cube
    const d = i - x
    weights += weight
    xs += weight * d
    ys += weight * values[i]!
    xx += weight * d * d
    xy += weight * d * values[i]!
  }
  const spread = weights * xx - xs * xs
  if (degree === 0 || !(spread > 1e-9 * weights * weights)) return ys / weights
  return (xx * ys - xs * xy) / spread
}

/** Loess at every `jump`-th point and the last, straight lines between. */
const smooth = (values: Float64Array, window: number, jump: number): Float64Array => {
  const n = values.length
  const out = new Float64Array(n)
  out[0] = loess_at(values, 0, window, 1)
  for (let from = 0; from < n - 1; ) {
    const to = Math.min(n - 1, from + jump)
    out[to] = loess_at(values, to, window, 1)
    for (let i = from + 1; i < to; i++)
      out[i] = out[from]! + ((out[to]! - out[from]!) * (i - from)) / (to - from)
    from = to
  }
  return out
}

const moving_average = (values: Float64Array, width: number): Float64Array => {
  const out = new Float64Array(values.length - width + 1)
  let sum = 0
  for (let i = 0; i < values.length; i++) {
    sum += values[i]!
    if (i >= width) sum -= values[i - width]!
    if (i >= width - 1) out[i - width + 1] = sum / width
  }
  return out
}

/** Each position of the season smoothed over its turns, one turn longer at both ends: n + 2 seasons. */
const smooth_positions = (detrended: Float64Array, season: number, window: number): Float64Array => {
  const n = detrended.length
  const out = new Float64Array(n + 2 * season)
  for (let p = 0; p < season; p++) {
    const turns = Math.ceil((n - p) / season)
    const own = Float64Array.from({ length: turns }, (_, k) => detrended[p + k * season]!)
    for (let k = -1; k <= turns; k++) out[p + (k + 1) * season] = loess_at(own, k, window, 0)
  }
  return out
}

const odd = (x: number): number => 2 * Math.floor(x / 2) + 1
const jump_of = (window: number): number => Math.ceil(window / 10)

export interface Stl {
  readonly seasonal: Float64Array
  readonly trend: Float64Array
}

/** `seasonal_window`: turns over which a position of the season is smoothed. Needs 2 seasons. */
export const stl = (values: ArrayLike<number>, season: number, seasonal_window: number): Stl => {
  const n = values.length
  const low_window = odd(season)
  const trend_window = odd(Math.ceil((1.5 * season) / (1 - 1.5 / seasonal_window)))
  let trend: Float64Array = new Float64Array(n)
  const seasonal = new Float64Array(n)
  for (let round = 0; round < 2; round++) {
    const detrended = Float64Array.from(values, (x, i) => x - trend[i]!)
    const cycle = smooth_positions(detrended, season, seasonal_window)
    const averaged = moving_average(moving_average(moving_average(cycle, season), season), 3)
    const low = smooth(averaged, low_window, jump_of(low_window))
    for (let i = 0; i < n; i++) seasonal[i] = cycle[i + season]! - low[i]!
    const without = Float64Array.from(values, (x, i) => x - seasonal[i]!)
    trend = smooth(without, trend_window, jump_of(trend_window))
  }
  return { seasonal, trend }
}

/**
 * Several seasons, each decomposed from what the others leave, in two rounds (MSTL: Bandara, Hyndman and
 * Bergmeir 2021). One season's values a row, in the order given.
 */
export const several_seasons = (values: ArrayLike<number>, seasons: readonly number[]): Float64Array[] => {
  const left = Float64Array.from(values)
  const parts: Float64Array[] = seasons.map(() => new Float64Array(values.length))
  for (let round = 0; round < 2; round++)
    for (const [j, season] of seasons.entries()) {
      for (let i = 0; i < left.length; i++) left[i]! += parts[j]![i]!
      parts[j] = stl(left, season, 11 + 4 * j).seasonal
      for (let i = 0; i < left.length; i++) left[i]! -= parts[j]![i]!
    }
  return parts
}
