import { expect, test } from 'vitest'
import type { MetricPoint } from '../../../schemas/types.ts'
import { days, hours, minutes } from '../../../schemas/units.ts'
import { Driver } from '../../driver/driver.ts'
import { scenario } from '../../driver/scenario.ts'
import { metric_app } from '../metric/metric-app.ts'
import { START } from './simulated-metric.ts'

const own = { task: 0, stream_time_ms: START }
const point = (start_ms: number, seen: number, more: Partial<MetricPoint> = {}): MetricPoint => ({
  event_id: `visits||${start_ms}`,
  tenant_id: 'acme',
  occurred_at: start_ms,
  window_ms: minutes(15),
  revision: 0,
  metric: 'visits',
  currency: null,
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
      event_id: `visits||${INCIDENT}`,
      direction: 'drop',
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
    expect(rest.map(row => row.direction)).toEqual(['none', 'none'])
  },
  metric_app,
)

scenario(
  'a rise is a spike; an ordinary quarter is nothing',
  'tenant',
  d => {
    d.send('metric_points', history(105, 400), own)
    d.run()
    expect(brief(d)).toEqual([['spike', 1, 1]])
  },
  metric_app,
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
        [`visits||${INCIDENT}`, 'drop', 0, 0],
        [`visits||${INCIDENT}`, 'drop', 1, 10],
        [`visits||${INCIDENT}`, 'none', 2, 99],
      ],
    )
  },
  metric_app,
)

scenario(
  'metrics and currencies have each their own season, and a point that never came is no zero',
  'tenant',
  d => {
    const money = (row: MetricPoint, currency: string): MetricPoint => ({
      ...row,
      event_id: `revenue|${currency}|${row.occurred_at}`,
      metric: 'revenue',
      currency,
      value: row.value * 500,
      numerator: row.numerator * 500,
    })
    const rows = history(100, 100)
    d.send(
      'metric_points',
      rows.slice(0, -1).flatMap(row => [money(row, 'EUR'), row]),
      own,
    )
    d.send(
      'metric_points',
      [money(point(INCIDENT + hours(1), 0), 'EUR'), point(INCIDENT + hours(1), 100)],
      own,
    )
    d.send('metric_points', [money(point(INCIDENT + hours(1), 5000), 'USD')], own)
    d.run()
    expect(d.outputs('anomalies').map(row => [row.metric, row.currency, row.direction])).toEqual([
      ['revenue', 'EUR', 'drop'],
    ])
    expect([...d.fields('acme').keys()].filter(field => field.includes('detect-anomalies'))).toHaveLength(4)
  },
  metric_app,
)

test('what is kept of a metric does not grow with its history', async () => {
  const bytes = async (n: number) => {
    const d = await Driver.open('tenant', { batch: 500 }, metric_app)
    d.send('metric_points', history().slice(0, n), own)
    d.run()
    return [...d.fields('acme').values()].reduce((sum, value) => sum + value.length, 0)
  }
  const whole = await bytes(QUIET_DAYS * 96)
  // Longs are written shorter where they are small.
  expect(Math.abs(whole - (await bytes(100)))).toBeLessThan(20)
  expect(whole).toBeLessThan(5000)
})
