import { expect, it } from 'vitest'
import { default_anomalies } from '../../../operators/anomaly/anomaly-policy.ts'
import { new_series, type Series } from '../../../operators/anomaly/anomaly-series.ts'
import type { Judged } from '../../../operators/anomaly/judged-scale.ts'
import { end_hour } from '../../../operators/anomaly/learn-season.ts'
import { days, hours, minutes } from '../../../schemas/units.ts'
import { START } from './simulated-metric.ts'

const point = (at_ms: number, kind = 'count'): Judged => ({
  occurred_at: at_ms,
  window_ms: minutes(5),
  kind,
  currency: null,
  value: 1,
  numerator: 1,
  denominator: 1,
  samples: 1,
})
const hour_of = (seen: number, more: Partial<Series> = {}): Series => ({
  ...new_series(START),
  hour_seen: seen,
  hour_exposure: 1,
  hour_expected: 100,
  ...more,
})
const end = (series: Series, kind = 'count') =>
  end_hour(series, point(series.hour_ms + hours(1), kind), default_anomalies)
/** Hour of the day of the first hour: what it was taught. */
const seen = (series: Series) => series.hours[0] as number

it('an hour is learned when the next begins, once', () => {
  const series = hour_of(120)
  expect(end_hour(series, point(START + minutes(55)), default_anomalies)).toBe(series)
  const next = end(series)
  expect(seen(next)).toBe(120)
  expect([next.hour_ms, next.hour_seen, next.hour_exposure]).toEqual([START + hours(1), 0, 0])
  expect(seen(end(hour_of(-7, { hour_exposure: 0.5 }), 'level'))).toBe(0)
  expect(end(hour_of(-7, { hour_exposure: 0.5 }), 'level').level[0]).toBe(-14)
})

it('an unusual hour teaches nothing', () => {
  const next = end(hour_of(0, { hour_unusual: true }))
  expect(next.hours.every(sum => sum === 0)).toBe(true)
  expect(next.hour_unusual).toBe(false)
})

it('after three days a far hour is cut at three deviations, unless it is the new usual', () => {
  const known = { started_ms: START - days(4) }
  const cut = seen(end(hour_of(1000, known)))
  expect(cut).toBeGreaterThan(130)
  expect(cut).toBeLessThan(150)
  expect(seen(end(hour_of(10, known)))).toBeGreaterThan(60)
  expect(seen(end(hour_of(105, known)))).toBe(105)
  expect(seen(end(hour_of(1000, { ...known, run: 300 })))).toBe(1000)
})
