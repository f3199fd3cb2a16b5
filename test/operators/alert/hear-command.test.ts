import { expect } from 'vitest'
import { minutes } from '../../../schemas/units.ts'
import type { Driver } from '../../driver/driver.ts'
import { scenario } from '../../driver/scenario.ts'
import { alert_app, anomaly, at, own_rules, point, say, T, told } from './alert-app.ts'

const fingerprint = 'revenue_drop|revenue EUR|drop'
const refused = (d: Driver) => [...new Set(d.outputs('dead_letters').map(letter => letter.detail))]
const until = (m: number) => ({ ends_at: T + minutes(m) })

scenario(
  'what is acknowledged is not repeated; it rises anew, and is resolved once',
  'tenant',
  d => {
    at(d, 15, anomaly(15, -6))
    say(d, 16, 'acknowledge', { fingerprint })
    say(d, 17, 'acknowledge', { fingerprint, author: 'bob' })
    at(d, 80, anomaly(80, -6))
    at(d, 200, anomaly(200, -6))
    at(d, 205, anomaly(205, -9))
    say(d, 206, 'acknowledge', { fingerprint, author: 'bob' })
    at(d, 240, anomaly(240, 0))
    expect(told(d)).toEqual([
      'revenue_drop firing fired medium 15',
      'revenue_drop acknowledged acknowledged medium 16',
      'revenue_drop firing rose high 205',
      'revenue_drop acknowledged acknowledged high 206',
      'revenue_drop resolved resolved high 240',
    ])
    expect(d.outputs('alerts').map(row => [row.acknowledged_by, row.suppressed])).toEqual([
      ...[
        [null, 0],
        ['ada', 0],
        [null, 2],
        ['bob', 0],
        ['bob', 0],
      ],
    ])
    expect(refused(d)).toEqual([])
  },
  alert_app,
)

scenario(
  'nobody acknowledges in time: the severity rises step by step, but not of what nobody is told of',
  'tenant',
  d => {
    const escalation = [{ after_ms: minutes(30) }, { after_ms: minutes(60), severity: 'critical' as const }]
    own_rules(d, {
      name: 'slow',
      metric: 'latency',
      when: 'above',
      threshold: 2,
      escalation,
      cooldown_ms: minutes(1000),
    })
    at(d, 5, point(5, 'latency', 3))
    at(d, 30, point(30, 'visits', 1))
    say(d, 31, 'silence', { silence_id: 's', matchers: { rule: 'slow' }, ...until(50) })
    at(d, 60, point(60, 'visits', 1))
    at(d, 200, point(200, 'visits', 1))
    expect(told(d)).toEqual([
      'slow firing fired medium 5',
      'slow firing silenced medium 31',
      'slow firing unsilenced medium 50',
      'slow firing escalated high 80',
      'slow firing escalated critical 110',
    ])
    expect(d.outputs('alerts').map(row => row.escalation)).toEqual([0, 0, 0, 1, 2])
  },
  alert_app,
)

scenario(
  'a silence of the name is replaced, taken back, or unknown',
  'tenant',
  d => {
    at(d, 15, anomaly(15, -6))
    say(d, 16, 'silence', { silence_id: 's', matchers: { rule: 'visits_drop' }, ...until(90) })
    say(d, 17, 'silence', { silence_id: 's', matchers: { fingerprint: 'revenue_drop*' }, ...until(90) })
    say(d, 18, 'unsilence', { silence_id: 's' })
    say(d, 19, 'unsilence', { silence_id: 's' })
    expect(d.outputs('alerts').map(row => row.reason)).toEqual(['fired', 'silenced', 'unsilenced'])
    expect(refused(d)).toEqual(['unsilence: there is no silence s'])
  },
  alert_app,
)

scenario(
  'what names nothing, or cannot be meant, is refused with the reason',
  'tenant',
  d => {
    own_rules(d, { name: 'slow', metric: 'latency', when: 'above', threshold: 2, for_ms: minutes(60) })
    at(d, 5, point(5, 'latency', 3))
    say(d, 10, 'acknowledge', {})
    say(d, 11, 'acknowledge', { fingerprint })
    say(d, 12, 'acknowledge', { fingerprint: 'slow|latency|spike' })
    const matchers = { rule: 'x' }
    say(d, 13, 'silence', { matchers, ...until(90) })
    say(d, 14, 'silence', { silence_id: 's', matchers })
    say(d, 15, 'silence', { silence_id: 's', matchers, ...until(1) })
    say(d, 16, 'silence', { silence_id: 's', matchers, ...until(600_000) })
    say(d, 17, 'silence', { silence_id: 's', ...until(90) })
    say(d, 18, 'silence', { silence_id: 's', matchers: { colour: 'red' }, ...until(90) })
    expect(refused(d)).toEqual([
      'acknowledge: fingerprint is missing',
      `acknowledge: no open alert is ${fingerprint}`,
      'acknowledge: slow|latency|spike has not fired yet',
      'silence: silence_id is missing',
      'silence: ends_at is missing',
      'silence: ends_at must be behind starts_at',
      'silence: it must end within a year',
      'silence: matchers are missing: it would be quiet for ever',
      'silence: matchers.colour is none of rule, metric, currency, dimension, severity, fingerprint',
    ])
    expect(told(d)).toEqual(['slow pending pending medium 5'])
  },
  alert_app,
)
