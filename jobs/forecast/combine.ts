/**
 * How `best` weighs the methods: by their errors at earlier origins of this series, drawn towards their
 * errors on the other series of the set where its own origins are few. Weights fall with a power of the
 * error, as in Bates and Granger (1969).
 */
import { type Backtest, overlap, type Window } from './backtest.ts'

/** So many windows count as much as what many other series say; alone, all methods alike count as one. */
const OTHERS_WORTH = 4
const worth_of = (others: number): number => 1 + ((OTHERS_WORTH - 1) * others) / (others + OTHERS_WORTH - 1)
/** Weight is error to the power of minus this. */
const SHARPNESS = 4

/** Sums of mean absolute errors per component, and of the yardstick over the same windows. */
interface Sums {
  readonly own: Float64Array
  readonly yardstick: Float64Array
  readonly count: Float64Array
}

/** In units of the window's scale; the trifle keeps ratios of perfect forecasts finite. */
const window_errors = ({ actual, paths, scale }: Window): (number | null)[] =>
  paths.map(path => {
    if (!path) return null
    let sum = 0
    for (let h = 0; h < actual.length; h++) sum += Math.abs(actual[h]! - path[h]!)
    return sum / actual.length / scale + 1e-6
  })

const yardstick_of = (errors: readonly (number | null)[]): number => {
  const known = errors.filter(error => error !== null).sort((a, b) => a - b)
  return known[Math.floor((known.length - 1) / 2)] ?? 1
}

/** Adds a window (or takes it away again). */
const add = (sums: Sums, errors: readonly (number | null)[], sign: 1 | -1): void => {
  const yardstick = yardstick_of(errors)
  for (const [j, error] of errors.entries()) {
    if (error === null) continue
    sums.own[j]! += sign * error
    sums.yardstick[j]! += sign * yardstick
    sums.count[j]! += sign
  }
}

const no_sums = (k: number): Sums => ({
  own: new Float64Array(k),
  yardstick: new Float64Array(k),
  count: new Float64Array(k),
})

const log_ratio = ({ own, yardstick, count }: Sums, j: number): number =>
  count[j]! > 0.5 ? Math.log(Math.max(1e-6, own[j]!) / Math.max(1e-6, yardstick[j]!)) : 0

export interface Weights {
  /** For the forecast from all values. */
  readonly final: Float64Array
  /**
   * For each window, learnt without it and those that share values with it: what `best` would have said
   * unflattered.
   */
  readonly by_window: readonly Float64Array[]
}

const weights_from = (
  sums: Sums,
  others: Float64Array,
  worth: number,
  paths: readonly (Float64Array | null)[],
): Float64Array => {
  const ratios = Array.from(others, (other, j) => {
    const n = sums.count[j]!
    return (worth * other + n * log_ratio(sums, j)) / (worth + n)
  })
  const raw = Float64Array.from(ratios, (ratio, j) => (paths[j] ? Math.exp(-SHARPNESS * ratio) : 0))
  const total = raw.reduce((sum, x) => sum + x, 0)
  return raw.map(x => (total > 0 ? x / total : 0))
}

/** Weights for every series of a set whose series have the same seasons. */
export const weigh = (set: readonly Backtest[], components: number): Weights[] => {
  const errors = set.map(({ windows }) => windows.map(window_errors))
  const sums = errors.map(windows => {
    const own = no_sums(components)
    for (const window of windows) add(own, window, 1)
    return own
  })
  const totals = new Float64Array(components)
  const counts = new Float64Array(components)
  for (const own of sums)
    for (let j = 0; j < components; j++) {
      if (own.count[j]! < 0.5) continue
      totals[j]! += log_ratio(own, j)
      counts[j]!++
    }
  const judged = set.filter(({ windows }) => windows.length > 0).length
  return set.map(({ windows, paths }, s) => {
    const own = sums[s]!
    const worth = worth_of(judged - (windows.length > 0 ? 1 : 0))
    const others = totals.map((total, j) => {
      const mine = own.count[j]! > 0.5 ? 1 : 0
      return (total - mine * log_ratio(own, j)) / (counts[j]! - mine + 1)
    })
    const by_window = windows.map(window => {
      const seen = windows.flatMap((other, i) => (overlap(window, other) ? [errors[s]![i]!] : []))
      for (const error of seen) add(own, error, -1)
      const weights = weights_from(own, others, worth, window.paths)
      for (const error of seen) add(own, error, 1)
      return weights
    })
    return { final: weights_from(own, others, worth, paths), by_window }
  })
}

/** The weighted mean; null when no component has a path. */
export const mix = (paths: readonly (Float64Array | null)[], weights: Float64Array): Float64Array | null => {
  const length = paths.find(path => path !== null)?.length
  if (length === undefined) return null
  const out = new Float64Array(length)
  for (const [j, path] of paths.entries())
    if (path) for (let h = 0; h < length; h++) out[h]! += weights[j]! * path[h]!
  return out
}
