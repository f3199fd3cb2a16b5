import { expect, it } from 'vitest'
import { own_rules, RULES_MOST, read_rules, rule_of } from '../../../operators/alert/read-rules.ts'
import type { AlertRuleEntry } from '../../../schemas/catalog-kinds.ts'
import { hours, minutes } from '../../../schemas/units.ts'

const entry: AlertRuleEntry = { name: 'mine', metric: 'latency', when: 'above', threshold: 2 }
const problem = (more: object) => read_rules({ rules: [{ ...entry, ...more }] }).problem

it('reads a rule with everything, and one with what it needs', () => {
  const whole: AlertRuleEntry = {
    ...{ ...entry, title: 'Slow', currency: 'EUR', dimension: '*', window_ms: hours(1), least_samples: 10 },
    ...{ severity: 'high', for_ms: minutes(5), keep_firing_ms: 0, cooldown_ms: 0, enabled: true },
    inhibits: ['visits_drop'],
    escalation: [{ after_ms: 1000 }, { after_ms: 2000, severity: 'critical' }],
  }
  expect(read_rules({ rules: [entry, { ...whole, name: 'other' }] })).toEqual({
    rules: [entry, { ...whole, name: 'other' }],
    problem: null,
  })
  expect(rule_of(entry)).toMatchObject({
    title: 'mine',
    of: 'point',
    severity: 'medium',
    cooldown_ms: hours(1),
  })
  expect(rule_of({ ...entry, when: 'trend' })).toMatchObject({ of: 'anomaly', keep_firing_ms: hours(3) })
  expect(read_rules(null)).toEqual({ rules: [], problem: null })
})

it('says which field cannot be meant, and believes nothing of such a list', () => {
  expect(read_rules([]).problem).toBe('the list must be an object')
  expect(read_rules({ rules: 1 }).problem).toBe('rules must be a list of at most 200 entries')
  expect(read_rules({ rules: new Array(RULES_MOST + 1).fill(entry) }).problem).toContain('at most 200')
  const said: [object, string][] = [
    [{ nme: 1 }, 'rules[0].nme: there is no such field'],
    [{ name: 'Mine' }, 'rules[0].name must be lower-case letters'],
    [{ name: 'visits_drop' }, 'rules[0].name: there is a rule visits_drop already'],
    [{ metric: '' }, 'rules[0].metric must be'],
    [{ currency: 'EURO' }, 'rules[0].currency must be an ISO code'],
    [{ dimension: 'google' }, 'rules[0].dimension must be name=value'],
    [{ when: 'over' }, 'rules[0].when must be one of above,'],
    [{ threshold: '2' }, 'rules[0].threshold must be a number'],
    [{ when: 'drops_by', threshold: 20 }, 'rules[0].threshold must be a share'],
    [{ when: 'rises_by', threshold: 0 }, 'rules[0].threshold must be a share'],
    [{ when: 'spike', threshold: -1 }, 'rules[0].threshold must be a number of deviations'],
    [{ window_ms: 5 }, 'rules[0].window_ms must be a whole number from 300000'],
    [{ when: 'spike', window_ms: 300000 }, 'rules[0].window_ms: a pattern has its own'],
    [{ least_samples: 0.5 }, 'rules[0].least_samples must be'],
    [{ severity: 'urgent' }, 'rules[0].severity must be one of info'],
    [{ for_ms: -1 }, 'rules[0].for_ms must be'],
    [{ enabled: 'yes' }, 'rules[0].enabled must be true or false'],
    [{ inhibits: ['nobody'] }, 'rules[0].inhibits[0]: there is no rule nobody'],
    [{ inhibits: ['mine'] }, 'rules[0].inhibits[0]: mine would in the end inhibit mine itself'],
    [{ escalation: [{ after_ms: 5 }, { after_ms: 5 }] }, 'rules[0].escalation[1].after_ms must be'],
    [{ escalation: [{ after_ms: 5, severity: 'x' }] }, 'rules[0].escalation[0].severity must be'],
  ]
  for (const [more, begins] of said) expect(problem(more)).toContain(begins)
  expect(read_rules({ rules: [entry, entry] }).problem).toContain(
    'rules[1].name: there is a rule mine already',
  )
  const round = [
    { ...entry, inhibits: ['b'] },
    { ...entry, name: 'b', inhibits: ['c'] },
    { ...entry, name: 'c', inhibits: ['mine'] },
  ]
  expect(read_rules({ rules: round }).problem).toContain('inhibits[0]')
})

it('holds those that are switched on, read once', () => {
  const body = { rules: [entry, { ...entry, name: 'off', enabled: false }] }
  expect(own_rules(body).map(({ name }) => name)).toEqual(['mine'])
  expect(own_rules(body)).toBe(own_rules(body))
  expect(own_rules(undefined)).toEqual([])
  expect(own_rules({ rules: [{}] })).toEqual([])
})
