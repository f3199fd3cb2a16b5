import { expect, it } from 'vitest'
import { add_to_day, judge_day } from '../../../operators/anomaly/day-trend.ts'
import { first_hour } from '../../../operators/anomaly/whole-hour.ts'
import type { AnomalyHour, MetricPoint } from '../../../schemas/types.ts'
import { days, hours } from '../../../schemas/units.ts'
import { normal_of } from '../../reference/sketch-streams.ts'
import { random_of, START } from './simulated-metric.ts'

const WEEKDAY = [1, 1.1, 1, 1.1, 1, 0.5, 0.4]
/** Days whose verdict is a trend, with it; each day's hours are all of one size, give or take 3 %. */
const trends = (n: number, size: (day: number) => number, kind = 'count', missing = -1) => {
  const normal = normal_of(random_of(3))
  let hour: AnomalyHour = first_hour({ metric: 'visits', occurred_at: START } as MetricPoint)
  const found: [day: number, score: number, value: number][] = []
  for (let i = 0; i < n * 24; i++) {
    const day = Math.floor(i / 24)
    if (i === missing) continue
    const seen = 100 * (WEEKDAY[day % 7] as number) * size(day) * (1 + 0.03 * normal())
    const full = { ...hour, hour_ms: START + hours(i), covered_ms: hours(1), seen, exposure: 1 }
    const judged = judge_day(add_to_day(full), { kind }, START + hours(i + 1))
    hour = judged.hour
    if (judged.verdict) found.push([day, judged.verdict.score, judged.verdict.value])
  }
  return { found, hour }
}

it.each(['count', 'level'])(
  'a week of a %s that sinks by 4 percent a day is a trend by its seventh day',
  kind => {
    const { found } = trends(60, day => 0.96 ** Math.min(14, Math.max(0, day - 39)), kind)
    expect(found[0]?.[0]).toBeGreaterThan(41)
    expect(found[0]?.[0]).toBeLessThanOrEqual(46)
    expect(found.every(([, score]) => score < 0)).toBe(true)
    const [, , value] = found[0] ?? []
    expect((value ?? 0) / (kind === 'count' ? 24 : 1) / 100).toBeLessThan(1)
  },
)

it('steady growth, and weekdays that differ, are none', () => {
  expect(trends(120, day => 1.03 ** (day / 7)).found).toEqual([])
})

it('a day that lacks an hour of a count is no day: weeks begin anew', () => {
  const { hour } = trends(20, () => 1, 'count', 10 * 24 + 5)
  expect(hour.days).toHaveLength(9)
  expect(trends(20, () => 1, 'level', 10 * 24 + 5).hour.days).toHaveLength(14)
  expect(hour.day_ms).toBe(START + days(20))
})
