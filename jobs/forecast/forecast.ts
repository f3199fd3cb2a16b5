/**
 * Forecasts of a set of series: point forecasts by method, `best` combined from them, intervals that cover.
 * Pure: the same values give the same numbers. Series with the same seasons are judged together.
 */
import { mean_absolute_error, seasonal_scale, smape } from '../../operators/stats/forecast-measures.ts'
import { type Backtest, backtest } from './backtest.ts'
import { calibrate, type ErrorSeries, type HalfWidths } from './calibrate.ts'
import { mix, weigh } from './combine.ts'
import { COMPONENTS, values_needed } from './methods.ts'
import type {
  Component,
  MethodForecast,
  MethodName,
  MethodScore,
  SeriesForecast,
  SeriesInput,
} from './types.ts'

export type { MethodForecast, MethodName, MethodScore, SeriesForecast, SeriesInput } from './types.ts'
export { METHODS } from './types.ts'

export interface ForecastOptions {
  /** Steps, at least 1. */
  readonly horizon: number
  /** `best` (default): only that one; `all`: every method; or those named. */
  readonly methods?: 'best' | 'all' | readonly MethodName[]
  /** Called after each series, for long sets. */
  readonly on_series?: (done: number) => void
}

/** Below so many values even the size of a usual change is a guess: nothing is foretold. */
export const LEAST_VALUES = 3

/** What a method said at the windows of a series, and says now. */
interface Told {
  readonly final: Float64Array | null
  readonly by_window: readonly (Float64Array | null)[]
  readonly weight: number
}

/**
 * One result a series, in their order. Throws RangeError on a value that is not finite or a horizon below 1.
 */
export const forecast_series = (set: readonly SeriesInput[], options: ForecastOptions): SeriesForecast[] => {
  const { horizon, methods = 'best', on_series } = options
  if (!Number.isInteger(horizon) || horizon < 1) throw new RangeError(`a horizon of ${horizon} steps`)
  for (const { name, values } of set)
    for (const [i, x] of values.entries())
      if (!Number.isFinite(x)) throw new RangeError(`series ${name}: value ${i + 1} is ${x}`)
  const wanted: readonly MethodName[] =
    methods === 'best' ? ['best'] : methods === 'all' ? [...COMPONENTS, 'best'] : methods
  const components = COMPONENTS.filter(name => wanted.includes('best') || wanted.includes(name))
  const groups = new Map<string, number[]>()
  for (const [i, { seasons }] of set.entries()) {
    const key = seasons.filter(length => length > 1).join()
    groups.set(key, [...(groups.get(key) ?? []), i])
  }
  const results: SeriesForecast[] = new Array(set.length)
  let done = 0
  for (const members of groups.values()) {
    const tests = members.map(i => {
      const input = set[i]!
      const short = input.values.length < LEAST_VALUES
      const test = short ? null : backtest(input, components, horizon)
      on_series?.(++done)
      return test
    })
    const judged = judge_group(
      tests.filter(test => test !== null),
      components,
      wanted,
      horizon,
    )
    let next = 0
    for (const [j, i] of members.entries())
      results[i] = tests[j] ? judged[next++]! : nothing_for(set[i]!, wanted)
  }
  return results
}

const nothing_for = ({ name }: SeriesInput, wanted: readonly MethodName[]): SeriesForecast => ({
  name,
  forecasts: [],
  scores: [],
  left_out: wanted.map(method => ({ method, needs: `${LEAST_VALUES} values` })),
})

const LEVELS = [0.8, 0.95] as const

const judge_group = (
  tests: readonly Backtest[],
  components: readonly Component[],
  wanted: readonly MethodName[],
  horizon: number,
): SeriesForecast[] => {
  const weights = wanted.includes('best') ? weigh(tests, components.length) : null
  const results = tests.map(({ input }) => ({
    name: input.name,
    forecasts: [] as MethodForecast[],
    scores: [] as MethodScore[],
    left_out: [] as { method: MethodName; needs: string }[],
  }))
  const add = (method: MethodName, told: readonly Told[], component: Component | null): void => {
    const series = tests.map((test, s) => errors_of(test, told[s]!))
    const widths = calibrate(series, horizon, LEVELS)
    for (const [s, test] of tests.entries()) {
      const { final } = told[s]!
      const least = test.history.positive ? 0 : Number.NEGATIVE_INFINITY
      const result = results[s]!
      const needs = component ? values_needed(component, test.input.seasons) : LEAST_VALUES
      if (!final) {
        const what = Number.isFinite(needs) ? `${needs} values` : 'a season'
        if (wanted.includes(method)) result.left_out.push({ method, needs: what })
        continue
      }
      if (wanted.includes(method)) result.forecasts.push(with_interval(method, final, widths[s]!, least))
      const score = score_of(method, test, told[s]!, widths[s]!)
      if (score) result.scores.push(score)
    }
  }
  for (const [j, method] of components.entries())
    add(
      method,
      tests.map(({ windows, paths }, s) => ({
        final: paths[j]!,
        by_window: windows.map(window => window.paths[j]!),
        weight: weights?.[s]?.final[j] ?? 0,
      })),
      method,
    )
  if (weights)
    add(
      'best',
      tests.map(({ windows, paths }, s) => ({
        final: mix(paths, weights[s]!.final),
        by_window: windows.map((window, w) => mix(window.paths, weights[s]!.by_window[w]!)),
        weight: 0,
      })),
      null,
    )
  return results
}

const errors_of = ({ windows, scale }: Backtest, { by_window }: Told): ErrorSeries => ({
  scale,
  windows: windows.flatMap((window, w) => {
    const path = by_window[w]
    return path
      ? [{ origin: window.origin, scale: window.scale, errors: window.actual.map((x, h) => x - path[h]!) }]
      : []
  }),
})

const with_interval = (
  method: MethodName,
  value: Float64Array,
  [inner, outer]: readonly HalfWidths[],
  least: number,
): MethodForecast => {
  const below = (width: Float64Array) => Array.from(value, (x, h) => Math.max(least, x - width[h]!))
  const above = (width: Float64Array) => Array.from(value, (x, h) => x + width[h]!)
  return {
    method,
    value: [...value],
    lo80: below(inner!.final),
    hi80: above(inner!.final),
    lo95: below(outer!.final),
    hi95: above(outer!.final),
  }
}

const score_of = (
  method: MethodName,
  { windows, history }: Backtest,
  { by_window, weight }: Told,
  [inner, outer]: readonly HalfWidths[],
): MethodScore | null => {
  const asked = windows.flatMap((window, w) => {
    const path = by_window[w]
    return path ? [{ ...window, path }] : []
  })
  if (asked.length === 0) return null
  const actual = asked.flatMap(({ actual }) => [...actual])
  const forecast = asked.flatMap(({ path }) => [...path])
  const errors = actual.map((x, i) => x - forecast[i]!)
  const within = (widths: HalfWidths): number => {
    const reach = asked.flatMap((window, k) => [...widths.by_window[k]!.subarray(0, window.actual.length)])
    return errors.filter((error, i) => Math.abs(error) <= reach[i]!).length / errors.length
  }
  const mae = mean_absolute_error(actual, forecast)
  const scale = seasonal_scale(history.values, history.season)
  return {
    method,
    origins: asked.length,
    mae,
    rmse: Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / errors.length),
    smape: [...actual, ...forecast].every(x => x === 0) ? null : smape(actual, forecast),
    mase: scale === null ? null : mae / scale,
    coverage80: within(inner!),
    coverage95: within(outer!),
    weight,
  }
}
