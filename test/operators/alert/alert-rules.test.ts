import { expect, it } from 'vitest'
import {
  type AlertRule,
  alert_rules,
  cooldown_of,
  severity_of,
  with_override,
} from '../../../operators/alert/alert-rules.ts'
import { hours, minutes } from '../../../schemas/units.ts'

const rule = (name: string) => alert_rules.find(other => other.name === name) as AlertRule

it('has each rule once, and one rule per metric and direction', () => {
  expect(new Set(alert_rules.map(({ name }) => name)).size).toBe(alert_rules.length)
  const watched = alert_rules.map(({ watches }) => JSON.stringify(watches))
  expect(new Set(watched).size).toBe(watched.length)
})

it('grows more severe with the score of a drop; good news stays information', () => {
  expect([5, 7.9, -8, -12.5].map(score => severity_of(rule('revenue_drop'), score))).toEqual([
    'medium',
    'medium',
    'high',
    'critical',
  ])
  expect(severity_of(rule('revenue_spike'), 40)).toBe('info')
  expect(severity_of(rule('payment_failures'), 0)).toBe('high')
})

it('waits an hour, half of it when it is critical', () => {
  expect(cooldown_of(rule('visits_drop'), 'high')).toBe(hours(1))
  expect(cooldown_of(rule('visits_drop'), 'critical')).toBe(minutes(30))
  expect(cooldown_of({ ...rule('visits_drop'), cooldown_ms: minutes(5) }, 'critical')).toBe(minutes(5))
})

it('lets the catalog switch off, fix the severity, move the threshold and the patience', () => {
  const drop = rule('visits_drop')
  expect(with_override(drop, undefined)).toBe(drop)
  expect(with_override(drop, { enabled: false })).toBe(null)
  const low = with_override(drop, { severity: 'low', threshold: 9, cooldown_ms: 60 }) as AlertRule
  expect([severity_of(low, 20), low.threshold, low.cooldown_ms]).toEqual(['low', 9, 60])
  expect(severity_of(with_override(drop, { threshold: 9 }) as AlertRule, 20)).toBe('critical')
})

it('does not believe what makes no sense in the catalog', () => {
  const drop = rule('visits_drop')
  const silly = [
    { severity: 'urgent', threshold: 'x', cooldown_ms: -1 },
    { severity: null, threshold: null, cooldown_ms: null },
    { severity: 3, threshold: -5, cooldown_ms: '1h' },
  ]
  for (const body of silly) expect(with_override(drop, body as never)).toEqual(drop)
  expect(with_override(drop, { threshold: 0, cooldown_ms: 0 })).toMatchObject({
    threshold: 0,
    cooldown_ms: 0,
  })
})
