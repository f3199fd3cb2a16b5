/**
 * Days against the same day a week before: a trend is a week of days each further from its own than the day before it was
 * (Mann 1945, Kendall 1975), and far by what such distances usually are. The hourly baseline follows what is so slow.
 */
import type { AnomalyHour } from '../../schemas/types.ts'
import { days } from '../../schemas/units.ts'
import { mann_kendall } from '../stats/mann-kendall.ts'
import { is_own_scale, is_ratio, type Judged, off_scale, on_scale } from './judged-scale.ts'
import { type LongVerdict, learn_variance } from './long-spans.ts'

const WEEK = 7
/** Seven values in strict order. */
const ORDERED = 3
/** Deviations of the newest day from its week before. */
const FAR = 3
/** A spread remembers so many days. */
const MEMORY = 56

/** The day with an hour in it. */
export const add_to_day = (hour: AnomalyHour): AnomalyHour => ({
  ...hour,
  day_covered_ms: hour.day_covered_ms + hour.covered_ms,
  day_seen: hour.day_seen + hour.seen,
  day_exposure: hour.day_exposure + hour.exposure,
})

const begin_day = (hour: AnomalyHour, day_ms: number): AnomalyHour => ({
  ...hour,
  day_ms,
  day_covered_ms: 0,
  day_seen: 0,
  day_exposure: 0,
})

/** Ends the days before `at_ms`: what the newest whole one shows. */
export const judge_day = (
  hour: AnomalyHour,
  point: Pick<Judged, 'kind'>,
  at_ms: number,
): { readonly hour: AnomalyHour; readonly verdict: LongVerdict | null } => {
  const today_ms = Math.floor(at_ms / days(1)) * days(1)
  if (today_ms === hour.day_ms) return { hour, verdict: null }
  const next = begin_day(hour, today_ms)
  const whole = is_ratio(point) || is_own_scale(point) || hour.day_covered_ms >= days(1)
  // A day that lacks hours is none, and what was before it no week.
  if (!whole || hour.day_exposure <= 0 || today_ms > hour.day_ms + days(1))
    return { hour: { ...next, days: [] }, verdict: null }
  const per_hour = hour.day_seen / hour.day_exposure
  const kept = [...hour.days, on_scale(point, per_hour, 1, 1)].slice(-2 * WEEK)
  return judge_week({ ...next, days: kept }, point)
}

const judge_week = (
  hour: AnomalyHour,
  point: Pick<Judged, 'kind'>,
): { readonly hour: AnomalyHour; readonly verdict: LongVerdict | null } => {
  const apart = hour.days.slice(WEEK).map((day, i) => day - (hour.days[i] as number))
  const newest = apart.at(-1)
  if (newest === undefined) return { hour, verdict: null }
  const variance = hour.spreads[2] as number
  const score = variance > 0 ? newest / Math.sqrt(variance) : 0
  const order = apart.length === WEEK ? mann_kendall(apart) : 0
  const trend = Math.abs(order) >= ORDERED && order * newest > 0 && Math.abs(score) >= FAR
  const spreads = hour.spreads.slice()
  spreads[2] = learn_variance(variance, hour.weeks, MEMORY, newest)
  const next = { ...hour, spreads, weeks: hour.weeks + 1 }
  if (!trend) return { hour: next, verdict: null }
  const [now, before] = [hour.days.at(-1) as number, hour.days[apart.length - 1] as number]
  const of_day = (place: number) =>
    off_scale(point, place, 1, 1) * (is_ratio(point) || is_own_scale(point) ? 1 : 24)
  const far = FAR * Math.sqrt(variance)
  const verdict: LongVerdict = {
    value: of_day(now),
    expected: of_day(before),
    lower: of_day(before - far),
    upper: of_day(before + far),
    score,
  }
  return { hour: next, verdict }
}
