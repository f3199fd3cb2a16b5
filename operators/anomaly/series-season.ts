/**
 * The season of any series: usual size by 24th of a cycle (a day), what each 168th of seven cycles (a week) differs
 * from it, drawn towards none while seen little, and the level of the last cycles. What is unusual teaches little: it is cut.
 */
import type { AnomalyDetector } from '../../schemas/types.ts'

export const PARTS = 24
const WEEK = 7 * PARTS
/** Cycles that the usual size of a part remembers, weeks that a week's part remembers, cycles of the level. */
const MEMORY = { hours: 10, weeks: 3, level: 3 }
/** What is this many times as far as usual teaches no more. */
const CUT = 3.5
/** The usual distance is an average over so many values. */
const SPREAD = 2000
/** So many values are not cut. */
const OPEN = 60

export interface Expected {
  readonly hour: number
  readonly week: number
  /** Of this part of the cycle. */
  readonly by_hour: number
  /** By the whole season. */
  readonly expected: number
}

export const parts_of = (cycle_ms: number, at_ms: number) => {
  const part = Math.floor((at_ms * PARTS) / cycle_ms)
  const wrap = (length: number) => ((part % length) + length) % length
  return { part, hour: wrap(PARTS), week: wrap(WEEK) }
}

/** Values in one 24th of a cycle. */
export const per_part = ({ cycle_ms, interval_ms }: AnomalyDetector): number =>
  Math.max(2, Math.round(Math.round(cycle_ms / interval_ms) / PARTS))
export const per_cycle = ({ cycle_ms, interval_ms }: AnomalyDetector): number =>
  Math.max(2, Math.round(cycle_ms / interval_ms))

export const new_season = () => ({
  hours: new Array<number>(PARTS).fill(0),
  hour_values: new Array<number>(PARTS).fill(0),
  weeks: new Array<number>(WEEK).fill(0),
  week_values: new Array<number>(WEEK).fill(0),
  level: 0,
  hour_spread: 0,
  spread: 0,
})

/** `before`: size of the value before, for a part of the cycle that was never seen. */
export const season_at = (known: AnomalyDetector, at_ms: number, before: number): Expected => {
  const { hour, week } = parts_of(known.cycle_ms, at_ms)
  const seen = (known.hour_values[hour] as number) > 0
  const last = (hour + PARTS - 1) % PARTS
  const near = (known.hour_values[last] as number) > 0 ? (known.hours[last] as number) : before
  const by_hour = seen ? (known.hours[hour] as number) : near
  const times = known.week_values[week] as number
  const drawn = times / (times + 1.5 * per_part(known))
  return { hour, week, by_hour, expected: by_hour + (known.weeks[week] as number) * drawn + known.level }
}

export const learn_season = (
  known: AnomalyDetector,
  size: number,
  at: Expected,
): Partial<AnomalyDetector> => {
  const { hour, week, by_hour, expected } = at
  const n = known.values + 1
  const cut = (x: number, spread: number) =>
    n <= OPEN ? x : Math.max(-CUT * spread, Math.min(CUT * spread, x))
  const from_hour = cut(size - by_hour, known.hour_spread)
  const from_all = cut(size - expected, known.spread)
  const from_week = cut(size - by_hour - known.level, known.hour_spread)
  const share = Math.max(1 / SPREAD, 1 / n)
  const length = per_part(known)
  const hour_values = known.hour_values.slice()
  const week_values = known.week_values.slice()
  const hours = known.hours.slice()
  const weeks = known.weeks.slice()
  hour_values[hour] = Math.min((hour_values[hour] as number) + 1, length * MEMORY.hours)
  week_values[week] = Math.min((week_values[week] as number) + 1, length * MEMORY.weeks)
  hours[hour] = by_hour + from_hour / (hour_values[hour] as number)
  weeks[week] =
    (weeks[week] as number) + (from_week - (weeks[week] as number)) / (week_values[week] as number)
  return {
    hours,
    hour_values,
    weeks,
    week_values,
    level: known.level + from_all / (MEMORY.level * per_cycle(known)),
    hour_spread: known.hour_spread + share * (Math.abs(from_hour) - known.hour_spread),
    spread: known.spread + share * (Math.abs(from_all) - known.spread),
  }
}
