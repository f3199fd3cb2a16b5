import { expect, test } from 'vitest'
import { judgePoints } from '../../../operators/alert/judge-points.ts'
import { orderPoints } from '../../../operators/alert/order-points.ts'
import { raiseAlerts } from '../../../operators/alert/raise-alerts.ts'
import { pipeline, tagged } from '../../../operators/core/keyed.ts'
import type { Price } from '../../../schemas/types.ts'
import { days, minutes, seconds } from '../../../schemas/units.ts'
import type { Driver } from '../../driver/driver.ts'
import { scenario } from '../../driver/scenario.ts'
import { enter } from '../conversation/talk.ts'
import {
  alert_app,
  anomaly,
  at,
  own,
  own_rules,
  point,
  problems,
  ratio,
  say,
  T,
  told,
  wait,
} from './alert-app.ts'

const price = (
  event_id: string,
  conversation_id: string,
  minute: number,
  more: Partial<Price> = {},
): Price => ({
  event_id,
  tenant_id: 'acme',
  customer_id: 'ada',
  conversation_id,
  cause_event_id: event_id,
  occurred_at: T + minutes(minute),
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

scenario(
  'an incident fires, repeats after its cooldown, rises at once, and is resolved once',
  'tenant',
  d => {
    const scores = [-6, -6, -9, -6, -6, -2, -1, 0, 1, 0, 1, 0]
    scores.forEach((score, i) => {
      at(d, 15 + i * 5, anomaly(15 + i * 5, score))
    })
    expect(told(d)).toEqual([
      'revenue_drop firing fired medium 15',
      'revenue_drop firing rose high 25',
      'revenue_drop resolved resolved high 65',
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
      dimension: '',
      value: 7000,
      expected: 10000,
      started_at: T,
      suppressed: 0,
      cause_event_ids: ['revenue|EUR|15'],
      money_at_risk_minor: 3000,
      money_currency: 'EUR',
      contributor: null,
      contributor_share: null,
      inhibited_by: null,
      silenced_by: null,
      escalation: 0,
      recurrences: 0,
      acknowledged_by: null,
      reason: 'fired',
      policy_version: 'alert-2',
    })
    expect(second).toMatchObject({ suppressed: 1, cause_event_ids: ['revenue|EUR|20', 'revenue|EUR|25'] })
    expect(last).toMatchObject({
      title: 'Revenue dropped: over',
      started_at: T,
      suppressed: 2,
      money_at_risk_minor: null,
      cause_event_ids: ['revenue|EUR|65'],
    })
  },
  alert_app,
)

scenario(
  'a point of which the detectors say nothing is calm too',
  'tenant',
  d => {
    at(d, 15, point(15, 'revenue', 10, { currency: 'EUR' }), anomaly(15, -6))
    for (let m = 20; m <= 50; m += 5) at(d, m, point(m, 'revenue', 9000, { currency: 'EUR', kind: 'sum' }))
    expect(told(d)).toEqual([
      'revenue_drop firing fired medium 15',
      'revenue_drop resolved resolved medium 45',
    ])
    expect(d.outputs('alerts')[1]?.description).toBe('revenue over 5 minutes: 90.00 EUR')
  },
  alert_app,
)

scenario(
  'a revision neither raises nor ends; good news is information; what no rule watches is nothing',
  'tenant',
  d => {
    at(d, 15, anomaly(15, -9, { revision: 1 }))
    at(d, 20, anomaly(20, 9))
    at(d, 60, anomaly(60, 0, { revision: 1 }), anomaly(60, 8, { metric: 'conversations' }))
    expect(told(d)).toEqual(['revenue_spike firing fired info 20'])
    expect(d.outputs('alerts')[0]?.title).toBe('High revenue')
  },
  alert_app,
)

scenario(
  'conversion has to drop by a tenth of what is expected',
  'tenant',
  d => {
    const rate = { metric: 'conversion_rate', currency: null, direction: 'drop', expected: 0.08 } as const
    at(d, 15, anomaly(15, -6, { ...rate, value: 0.0725 }))
    at(d, 20, anomaly(20, -6, { ...rate, value: 0.06 }))
    expect(told(d)).toEqual(['conversion_drop firing fired medium 20'])
    expect(d.outputs('alerts')[0]?.description).toContain('6.0 %, expected 8.0 % (−25 %')
  },
  alert_app,
)

const failures = (m: number, failed: number, ended: number) => ratio(m, 'payment_failure_rate', failed, ended)
scenario(
  'failing payments: enough of them, beyond chance, over the hour; calm is an hour that is calm',
  'tenant',
  d => {
    at(d, 5, failures(5, 2, 4))
    at(d, 10, failures(10, 1, 12))
    expect(told(d)).toEqual([])
    at(d, 15, failures(15, 6, 10))
    for (let m = 20; m <= 180; m += 5)
      at(d, m, point(m, 'visits', 3), ...(m < 60 ? [failures(m, 0, 10)] : []))
    expect(d.outputs('alerts')[0]).toMatchObject({
      severity: 'high',
      description: '9 of 26 payments failed within an hour (34.6 %), beyond chance above 5.0 %',
      cause_event_ids: [0, 5, 10].map(m => `payment_failure_rate||${T + minutes(m)}`),
    })
    expect(told(d).map(line => line.split(' ').slice(0, 2).join(' '))).toEqual([
      'payment_failures firing',
      'payment_failures resolved',
    ])
  },
  alert_app,
)

scenario(
  'a revision of payments counts in the hour and raises nothing by itself',
  'tenant',
  d => {
    at(d, 5, failures(5, 0, 30))
    at(d, 10, failures(10, 0, 10))
    at(d, 10, { ...failures(5, 25, 55), revision: 1 })
    expect(told(d)).toEqual([])
    at(d, 15, failures(15, 1, 2))
    expect(d.outputs('alerts').map(row => row.value)).toEqual([26 / 67])
  },
  alert_app,
)

scenario(
  'a premium lead is told once per conversation, whatever blanks its ids have',
  'tenant',
  d => {
    d.send('prices', [price('1', 'k', 0, { quality_tier: 'standard' }), price('2', 'k', 1)], own)
    d.send('prices', [price('3', 'k', 90), price('4', 'l', 91)], own)
    d.send(
      'prices',
      [price('5', 'b c', 92, { customer_id: 'a' }), price('6', 'c', 93, { customer_id: 'a b' })],
      own,
    )
    d.run()
    expect(d.outputs('alerts').map(row => [row.event_id, row.severity, row.description])).toEqual([
      [`premium_lead|ada k|spike|${T + minutes(1)}|1`, 'info', 'Conversation k of ada is worth 275.00 USD'],
      [`premium_lead|ada l|spike|${T + minutes(91)}|1`, 'info', 'Conversation l of ada is worth 275.00 USD'],
      [`premium_lead|a b c|spike|${T + minutes(92)}|1`, 'info', 'Conversation b c of a is worth 275.00 USD'],
      [
        `premium_lead|a%20b c|spike|${T + minutes(93)}|1`,
        'info',
        'Conversation c of a b is worth 275.00 USD',
      ],
    ])
  },
  alert_app,
)

scenario(
  'the catalog overrides a rule, per tenant and time; what makes no sense there stops no alerts',
  'tenant',
  d => {
    enter(d, 'alert_rules', 'revenue_drop', { severity: 'critical', cooldown_ms: minutes(5) })
    enter(d, 'alert_rules', 'premium_lead', { enabled: false })
    enter(d, 'alert_rules', 'visits_drop', { severity: 'urgent', threshold: 'x', cooldown_ms: 'x' } as never)
    for (const m of [15, 20, 22])
      at(d, m, anomaly(m, -6), anomaly(m, -6, { event_id: `visits||${m}`, metric: 'visits', currency: null }))
    d.send('prices', [price('1', 'k', 0)], own)
    d.run()
    expect(told(d)).toEqual([
      'revenue_drop firing fired critical 15',
      'visits_drop firing fired medium 15',
      'revenue_drop firing repeated critical 20',
    ])
    expect(d.outcomes.dead_letter).toBe(0)
  },
  alert_app,
)

scenario(
  'what is over is forgotten after a week; what nobody hears of for a week is over',
  'tenant',
  d => {
    d.send('prices', [price('1', 'k', 0)], own)
    at(d, 15, anomaly(15, -6))
    const slots = () => [...d.fields('acme').keys()].filter(field => /premium_lead|#revenue_drop/.test(field))
    expect(slots()).toHaveLength(2)
    d.tick(T + days(6))
    expect(slots()).toHaveLength(2)
    d.tick(T + days(9))
    expect(d.outputs('alerts').at(-1)).toMatchObject({
      status: 'resolved',
      description: 'Nothing was heard of it for a week.',
    })
    expect(slots()).toEqual([expect.stringContaining('revenue_drop')])
    d.tick(T + days(17))
    expect(slots()).toEqual([])
    d.tick(T + days(60))
    expect(d.timers).toBe(0)
  },
  alert_app,
)

scenario(
  'a rule of a tenant’s own: pending for its time, firing, kept firing, resolved at once',
  'tenant',
  d => {
    const patience = { for_ms: minutes(10), keep_firing_ms: 0, least_samples: 5 }
    own_rules(d, {
      name: 'slow',
      metric: 'latency',
      when: 'above',
      threshold: 2,
      severity: 'high',
      ...patience,
    })
    const slow = (m: number, value: number, samples = 10) =>
      at(d, m, point(m, 'latency', value, { kind: 'level', samples }))
    slow(5, 3, 4)
    slow(10, 3)
    slow(15, 1)
    slow(20, 3)
    wait(d, 30)
    slow(35, 3)
    slow(40, 1.5)
    expect(told(d)).toEqual([
      'slow pending pending high 10',
      'slow resolved resolved high 15',
      'slow pending pending high 20',
      'slow firing fired high 30',
      'slow resolved resolved high 40',
    ])
    expect(d.outputs('alerts')[3]?.description).toBe('latency over 5 minutes: 3, above 2')
    expect(problems(d.outputs('alerts'))).toEqual([])
  },
  alert_app,
)

scenario(
  'each part by itself, named in the fingerprint; a rule that is gone ends what it raised',
  'tenant',
  d => {
    const part = (m: number, customer: string, value: number) =>
      point(m, 'churn_risk', value, { kind: 'level', dimension: `customer=${customer}` })
    at(d, 5, part(5, 'ada', 0.9), part(5, 'bob', 0.6), point(5, 'churn_risk', 0.95, { kind: 'level' }))
    expect(d.outputs('alerts').map(row => [row.fingerprint, row.title, row.description])).toEqual([
      [
        'churn_risk|churn_risk|spike|customer=ada',
        'Likely to leave (customer=ada)',
        'churn risk of customer=ada over 5 minutes: 90.0 %, above 70.0 %',
      ],
    ])
    enter(d, 'alert_rules', 'churn_risk', { enabled: false }, T + minutes(6))
    d.tick(T + days(1))
    expect(told(d)[1]).toMatch(/^churn_risk resolved/)
    expect(d.outputs('alerts')[1]?.description).toBe('The rule is no more.')
  },
  alert_app,
)

const alert_few = pipeline({
  name: 'alert-few',
  keyed_by: 'tenant',
  since: 'beginning',
  build: ({ from, to }) => {
    const measured = [
      'window_ms',
      'revision',
      'metric',
      'currency',
      'dimension',
      'value',
      'expected',
    ] as const
    const points = from('metric_points', ...measured, 'kind', 'numerator', 'denominator', 'samples')
    const anomalies = from('anomalies', ...measured, 'pattern', 'direction', 'score')
    const lead = ['customer_id', 'conversation_id', 'quality_tier', 'currency'] as const
    const prices = from('prices', ...lead, 'revenue_potential_minor')
    const asked = ['fingerprint', 'silence_id', 'matchers', 'starts_at', 'ends_at', 'author'] as const
    const command = from('alert_commands', 'command', ...asked)
    const finding = tagged({ point: points, anomaly: anomalies }).pipe(orderPoints(), judgePoints())
    to('alerts', tagged({ finding, command, price: prices }).pipe(raiseAlerts(8)))
  },
})
const few_app = { ...alert_app, pipelines: [...alert_app.pipelines, alert_few] }
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

scenario(
  'a silent tenant needs no time: rows are told when their window is whole, not with the next one',
  'tenant',
  d => {
    d.send('anomalies', [anomaly(15, -6)], own)
    d.tick(T + minutes(15) + seconds(1))
    expect(told(d)).toEqual([])
    d.tick(T + minutes(15) + seconds(2))
    expect(told(d)).toEqual(['revenue_drop firing fired medium 15'])
    say(d, 16, 'acknowledge', { fingerprint: 'revenue_drop|revenue EUR|drop' })
    expect(d.outputs('alerts').at(-1)).toMatchObject({ status: 'acknowledged', acknowledged_by: 'ada' })
  },
  alert_app,
)

test('problems() finds an incident that goes on after its end', () => {
  const row = { fingerprint: 'a', started_at: 1, event_id: '1' }
  expect(
    problems([
      { ...row, status: 'resolved' },
      { ...row, status: 'firing' },
    ] as never),
  ).toHaveLength(2)
})
