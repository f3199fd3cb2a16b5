import { expect, test } from 'vitest'
import { raiseAlerts } from '../../../operators/alert/raise-alerts.ts'
import { pipeline, tagged } from '../../../operators/core/keyed.ts'
import type { Anomaly, MetricPoint, Price } from '../../../schemas/types.ts'
import { days, minutes } from '../../../schemas/units.ts'
import { Driver } from '../../driver/driver.ts'
import { scenario } from '../../driver/scenario.ts'
import { store_as_version } from '../../driver/stored-by.ts'
import { enter } from '../conversation/talk.ts'
import { metric_app } from '../metric/metric-app.ts'

const T = Date.UTC(2026, 0, 5)
const own = { task: 0, stream_time_ms: T }

/** An anomaly of the quarter-hour that ends at a minute. */
const anomaly = (at: number, score: number, more: Partial<Anomaly> = {}): Anomaly => ({
  event_id: `revenue|EUR|${at}`,
  tenant_id: 'acme',
  occurred_at: T + minutes(at - 15),
  window_ms: minutes(15),
  revision: 0,
  metric: 'revenue',
  currency: 'EUR',
  direction: score >= 5 ? 'spike' : score <= -5 ? 'drop' : 'none',
  value: 10000 * (1 + score / 20),
  expected: 10000,
  lower: 7500,
  upper: 12500,
  score,
  baseline_points: 5000,
  method: 'seasonal-robust-1 quarter',
  ...more,
})
const payments = (at: number, failed: number, ended: number, revision = 0): MetricPoint[] => {
  const of = {
    tenant_id: 'acme',
    occurred_at: T + minutes(at),
    window_ms: minutes(5),
    revision,
    currency: null,
  }
  const ratio = { value: failed / ended, numerator: failed, denominator: ended, samples: ended }
  const count = { value: ended - failed, numerator: ended - failed, denominator: 1, samples: ended - failed }
  const clock = { ...of, ...count, event_id: `payments||${at}`, metric: 'payments' }
  const rate = { ...of, ...ratio, event_id: `payment_failure_rate||${at}`, metric: 'payment_failure_rate' }
  return ended ? [clock, rate] : [clock]
}
const price = (event_id: string, conversation_id: string, at: number, more: Partial<Price> = {}): Price => ({
  event_id,
  tenant_id: 'acme',
  customer_id: 'ada',
  conversation_id,
  cause_event_id: event_id,
  occurred_at: T + minutes(at),
  quality_tier: 'premium',
  buyer_tier: 'premium',
  currency: 'USD',
  base_minor: 20000,
  quality_ratio: 1.3,
  surge_ratio: 1,
  market_ratio: 1,
  utilization_ratio: null,
  price_minor: 26000,
  revenue_potential_minor: 27500,
  revenue_per_minute_minor: null,
  alternatives: [],
  policy_version: 'pricing-1',
  ...more,
})
const brief = (d: Driver) =>
  d
    .outputs('alerts')
    .map(row => [row.rule, row.status, row.severity, (row.occurred_at - T) / minutes(1), row.suppressed])

scenario(
  'an incident fires, repeats after its cooldown, escalates at once, and is resolved once',
  'tenant',
  d => {
    const scores = [-6, -6, -9, -6, -6, -2, -1, 0, 1, 0, 1, 0]
    d.send(
      'anomalies',
      scores.map((score, i) => anomaly(15 + i * 5, score)),
      own,
    )
    d.run()
    expect(brief(d)).toEqual([
      ['revenue_drop', 'firing', 'medium', 15, 0],
      ['revenue_drop', 'firing', 'high', 25, 1],
      ['revenue_drop', 'resolved', 'high', 65, 2],
    ])
    const [first, second, last] = d.outputs('alerts')
    expect(first).toEqual({
      event_id: `revenue_drop|revenue EUR|drop|${T}|1`,
      tenant_id: 'acme',
      occurred_at: T + minutes(15),
      fingerprint: 'revenue_drop|revenue EUR|drop',
      rule: 'revenue_drop',
      severity: 'medium',
      status: 'firing',
      title: 'Revenue dropped',
      description:
        'revenue over 15 minutes: 70.00 EUR, expected 100.00 EUR (−30 %, 6.0 robust standard deviations below)',
      metric: 'revenue',
      currency: 'EUR',
      value: 7000,
      expected: 10000,
      started_at: T,
      suppressed: 0,
      cause_event_ids: ['revenue|EUR|15'],
      policy_version: 'alert-1',
    })
    expect(second?.cause_event_ids).toEqual(['revenue|EUR|20', 'revenue|EUR|25'])
    expect(last).toMatchObject({
      title: 'Revenue dropped: over',
      started_at: T,
      cause_event_ids: ['revenue|EUR|65'],
    })
  },
  metric_app,
)

scenario(
  'a revision neither raises nor ends; good news is information; what no rule watches is nothing',
  'tenant',
  d => {
    d.send('anomalies', [anomaly(15, -9, { revision: 1 })], own)
    d.send('anomalies', [anomaly(20, 9)], own)
    d.send('anomalies', [anomaly(60, 0, { revision: 1 }), anomaly(25, 8, { metric: 'conversations' })], own)
    d.run()
    expect(brief(d)).toEqual([['revenue_spike', 'firing', 'info', 20, 0]])
    expect(d.outputs('alerts')[0]?.title).toBe('High revenue')
  },
  metric_app,
)

scenario(
  'conversion has to drop by a tenth of what is expected',
  'tenant',
  d => {
    const rate = { metric: 'conversion_rate', currency: null, direction: 'drop', expected: 0.08 } as const
    d.send(
      'anomalies',
      [anomaly(15, -6, { ...rate, value: 0.0725 }), anomaly(20, -6, { ...rate, value: 0.06 })],
      own,
    )
    d.run()
    expect(brief(d)).toEqual([['conversion_drop', 'firing', 'medium', 20, 0]])
    expect(d.outputs('alerts')[0]?.description).toContain('6.0 %, expected 8.0 % (−25 %')
  },
  metric_app,
)

scenario(
  'failing payments: enough of them, beyond chance, over the hour; calm is a calm hour',
  'tenant',
  d => {
    d.send('metric_points', payments(0, 2, 4), own)
    d.send('metric_points', payments(5, 1, 12), own)
    d.run()
    expect(brief(d)).toEqual([])
    d.send('metric_points', payments(10, 6, 10), own)
    for (let at = 15; at <= 150; at += 5) d.send('metric_points', payments(at, 0, at < 60 ? 10 : 0), own)
    d.run()
    const share = d.outputs('alerts')[0]
    expect(share).toMatchObject({
      severity: 'high',
      description: '9 of 26 payments failed within an hour (34.6 %), beyond chance above 5.0 %',
      cause_event_ids: [0, 5, 10].map(at => `payment_failure_rate||${at}`),
    })
    expect(brief(d).map(([rule, status]) => [rule, status])).toEqual([
      ['payment_failures', 'firing'],
      ['payment_failures', 'resolved'],
    ])
  },
  metric_app,
)

scenario(
  'a revision of payments counts in the hour and raises nothing by itself',
  'tenant',
  d => {
    d.send('metric_points', [...payments(0, 0, 30), ...payments(5, 0, 10)], own)
    d.send('metric_points', payments(0, 25, 55, 1), own)
    d.run()
    expect(brief(d)).toEqual([])
    d.send('metric_points', payments(10, 1, 2), own)
    d.run()
    expect(d.outputs('alerts').map(row => row.value)).toEqual([26 / 67])
  },
  metric_app,
)

scenario(
  'a premium lead is told once per conversation',
  'tenant',
  d => {
    d.send('prices', [price('1', 'k', 0, { quality_tier: 'standard' }), price('2', 'k', 1)], own)
    d.send('prices', [price('3', 'k', 90), price('4', 'l', 91)], own)
    d.run()
    expect(d.outputs('alerts').map(row => [row.event_id, row.severity, row.description])).toEqual([
      [`premium_lead|ada k|spike|${T + minutes(1)}|1`, 'info', 'Conversation k of ada is worth 275.00 USD'],
      [`premium_lead|ada l|spike|${T + minutes(91)}|1`, 'info', 'Conversation l of ada is worth 275.00 USD'],
    ])
  },
  metric_app,
)

scenario(
  'the catalog overrides a rule, per tenant and time',
  'tenant',
  d => {
    enter(d, 'alert_rules', 'revenue_drop', { severity: 'critical', cooldown_ms: minutes(5) })
    enter(d, 'alert_rules', 'premium_lead', { enabled: false })
    d.send('anomalies', [anomaly(15, -6), anomaly(20, -6), anomaly(22, -6)], own)
    d.send('prices', [price('1', 'k', 0)], own)
    d.run()
    expect(brief(d)).toEqual([
      ['revenue_drop', 'firing', 'critical', 15, 0],
      ['revenue_drop', 'firing', 'critical', 20, 0],
    ])
  },
  metric_app,
)

scenario(
  'what is over is forgotten after a week; what is open is not',
  'tenant',
  d => {
    for (const topic of ['movements', 'signals', 'leads'] as const) d.mark(topic, 0, T)
    d.send('prices', [price('1', 'k', 0)], own)
    d.send('anomalies', [anomaly(15, -6)], own)
    d.run()
    const slots = () => [...d.fields('acme').keys()].filter(field => /premium_lead|revenue_drop/.test(field))
    expect(slots()).toHaveLength(2)
    d.tick(T + days(9))
    expect(slots()).toEqual([expect.stringContaining('revenue_drop')])
  },
  metric_app,
)

scenario(
  'alerts of incidents that follow each other closely have ids of their own',
  'tenant',
  d => {
    const calm = [20, 25, 30, 35, 40, 45].map(at => anomaly(at, 0))
    const hour = anomaly(60, -14, { occurred_at: T, window_ms: minutes(60) })
    d.send('anomalies', [anomaly(15, -6), ...calm, hour], own)
    d.run()
    expect(brief(d)).toEqual([
      ['revenue_drop', 'firing', 'medium', 15, 0],
      ['revenue_drop', 'resolved', 'medium', 45, 0],
      ['revenue_drop', 'firing', 'critical', 60, 0],
    ])
    expect(new Set(d.outputs('alerts').map(row => row.event_id)).size).toBe(3)
  },
  metric_app,
)

scenario(
  'a rule of the catalog that makes no sense does not stop its alerts',
  'tenant',
  d => {
    enter(d, 'alert_rules', 'revenue_drop', { severity: 'urgent', threshold: 'x', cooldown_ms: 'x' } as never)
    d.send('anomalies', [anomaly(15, -6), anomaly(75, -6)], own)
    d.run()
    expect(brief(d)).toEqual([
      ['revenue_drop', 'firing', 'medium', 15, 0],
      ['revenue_drop', 'firing', 'medium', 75, 0],
    ])
    expect(d.outcomes.dead_letter).toBe(0)
  },
  metric_app,
)

scenario(
  'blanks in ids do not make two conversations one',
  'tenant',
  d => {
    const other = price('2', 'c', 2, { customer_id: 'a b' })
    d.send('prices', [price('1', 'b c', 1, { customer_id: 'a' }), other], own)
    d.run()
    expect(d.outputs('alerts')).toHaveLength(2)
  },
  metric_app,
)

const alert_few = pipeline({
  name: 'alert-few',
  keyed_by: 'tenant',
  since: 'beginning',
  build: ({ from, to }) => {
    const seen = ['window_ms', 'revision', 'metric', 'currency', 'direction'] as const
    const anomaly = from('anomalies', ...seen, 'value', 'expected', 'score')
    const point = from('metric_points', 'window_ms', 'revision', 'metric', 'numerator', 'denominator')
    const lead = ['customer_id', 'conversation_id', 'quality_tier', 'currency'] as const
    const price = from('prices', ...lead, 'revenue_potential_minor')
    to('alerts', tagged({ anomaly, point, price }).pipe(raiseAlerts(8)))
  },
})
const few_app = { ...metric_app, pipelines: [...metric_app.pipelines, alert_few] }
const leads_in = (d: Driver, name: string) =>
  [...d.fields('acme').keys()].filter(field => field.startsWith(`${name}/raise-alerts#premium_lead`))

scenario(
  'of very many premium leads the newest are kept, however few days they took',
  'tenant',
  d => {
    // Told in another order than their ids'.
    for (let n = 0; n < 11; n++) d.send('prices', [price(`${n}`, `k${(n * 7) % 11}`, n)], own)
    d.run()
    const newest = [3, 4, 5, 6, 7, 8, 9, 10].map(n => `k${(n * 7) % 11}`).sort()
    expect(
      leads_in(d, 'alert-few')
        .map(field => field.split(' ')[1]?.split('|')[0])
        .sort(),
    ).toEqual(newest)
    expect(leads_in(d, 'alert-rules')).toHaveLength(11)
    // One that is kept is told once; one that is forgotten is told again.
    d.send('prices', [price('a', 'k0', 20), price('b', `k${21 % 11}`, 20)], own)
    d.run()
    expect(d.outputs('alerts').filter(row => row.cause_event_ids[0] === 'a')).toHaveLength(1)
    expect(d.outputs('alerts').filter(row => row.cause_event_ids[0] === 'b')).toHaveLength(0)
  },
  few_app,
)

test('goes on from what version 1 stored', async () => {
  const d = await Driver.open('tenant', { batch: 1, crash: true }, metric_app)
  d.send('prices', [price('1', 'k', 0)], own)
  d.run()
  const slot = 'state/alert_incident'
  const schemas = [
    { state: 'state/alert_tenant_v1', slot },
    { state: 'state/alert_tenant', slot },
  ] as const
  expect(store_as_version(d, 'acme', 'alert-rules/raise-alerts', 1, schemas)).toBe(2)
  d.send('prices', [price('2', 'k', 1), price('3', 'l', 2)], own)
  d.run()
  expect(d.outputs('alerts').map(row => row.cause_event_ids)).toEqual([['1'], ['3']])
})
