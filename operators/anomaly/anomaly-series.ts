/** What is known of one metric: what every point changes, and the season, which the hours change. */
import type { AnomalyMetric, AnomalySeason } from '../../schemas/types.ts'
import { hours } from '../../schemas/units.ts'
import { new_spreads } from './usual-spread.ts'

export type Series = AnomalyMetric & AnomalySeason

const zeros = (n: number): number[] => new Array(n).fill(0)

export const new_season = (): AnomalySeason => ({
  exposure: 0,
  level: zeros(2),
  hours: zeros(48),
  days: zeros(14),
  week: zeros(336),
})

export const new_series = (start_ms: number, metric = ''): Series => ({
  metric,
  started_ms: start_ms,
  latest_ms: start_ms - 1,
  points: 0,
  unit_seen: 0,
  unit_samples: 0,
  hour_ms: Math.floor(start_ms / hours(1)) * hours(1),
  hour_seen: 0,
  hour_exposure: 0,
  hour_expected: 0,
  hour_unusual: false,
  ...new_season(),
  spreads: new_spreads(),
  recent: [],
  run: 0,
  settling: 0,
  told: [],
})

export const season_of = ({ exposure, level, hours, days, week }: Series): AnomalySeason => ({
  exposure,
  level,
  hours,
  days,
  week,
})

export const metric_of = (series: Series): AnomalyMetric => {
  const { exposure, level, hours, days, week, ...metric } = series
  return metric
}
