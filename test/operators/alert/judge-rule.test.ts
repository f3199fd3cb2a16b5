import { expect, it } from 'vitest'
import type { AlertRule } from '../../../operators/alert/alert-rules.ts'
import { judge_rule, type Seen, take } from '../../../operators/alert/judge-rule.ts'
import { hours, minutes } from '../../../schemas/units.ts'
import { above, rule_named, seen_anomaly, seen_point, seen_ratio } from './judged.ts'

const at = (end: number, more: Partial<Seen>): Seen => ({
  ...{ points: [], anomalies: [], end_ms: minutes(end), fresh: true },
  ...more,
})
const verdict = (rule: AlertRule, seen: Seen) => judge_rule(rule, seen)?.verdict ?? 'nothing'
const last = (value: number, expected: number | null, rule: AlertRule) =>
  verdict(rule, at(5, { points: [seen_point(5, value, { expected })] }))

it('holds the last point against the threshold, or against what was expected', () => {
  expect([3, 2].map(value => last(value, null, above))).toEqual(['trouble', 'calm'])
  const below: AlertRule = { ...above, when: 'below' }
  expect([1, 2].map(value => last(value, null, below))).toEqual(['trouble', 'calm'])
  const drops: AlertRule = { ...above, when: 'drops_by', threshold: 0.2 }
  expect([80, 81].map(value => last(value, 100, drops))).toEqual(['trouble', 'calm'])
  const rises: AlertRule = { ...above, when: 'rises_by', threshold: 0.5 }
  expect([150, 149].map(value => last(value, 100, rises))).toEqual(['trouble', 'calm'])
  expect([last(1, null, drops), last(1, 0, drops), last(9, null, rises)]).toEqual([
    'nothing',
    'nothing',
    'nothing',
  ])
})

it('says nothing of few events, but is calm with few', () => {
  const rule = { ...above, least_samples: 10 }
  const of = (value: number, samples: number) =>
    verdict(rule, at(5, { points: [seen_point(5, value, { samples })] }))
  expect([of(3, 9), of(3, 10), of(1, 1)]).toEqual(['nothing', 'trouble', 'calm'])
})

it('takes points of its stretch together, and no older ones', () => {
  const points = [seen_point(5, 50), seen_point(10, 1), seen_point(15, 2)]
  const rule: AlertRule = { ...above, window_ms: minutes(10), threshold: 2 }
  expect(judge_rule(rule, at(15, { points }))).toMatchObject({
    ...{ verdict: 'trouble', value: 3, from_ms: minutes(10), window_ms: minutes(10) },
    cause_event_ids: ['p10', 'p15'],
  })
  // Time passes: what was too much leaves the stretch, and an empty one is calm. It never gets worse by itself.
  expect(verdict(rule, at(20, { points, fresh: false }))).toBe('calm')
  expect(verdict({ ...rule, threshold: 1 }, at(20, { points, fresh: false }))).toBe('nothing')
  expect(verdict(rule, at(60, { points, fresh: false }))).toBe('calm')
  expect(verdict({ ...rule, when: 'below' }, at(60, { points, fresh: false }))).toBe('nothing')
  expect(verdict(above, at(20, { points, fresh: false }))).toBe('nothing')
})

it('judges a share of failures beyond chance', () => {
  const rule = rule_named('payment_failures')
  const of = (failed: number, ended: number) =>
    verdict(rule, at(5, { points: [seen_ratio(5, failed, ended)] }))
  expect([of(1, 2), of(2, 20), of(5, 20), of(60, 1000), of(80, 1000)]).toEqual([
    ...['nothing', 'calm', 'trouble', 'calm', 'trouble'],
  ])
  const points = [seen_ratio(5, 3, 10), seen_ratio(10, 0, 5), seen_ratio(15, 3, 15)]
  expect(judge_rule(rule, at(15, { points }))).toMatchObject({
    ...{ verdict: 'trouble', value: 0.2, cause_event_ids: ['p5', 'p15'], window_ms: hours(1) },
  })
})

it('hears of anomalies of its own pattern and direction, beyond its threshold', () => {
  const rule = rule_named('visits_drop')
  const of = (one: AlertRule, score: number, more = {}) =>
    verdict(one, at(15, { anomalies: [seen_anomaly(15, score, more)] }))
  expect([of(rule, -6), of(rule, -4), of(rule, 6), of(rule, -6, { pattern: 'trend' })]).toEqual([
    ...['trouble', 'calm', 'calm', 'calm'],
  ])
  expect(of(rule, -6, { pattern: '' })).toBe('trouble')
  expect(of({ ...rule, when: 'trend' }, -6, { pattern: 'trend' })).toBe('trouble')
  expect(of({ ...rule, when: 'unusual' }, 6, { pattern: 'level_shift' })).toBe('trouble')
  expect(of({ ...rule, when: 'unusual' }, 6, { pattern: '', direction: 'none' })).toBe('calm')
  const share = rule_named('conversion_drop')
  expect([of(share, -6, { value: 91 }), of(share, -6, { value: 90 })]).toEqual(['calm', 'trouble'])
  const anomalies = [seen_anomaly(15, 1, { direction: 'none', pattern: '' }), seen_anomaly(15, -13)]
  expect(judge_rule(rule, at(15, { anomalies }))).toMatchObject({ verdict: 'trouble', severity: 'critical' })
})

it('is calm where a point comes of which the detectors say nothing', () => {
  const rule = rule_named('visits_drop')
  const points = [seen_point(5, 100)]
  expect(verdict(rule, at(5, { points }))).toBe('calm')
  expect(verdict(rule, at(10, { points, fresh: false }))).toBe('nothing')
  expect(verdict(rule, at(5, {}))).toBe('nothing')
})

it('takes sums, ratios and means together as they are made', () => {
  expect(take([])).toBe(null)
  expect(take([seen_point(5, 4, { expected: 5 }), seen_point(10, 6, { expected: 7 })])).toMatchObject({
    value: 10,
    expected: 12,
  })
  expect(take([seen_ratio(5, 1, 10, 0.2), seen_ratio(10, 9, 30, 0.4)])).toMatchObject({
    value: 0.25,
    expected: 0.35,
  })
  expect(take([seen_ratio(5, 1, 10, 0.2), seen_ratio(10, 9, 30)])?.expected).toBe(null)
  const quantiles = [
    seen_point(5, 100, { kind: 'quantile', samples: 1 }),
    seen_point(10, 200, { kind: 'quantile', samples: 3 }),
  ]
  expect(take(quantiles)?.value).toBe(175)
})
