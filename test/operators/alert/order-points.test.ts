import { map, NEVER } from 'rxjs'
import { expect } from 'vitest'
import { orderPoints } from '../../../operators/alert/order-points.ts'
import { pipeline, tagged } from '../../../operators/core/keyed.ts'
import { type App, tributary } from '../../../runtime/app.ts'
import type { Anomaly, MetricPoint, Movement } from '../../../schemas/types.ts'
import { minutes, seconds } from '../../../schemas/units.ts'
import type { Driver } from '../../driver/driver.ts'
import { scenario } from '../../driver/scenario.ts'

const T = Date.UTC(2026, 0, 5)

const ordering = pipeline({
  name: 'ordering',
  keyed_by: 'tenant',
  since: 'beginning',
  build: ({ from, to }) => {
    const point = from(
      'metric_points',
      ...(['window_ms', 'revision', 'metric', 'currency', 'dimension', 'kind', 'value'] as const),
      ...(['expected', 'numerator', 'denominator', 'samples'] as const),
    )
    const anomaly = from(
      'anomalies',
      ...(['window_ms', 'revision', 'metric', 'currency', 'dimension', 'pattern'] as const),
      ...(['direction', 'value', 'expected', 'score'] as const),
    )
    const said = tagged({ point, anomaly }).pipe(
      orderPoints(),
      map(
        ({ from: of, value: { event_id, tenant_id, occurred_at, value, revision } }): Movement => ({
          event_id: `${of} ${event_id}${revision ? ` ${revision}` : ''}`,
          tenant_id,
          occurred_at,
          type: 'payment_succeeded',
          channel: 'none',
          product_id: 'none',
          currency: 'EUR',
          amount_minor: value,
        }),
      ),
    )
    to('movements', said)
  },
})
/** Another group writes what this one reads: time is told by its tasks. */
const upstream = pipeline({
  name: 'upstream',
  keyed_by: 'customer',
  since: 'beginning',
  build: ({ to }) => {
    to('metric_points', NEVER)
    to('anomalies', NEVER)
  },
})
const app: App = { ...tributary(1), partitions: 1, pipelines: [upstream, ordering] }

const of = (metric: string, at: number, revision: number) => ({
  event_id: `${metric}||${at}`,
  tenant_id: 'acme',
  occurred_at: T + minutes(at),
  window_ms: minutes(5),
  revision,
  metric,
  value: at,
})
const point = (metric: string, at: number, revision = 0): Partial<MetricPoint> => ({
  ...of(metric, at, revision),
  numerator: at,
  denominator: 1,
  samples: at,
})
const anomaly = (metric: string, at: number): Partial<Anomaly> => ({
  ...of(metric, at, 0),
  direction: 'drop',
  expected: 9,
  lower: 5,
  upper: 12,
  score: -6,
  baseline_points: 10,
  method: 'test',
})
const at = (ms: number) => ({ task: 0, stream_time_ms: T + ms })
const said = (d: Driver) => d.outputs('movements').map(row => row.event_id)

scenario(
  'a window goes on when its time has come, in an order of its own',
  'tenant',
  d => {
    d.mark('metric_points', 0, T)
    d.send('metric_points', [point('visits', 5)], at(0))
    d.send('anomalies', [anomaly('visits', 0)], at(0))
    d.send('metric_points', [point('visits', 0), point('payments', 0)], at(0))
    d.run()
    expect(said(d), 'no window is whole').toEqual([])
    d.mark('metric_points', 0, T + minutes(5) + seconds(2) - 1)
    d.run()
    expect(said(d)).toEqual([])
    d.mark('metric_points', 0, T + minutes(5) + seconds(2))
    d.run()
    expect(said(d)).toEqual(['point payments||0', 'point visits||0', 'anomaly visits||0'])
    expect(d.outputs('movements').map(row => row.amount_minor)).toEqual([0, 0, 0])
    d.mark('metric_points', 0, T + minutes(12))
    d.run()
    expect(said(d).slice(3)).toEqual(['point visits||5'])
    expect(d.timers).toBeLessThanOrEqual(1)
  },
  app,
)

scenario(
  'what is behind its time, and a revision, go on at once',
  'tenant',
  d => {
    d.mark('metric_points', 0, T + minutes(20))
    d.send(
      'metric_points',
      [point('visits', 20), point('visits', 20, 1), point('visits', 0)],
      at(minutes(20)),
    )
    d.run()
    expect(said(d)).toEqual(['point visits||20 1', 'point visits||0'])
    d.mark('metric_points', 0, T + minutes(26))
    d.run()
    expect(said(d).slice(2)).toEqual(['point visits||20'])
  },
  app,
)
