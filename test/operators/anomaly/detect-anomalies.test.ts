import { expect, test } from 'vitest'
import type { JudgedPoint } from '../../../operators/anomaly/anomaly-policy.ts'
import { judgePoints } from '../../../operators/anomaly/detect-anomalies.ts'
import type { AnomalySeason, AnomalySeries, MetricPoint } from '../../../schemas/types.ts'
import { days, hours, minutes } from '../../../schemas/units.ts'
import type { Driver } from '../../driver/driver.ts'
import { scenario } from '../../driver/scenario.ts'
import { spec_of, turn_over } from '../core/spec-of.ts'
import { anomaly_app } from './anomaly-app.ts'
import { START } from './simulated-metric.ts'

const own = { task: 0, stream_time_ms: START }
// A part of a whole has its anomalies as the whole has.
const point = (start_ms: number, seen: number, more: Partial<MetricPoint> = {}): MetricPoint => ({
  event_id: `visits||channel=google|${start_ms}`,
  tenant_id: 'acme',
  occurred_at: start_ms,
  window_ms: minutes(15),
  revision: 0,
  metric: 'visits',
  currency: null,
  dimension: 'channel=google',
  kind: 'count',
  expected: null,
  value: seen,
  numerator: seen,
  denominator: 1,
  samples: seen,
  ...more,
})
const QUIET_DAYS = 9
const INCIDENT = START + days(QUIET_DAYS)
/** 100 visits a quarter, give or take 7 by turns, for nine days; then what the incident is. */
const history = (...incident: readonly number[]): MetricPoint[] => {
  const points: MetricPoint[] = []
  for (let i = 0; i < QUIET_DAYS * 96; i++) points.push(point(START + i * minutes(15), i % 2 ? 107 : 93))
  return [...points, ...incident.map((seen, i) => point(INCIDENT + i * minutes(15), seen))]
}
const brief = (d: Driver) =>
  d
    .outputs('anomalies')
    .map(row => [row.direction, (row.occurred_at - INCIDENT) / minutes(15), row.window_ms / minutes(15)])

scenario(
  'a stop is a drop, with its numbers, and two normal points end it',
  'tenant',
  d => {
    d.send('metric_points', history(0, 100, 100, 100, 100, 100, 100), own)
    d.run()
    const [drop, ...rest] = d.outputs('anomalies')
    expect(drop).toMatchObject({
      event_id: `visits||channel=google|${INCIDENT}`,
      direction: 'drop',
      pattern: 'drop',
      dimension: 'channel=google',
      value: 0,
      window_ms: minutes(15),
      occurred_at: INCIDENT,
      baseline_points: QUIET_DAYS * 96,
      method: 'seasonal-robust-1 quarter',
    })
    expect(drop?.score).toBeLessThan(-5)
    expect(drop?.expected).toBeGreaterThan(90)
    expect(drop?.expected).toBeLessThan(110)
    expect(drop?.lower).toBeGreaterThan(0)
    expect(drop?.upper).toBeGreaterThan(drop?.expected as number)
    expect(rest.map(row => [row.direction, row.pattern])).toEqual([
      ['none', ''],
      ['none', ''],
    ])
  },
  anomaly_app,
)

scenario(
  'a rise is a spike; an ordinary quarter is nothing',
  'tenant',
  d => {
    d.send('metric_points', history(105, 400), own)
    d.run()
    expect(brief(d)).toEqual([['spike', 1, 1]])
  },
  anomaly_app,
)

scenario(
  'a correction takes the anomaly back, with its revision; one of another point does nothing',
  'tenant',
  d => {
    d.send('metric_points', history(0), own)
    d.send('metric_points', [point(INCIDENT - minutes(30), 0, { revision: 1 })], own)
    d.send('metric_points', [point(INCIDENT, 10, { revision: 1 }), point(INCIDENT, 99, { revision: 2 })], own)
    d.run()
    expect(d.outputs('anomalies').map(row => [row.event_id, row.direction, row.revision, row.value])).toEqual(
      [
        [`visits||channel=google|${INCIDENT}`, 'drop', 0, 0],
        [`visits||channel=google|${INCIDENT}`, 'drop', 1, 10],
        [`visits||channel=google|${INCIDENT}`, 'none', 2, 99],
      ],
    )
  },
  anomaly_app,
)

scenario(
  'the quantiles of one series have each their own season, and a point that never came is no zero',
  'tenant',
  d => {
    const quantile = (row: MetricPoint, q: number): MetricPoint => ({
      ...row,
      event_id: `wait_p${q}||${row.occurred_at}`,
      metric: `wait_p${q}`,
      kind: 'quantile',
      value: row.value * q,
      numerator: row.numerator * q,
    })
    // Points of whole hours: four times fewer.
    const rows = history(100, 100)
      .filter((_, i) => i % 4 === 0)
      .map((row, i) => ({ ...row, window_ms: hours(1), value: 93 + ((7 * i) % 5) * 3.5 }))
    d.send(
      'metric_points',
      rows.slice(0, -1).flatMap(row => [quantile(row, 50), quantile(row, 99)]),
      own,
    )
    const after = INCIDENT + hours(1)
    d.send('metric_points', [quantile(point(after, 100), 50), quantile(point(after, 200), 99)], own)
    d.send('metric_points', [quantile(point(after, 300), 90)], own)
    d.run()
    expect(d.outputs('anomalies').map(row => [row.metric, row.direction])).toEqual([['wait_p99', 'spike']])
    const slots = [...d.fields('acme').keys()].filter(field => /detect-anomalies.*wait_p\d+/.test(field))
    expect(slots).toHaveLength(3)
  },
  anomaly_app,
)

test('every point goes on, with what was expected of it once three days are known, and its anomaly', () => {
  const { step } = spec_of<MetricPoint, JudgedPoint, AnomalySeries, AnomalySeason, never>(judgePoints())
  const turn = turn_over<JudgedPoint, AnomalySeason, never>(new Map())
  const rows = history(0)
  let state: AnomalySeries = { metrics: [] }
  for (const row of rows) state = step(state, row, turn)
  const points = turn.emitted.map(({ point }) => point)
  expect(points.map(({ expected: _, ...row }) => row)).toEqual(rows.map(({ expected: _, ...row }) => row))
  const known = points.findIndex(({ expected }) => expected !== null)
  expect(known).toBe(3 * 96)
  for (const { expected } of points.slice(known)) {
    expect(expected).toBeGreaterThan(85)
    expect(expected).toBeLessThan(115)
  }
  expect(turn.emitted.at(-1)?.anomaly).toMatchObject({ pattern: 'drop' })
  turn.emitted.length = 0
  step(state, point(INCIDENT - days(1), 99, { revision: 1 }), turn)
  expect(turn.emitted).toMatchObject([{ point: { revision: 1 }, anomaly: null }])
  expect(turn.emitted[0]?.point.expected).toBeGreaterThan(85)
})
