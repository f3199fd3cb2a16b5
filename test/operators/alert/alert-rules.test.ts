import { expect, it } from 'vitest'
import { alert_rules, severities } from '../../../operators/alert/alert-rules.ts'

it('has the thresholds that were asked for', () => {
  const of = Object.fromEntries(alert_rules.map(rule => [rule.name, rule]))
  expect(of.churn_risk).toMatchObject({ metric: 'churn_risk', when: 'above', threshold: 0.7, dimension: '*' })
  expect(of.conversion_drop).toMatchObject({ metric: 'conversion_rate', threshold: 0.1, as_share: true })
  expect(of.payment_failures).toMatchObject({ threshold: 0.05, window_ms: 3_600_000, least_samples: 20 })
  expect(of.health_score_drop).toMatchObject({ when: 'drops_by', threshold: 0.2, dimension: '*' })
  expect(of.mrr_decline).toMatchObject({ metric: 'mrr_decline_ratio', when: 'above', threshold: 0.05 })
  expect(of.goal_warning).toMatchObject({ metric: 'goal_miss_probability', threshold: 0.5 })
})

it('names each rule once, and explains only rules that there are', () => {
  const names = alert_rules.map(rule => rule.name)
  expect(new Set(names).size).toBe(names.length)
  for (const rule of alert_rules) {
    expect(severities).toContain(rule.severity)
    for (const other of rule.inhibits) expect(names).toContain(other)
    expect(rule.inhibits).not.toContain(rule.name)
    const after = rule.escalation.map(rung => rung.after_ms)
    expect(after).toEqual(after.toSorted((a, b) => a - b))
  }
})
