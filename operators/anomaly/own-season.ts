/**
 * What is usual of a level or a quantile at an hour: level of the last days + what the hour of the day, the weekday and the
 * hour of the week differ from it. Each is a decayed mean of what the others leave, shrunk towards 0 by hours that were never
 * seen. Kept in the same places as a count's factors (seasonal-level.ts): pairs of sum and weight. Hours by UTC.
 */

import { hours } from '../../schemas/units.ts'
import type { Series } from './anomaly-series.ts'
import { KEPT, learn, pair, place_of, type Usual } from './seasonal-level.ts'

/** Hours without a difference that each difference starts from. */
const UNSEEN = { hours: 0.3, days: 12, week: 1.5 }

const mean = ([sum, weight]: readonly [number, number], unseen: number): number =>
  weight > 0 ? sum / (weight + unseen) : 0

interface Parts {
  readonly level: number
  readonly hour: number
  readonly day: number
  readonly week: number
  /** Of one hour's variance, what is not yet known of its mean. */
  readonly doubt: number
}

const parts = (series: Series, hour_ms: number): Parts => {
  const place = place_of(hour_ms)
  const own = pair(series.hours, place.hour)
  return {
    level: mean(pair(series.level, 0), 0),
    hour: mean(own, UNSEEN.hours),
    day: mean(pair(series.days, place.day), UNSEEN.days),
    week: mean(pair(series.week, place.week), UNSEEN.week),
    doubt: 1 / (1 + own[1]),
  }
}

const known = (series: Series): boolean => (series.level[1] as number) > 0

/** Before the first hour is over, what was seen of it. */
export const usual_own = (series: Series, at_ms: number): Usual => {
  if (!known(series)) {
    const { hour_seen, hour_exposure } = series
    return { rate: hour_exposure > 0 ? hour_seen / hour_exposure : 0, doubt: 1 }
  }
  const place = at_ms / hours(1) - 0.5
  const before = Math.floor(place)
  const share = place - before
  const [first, second] = [parts(series, before * hours(1)), parts(series, (before + 1) * hours(1))]
  const sum = ({ level, hour, day, week }: Parts) => level + hour + day + week
  return {
    rate: (1 - share) * sum(first) + share * sum(second),
    doubt: (1 - share) * first.doubt + share * second.doubt,
  }
}

/** The season after an hour of this mean. */
export const learn_own = (series: Series, hour_ms: number, value: number): Series => {
  const place = place_of(hour_ms)
  const next = {
    ...series,
    level: series.level.slice(),
    hours: series.hours.slice(),
    days: series.days.slice(),
    week: series.week.slice(),
  }
  // One after the other, each from what the others leave by then: none takes up what another has.
  let now = parts(next, hour_ms)
  learn(next.level, 0, KEPT.level, value - now.hour - now.day - now.week, 1)
  now = parts(next, hour_ms)
  learn(next.hours, place.hour, KEPT.hours, value - now.level - now.day - now.week, 1)
  now = parts(next, hour_ms)
  learn(next.days, place.day, KEPT.days, value - now.level - now.hour - now.week, 1)
  now = parts(next, hour_ms)
  learn(next.week, place.week, KEPT.week, value - now.level - now.hour - now.day, 1)
  return next
}
