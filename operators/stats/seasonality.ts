/**
 * Is there a season, and what is it: the autocorrelation test at 90 % and the classical decomposition by
 * centred moving averages (Macaulay 1931), both as the M4 competition's benchmarks use them. One season of a
 * known length in periods.
 */

/** Autocorrelations of lags 1 … `lags`; all 0 for a constant series. */
export const autocorrelations = (values: ArrayLike<number>, lags: number): Float64Array => {
  const n = values.length
  let mean = 0
  for (let i = 0; i < n; i++) mean += values[i]! / n
  const centred = Float64Array.from(values, x => x - mean)
  let variance = 0
  for (let i = 0; i < n; i++) variance += centred[i]! * centred[i]!
  return Float64Array.from({ length: lags }, (_, index) => {
    let sum = 0
    for (let i = index + 1; i < n; i++) sum += centred[i]! * centred[i - index - 1]!
    return variance > 0 ? sum / variance : 0
  })
}

/**
 * The autocorrelation at the season's lag lies outside the 90 % limits that the shorter lags leave; needs 3
 * seasons.
 */
export const is_seasonal = (values: ArrayLike<number>, season: number): boolean => {
  if (season < 2 || values.length < 3 * season) return false
  const r = autocorrelations(values, season)
  let shorter = 0
  for (let i = 0; i < season - 1; i++) shorter += r[i]! * r[i]!
  return Math.abs(r[season - 1]!) > 1.645 * Math.sqrt((1 + 2 * shorter) / values.length)
}

/** Centred moving average over one season (2 × m for an even one); NaN where it does not fit. */
export const centred_average = (values: ArrayLike<number>, season: number): Float64Array => {
  const half = Math.floor(season / 2)
  const ends = season % 2 === 0 ? 0.5 : 1
  const averages = new Float64Array(values.length).fill(Number.NaN)
  for (let i = half; i < values.length - half; i++) {
    let sum = ends * (values[i - half]! + values[i + half]!)
    for (let j = i - half + 1; j < i + half; j++) sum += values[j]!
    averages[i] = sum / season
  }
  return averages
}

export type SeasonKind = 'additive' | 'multiplicative'

export interface Decomposition {
  /** Of position i mod season; mean 0 (additive) or 1 (multiplicative). */
  readonly indices: Float64Array
  readonly trend: Float64Array
}

/** Trend by centred averages, season as the mean deviation (or ratio) by position. Needs 2 seasons. */
export const decompose = (values: ArrayLike<number>, season: number, kind: SeasonKind): Decomposition => {
  const trend = centred_average(values, season)
  const sums = new Float64Array(season)
  const counts = new Float64Array(season)
  for (let i = 0; i < values.length; i++) {
    const level = trend[i]!
    const apart = kind === 'additive' ? values[i]! - level : values[i]! / level
    if (!Number.isFinite(apart)) continue
    sums[i % season]! += apart
    counts[i % season]!++
  }
  const neutral = kind === 'additive' ? 0 : 1
  const indices = sums.map((sum, i) => (counts[i]! > 0 ? sum / counts[i]! : neutral))
  const mean = indices.reduce((sum, x) => sum + x, 0) / season
  return { indices: indices.map(x => (kind === 'additive' ? x - mean : x / mean)), trend }
}
