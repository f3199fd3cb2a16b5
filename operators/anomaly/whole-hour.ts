/** Points added up to whole hours: what is judged of a series besides its points. */
import type { AnomalyHour, MetricPoint } from '../../schemas/types.ts'
import { days, hours } from '../../schemas/units.ts'
import type { JudgedPoint } from './anomaly-policy.ts'
import { exposure_of, is_own_scale, is_ratio, part_of, seen_of } from './judged-scale.ts'

/** A season that has not seen a whole week does not know its weekend. */
const SEASON_MS = days(8)

const start_of = (at_ms: number): number => Math.floor(at_ms / hours(1)) * hours(1)

export const first_hour = (point: MetricPoint): AnomalyHour => ({
  metric: point.metric,
  started_ms: point.occurred_at,
  hour_ms: start_of(point.occurred_at),
  latest_ms: point.occurred_at - 1,
  latest_told: false,
  covered_ms: 0,
  seen: 0,
  exposure: 0,
  expected: 0,
  left_out: false,
  open: false,
  judged: 0,
  sums: new Array(6).fill(0),
  spreads: new Array(3).fill(0),
  run: 0,
  day_ms: Math.floor(point.occurred_at / days(1)) * days(1),
  day_covered_ms: 0,
  day_seen: 0,
  day_exposure: 0,
  days: [],
  weeks: 0,
  told_days: new Array(24).fill(0),
  told_times: new Array(24).fill(0),
  recurring: null,
})

const begin = (hour: AnomalyHour, at_ms: number): AnomalyHour => ({
  ...hour,
  hour_ms: start_of(at_ms),
  covered_ms: 0,
  seen: 0,
  exposure: 0,
  expected: 0,
  left_out: false,
})

/** With a newer point in it; `over` hears of each hour that ends by that, and says how all goes on: before the next begins. */
export const add_point = (
  before: AnomalyHour,
  { point, anomaly }: JudgedPoint,
  over: (hour: AnomalyHour) => AnomalyHour,
): AnomalyHour => {
  const left = start_of(point.occurred_at) > before.hour_ms
  const hour = left ? begin(before.covered_ms > 0 ? over(before) : before, point.occurred_at) : before
  const exposure = exposure_of(point)
  const full = {
    ...hour,
    latest_ms: point.occurred_at,
    latest_told: anomaly !== null,
    covered_ms: hour.covered_ms + point.window_ms,
    seen: hour.seen + seen_of(point),
    exposure: hour.exposure + exposure,
    expected: hour.expected + (point.expected ?? point.value) * part_of(point, exposure),
    left_out:
      hour.left_out ||
      point.expected === null ||
      point.occurred_at < hour.started_ms + SEASON_MS ||
      (anomaly !== null && anomaly.direction !== 'none'),
  }
  const end_ms = point.occurred_at + point.window_ms
  return end_ms >= hour.hour_ms + hours(1) ? begin(over(full), end_ms) : full
}

/** A sum of parts of an hour is no value of it, a mean of them is; a ratio over few is none. */
export const value_of = (
  hour: AnomalyHour,
  point: Pick<MetricPoint, 'kind'>,
  samples: number,
): number | null => {
  if (is_ratio(point) && hour.exposure < samples) return null
  if (!is_ratio(point) && !is_own_scale(point) && hour.covered_ms < hours(1)) return null
  return hour.seen / part_of(point, hour.exposure)
}
