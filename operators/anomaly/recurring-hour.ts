/** Anomalies that come back at an hour of the day: they have a schedule. Told besides each of them, once an hour is over. */
import type { Anomaly, AnomalyHour } from '../../schemas/types.ts'
import { days, hours } from '../../schemas/units.ts'

/** On so many days, at most two apart. */
const DAYS = 3

/** The hour with what a point's anomaly says of the hours of the day. */
export const recur = (hour: AnomalyHour, anomaly: Anomaly | null): AnomalyHour => {
  if (!anomaly || anomaly.direction === 'none') return hour
  const end_ms = anomaly.occurred_at + anomaly.window_ms - 1
  const start_ms = Math.floor(end_ms / hours(1)) * hours(1)
  const day = Math.floor(end_ms / days(1))
  const of_day = (start_ms - day * days(1)) / hours(1)
  const apart = day - (hour.told_days[of_day] as number)
  if (apart === 0) return hour
  const times = apart <= 2 ? (hour.told_times[of_day] as number) + 1 : 1
  const { value, expected, lower, upper, score } = anomaly
  return {
    ...hour,
    told_days: hour.told_days.with(of_day, day),
    told_times: hour.told_times.with(of_day, times),
    // Of one incident its first hour.
    recurring: hour.recurring ?? (times >= DAYS ? { start_ms, value, expected, lower, upper, score } : null),
  }
}
