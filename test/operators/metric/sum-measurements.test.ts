/** sum-metrics over what others measure, and over parts. */
import { expect } from 'vitest'
import type { Measurement } from '../../../schemas/types.ts'
import { days, hours, minutes, seconds } from '../../../schemas/units.ts'
import type { Driver } from '../../driver/driver.ts'
import { scenario } from '../../driver/scenario.ts'
import { metric_app } from './metric-app.ts'

const T = Date.UTC(2026, 0, 5)
const measured = (
  metric: string,
  kind: Measurement['kind'],
  value: number,
  after_ms: number,
  more: Partial<Measurement> = {},
): Partial<Measurement> => ({
  ...{
    event_id: `${metric} ${after_ms} ${kind}`,
    tenant_id: 'acme',
    occurred_at: T + after_ms,
    metric,
    kind,
    value,
  },
  ...more,
})
/** No task writes for this one, or all have nothing to read: emitters' records tell the time. */
const idle = (d: Driver) => d.mark('measures', 0, null)
const points = (d: Driver) =>
  d
    .outputs('metric_points')
    .map(row => [row.event_id.replace(String(T), 'T'), row.kind, row.value, row.revision])

scenario(
  'sums, ratios and levels of one’s own become points, the time told by what comes behind them',
  'series',
  d => {
    idle(d)
    d.send('measurements', [
      measured('trials', 'sum', 2, 0),
      measured('trials', 'sum', 0.5, 1),
      measured('error_rate', 'ratio', 3, 0, { weight: 20 }),
      measured('error_rate', 'ratio', 1, 1, { weight: 30 }),
      measured('mrr', 'level', 100, 0, { currency: 'EUR' }),
      measured('mrr', 'level', 400, 1, { currency: 'EUR', weight: 2 }),
      measured('churn_risk', 'level', 0.75, 2, { dimension: 'customer=ada' }),
    ])
    d.run()
    expect(points(d)).toEqual([])
    d.send('measurements', [measured('trials', 'sum', 9, minutes(5) + seconds(2))])
    d.run()
    expect(points(d)).toEqual([
      ['churn_risk||customer=ada|T', 'level', 0.75, 0],
      ['error_rate||T', 'ratio', 0.08, 0],
      ['mrr|EUR|T', 'level', 300, 0],
      ['trials||T', 'sum', 2.5, 0],
    ])
    expect(d.outputs('metric_points').map(({ dimension, samples }) => [dimension, samples])).toEqual([
      ['customer=ada', 1],
      ['', 50],
      ['', 2],
      ['', 2],
    ])
  },
  metric_app,
)

scenario(
  'values become their median and upper quantiles, within a hundredth',
  'series',
  d => {
    idle(d)
    const values = Array.from({ length: 101 }, (_, i) => measured('latency_ms', 'values', (i * 37) % 101, i))
    d.send('measurements', [...values, measured('other', 'sum', 1, minutes(6))])
    d.run()
    const found = d.outputs('metric_points').filter(({ metric }) => metric !== 'other')
    expect(found.map(({ metric, samples }) => [metric, samples])).toEqual([
      ['latency_ms_p50', 101],
      ['latency_ms_p90', 101],
      ['latency_ms_p99', 101],
    ])
    for (const [i, exact] of [50, 90, 99].entries()) {
      const value = found[i]?.value ?? 0
      expect(Math.abs(value - exact) / exact).toBeLessThanOrEqual(0.01)
    }
  },
  metric_app,
)

scenario(
  'a measurement that comes late corrects its window; of a ratio only that, and after two days nothing',
  'series',
  d => {
    idle(d)
    d.send('measurements', [
      measured('error_rate', 'ratio', 1, 0, { weight: 2 }),
      measured('error_rate', 'ratio', 1, hours(2), { weight: 4 }),
      measured('error_rate', 'ratio', 1, 1, { weight: 2 }),
      measured('error_rate', 'ratio', 1, minutes(30), { weight: 1 }),
      measured('error_rate', 'ratio', 9, minutes(45), { weight: 0 }),
    ])
    d.run()
    const start = (at: number) => `error_rate||${T + minutes(at)}`
    const expected = [
      ['error_rate||T', 'ratio', 0.5, 0],
      ['error_rate||T', 'ratio', 0.5, 1],
      [start(30), 'ratio', 1, 0],
    ]
    expect(points(d)).toEqual(expected)
    d.send('measurements', [measured('other', 'sum', 1, days(3)), measured('error_rate', 'ratio', 1, 2)])
    d.run()
    expect(points(d).filter(([id]) => String(id).startsWith('error'))).toEqual([
      ...expected,
      [start(120), 'ratio', 0.25, 0],
    ])
    expect(d.outcomes.late).toBe(1)
  },
  metric_app,
)

scenario(
  'what is no number of a series is refused, and what is of another kind than it',
  'series',
  d => {
    idle(d)
    d.send('measurements', [
      measured('trials', 'sum', 1, 0),
      measured('trials', 'level', 1, 1),
      measured('visits', 'sum', 1, 1),
      measured('trials', 'sum', 2 ** 36, 2),
      measured('trials', 'sum', 2 ** 36, 3),
      measured('trials', 'sum', 2 ** -16, 4),
      measured('other', 'sum', 1, minutes(6)),
    ])
    d.run()
    const details = d.outputs('dead_letters').map(({ detail }) => detail)
    expect(details.filter((one, i) => details.indexOf(one) === i)).toEqual([
      'another_kind',
      'metric_is_counted_from_events',
      'sum_too_large',
    ])
    expect(points(d)).toEqual([['trials||T', 'sum', 2 ** 36 + 1 + 2 ** -16, 0]])
  },
  metric_app,
)

scenario(
  'a part has an hour of zeros behind its last event, the whole a day; neither has any before its first',
  'series',
  d => {
    const visit = { event_id: 'v', tenant_id: 'acme', occurred_at: T + minutes(10), metric: 'visits' }
    const counts = { kind: 'count', numerator: 1, denominator: 0, samples: 1 } as const
    d.mark('measures', 0, T)
    d.send(
      'measures',
      ['', 'channel=ads'].map(dimension => ({ ...visit, ...counts, dimension })),
      { task: 0, stream_time_ms: T },
    )
    d.mark('measures', 0, T + days(2))
    d.run()
    const of = (part: string) => d.outputs('metric_points').filter(({ dimension }) => dimension === part)
    expect([of('').length, of('channel=ads').length]).toEqual([289, 13])
    expect(d.outputs('metric_points').reduce((sum, { value }) => sum + value, 0)).toBe(2)
    expect(of('channel=ads')[0]).toMatchObject({
      event_id: `visits||channel=ads|${T + minutes(10)}`,
      value: 1,
    })
  },
  metric_app,
)
