import { expect, it } from 'vitest'
import { backtest_rule } from '../../../operators/alert/backtest-rule.ts'
import { rule_of } from '../../../operators/alert/read-rules.ts'
import type { AlertRuleEntry } from '../../../schemas/catalog-kinds.ts'
import { minutes } from '../../../schemas/units.ts'
import { Driver } from '../../driver/driver.ts'
import { alert_app, anomaly, at, own_rules, point, ratio, T } from './alert-app.ts'
import { rule_named } from './judged.ts'

const entry: AlertRuleEntry = {
  ...{
    name: 'slow',
    metric: 'latency',
    when: 'above',
    threshold: 2,
    severity: 'high',
    cooldown_ms: minutes(30),
  },
}
const minute = (ms: number | null) => (ms === null ? null : (ms - T) / minutes(1))
const when = (fired: ReturnType<typeof backtest_rule>) =>
  fired.map(one => [minute(one.from_ms), minute(one.to_ms), one.severity, one.value])

it('fires and ends as the rule would have, with what it saw', () => {
  const values = [1, 3, 4, 1, 1, 1, 1, 1, 1, 1, 5]
  const points = values.map((value, i) => point(i * 5, 'latency', value))
  expect(when(backtest_rule(rule_of(entry), points.toReversed(), []))).toEqual([
    [5, 40, 'high', 3],
    [50, null, 'high', 5],
  ])
  const patient = rule_of({ ...entry, for_ms: minutes(10), keep_firing_ms: 0 })
  expect(when(backtest_rule(patient, points, []))).toEqual([])
  const passed = rule_of({ ...entry, for_ms: minutes(7), keep_firing_ms: 0 })
  const slow = [point(5, 'latency', 3), point(20, 'latency', 4), point(25, 'latency', 1)]
  expect(when(backtest_rule(passed, slow, []))).toEqual([[12, 25, 'high', 3]])
})

it('is about the series that the rule is about', () => {
  const points = [
    point(5, 'latency', 3, { dimension: 'channel=a' }),
    point(5, 'latency', 4, { dimension: 'channel=b' }),
    point(5, 'latency', 5),
    point(5, 'visits', 9, { dimension: 'channel=a' }),
  ]
  const of = (dimension: string) =>
    backtest_rule(rule_of({ ...entry, dimension }), points, []).map(one => one.fingerprint)
  expect(of('*')).toEqual(['slow|latency|spike|channel=a', 'slow|latency|spike|channel=b'])
  expect(of('channel=b')).toEqual(['slow|latency|spike|channel=b'])
  expect(of('')).toEqual(['slow|latency|spike'])
})

it('takes a rising severity, and a stretch that time makes calm', () => {
  const drop = [-6, -9, 0, 0].map((score, i) => anomaly(15 + i * 30, score))
  expect(when(backtest_rule(rule_named('revenue_drop'), [], drop))).toEqual([[15, 75, 'high', 7000]])
  const failing = [ratio(5, 'payment_failure_rate', 10, 30), ratio(100, 'payment_failure_rate', 0, 30)]
  expect(when(backtest_rule(rule_named('payment_failures'), failing, []))).toEqual([[5, 100, 'high', 1 / 3]])
})

it('says of a past what the stream said of it', async () => {
  let seed = 7
  const random = () => {
    seed = (seed * 48271) % 2147483647
    return seed / 2147483647
  }
  const d = await Driver.open('tenant', { batch: 7 }, alert_app)
  const rule = {
    ...entry,
    for_ms: minutes(5),
    window_ms: minutes(15),
    keep_firing_ms: minutes(10),
    threshold: 4,
  }
  own_rules(d, rule)
  const points = Array.from({ length: 300 }, (_, i) =>
    point(5 + i * 5, 'latency', Math.round(random() * 3 + (i % 60 < 8 ? 2 : 0))),
  )
  for (const one of points) at(d, minute(one.occurred_at + one.window_ms) ?? 0, one)
  const rows = d.outputs('alerts').filter(row => row.rule === 'slow' && row.reason !== 'pending')
  const starts = rows
    .filter(row => ['fired', 'recurred', 'escalated'].includes(row.reason))
    .map(row => row.occurred_at)
  const fired = backtest_rule(rule_of(rule), points, [])
  expect(starts.length).toBeGreaterThan(3)
  expect(fired.map(one => one.from_ms)).toEqual(starts)
  const pending = new Set(
    d
      .outputs('alerts')
      .filter(row => row.status === 'firing')
      .map(row => row.started_at),
  )
  const ends = rows
    .filter(row => row.status === 'resolved' && pending.has(row.started_at))
    .map(row => row.occurred_at)
  expect(fired.flatMap(one => one.to_ms ?? [])).toEqual(ends)
})
