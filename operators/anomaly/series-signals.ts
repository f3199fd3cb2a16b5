/**
 * The small detectors of judge-series.ts. Each is one size per value: how far something is from what it was, positive or
 * negative; how rare that is for this series is said by its own tail. Sizes are roots of values in units of the series.
 */
import type { AnomalyDetector } from '../../schemas/types.ts'
import { type Expected, per_cycle, per_part } from './series-season.ts'

/** In the order of AnomalyDetector.tails. */
export const SIGNALS = [
  /** One value below the season: a drop, an outage. */
  'drop',
  /** What an hour differs from the season: spike or dip. */
  'season_hour',
  /** What a day differs from the season: level shift, trend. */
  'season_day',
  /** What an hour differs from the hour of the day, whatever week and level say. */
  'hour',
  /** What three hours are above it. */
  'hours_above',
  /** One value against all before: never seen so large or small. */
  'range',
  /** Steps against usual steps: a series that stands still, or shakes. */
  'shake',
  /** The last three values above the last fifty: a rise. */
  'rise',
] as const
export type Signal = (typeof SIGNALS)[number]
/** Of these only one side counts; of the other side others tell more. */
export const SIDE: Readonly<Partial<Record<Signal, 1 | -1>>> = { drop: -1, hours_above: 1, rise: 1 }
/** How much a signal's say weighs; 1 where none is given. */
export const WEIGHT: Readonly<Partial<Record<Signal, number>>> = {
  season_hour: 2,
  season_day: 2,
  hours_above: 3,
  range: 2,
}

const PLACE = {
  season_hour: 0,
  season_day: 1,
  hour: 2,
  hours: 3,
  fast: 4,
  slow: 5,
  all: 6,
  steps: 7,
  usual_steps: 8,
} as const
const PLACES = 9
/** Shares a new value has in the means over values. */
const SHARES = { fast: 1 / 3, slow: 1 / 50, all: 0, steps: 1 / 12, usual_steps: 1 / 2000 }

export const new_means = (): number[] => new Array(PLACES).fill(0)

/** Counts and money spread with their root. */
export const root_of = (value: number, unit: number): number =>
  Math.sign(value) * Math.sqrt(Math.abs(value) / unit)
export const value_of = (root: number, unit: number): number => Math.sign(root) * root * root * unit

export interface Measured {
  /** By SIGNALS. */
  readonly sizes: readonly number[]
  readonly means: readonly number[]
  readonly last: number
}

export const measure_signals = (
  known: AnomalyDetector,
  value: number,
  { by_hour, expected }: Expected,
  /** How many intervals have passed. */
  passed: number,
): Measured => {
  const n = known.values + 1
  const root = root_of(value, known.unit)
  const means = known.means.slice()
  const part = per_part(known)
  const mean = (name: keyof typeof PLACE): number => means[PLACE[name]] as number
  const towards = (name: keyof typeof PLACE, x: number, share: number): number => {
    const before = mean(name)
    means[PLACE[name]] = before + Math.max(share, 1 / n) * (x - before)
    return before
  }
  const over = (values: number): number => 1 - (1 - 1 / values) ** passed
  const change = n === 1 ? 0 : Math.abs(root - known.last)
  towards('season_hour', root - expected, over(part))
  towards('season_day', root - expected, over(per_cycle(known)))
  towards('hour', root - by_hour, over(part))
  towards('hours', root - by_hour, over(3 * part))
  const all = n === 1 ? root : mean('all')
  const slow = n === 1 ? root : mean('slow')
  const usual_steps = mean('usual_steps')
  towards('all', root, SHARES.all)
  towards('fast', root, SHARES.fast)
  towards('slow', root, SHARES.slow)
  towards('steps', change, SHARES.steps)
  towards('usual_steps', change, SHARES.usual_steps)
  return {
    sizes: [
      root - expected,
      mean('season_hour'),
      mean('season_day'),
      mean('hour'),
      mean('hours'),
      root - all,
      Math.log((mean('steps') + 1e-6) / (usual_steps + 1e-6)),
      mean('fast') - slow,
    ],
    means,
    last: root,
  }
}
