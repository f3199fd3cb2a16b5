import fc from 'fast-check'
import { expect, it } from 'vitest'
import { count_points } from '../../../operators/lead/count-points.ts'
import { judge_lead, probability_of } from '../../../operators/lead/judge-lead.ts'
import { default_lead_policy, type LeadPolicy } from '../../../operators/lead/lead-policy.ts'
import type { LeadKnowledge } from '../../../schemas/types.ts'
import { minutes } from '../../../schemas/units.ts'
import { known, NOWHERE } from './lead-knowledge.ts'

const OWNER = {
  homeowner_verified: 'true',
  bill_amount_minor: '30000',
  zip_code: '1',
  property_type: 'house',
}
const judge = (knowledge: LeadKnowledge, policy: LeadPolicy = default_lead_policy, total?: number) => {
  const points = count_points(knowledge, NOWHERE, 100, policy)
  return judge_lead(knowledge, total === undefined ? points : { ...points, total }, policy)
}

it('is premium from 85, standard from 70, basic from 50, and unqualified below or without a verified home', () => {
  const tier = (total: number, facts: Readonly<Record<string, string>> = OWNER) =>
    judge(known(facts), default_lead_policy, total).quality_tier
  expect([10_000, 8500, 8499, 7000, 6999, 5000, 4999, 0].map(total => tier(total))).toEqual([
    'premium',
    'premium',
    'standard',
    'standard',
    'basic',
    'basic',
    'unqualified',
    'unqualified',
  ])
  expect(tier(10_000, { ...OWNER, homeowner_verified: 'false' })).toBe('unqualified')
})

it('without a calibration the prior: 1 / (1 + e^((70 - score) / 11.2))', () => {
  // e^(17 / 11.2) = 4.562: 4.562 / 5.562; e^(70 / 11.2) = 518: 1 / 519
  expect([70, 87, 0, 100].map(score => probability_of(score, default_lead_policy))).toEqual([
    0.5, 0.8202, 0.0019, 0.9358,
  ])
})

it('a calibration holds at its knots, is straight between them and level outside', () => {
  const calibration = [
    [20, 0.05],
    [60, 0.25],
    [80, 0.25],
    [90, 0.75],
  ] as const
  const of = (score: number) => probability_of(score, { ...default_lead_policy, calibration })
  expect([0, 20, 40, 60, 70, 80, 85, 90, 100].map(of)).toEqual([
    0.05, 0.05, 0.15, 0.25, 0.25, 0.25, 0.5, 0.75, 0.75,
  ])
  const one = { ...default_lead_policy, calibration: [[50, 0.4]] as const }
  expect([0, 50, 100].map(score => probability_of(score, one))).toEqual([0.4, 0.4, 0.4])
})

it('a better score is never less probable, by the prior and by any calibration', () => {
  const knots = fc
    .uniqueArray(fc.nat(10_000), { minLength: 1, maxLength: 12 })
    .chain(scores =>
      fc.tuple(
        fc.constant(scores.sort((a, b) => a - b)),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), {
          minLength: scores.length,
          maxLength: scores.length,
        }),
      ),
    )
    .map(([scores, ps]) => {
      ps.sort((a, b) => a - b)
      return scores.map((score, i) => [score / 100, ps[i] as number] as const)
    })
  fc.assert(
    fc.property(fc.option(knots), fc.nat(10_000), fc.nat(10_000), (calibration, a, b) => {
      const policy = { ...default_lead_policy, calibration }
      const [less, more] = [Math.min(a, b) / 100, Math.max(a, b) / 100]
      const least = probability_of(less, policy)
      const most = probability_of(more, policy)
      expect(most).toBeGreaterThanOrEqual(least)
      expect(least).toBeGreaterThanOrEqual(0)
      expect(most).toBeLessThanOrEqual(1)
    }),
    { numRuns: 500 },
  )
})

it('may be offered from 300 s on, by 1800 s, or once handed off; never below basic, never with a field missing', () => {
  const ready = (last_ms: number, facts: Readonly<Record<string, string>>, total = 6000) =>
    judge(known(facts, { last_ms }), default_lead_policy, total).ready
  const told = { ...OWNER, install_timeline: 'soon', credit_signal: 'poor', said_decision_role: 'primary' }
  const instants = [0, 299_999, 300_000, 1_799_999, 1_800_000, 9e9]
  expect(instants.map(at => ready(at, told))).toEqual([false, false, true, true, true, true])
  // Timeline, credit and who decides are waited for, up to half an hour, or to the end of the conversation.
  const waits = [false, false, false, false, true, true]
  expect(instants.map(at => ready(at, OWNER))).toEqual(waits)
  for (const field of ['install_timeline', 'credit_signal', 'said_decision_role']) {
    const { [field]: _, ...rest } = told as Record<string, string>
    expect([field, instants.map(at => ready(at, rest))]).toEqual([field, waits])
  }
  expect(instants.map(at => ready(at, { ...OWNER, ended: 'true' }))).toEqual([
    false,
    false,
    true,
    true,
    true,
    true,
  ])
  expect(ready(0, { ...OWNER, handed_off: 'true' })).toBe(true)
  expect(ready(300_000, told, 4999)).toBe(false)
  expect(ready(0, { ...OWNER, handed_off: 'true' }, 4999)).toBe(false)
  for (const field of ['homeowner_verified', 'bill_amount_minor', 'zip_code']) {
    const { [field]: _, ...rest } = { ...OWNER, handed_off: 'true' } as Record<string, string>
    expect([field, ready(1_800_000, rest)]).toEqual([field, false])
  }
})

it('waits for what the policy awaits, up to the longest time and no longer', () => {
  const base = default_lead_policy.ready
  const policy: LeadPolicy = {
    ...default_lead_policy,
    ready: { ...base, awaited: ['install_timeline'], min_ms: minutes(1), max_ms: minutes(2) },
  }
  const ready = (last_ms: number, more: Readonly<Record<string, string>> = {}) =>
    judge(known({ ...OWNER, ...more }, { last_ms }), policy, 6000).ready
  expect([59_999, 60_000, 119_999, 120_000].map(at => ready(at))).toEqual([false, false, false, true])
  expect([59_999, 60_000].map(at => ready(at, { said_install_timeline: 'soon' }))).toEqual([false, true])
  expect(ready(0, { handed_off: 'true' })).toBe(true)
})
