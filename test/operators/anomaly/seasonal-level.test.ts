import { expect, it } from 'vitest'
import { new_series, type Series } from '../../../operators/anomaly/anomaly-series.ts'
import { learn_hour, usual_at } from '../../../operators/anomaly/seasonal-level.ts'
import { days, hours } from '../../../schemas/units.ts'
import { START } from './simulated-metric.ts'

/** Hours of a business that has its own level for each hour of the day and each weekday. */
const level = (hour: number): number =>
  (hour % 24 < 8 ? 20 : 100) * (Math.floor(hour / 24) % 7 === 5 ? 0.5 : 1)
const taught = (n: number, more: (hour: number) => number = () => 1): Series => {
  let series = new_series(START)
  for (let hour = 0; hour < n; hour++)
    series = learn_hour(series, START + hours(hour), level(hour) * more(hour), 1, 1)
  return series
}
const rate = (series: Series, hour: number) => usual_at(series, START + hours(hour + 0.5), 1).rate

it('knows the hour of the day from the second day, the weekday from the second week', () => {
  const after_days = taught(3 * 24)
  expect(Math.abs(rate(after_days, 72 + 12) / 100 - 1)).toBeLessThan(0.15)
  expect(rate(after_days, 72 + 3) / 20).toBeLessThan(1.3)
  const after_weeks = taught(3 * 168)
  expect(rate(after_weeks, 3 * 168 + 5 * 24 + 12)).toBeGreaterThan(45)
  expect(rate(after_weeks, 3 * 168 + 5 * 24 + 12)).toBeLessThan(55)
  expect(rate(after_weeks, 3 * 168 + 24 + 12)).toBeGreaterThan(95)
})

it('doubts less the more it has seen', () => {
  const doubt = (n: number) => usual_at(taught(n), START + hours(n + 12), 1).doubt
  expect(doubt(48)).toBeGreaterThan(2 * doubt(168))
  expect(doubt(168)).toBeGreaterThan(doubt(672))
})

it('follows a new level within two days', () => {
  const start = 14 * 24
  const series = taught(start + 48, hour => (hour >= start ? 1.5 : 1))
  expect(rate(series, start + 48 + 12) / level(start + 48 + 12)).toBeGreaterThan(1.25)
})

it('runs evenly from the middle of an hour to the next', () => {
  const series = taught(168)
  const at = (part: number) => usual_at(series, START + days(7) + hours(7.5 + part), 1).rate
  expect(at(0)).toBeLessThan(at(0.5))
  expect(at(0.5)).toBeCloseTo((at(0) + at(1)) / 2, 9)
})

it('learns nothing from an hour without exposure, and changes nothing that was', () => {
  const series = taught(30)
  const text = JSON.stringify(series)
  expect(learn_hour(series, START + hours(30), 5, 0, 1)).toBe(series)
  expect(learn_hour(series, START + hours(30), 50, 1, 1)).not.toBe(series)
  expect(JSON.stringify(series)).toBe(text)
})
