import { expect, test } from 'vitest'
import { new_detector } from '../../../operators/anomaly/judge-series.ts'
import {
  learn_season,
  parts_of,
  per_cycle,
  per_part,
  season_at,
} from '../../../operators/anomaly/series-season.ts'
import type { AnomalyDetector } from '../../../schemas/types.ts'
import { days, hours, minutes } from '../../../schemas/units.ts'
import { random_of } from '../quality/market.ts'

const MONDAY = Date.UTC(2026, 0, 5)
const fresh = (interval_ms: number): AnomalyDetector => ({ ...new_detector(), interval_ms })
const taught = (size: (hour: number, day: number) => number, weeks: number): AnomalyDetector => {
  let known = fresh(hours(1))
  for (let i = 0; i < weeks * 168; i++) {
    const at = season_at(known, MONDAY + i * hours(1), 0)
    known = {
      ...known,
      ...learn_season(known, size(i % 24, Math.floor(i / 24) % 7), at),
      values: known.values + 1,
    }
  }
  return known
}
const next = (known: AnomalyDetector, ahead: number) =>
  season_at(known, MONDAY + known.values * hours(1) + ahead * hours(1), 0)

test('a cycle has 24 parts and seven cycles 168, whatever the cycle', () => {
  expect(parts_of(days(1), MONDAY + hours(5.5))).toMatchObject({ hour: 5 })
  expect(parts_of(days(1), MONDAY).week).toBe(parts_of(days(1), MONDAY + days(7)).week)
  expect(parts_of(hours(48), MONDAY + hours(2)).part - parts_of(hours(48), MONDAY).part).toBe(1)
  expect(parts_of(days(1), -hours(1))).toMatchObject({ hour: 23, week: 167 })
})

test('values in a part and a cycle follow from how far they are apart', () => {
  expect([per_part(fresh(minutes(5))), per_cycle(fresh(minutes(5)))]).toEqual([12, 288])
  expect([per_part(fresh(days(3))), per_cycle(fresh(days(3)))]).toEqual([2, 2])
})

test('learns the hour of the day, then what a weekday differs from it', () => {
  const daily = taught(hour => 10 + hour, 8)
  for (const ahead of [0, 7, 23]) expect(Math.abs(next(daily, ahead).expected - 10 - ahead)).toBeLessThan(1)
  const random = random_of(2)
  const weekly = taught((_, day) => (day >= 5 ? 6 : 10) + random() - 0.5, 10)
  const differ = next(weekly, 2 * 24).expected - next(weekly, 5 * 24 + 3).expected
  expect(differ).toBeGreaterThan(1.5)
  expect(differ).toBeLessThan(5)
})

test('a level that stays is followed; one value far away teaches little', () => {
  const known = taught(() => 10, 4)
  let shifted = known
  for (let i = 0; i < 10 * 24; i++) {
    const at = next(shifted, 0)
    shifted = {
      ...shifted,
      ...learn_season(shifted, 10 + 3 * shifted.spread + 1, at),
      values: shifted.values + 1,
    }
  }
  expect(next(shifted, 0).expected).toBeGreaterThan(10.3)
  const noisy = taught(hour => 10 + (hour % 2), 4)
  const at = next(noisy, 0)
  const after = learn_season(noisy, 1000, at)
  expect(after.hours![at.hour]! - noisy.hours[at.hour]!).toBeLessThan(1)
})

test('before an hour was seen, the hour before it is expected, or the value before', () => {
  expect(season_at(fresh(hours(1)), MONDAY, 42).expected).toBe(42)
  const known = {
    ...fresh(hours(1)),
    ...learn_season(fresh(hours(1)), 7, season_at(fresh(hours(1)), MONDAY, 7)),
  }
  expect(season_at(known, MONDAY + hours(1), 42).by_hour).toBe(7)
})
