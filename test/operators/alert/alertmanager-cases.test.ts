/**
 * What users of Alertmanager reported, as far as the states of alerts can prevent it: prometheus/alertmanager #226, #844, #964, #2474,
 * #3846, #4064. What delivery does about them is in group-alerts.test.ts.
 */
import { expect, test } from 'vitest'
import { minutes } from '../../../schemas/units.ts'
import { Driver } from '../../driver/driver.ts'
import { scenario } from '../../driver/scenario.ts'
import { alert_app, anomaly, at, own_rules, point, problems, say, T, told, wait } from './alert-app.ts'

const of = (d: Driver, status: string) => d.outputs('alerts').filter(row => row.status === status)

scenario(
  '#226: an alert that is silenced when it ends is resolved all the same, and says who silenced it',
  'tenant',
  d => {
    at(d, 15, anomaly(15, -6))
    say(d, 20, 'silence', { silence_id: 's', matchers: { rule: 'revenue_drop' }, ends_at: T + minutes(600) })
    at(d, 60, anomaly(60, 0))
    expect(of(d, 'resolved').map(row => [row.silenced_by, row.fingerprint])).toEqual([
      ['s', 'revenue_drop|revenue EUR|drop'],
    ])
  },
  alert_app,
)

scenario(
  '#226: so is one that is inhibited when it ends',
  'tenant',
  d => {
    const dead = (m: number, score: number) =>
      anomaly(m, score, { event_id: `f${m}`, metric: 'feed_payments', currency: null, value: 0 })
    at(d, 15, anomaly(15, -6))
    at(d, 20, dead(20, -9), anomaly(20, -6))
    at(d, 60, dead(60, -9), anomaly(60, 0))
    expect(of(d, 'resolved').map(row => row.inhibited_by)).toEqual(['feed_stale_payments|feed_payments|drop'])
    // What ends later changes nothing about it.
    at(d, 100, dead(100, 0))
    expect(of(d, 'resolved')).toHaveLength(2)
    expect(problems(d.outputs('alerts'))).toEqual([])
  },
  alert_app,
)

scenario(
  '#844, #964, #2474: resolved is said once, however long the calm lasts and whoever says what meanwhile',
  'tenant',
  d => {
    at(d, 15, anomaly(15, -6))
    for (let m = 20; m <= 100; m += 10) at(d, m, anomaly(m, 0))
    say(d, 301, 'silence', { silence_id: 's', matchers: { metric: '*' }, ends_at: T + minutes(320) })
    for (let m = 310; m <= 700; m += 130) at(d, m, anomaly(m, 0), point(m, 'visits', 5))
    expect(told(d)).toEqual([
      'revenue_drop firing fired medium 15',
      'revenue_drop resolved resolved medium 50',
    ])
  },
  alert_app,
)

test('#964: two installations of one log, and one that comes back from every crash, say the same', async () => {
  const run = async (variant: { batch: number; crash?: boolean }) => {
    const d = await Driver.open('tenant', variant, alert_app)
    for (let m = 15; m < 215; m += 10) at(d, m, anomaly(m, m % 100 < 50 ? -6 : 0))
    expect(problems(d.outputs('alerts'))).toEqual([])
    expect(of(d, 'resolved').length).toBeGreaterThan(1)
    return d.written([])
  }
  const first = await run({ batch: 50 })
  expect(await run({ batch: 1, crash: true })).toBe(first)
})

scenario(
  '#3846: one that flaps stays one incident, and is told again only when its cooldown is over',
  'tenant',
  d => {
    own_rules(d, {
      name: 'flaps',
      metric: 'latency',
      when: 'above',
      threshold: 2,
      cooldown_ms: minutes(80),
      keep_firing_ms: 0,
    })
    for (let m = 5; m <= 75; m += 5) at(d, m, point(m, 'latency', m % 10 === 5 ? 3 : 1))
    // The second incident waits for the cooldown, however often it comes and goes.
    expect(told(d)).toEqual(['flaps firing fired medium 5', 'flaps resolved resolved medium 10'])
    at(d, 85, point(85, 'latency', 3))
    expect(d.outputs('alerts').at(-1)).toMatchObject({ reason: 'recurred', suppressed: 7, recurrences: 1 })
  },
  alert_app,
)

scenario(
  '#3846: without a cooldown the third end within an hour is the last: then it fires on until an hour was calm',
  'tenant',
  d => {
    own_rules(d, {
      name: 'flaps',
      metric: 'latency',
      when: 'above',
      threshold: 2,
      cooldown_ms: minutes(1),
      keep_firing_ms: 0,
    })
    for (let m = 5; m <= 60; m += 5) at(d, m, point(m, 'latency', m % 10 === 5 ? 3 : 1))
    expect(of(d, 'resolved')).toHaveLength(3)
    for (let m = 65; m <= 110; m += 5) at(d, m, point(m, 'latency', 1))
    expect(of(d, 'resolved')).toHaveLength(3)
    at(d, 115, point(115, 'latency', 1))
    expect(of(d, 'resolved')).toHaveLength(4)
  },
  alert_app,
)

test('#4064: an alert that is inhibited stays so over a restart, and does not come out with it', async () => {
  const d = await Driver.open('tenant', { batch: 1, crash: true }, alert_app)
  const both = (m: number) => [
    anomaly(m, -9),
    anomaly(m, -9, { event_id: `f${m}`, metric: 'feed_payments', currency: null, value: 0 }),
  ]
  // In the order in which they would be told wrongly.
  at(d, 15, ...both(15))
  for (let m = 20; m <= 120; m += 25) at(d, m, ...both(m))
  wait(d, 210)
  const rows = d.outputs('alerts').filter(row => row.rule === 'revenue_drop')
  expect(rows.length).toBeGreaterThan(1)
  for (const row of rows) expect(row.inhibited_by).toBe('feed_stale_payments|feed_payments|drop')
})
