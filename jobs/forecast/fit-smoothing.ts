/**
 * Exponential smoothing fitted: the parameters and start states of the least sum of squared errors one step
 * ahead. Start states enter the errors linearly, so simple smoothing has one parameter to search; the others
 * are searched by least squares from the best of a few starts.
 */
import {
  type HoltParameters,
  type HoltState,
  holt_forecast,
  run_holt,
  run_winters,
  type WintersParameters,
  type WintersState,
  winters_forecast,
} from '../../operators/stats/exponential-smoothing.ts'
import { fit_least_squares, minimise_line, sum_of_squares } from '../../operators/stats/least-squares.ts'
import { decompose, type SeasonKind } from '../../operators/stats/seasonality.ts'
import { fit_line } from './fit-line.ts'

export interface Fitted<Parameters, State> {
  readonly parameters: Parameters
  /** After the last value. */
  readonly state: State
  /** Sum of squared errors one step ahead. */
  readonly sse: number
  /** Steps 1 … horizon. */
  forecast(horizon: number): Float64Array
}
export type FittedHolt = Fitted<HoltParameters, HoltState>
export type FittedWinters = Fitted<WintersParameters, WintersState>

const fitted_holt = (values: ArrayLike<number>, parameters: HoltParameters): FittedHolt => {
  const errors = new Float64Array(values.length)
  const state = run_holt(values, parameters, errors)
  const sse = sum_of_squares(errors)
  return { parameters, state, sse, forecast: horizon => holt_forecast(state, parameters.phi, horizon) }
}

/**
 * For a given alpha the best start level is a regression on (1 - alpha)^t: the sum of squares and that
 * level.
 */
const simple_at = (values: ArrayLike<number>, alpha: number): { sse: number; level: number } => {
  const keep = 1 - alpha
  let level = 0
  let weight = 1
  let [errors2, cross, weights2] = [0, 0, 0]
  for (let i = 0; i < values.length; i++) {
    const error = values[i]! - level
    errors2 += error * error
    cross += error * weight
    weights2 += weight * weight
    level += alpha * error
    weight *= keep
  }
  return { sse: errors2 - (cross * cross) / weights2, level: cross / weights2 }
}

/** Simple exponential smoothing: a level that moves alpha of the way to each value. Needs 1 value. */
export const fit_simple = (values: ArrayLike<number>): FittedHolt => {
  // The level only shifts everything: taking it off first keeps digits.
  const base = values[0]!
  const shifted = Float64Array.from(values, x => x - base)
  const alpha = minimise_line(a => simple_at(shifted, a).sse, 1e-4, 1, 10, 1e-8)
  const { level } = simple_at(shifted, alpha)
  return fitted_holt(values, { alpha, beta: 0, phi: 1, level: level + base, trend: 0 })
}

const spread_of = (values: ArrayLike<number>): number => {
  let [lo, hi] = [values[0]!, values[0]!]
  for (let i = 1; i < values.length; i++) {
    lo = Math.min(lo, values[i]!)
    hi = Math.max(hi, values[i]!)
  }
  return hi - lo
}

/** A trend that takes more of an error than this chases noise: it fits one step and misses the horizon. */
const MOST_TREND = 0.2
const HOLT_STARTS = [
  [0.2, 0.02],
  [0.9, 0.001],
] as const
export const DAMPING = { least: 0.8, most: 0.98, start: 0.978 }

/** Holt's trend; damped: phi between 0.8 and 0.98, as R's ets bounds it. Needs 3 values. */
export const fit_holt = (values: ArrayLike<number>, damped: boolean): FittedHolt => {
  const n = values.length
  const spread = spread_of(values)
  const scale = spread || Math.abs(values[0]!) || 1
  const base = values[0]!
  const shifted = Float64Array.from(values, x => (x - base) / scale)
  const of = (p: ArrayLike<number>): HoltParameters => ({
    alpha: p[0]!,
    beta: p[0]! > p[1]! ? p[1]! / p[0]! : 1,
    level: p[2]!,
    trend: p[3]!,
    phi: damped ? p[4]! : 1,
  })
  const { intercept, slope } = fit_line(shifted.subarray(0, Math.min(n, 10)))
  const fits = HOLT_STARTS.map(([alpha, beta]) => {
    const start = [alpha, beta, intercept, slope, ...(damped ? [DAMPING.start] : [])]
    return fit_least_squares({
      residuals: (p, out) => void run_holt(shifted, of(p), out),
      size: n,
      start,
      lower: [1e-4, 0, -2, -2, DAMPING.least].slice(0, start.length),
      upper: [1, MOST_TREND, 3, 2, DAMPING.most].slice(0, start.length),
      max_iterations: 40,
      tolerance: 1e-8,
    })
  })
  const best = of(fits.reduce((a, b) => (b.sum < a.sum ? b : a)).parameters)
  return fitted_holt(values, { ...best, level: base + best.level * scale, trend: best.trend * scale })
}

/**
 * Start states from the first two seasons, as R's HoltWinters: for the value after the first season. Needs 2
 * seasons.
 */
export const winters_start = (
  values: ArrayLike<number>,
  season: number,
  kind: SeasonKind,
): { level: number; trend: number; seasonal: Float64Array } => {
  const first = Array.from({ length: 2 * season }, (_, i) => values[i]!)
  const { indices, trend } = decompose(first, season, kind)
  const known = trend.filter(x => !Number.isNaN(x))
  if (known.length < 2) return { level: known[0]!, trend: 0, seasonal: indices }
  const line = fit_line(known)
  return { level: line.intercept, trend: line.slope, seasonal: indices }
}

const WINTERS_STARTS = [
  [0.3, 0.1, 0.1],
  [0.5, 0.02, 0.6],
  [0.1, 0.01, 0.3],
  [0.9, 0.02, 0.05],
] as const

/**
 * alpha, beta and gamma in 0 … 1 by least squares over the values after the first season, as R's HoltWinters
 * does.
 */
export const fit_winters_from_start = (
  values: ArrayLike<number>,
  season: number,
  kind: SeasonKind,
): FittedWinters => {
  const start = winters_start(values, season, kind)
  const of = (p: ArrayLike<number>): WintersParameters => ({
    ...start,
    alpha: p[0]!,
    beta: p[1]!,
    gamma: p[2]!,
    phi: 1,
    kind,
  })
  const size = values.length - season
  const fits = WINTERS_STARTS.map(from =>
    fit_least_squares({
      residuals: (p, out) => void run_winters(values, season, of(p), out),
      size,
      start: [...from],
      lower: [0, 0, 0],
      upper: [1, 1, 1],
      tolerance: 1e-12,
    }),
  )
  return fitted_winters(values, season, of(fits.reduce((a, b) => (b.sum < a.sum ? b : a)).parameters))
}

const fitted_winters = (
  values: ArrayLike<number>,
  from: number,
  parameters: WintersParameters,
): FittedWinters => {
  const errors = new Float64Array(values.length - from)
  const state = run_winters(values, from, parameters, errors)
  const sse = sum_of_squares(errors)
  return { parameters, state, sse, forecast: horizon => winters_forecast(state, parameters, horizon) }
}

/**
 * Parameters and start states together by least squares over all values, from where `fit_winters_from_start`
 * ends. The columns to differentiate are as many as the season is long: meant for seasons up to 12.
 */
export const fit_winters = (values: ArrayLike<number>, season: number, kind: SeasonKind): FittedWinters => {
  const rough = fit_winters_from_start(values, season, kind).parameters
  const scale = spread_of(values) || 1
  const unit = kind === 'additive' ? scale : 1
  const of = (p: ArrayLike<number>): WintersParameters => ({
    alpha: p[0]!,
    beta: p[1]!,
    gamma: p[2]!,
    phi: 1,
    kind,
    level: p[3]! * scale,
    trend: p[4]! * scale,
    seasonal: Float64Array.from({ length: season }, (_, i) => p[5 + i]! * unit),
  })
  const states = [(rough.level - season * rough.trend) / scale, rough.trend / scale]
  const indices = Array.from({ length: season }, (_, i) => rough.seasonal[i]! / unit)
  const free = states.length + season
  const { parameters } = fit_least_squares({
    residuals: (p, out) => void run_winters(values, 0, of(p), out),
    size: values.length,
    start: [rough.alpha, rough.beta, rough.gamma, ...states, ...indices],
    lower: [1e-4, 0, 0, ...new Array<number>(free).fill(Number.NEGATIVE_INFINITY)],
    upper: [1, 1, 1, ...new Array<number>(free).fill(Number.POSITIVE_INFINITY)],
    max_iterations: 25,
    tolerance: 1e-6,
  })
  return fitted_winters(values, 0, of(parameters))
}
