import { expect, it } from 'vitest'
import { recur } from '../../../operators/anomaly/recurring-hour.ts'
import { first_hour } from '../../../operators/anomaly/whole-hour.ts'
import type { Anomaly, MetricPoint } from '../../../schemas/types.ts'
import { days, hours, minutes } from '../../../schemas/units.ts'
import { START } from './simulated-metric.ts'

const anomaly = (at_ms: number, direction: Anomaly['direction'] = 'drop') =>
  ({ occurred_at: at_ms, window_ms: minutes(15), direction, score: -9 }) as Anomaly
/** Of which of the anomalies, counted from 0, it was seen that their hour recurs. */
const recurring = (of: readonly Anomaly[]): number[] => {
  let hour = first_hour({ metric: 'visits', occurred_at: START } as MetricPoint)
  return of.flatMap((each, i) => {
    hour = recur({ ...hour, recurring: null }, each)
    return hour.recurring ? [i] : []
  })
}
const at = (day: number, hour: number) => anomaly(START + days(day) + hours(hour))

it('what comes back at its hour on a third day is recurring, also with a day between', () => {
  expect(recurring([at(0, 3), at(1, 3), at(2, 3), at(4, 3)])).toEqual([2, 3])
})

it('several of one hour of one day are one; another hour and a longer pause begin anew', () => {
  expect(recurring([at(0, 3), at(0, 3.25), at(0, 3.5), at(1, 3)])).toEqual([])
  expect(recurring([at(0, 3), at(1, 4), at(2, 5)])).toEqual([])
  expect(recurring([at(0, 3), at(1, 3), at(4, 3), at(5, 3)])).toEqual([])
})

it('keeps the numbers of the anomaly and the start of its hour', () => {
  let hour = first_hour({ metric: 'visits', occurred_at: START } as MetricPoint)
  for (const day of [0, 1, 2]) hour = recur(hour, at(day, 3.5))
  expect(hour.recurring).toMatchObject({ start_ms: START + days(2) + hours(3), score: -9 })
})

it('that all is usual again is no anomaly', () => {
  const none = (day: number) => anomaly(START + days(day), 'none')
  expect(recurring([none(0), none(1), none(2), none(3)])).toEqual([])
  const hour = first_hour({ metric: 'visits', occurred_at: START } as MetricPoint)
  expect(recur(hour, null)).toBe(hour)
})
