import { expect, it } from 'vitest'
import { recur } from '../../../operators/anomaly/recurring-hour.ts'
import { first_hour } from '../../../operators/anomaly/whole-hour.ts'
import type { Anomaly, MetricPoint } from '../../../schemas/types.ts'
import { days, hours, minutes } from '../../../schemas/units.ts'
import { START } from './simulated-metric.ts'

const anomaly = (at_ms: number, direction: Anomaly['direction'] = 'drop') =>
  ({ occurred_at: at_ms, window_ms: minutes(15), direction, pattern: direction }) as Anomaly
const patterns = (of: readonly Anomaly[]) => {
  let hour = first_hour({ metric: 'visits', occurred_at: START } as MetricPoint)
  return of.map(each => {
    const known = recur(hour, each)
    hour = known.hour
    return known.anomaly?.pattern
  })
}
const at = (day: number, hour: number) => anomaly(START + days(day) + hours(hour))

it('what comes back at its hour on a third day is recurring, also with a day between', () => {
  expect(patterns([at(0, 3), at(1, 3), at(2, 3), at(4, 3)])).toEqual([
    'drop',
    'drop',
    'recurring',
    'recurring',
  ])
})

it('several of one hour of one day are one; another hour and a longer pause begin anew', () => {
  expect(patterns([at(0, 3), at(0, 3.25), at(0, 3.5), at(1, 3)])).toEqual(['drop', 'drop', 'drop', 'drop'])
  expect(patterns([at(0, 3), at(1, 4), at(2, 5)])).toEqual(['drop', 'drop', 'drop'])
  expect(patterns([at(0, 3), at(1, 3), at(4, 3), at(5, 3)])).toEqual(['drop', 'drop', 'drop', 'drop'])
})

it('that all is usual again is no anomaly', () => {
  const none = (day: number) => anomaly(START + days(day), 'none')
  expect(patterns([none(0), none(1), none(2), none(3)])).toEqual(['none', 'none', 'none', 'none'])
  const hour = first_hour({ metric: 'visits', occurred_at: START } as MetricPoint)
  expect(recur(hour, null)).toEqual({ hour, anomaly: null })
})
