/**
 * The recursions of exponential smoothing (Brown 1959, Holt 1957, Winters 1960, damped: Gardner and McKenzie
 * 1985), at given parameters and start states: errors of one step ahead, and the state at the end. No
 * fitting here.
 */
import type { SeasonKind } from './seasonality.ts'

/**
 * `beta` weighs the change of level against the old trend; `phi` 1 is undamped; beta 0 and trend 0 is simple
 * smoothing.
 */
export interface HoltParameters {
  readonly alpha: number
  readonly beta: number
  readonly phi: number
  /** Before the first value. */
  readonly level: number
  readonly trend: number
}

export interface HoltState {
  readonly level: number
  readonly trend: number
}

/** Writes values minus their forecasts from the value before into `errors`. */
export const run_holt = (values: ArrayLike<number>, p: HoltParameters, errors: Float64Array): HoltState => {
  const { alpha, beta, phi } = p
  let { level, trend } = p
  for (let i = 0; i < values.length; i++) {
    const grown = phi * trend
    const expected = level + grown
    const error = values[i]! - expected
    errors[i] = error
    level = expected + alpha * error
    trend = grown + alpha * beta * error
  }
  return { level, trend }
}

/** Steps 1 … horizon beyond the state. */
export const holt_forecast = ({ level, trend }: HoltState, phi: number, horizon: number): Float64Array => {
  const path = new Float64Array(horizon)
  let damped = 0
  let weight = 1
  for (let h = 0; h < horizon; h++) {
    weight *= phi
    damped += weight
    path[h] = level + damped * trend
  }
  return path
}

export interface WintersParameters extends HoltParameters {
  readonly gamma: number
  readonly kind: SeasonKind
  /** One a position, the first for values[from]. */
  readonly seasonal: ArrayLike<number>
}

export interface WintersState extends HoltState {
  /** The first for the next value. */
  readonly seasonal: Float64Array
}

/**
 * From values[from] on (its errors land in errors[0 …]). The season is corrected by the new level, as
 * Winters and R's HoltWinters do.
 */
export const run_winters = (
  values: ArrayLike<number>,
  from: number,
  p: WintersParameters,
  errors: Float64Array,
): WintersState => {
  const { alpha, beta, gamma, phi } = p
  const additive = p.kind === 'additive'
  const season = p.seasonal.length
  const seasonal = Float64Array.from(p.seasonal)
  let { level, trend } = p
  let at = 0
  for (let i = from; i < values.length; i++) {
    const x = values[i]!
    const index = seasonal[at]!
    const grown = phi * trend
    const expected = level + grown
    errors[i - from] = x - (additive ? expected + index : expected * index)
    const next = alpha * (additive ? x - index : x / index) + (1 - alpha) * expected
    trend = beta * (next - level) + (1 - beta) * grown
    level = next
    seasonal[at] = gamma * (additive ? x - level : x / level) + (1 - gamma) * index
    at = at + 1 === season ? 0 : at + 1
  }
  return {
    level,
    trend,
    seasonal: seasonal.map((_, i) => seasonal[(at + i) % season]!),
  }
}

export const winters_forecast = (
  state: WintersState,
  { phi, kind }: { readonly phi: number; readonly kind: SeasonKind },
  horizon: number,
): Float64Array =>
  holt_forecast(state, phi, horizon).map((base, h) => {
    const index = state.seasonal[h % state.seasonal.length]!
    return kind === 'additive' ? base + index : base * index
  })
