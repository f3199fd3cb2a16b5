/**
 * How far forecasts were from what came, as the M4 competition defines it (Makridakis et al. 2020). Arrays
 * of one value a step; all measures are means over the steps.
 */

const mean = (n: number, term: (i: number) => number): number => {
  let sum = 0
  for (let i = 0; i < n; i++) sum += term(i)
  return sum / n
}

/** Per cent, 0 to 200; a step whose actual and forecast are both 0 counts 0. */
export const smape = (actual: ArrayLike<number>, forecast: ArrayLike<number>): number =>
  mean(actual.length, i => {
    const size = Math.abs(actual[i]!) + Math.abs(forecast[i]!)
    return size === 0 ? 0 : (200 * Math.abs(actual[i]! - forecast[i]!)) / size
  })

export const mean_absolute_error = (actual: ArrayLike<number>, forecast: ArrayLike<number>): number =>
  mean(actual.length, i => Math.abs(actual[i]! - forecast[i]!))

/**
 * Mean absolute difference to the value a season earlier: the scale of MASE and MSIS; null when 0 or
 * unknown.
 */
export const seasonal_scale = (train: ArrayLike<number>, season: number): number | null => {
  const scale = mean(train.length - season, i => Math.abs(train[i + season]! - train[i]!))
  return scale > 0 ? scale : null
}

/** Part of what came that lay within lo and hi. */
export const coverage = (actual: ArrayLike<number>, lo: ArrayLike<number>, hi: ArrayLike<number>): number =>
  mean(actual.length, i => (actual[i]! >= lo[i]! && actual[i]! <= hi[i]! ? 1 : 0))

/**
 * Width of an interval plus 2 / (1 - level) times by how much it missed (Gneiting and Raftery 2007), in
 * `scale`.
 */
export const interval_score = (
  actual: ArrayLike<number>,
  lo: ArrayLike<number>,
  hi: ArrayLike<number>,
  level: number,
  scale: number,
): number =>
  mean(actual.length, i => {
    const missed = Math.max(0, lo[i]! - actual[i]!, actual[i]! - hi[i]!)
    return (hi[i]! - lo[i]! + (2 / (1 - level)) * missed) / scale
  })
