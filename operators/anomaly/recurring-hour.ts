/** An anomaly at an hour of the day at which there was one on days before is called recurring: it has a schedule. */
import type { Anomaly, AnomalyHour } from '../../schemas/types.ts'
import { days, hours } from '../../schemas/units.ts'

/** On so many days, at most two apart. */
const DAYS = 3

export const recur = (
  hour: AnomalyHour,
  anomaly: Anomaly | null,
): { readonly hour: AnomalyHour; readonly anomaly: Anomaly | null } => {
  if (!anomaly || anomaly.direction === 'none') return { hour, anomaly }
  const end_ms = anomaly.occurred_at + anomaly.window_ms - 1
  const day = Math.floor(end_ms / days(1))
  const of_day = Math.floor(end_ms / hours(1)) - day * 24
  const apart = day - (hour.told_days[of_day] as number)
  const before = hour.told_times[of_day] as number
  const times = apart === 0 ? before : apart <= 2 ? before + 1 : 1
  const named = times >= DAYS ? { ...anomaly, pattern: 'recurring' } : anomaly
  if (apart === 0) return { hour, anomaly: named }
  const told_days = hour.told_days.with(of_day, day)
  const told_times = hour.told_times.with(of_day, times)
  return { hour: { ...hour, told_days, told_times }, anomaly: named }
}
