import { expect, it } from 'vitest'
import { type AlertRule, alert_rules } from '../../../operators/alert/alert-rules.ts'
import {
  are_parts_watched,
  cooldown_of,
  fingerprint_of,
  is_watched,
  rule_named,
  severity_of,
  title_named,
  watched_rules,
  watches,
  with_override,
} from '../../../operators/alert/watched-rules.ts'
import { hours, minutes } from '../../../schemas/units.ts'

const rule = alert_rules[0] as AlertRule
const own = { rules: [{ name: 'mine', title: 'My own', metric: 'visits', when: 'below', threshold: 1 }] }
const looker = (bodies: Readonly<Record<string, unknown>>) => ({
  key: 'acme',
  catalog: (kind: string, id: string) => bodies[`${kind} ${id}`] as never,
})
const plain = looker({ 'alert_rule_lists acme': own })

it('is overridden by what makes sense, field by field', () => {
  expect(with_override(rule, undefined)).toBe(rule)
  expect(with_override(rule, { enabled: false })).toBe(null)
  expect(with_override(rule, { severity: 'low' })).toMatchObject({
    severity: 'low',
    by_score: false,
    threshold: 5,
  })
  expect(with_override(rule, { threshold: -1, cooldown_ms: Number.NaN, severity: 'x' } as never)).toEqual(
    rule,
  )
})

it('is as severe as the score says, unless it names its own', () => {
  expect([-6, -8, -12, 30].map(score => severity_of(rule, score))).toEqual([
    'medium',
    'high',
    'critical',
    'critical',
  ])
  expect(severity_of({ ...rule, by_score: false }, -30)).toBe('medium')
  expect([cooldown_of(rule, 'high'), cooldown_of(rule, 'critical')]).toEqual([hours(1), minutes(30)])
})

it('listens to built-in rules and the tenant’s own', () => {
  expect(
    watched_rules(plain)
      .get('visits')
      ?.map(({ name }) => name),
  ).toEqual(['visits_drop', 'visits_spike', 'visits_shift', 'mine'])
  const off = looker({ 'alert_rules visits_drop': { enabled: false } })
  expect(
    watched_rules(off)
      .get('visits')
      ?.map(({ name }) => name),
  ).toEqual(['visits_spike', 'visits_shift'])
  expect(watched_rules(plain).has('revenue_potential')).toBe(false)
  expect([
    is_watched('visits', off),
    is_watched('wind', plain),
    is_watched('revenue_potential', plain),
  ]).toEqual([...[true, false, false]])
})

it('knows whose parts are judged by themselves', () => {
  const parts = looker({ 'alert_rule_lists acme': { rules: [{ ...own.rules[0], dimension: 'channel=a' }] } })
  expect([are_parts_watched('visits', plain), are_parts_watched('visits', parts)]).toEqual([false, true])
  expect([are_parts_watched('churn_risk', plain), are_parts_watched('revenue', parts)]).toEqual([true, false])
})

it('finds a rule by its name while there is one', () => {
  expect(rule_named('mine', plain)).toMatchObject({ when: 'below', of: 'point' })
  expect(rule_named('mine', looker({}))).toBe(null)
  expect(rule_named('visits_drop', looker({ 'alert_rules visits_drop': { enabled: false } }))).toBe(null)
  expect([title_named('mine', plain), title_named('visits_drop', plain), title_named('gone', plain)]).toEqual(
    [...['My own', 'Visits dropped', 'gone']],
  )
})

it('is about the whole, one part, or each part', () => {
  const of = (dimension: string) => ({ ...rule, dimension })
  const seen = ['', '*', 'channel=a'].map(dimension =>
    ['', 'channel=a', 'channel=b'].map(d => watches(of(dimension), 'EUR', d)),
  )
  expect(seen).toEqual([
    [true, false, false],
    [false, true, true],
    [false, true, false],
  ])
  expect(watches({ ...rule, currency: 'USD' }, 'EUR', '')).toBe(false)
})

it('calls the same trouble by the same name', () => {
  expect(fingerprint_of(rule, 'revenue', 'EUR', '')).toBe('revenue_drop|revenue EUR|drop')
  expect(fingerprint_of({ ...rule, when: 'rises_by' }, 'visits', null, 'channel=a')).toBe(
    'revenue_drop|visits|spike|channel=a',
  )
})
