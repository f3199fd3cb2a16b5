/**
 * What is usual of a metric at an hour: rate by hour of the day × factor of the weekday × factor of the hour of the week ×
 * level of the last days. Each factor is a ratio of decayed sums (seen over what the others expect), shrunk towards 1 by
 * pseudo-events as in empirical Bayes: a small tenant has hours of the day only, a large one its whole week. Hours by UTC.
 */

import { days, hours } from '../../schemas/units.ts'
import type { Series } from './anomaly-series.ts'

export interface Usual {
  readonly rate: number
  /** Relative variance of the rate: how little is known about it. */
  readonly doubt: number
}

/** What one more hour leaves of what was known: of the hour of the day, the weekday, the hour of the week, the level. */
export const KEPT = { hours: 0.92, days: 0.99, week: 0.8, level: 0.5 ** (1 / 24) }
/** How far days of the week, an hour within its week, and any two hours may usually differ, as standard deviations. */
const DIFFER = { day: 0.3, week: 0.1, hour: 0.12, any: 0.03 }

interface Factors {
  readonly hour: number
  readonly day: number
  readonly week: number
  readonly level: number
  readonly doubt: number
}

export const place_of = (hour_ms: number) => {
  const hour = Math.floor(hour_ms / hours(1))
  const of_week = ((hour % 168) + 168) % 168
  return { hour: of_week % 24, day: Math.floor(of_week / 24), week: of_week }
}

export const pair = (pairs: readonly number[], place: number): readonly [seen: number, expected: number] => [
  pairs[2 * place] as number,
  pairs[2 * place + 1] as number,
]
const within = (ratio: number, most: number): number => Math.min(most, Math.max(1 / most, ratio))

/** Mean rate over the hours of the day seen so far. */
const mean_rate = (series: Series): number => {
  let seen = 0
  let exposure = 0
  for (let hour = 0; hour < 24; hour++) {
    seen += series.hours[2 * hour] as number
    exposure += series.hours[2 * hour + 1] as number
  }
  return exposure > 0 ? Math.max(0, seen / exposure) : 0
}

const factors = (series: Series, hour_ms: number, unit: number): Factors => {
  const place = place_of(hour_ms)
  const mean = mean_rate(series)
  const usual_hour = mean * series.exposure
  const [hour_seen, hour_exposure] = pair(series.hours, place.hour)
  const few_minutes = series.exposure / 20 || 1
  const hour = Math.max(0, (hour_seen + few_minutes * mean) / (hour_exposure + few_minutes))
  const few = 2 * unit
  const shrink = ([seen, expected]: readonly [number, number], towards: number, most: number) => ({
    ratio: within((seen + few + towards) / (expected + few + towards), most),
    unknown: (few + towards) / (Math.max(0, expected) + few + towards),
  })
  const day = shrink(pair(series.days, place.day), 2 * usual_hour, 8)
  const week = shrink(pair(series.week, place.week), (hour * day.ratio * series.exposure) / 3, 8)
  const level = shrink(pair(series.level, 0), 6 * usual_hour, 20)
  const doubt =
    DIFFER.any ** 2 +
    DIFFER.hour ** 2 / (hour_exposure / (series.exposure || 1) + 0.5) +
    unit / (Math.max(0, hour_seen) + few) +
    DIFFER.day ** 2 * day.unknown +
    DIFFER.week ** 2 * week.unknown
  return { hour, day: day.ratio, week: week.ratio, level: level.ratio, doubt }
}

/** Rate at an instant, between the middles of the two hours around it. */
export const usual_at = (series: Series, at_ms: number, unit: number): Usual => {
  const place = at_ms / hours(1) - 0.5
  const before = Math.floor(place)
  const part = place - before
  const rate = ({ hour, day, week, level }: Factors) => hour * day * week * level
  const first = factors(series, before * hours(1), unit)
  if (part === 0) return { rate: rate(first), doubt: first.doubt }
  const second = factors(series, (before + 1) * hours(1), unit)
  return {
    rate: (1 - part) * rate(first) + part * rate(second),
    doubt: (1 - part) * first.doubt + part * second.doubt,
  }
}

export const learn = (pairs: number[], place: number, kept: number, seen: number, expected: number): void => {
  pairs[2 * place] = (pairs[2 * place] as number) * kept + seen
  pairs[2 * place + 1] = (pairs[2 * place + 1] as number) * kept + expected
}

/** The season after an hour in which so much was seen over so much exposure. */
export const learn_hour = (
  series: Series,
  hour_ms: number,
  seen: number,
  exposure: number,
  unit: number,
): Series => {
  if (exposure <= 0) return series
  const place = place_of(hour_ms)
  const usual = series.exposure === 0 ? exposure : series.exposure * 0.98 + exposure * 0.02
  const next = {
    ...series,
    exposure: usual,
    level: series.level.slice(),
    hours: series.hours.slice(),
    days: series.days.slice(),
    week: series.week.slice(),
  }
  const known = series.exposure > 0 && hour_ms - series.started_ms >= days(1)
  // One factor after the other, each against the others as they are by then: none takes up what another has.
  let now = factors(next, hour_ms, unit)
  if (known) learn(next.level, 0, KEPT.level, seen, exposure * now.hour * now.day * now.week)
  if (known) now = factors(next, hour_ms, unit)
  learn(next.hours, place.hour, KEPT.hours, seen, exposure * now.level * now.day * now.week)
  now = factors(next, hour_ms, unit)
  learn(next.days, place.day, KEPT.days, seen, exposure * now.level * now.hour * now.week)
  now = factors(next, hour_ms, unit)
  learn(next.week, place.week, KEPT.week, seen, exposure * now.level * now.hour * now.day)
  return next
}
