import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Anomaly, MetricPoint } from '../../../schemas/types.ts'
import { days, minutes, seconds } from '../../../schemas/units.ts'
import { Driver } from '../../driver/driver.ts'
import { scenario } from '../../driver/scenario.ts'
import { alert_app, anomaly, at, own, own_rules, point, ratio, T, told, wait } from './alert-app.ts'

const visits = (m: number, value: number, expected: number, dimension = '') =>
  point(m, 'visits', value, { dimension, expected })

scenario(
  'an alert names the part that misses most, and the money that is missing',
  'tenant',
  d => {
    at(
      d,
      5,
      visits(5, 100, 100),
      point(5, 'payments', 10),
      point(5, 'revenue', 50_000, { currency: 'EUR', kind: 'sum' }),
    )
    const parts = [visits(65, 1, 70, 'channel=google'), visits(65, 29, 30, 'channel=direct')]
    const outage = anomaly(65, -9, {
      event_id: 'x',
      metric: 'visits',
      currency: null,
      value: 30,
      expected: 100,
    })
    // Parts come behind the anomaly, and in another order than their ids'.
    at(d, 65, outage, visits(65, 30, 100), ...parts.toReversed())
    const [row] = d.outputs('alerts')
    expect(row).toMatchObject({ contributor: 'channel=google', money_currency: 'EUR' })
    expect(row?.contributor_share).toBeCloseTo(69 / 70)
    // 70 visits; a visit brings 500.00 / 130.
    expect(row?.money_at_risk_minor).toBe(Math.round((70 * 50_000) / 130))
  },
  alert_app,
)

scenario(
  'a rule that explains others speaks before them, wherever their series stand',
  'tenant',
  d => {
    const dead = { event_id: 'f', metric: 'feed_touchpoints', currency: null, value: 0 } as const
    const drop = { event_id: 'v', metric: 'visits', currency: null, value: 0 } as const
    at(
      d,
      15,
      anomaly(15, -9, { event_id: 'c', metric: 'conversion_rate', currency: null, value: 0 }),
      anomaly(15, -20, drop),
      anomaly(15, -9, dead),
    )
    expect(d.outputs('alerts').map(row => [row.rule, row.severity, row.inhibited_by])).toEqual([
      ['feed_stale_touchpoints', 'high', null],
      ['conversion_drop', 'high', 'feed_stale_touchpoints|feed_touchpoints|drop'],
      ['visits_drop', 'critical', 'feed_stale_touchpoints|feed_touchpoints|drop'],
    ])
  },
  alert_app,
)

scenario(
  'a rule over a stretch takes its points together, and time makes it calm',
  'tenant',
  d => {
    own_rules(d, {
      name: 'few',
      metric: 'orders',
      when: 'above',
      threshold: 5,
      window_ms: minutes(30),
      keep_firing_ms: 0,
    })
    at(d, 5, point(5, 'orders', 3))
    at(d, 10, point(10, 'orders', 3))
    at(d, 30, point(30, 'visits', 1))
    at(d, 40, point(40, 'visits', 1))
    expect(told(d)).toEqual(['few firing fired medium 10', 'few resolved resolved medium 40'])
    // The points are forgotten when nobody can ask for them any more.
    at(d, 200, point(200, 'visits', 1))
    const kept = [...d.fields('acme').keys()].filter(field => field.includes('judge-points#'))
    expect(kept.map(field => field.split('#')[1])).toEqual(['visits||'])
    expect(JSON.stringify(kept).length).toBeLessThan(200)
  },
  alert_app,
)

scenario(
  'a window that comes behind its time is judged by itself',
  'tenant',
  d => {
    at(d, 60, point(60, 'visits', 1))
    d.send('anomalies', [anomaly(30, -9)], own)
    wait(d, 61)
    expect(told(d)).toEqual(['revenue_drop firing fired high 30'])
    // A revision of it raises nothing more.
    d.send('metric_points', [ratio(30, 'payment_failure_rate', 50, 60, { revision: 1 })], own)
    wait(d, 62)
    expect(d.outputs('alerts')).toHaveLength(1)
  },
  alert_app,
)

scenario(
  'a window that comes behind makes no other series fire for it a second time',
  'tenant',
  d => {
    const loud = { when: 'above', threshold: 2, cooldown_ms: 0, keep_firing_ms: 0 } as const
    own_rules(d, { name: 'slow', metric: 'latency', ...loud }, { name: 'mad', metric: 'noise', ...loud })
    at(d, 5, point(5, 'latency', 3))
    at(d, 10, point(10, 'latency', 1))
    at(d, 5, point(5, 'noise', 3))
    wait(d, 11)
    expect(told(d)).toEqual([
      'slow firing fired medium 5',
      'slow resolved resolved medium 10',
      'mad firing fired medium 5',
    ])
  },
  alert_app,
)

scenario(
  'of a tenant that is silent for a month what is kept stays as it is, whenever time leaps',
  'tenant',
  d => {
    at(d, 5, visits(5, 3, 4), point(5, 'payments', 1))
    const kept = () => [...d.fields('acme').keys()].filter(field => /judge-points|order-points/.test(field))
    const before = kept()
    expect(before.filter(field => field.includes('#'))).toHaveLength(2)
    d.tick(T + days(40))
    expect(kept()).toEqual(before)
  },
  alert_app,
)

test('whatever order the rows of series come in, the alerts are the same', async () => {
  const windows = [15, 20, 25, 30, 60].map(m => [
    visits(m, 30, 100),
    visits(m, 5, 60, 'channel=google'),
    visits(m, 25, 40, 'channel=direct'),
    ratio(m, 'payment_failure_rate', 9, 30),
    point(m, 'payments', 21),
    point(m, 'revenue', 5000, { currency: 'EUR', kind: 'sum', samples: 21 }),
    anomaly(m, m < 60 ? -9 : 0, {
      event_id: `a${m}`,
      metric: 'visits',
      currency: null,
      value: 30,
      expected: 100,
    }),
    anomaly(m, m < 60 ? -9 : 0, { event_id: `f${m}`, metric: 'feed_touchpoints', currency: null, value: 0 }),
  ])
  const run = async (
    order: (rows: (MetricPoint | Anomaly)[]) => (MetricPoint | Anomaly)[],
    batch: number,
  ) => {
    const d = await Driver.open('tenant', { batch }, alert_app)
    // Series of a window come before the window is whole; one task may be a window ahead of the other.
    for (const rows of windows)
      for (const row of order(rows))
        if ('score' in row) d.send('anomalies', [row], own)
        else d.send('metric_points', [row], own)
    d.run()
    for (const m of [15, 20, 25, 30, 60]) d.tick(T + minutes(m) + seconds(2))
    return d.outputs('alerts')
  }
  const first = await run(rows => rows, Number.POSITIVE_INFINITY)
  expect(first.length).toBeGreaterThan(4)
  expect(first.some(row => row.contributor === 'channel=google')).toBe(true)
  await fc.assert(
    fc.asyncProperty(fc.infiniteStream(fc.nat()), fc.integer({ min: 1, max: 9 }), async (keys, batch) => {
      const shuffled = (rows: (MetricPoint | Anomaly)[]) =>
        rows
          .map(row => [keys.next().value as number, row] as const)
          .sort(([a], [b]) => a - b)
          .map(([, row]) => row)
      expect(await run(shuffled, batch)).toEqual(first)
    }),
    { numRuns: 25 },
  )
})
