/** What an anomaly of a series is called: by the signal that found it rarest, its sign, and what was told before. */
import type { AnomalyDetector } from '../../schemas/types.ts'
import { mann_kendall } from '../stats/mann-kendall.ts'
import { parts_of } from './series-season.ts'
import { SIGNALS, type Signal } from './series-signals.ts'

export type Pattern = '' | 'spike' | 'drop' | 'level_shift' | 'trend' | 'recurring' | 'unusual'

/** Hours looked at for a trend, and the deviations from which on there is one. */
const TREND = { hours: 24, deviations: 3.5 }
/** Detections at the same hour of the cycle, fading, from which on one recurs. */
const RECURS = 1.8

/** So many hours on one side, each further than usual, are no spike any more. */
const LASTS = 6

/** The means of the last 24 hours against the season, the newest still growing. */
export const watch_trend = (state: AnomalyDetector, at_ms: number, distance: number) => {
  const { part } = parts_of(state.cycle_ms, at_ms)
  if (part !== state.trend_part || state.trend.length === 0)
    return { trend: [...state.trend, distance].slice(-TREND.hours), trend_part: part }
  const trend = state.trend.slice()
  const newest = trend.length - 1
  trend[newest] = (trend[newest] as number) + 0.25 * (distance - (trend[newest] as number))
  return { trend, trend_part: part }
}

/** `distance`: of the value from the season. */
export const name_pattern = (
  state: AnomalyDetector,
  strengths: readonly number[],
  distance: number,
  hour: number,
): Pattern => {
  if ((state.told_hours[hour] as number) >= RECURS) return 'recurring'
  if (rarest_of(strengths) === 'shake') return 'unusual'
  const side = Math.sign(distance)
  const late = state.trend.slice(-LASTS)
  const lasts = late.length === LASTS && late.every(mean => mean * side > state.spread)
  if (!lasts) return side < 0 ? 'drop' : 'spike'
  const trending =
    state.trend.length === TREND.hours && Math.abs(mann_kendall(state.trend)) >= TREND.deviations
  return trending ? 'trend' : 'level_shift'
}

const rarest_of = (strengths: readonly number[]): Signal => {
  let rarest = 0
  strengths.forEach((strength, i) => {
    if (strength > (strengths[rarest] as number)) rarest = i
  })
  return SIGNALS[rarest] as Signal
}
