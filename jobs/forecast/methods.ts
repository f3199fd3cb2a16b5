/**
 * The methods by name: from when on each can be asked, and its point forecasts. Those that know no season
 * work on the seasonally adjusted series and get the season back, as in the M4 benchmarks.
 */
import { several_seasons } from '../../operators/stats/stl.ts'
import { fit_seasonal_line } from './fit-line.ts'
import { fit_holt, fit_simple, fit_winters, fit_winters_from_start } from './fit-smoothing.ts'
import { type Adjusted, adjust_season } from './seasonal-adjustment.ts'
import { dynamic_theta_forecast, theta_forecast } from './theta.ts'
import type { Component } from './types.ts'

/** What a method sees: the values up to an origin, their seasons, and what methods share. */
export interface History {
  readonly values: Float64Array
  /** Ascending, each longer than 1. */
  readonly seasons: readonly number[]
  /** The shortest season, 1 without. */
  readonly season: number
  readonly adjusted: Adjusted
  /** Nothing was ever below 0, so nothing is foretold there. */
  readonly positive: boolean
}

export const history_of = (values: ArrayLike<number>, seasons: readonly number[]): History => {
  const own = seasons.filter(length => length > 1)
  const season = own[0] ?? 1
  let adjusted: Adjusted | null = null
  return {
    values: Float64Array.from(values),
    seasons: own,
    season,
    positive: Array.prototype.every.call(values, (x: number) => x >= 0),
    get adjusted() {
      adjusted ??= adjust_season(values, season)
      return adjusted
    },
  }
}

interface Method {
  /** Values it needs with these seasons. */
  needs(seasons: readonly number[]): number
  forecast(history: History, horizon: number): Float64Array
}

const flat = (value: number, horizon: number): Float64Array => new Float64Array(horizon).fill(value)

const repeat_season = (values: Float64Array, season: number, horizon: number): Float64Array =>
  Float64Array.from({ length: horizon }, (_, h) => values[values.length - season + (h % season)]!)

/** Without a season a window of four periods. */
const average_window = (season: number): number => (season > 1 ? season : 4)

const moving_average = ({ values, season }: History, horizon: number): Float64Array => {
  const window = average_window(season)
  let sum = 0
  for (let i = values.length - window; i < values.length; i++) sum += values[i]!
  return flat(sum / window, horizon)
}

/** Start states are fitted too where the season is short enough to afford it. */
const FITTED_SEASON = 12

const holt_winters = ({ values, season, seasons }: History, horizon: number): Float64Array => {
  if (seasons.length === 0) return fit_holt(values, false).forecast(horizon)
  const fit_season = season <= FITTED_SEASON ? fit_winters : fit_winters_from_start
  const additive = fit_season(values, season, 'additive')
  if (values.some(x => x <= 0)) return additive.forecast(horizon)
  const multiplicative = fit_season(values, season, 'multiplicative')
  return (multiplicative.sse < additive.sse ? multiplicative : additive).forecast(horizon)
}

/** The longest season of which there are at least two turns. */
const usable = (values: Float64Array, seasons: readonly number[]): readonly number[] =>
  seasons.filter(season => values.length >= 2 * season + 1)

const linear_regression = ({ values, seasons }: History, horizon: number): Float64Array =>
  fit_seasonal_line(values, usable(values, seasons).at(-1) ?? 1).forecast(horizon)

/** Seasons apart by STL, each repeated; what is left goes on as the dynamic theta model says. */
const two_season = ({ values, seasons }: History, horizon: number): Float64Array => {
  const own = usable(values, seasons)
  const parts = several_seasons(values, own)
  const left = values.map((x, i) => parts.reduce((rest, part) => rest - part[i]!, x))
  const path = dynamic_theta_forecast(left, horizon)
  for (const [j, part] of parts.entries()) {
    const turn = repeat_season(part, own[j]!, horizon)
    for (let h = 0; h < horizon; h++) path[h]! += turn[h]!
  }
  return path
}

const adjusted_by =
  (forecast: (values: Float64Array, horizon: number) => Float64Array) =>
  ({ adjusted }: History, horizon: number): Float64Array =>
    adjusted.restore(forecast(adjusted.values, horizon))

const shortest = (seasons: readonly number[]): number => seasons[0] ?? 1

const BY_NAME: Readonly<Record<Component, Method>> = {
  naive: { needs: () => 1, forecast: ({ values }, horizon) => flat(values.at(-1)!, horizon) },
  seasonal_naive: {
    needs: shortest,
    forecast: ({ values, season }, horizon) => repeat_season(values, season, horizon),
  },
  moving_average: { needs: seasons => average_window(shortest(seasons)), forecast: moving_average },
  exponential_smoothing: {
    needs: () => 3,
    forecast: adjusted_by((values, horizon) => fit_simple(values).forecast(horizon)),
  },
  holt: {
    needs: () => 5,
    forecast: adjusted_by((values, horizon) => fit_holt(values, false).forecast(horizon)),
  },
  damped_holt: {
    needs: () => 6,
    forecast: adjusted_by((values, horizon) => fit_holt(values, true).forecast(horizon)),
  },
  holt_winters: {
    needs: seasons => (seasons.length === 0 ? 5 : 2 * shortest(seasons) + 5),
    forecast: holt_winters,
  },
  theta: { needs: () => 4, forecast: adjusted_by(theta_forecast) },
  dynamic_theta: { needs: () => 5, forecast: adjusted_by(dynamic_theta_forecast) },
  linear_regression: {
    needs: () => 3,
    forecast: linear_regression,
  },
  two_season: {
    needs: seasons => (seasons.length === 0 ? Number.POSITIVE_INFINITY : 2 * shortest(seasons) + 6),
    forecast: two_season,
  },
}

export const COMPONENTS = Object.keys(BY_NAME) as Component[]

/** Values that a method needs; infinite: it cannot be used with these seasons. */
export const values_needed = (method: Component, seasons: readonly number[]): number =>
  BY_NAME[method].needs(seasons.filter(length => length > 1))

/** Steps 1 … horizon; null when the history is too short or the fit leaves the numbers. */
export const method_forecast = (
  method: Component,
  history: History,
  horizon: number,
): Float64Array | null => {
  if (history.values.length < values_needed(method, history.seasons)) return null
  const path = BY_NAME[method].forecast(history, horizon)
  if (!path.every(Number.isFinite)) return null
  return history.positive ? path.map(x => Math.max(0, x)) : path
}
