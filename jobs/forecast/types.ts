/** What goes into and comes out of forecasting. */

export const METHODS = [
  'naive',
  'seasonal_naive',
  'moving_average',
  'exponential_smoothing',
  'holt',
  'damped_holt',
  'holt_winters',
  'theta',
  'dynamic_theta',
  'linear_regression',
  'two_season',
  'best',
] as const
export type MethodName = (typeof METHODS)[number]
export type Component = Exclude<MethodName, 'best'>

export interface SeriesInput {
  readonly name: string
  /** One a period, oldest first, none missing. */
  readonly values: readonly number[]
  /** Lengths in periods, ascending; [] or [1]: none. */
  readonly seasons: readonly number[]
}

/** Step 1 first. */
export interface MethodForecast {
  readonly method: MethodName
  readonly value: readonly number[]
  readonly lo80: readonly number[]
  readonly hi80: readonly number[]
  readonly lo95: readonly number[]
  readonly hi95: readonly number[]
}

/** How a method did at earlier origins of this series. */
export interface MethodScore {
  readonly method: MethodName
  readonly origins: number
  readonly mae: number
  readonly rmse: number
  /** Per cent, 0 to 200; null where all of it was 0. */
  readonly smape: number | null
  /** Against the seasonal naive method in the sample; null where that never errs. */
  readonly mase: number | null
  readonly coverage80: number
  readonly coverage95: number
  /** In `best`; 0: not used. */
  readonly weight: number
}

export interface SeriesForecast {
  readonly name: string
  /** Only the methods that the series is long enough for. */
  readonly forecasts: readonly MethodForecast[]
  /** Only methods that could be asked at earlier origins. */
  readonly scores: readonly MethodScore[]
  /** Methods asked for that the series is too short for, and what they need. */
  readonly left_out: readonly { readonly method: MethodName; readonly needs: string }[]
}
