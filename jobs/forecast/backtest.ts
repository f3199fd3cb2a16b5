/**
 * Rolling origins: every method asked again at earlier moments of a series, knowing only what came before,
 * and compared with what came (Tashman 2000). Everything that chooses, weighs or calibrates learns from
 * these windows.
 */
import { type History, history_of, method_forecast } from './methods.ts'
import type { Component, SeriesInput } from './types.ts'

export interface Window {
  /** Values known: the first step is values[origin]. */
  readonly origin: number
  readonly actual: Float64Array
  /** Size of a usual change from period to period up to the origin; more than 0. */
  readonly scale: number
  /** One path a component asked for, as long as `actual`; null: the history is too short for it. */
  readonly paths: readonly (Float64Array | null)[]
}

/** Some of what came is the same. */
export const overlap = (
  a: { readonly origin: number; readonly actual: Float64Array },
  b: { readonly origin: number; readonly actual: Float64Array },
): boolean => a.origin < b.origin + b.actual.length && b.origin < a.origin + a.actual.length

export interface Backtest {
  readonly input: SeriesInput
  readonly history: History
  readonly scale: number
  readonly windows: readonly Window[]
  /** From all values, `horizon` long. */
  readonly paths: readonly (Float64Array | null)[]
}

/** Windows at most, where the series is long enough. */
const MOST_WINDOWS = 8

/** Least values before an origin: two seasons and a little, or a third of the series. */
const least_history = (n: number, season: number): number =>
  Math.max(season > 1 ? 2 * season + 5 : 7, Math.floor(n / 3))

/**
 * Newest first: the last leaves the whole horizon, or what a short series can spare. Steps between origins
 * are a third of the horizon, rounded up to half a season where they reach that far, so that origins fall on
 * different positions of it.
 */
export const origins_of = (n: number, horizon: number, season: number): number[] => {
  const least = least_history(n, season)
  const reach = Math.min(horizon, Math.floor((n - least) / 2) + 1)
  const third = Math.ceil(reach / 3)
  const step = season > 2 && third * 2 >= season ? Math.ceil(third / (season / 2)) * (season / 2) : third
  const origins: number[] = []
  for (let k = 0; k < MOST_WINDOWS; k++) {
    const origin = Math.floor(n - reach - k * step)
    if (origin < least) break
    origins.push(origin)
  }
  return origins
}

/** Mean absolute change from period to period of the seasonally adjusted values; 0 for a constant series. */
export const change_size = ({ adjusted }: History): number => {
  const own = adjusted.values
  let sum = 0
  for (let i = 1; i < own.length; i++) sum += Math.abs(own[i]! - own[i - 1]!)
  return sum / Math.max(1, own.length - 1)
}

/**
 * A past in which nothing happened says little about the size of changes: at least this part of the whole's.
 */
const LEAST_SCALE = 0.05

export const backtest = (input: SeriesInput, components: readonly Component[], horizon: number): Backtest => {
  const history = history_of(input.values, input.seasons)
  const scale = change_size(history) || 1
  const windows = origins_of(history.values.length, horizon, history.season).map((origin): Window => {
    const before = history_of(history.values.subarray(0, origin), input.seasons)
    const actual = history.values.subarray(origin, origin + horizon)
    return {
      origin,
      actual,
      scale: Math.max(change_size(before), LEAST_SCALE * scale),
      paths: components.map(name => method_forecast(name, before, actual.length)),
    }
  })
  return {
    input,
    history,
    scale,
    windows,
    paths: components.map(name => method_forecast(name, history, horizon)),
  }
}
