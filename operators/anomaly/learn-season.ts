/** What the season learns from each whole hour. */

import { hours } from '../../schemas/units.ts'
import type { AnomalyPolicy } from './anomaly-policy.ts'
import type { Series } from './anomaly-series.ts'
import { is_own_scale, type Judged, off_scale, on_scale, unit_of } from './judged-scale.ts'
import { learn_own } from './own-season.ts'
import { learn_hour } from './seasonal-level.ts'
import { SPANS, spread_at } from './usual-spread.ts'

/** Teaches the season the hour that is over, cut at three deviations; an unusual one teaches nothing. */
export const end_hour = (series: Series, point: Judged, policy: AnomalyPolicy): Series => {
  const hour_ms = Math.floor(point.occurred_at / hours(1)) * hours(1)
  if (hour_ms === series.hour_ms) return series
  const taught = series.hour_unusual ? series : learn(series, point, policy)
  return { ...taught, hour_ms, hour_seen: 0, hour_exposure: 0, hour_expected: 0, hour_unusual: false }
}

const learn = (series: Series, point: Judged, policy: AnomalyPolicy): Series => {
  const { hour_ms, hour_exposure } = series
  if (hour_exposure <= 0) return series
  const seen = cut_hour(series, point, policy)
  return is_own_scale(point)
    ? learn_own(series, hour_ms, seen / hour_exposure)
    : learn_hour(series, hour_ms, seen, hour_exposure, unit_of(series))
}

const cut_hour = (series: Series, point: Judged, policy: AnomalyPolicy): number => {
  const { hour_ms, started_ms, hour_seen, hour_expected, hour_exposure, run } = series
  if (hour_ms - started_ms < policy.history_ms || run > 0) return hour_seen
  const unit = unit_of(series)
  const spread = spread_at(series, SPANS.length - 1, hour_ms)
  const variance = is_own_scale(point) ? spread : Math.max(1, spread) + (0.01 * hour_expected) / unit
  const most = 3 * Math.sqrt(variance)
  const place = on_scale(point, hour_expected, hour_exposure, unit)
  const lower = off_scale(point, place - most, hour_exposure, unit)
  return Math.min(
    off_scale(point, place + most, hour_exposure, unit),
    Math.max(Math.min(lower, hour_expected), hour_seen),
  )
}
