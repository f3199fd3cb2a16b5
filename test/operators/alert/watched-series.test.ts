import { expect, it } from 'vitest'
import { left_of, seen_of, watched, with_point } from '../../../operators/alert/watched-series.ts'
import { hours, minutes } from '../../../schemas/units.ts'
import { above, rule_named, seen_anomaly, seen_point } from './judged.ts'

const points = [5, 10, 15].map(at => seen_point(at, at))

it('keeps points by their start, the newer of two', () => {
  const late = with_point(
    with_point([points[0], points[2]] as typeof points, seen_point(10, 10)),
    seen_point(5, 6),
  )
  expect(late.map(point => point.value)).toEqual([6, 10, 15])
  expect(with_point([], seen_point(5, 1))).toHaveLength(1)
})

it('reads a series from its id, whatever its dimension is called', () => {
  const series = { points, anomalies: [] }
  expect(watched(['revenue|EUR|channel=a|b', series])).toMatchObject({
    ...{ metric: 'revenue', currency: 'EUR', dimension: 'channel=a|b', points },
  })
  expect(watched(['visits||', series])).toMatchObject({ metric: 'visits', currency: null, dimension: '' })
})

it('sees what was there at the end of a window', () => {
  const anomalies = [seen_anomaly(10, -6), seen_anomaly(15, -7)]
  expect(seen_of({ points, anomalies }, minutes(10))).toEqual({
    ...{ points: points.slice(0, 2), anomalies: [anomalies[0]], end_ms: minutes(10), fresh: true },
  })
  expect(seen_of({ points, anomalies }, minutes(20))).toMatchObject({ points, anomalies: [], fresh: false })
  expect(seen_of({ points: [], anomalies }, minutes(20)).fresh).toBe(false)
})

it('keeps an hour, as long as a rule takes together, or nothing', () => {
  const of = (dimension: string) =>
    watched([`latency||${dimension}`, { points, anomalies: [seen_anomaly(10, 9)] }])
  const left = (rules: Parameters<typeof left_of>[1], end: number, dimension = '', many = false) =>
    left_of(of(dimension), rules, minutes(end), many)?.points.map(point => point.value) ?? null
  expect([left([above], 15), left([above], 70), left([above], 80)]).toEqual([[5, 10, 15], [15], null])
  const long = { ...above, window_ms: hours(1), keep_firing_ms: 0 }
  expect([left([long], 70), left([long], 130)]).toEqual([[5, 10, 15], [15]])
  // A part explains its whole; of very many, none does.
  expect([left([above], 15, 'a=b'), left([above], 15, 'a=b', true)]).toEqual([[5, 10, 15], null])
  expect(left([rule_named('churn_risk')], 15, 'customer=a')).toBe(null)
  const fresh = watched(['latency||', { points, anomalies: [] }])
  expect(left_of(fresh, [above], minutes(15), false)).toBe(fresh.series)
})
