import { expect, it } from 'vitest'
import { add_point, first_hour, value_of } from '../../../operators/anomaly/whole-hour.ts'
import type { Anomaly, AnomalyHour, MetricPoint } from '../../../schemas/types.ts'
import { hours, minutes } from '../../../schemas/units.ts'
import { START } from './simulated-metric.ts'

const point = (minute: number, more: Partial<MetricPoint> = {}): MetricPoint => ({
  event_id: `visits||${minute}`,
  tenant_id: 'acme',
  occurred_at: START + minutes(minute),
  window_ms: minutes(5),
  revision: 0,
  metric: 'visits',
  currency: null,
  dimension: '',
  kind: 'count',
  expected: null,
  value: 1,
  numerator: 1,
  denominator: 1,
  samples: 1,
  ...more,
})
/** Hours that are over, in order, and what they are worth. */
const hours_of = (points: readonly MetricPoint[]) => {
  let hour = first_hour(points[0] as MetricPoint)
  const over: AnomalyHour[] = []
  for (const point of points)
    hour = add_point(hour, { point, anomaly: null }, ended => {
      over.push(ended)
      return ended
    })
  const [first] = points
  return over.map(each => [
    (each.hour_ms - START) / hours(1),
    value_of(each, first as MetricPoint, 20),
    (each.latest_ms - START) / minutes(1),
  ])
}
const every_five = (from: number, to: number, more?: Partial<MetricPoint>) =>
  Array.from({ length: (to - from) / 5 }, (_, i) => point(from + 5 * i, more))

it('an hour is over with its last point, once, and is the sum of its points', () => {
  expect(hours_of(every_five(0, 55))).toEqual([])
  expect(hours_of(every_five(0, 60))).toEqual([[0, 12, 55]])
  expect(hours_of(every_five(0, 180))).toEqual([
    [0, 12, 55],
    [1, 12, 115],
    [2, 12, 175],
  ])
})

it('an hour that lacks points ends with the next hour’s first, and is no sum', () => {
  expect(hours_of(every_five(30, 120))).toEqual([
    [0, null, 55],
    [1, 12, 115],
  ])
  expect(hours_of([...every_five(0, 40), point(65)])).toEqual([[0, null, 35]])
  expect(hours_of([point(0), point(600)])).toEqual([[0, null, 0]])
})

it('a mean needs no whole hour, a ratio enough events', () => {
  const level = { kind: 'level', value: 7, numerator: 70, denominator: 10 }
  expect(hours_of([point(10, level), point(20, { ...level, value: 9 }), point(70, level)])).toEqual([
    [0, 8, 20],
  ])
  const ratio = { kind: 'ratio', value: 0.5, numerator: 5, denominator: 10 }
  expect(hours_of([point(0, ratio), point(5, ratio), point(70, ratio)])).toEqual([[0, 0.5, 5]])
  expect(hours_of([point(0, ratio), point(70, ratio)])).toEqual([[0, null, 0]])
})

it('a window of an hour or more is an hour by itself', () => {
  const whole = { window_ms: hours(1) }
  expect(hours_of([point(0, whole), point(60, whole), point(180, whole)])).toEqual([
    [0, 1, 0],
    [1, 1, 60],
    [3, 1, 180],
  ])
})

it('an hour is left out while the season is unknown, or when a point of it was told', () => {
  const left_out = (at: number, expected: number | null, direction: Anomaly['direction'] | '') => {
    const started = first_hour(point(0))
    const each = point(at, { expected })
    const anomaly = direction === '' ? null : ({ direction } as Anomaly)
    return add_point(started, { point: each, anomaly }, hour => hour).left_out
  }
  const later = 60 * 24 * 9
  expect(left_out(later, 3, '')).toBe(false)
  expect(left_out(later, 3, 'none')).toBe(false)
  expect(left_out(later, 3, 'drop')).toBe(true)
  expect(left_out(later, null, '')).toBe(true)
  expect(left_out(60, 3, '')).toBe(true)
})
