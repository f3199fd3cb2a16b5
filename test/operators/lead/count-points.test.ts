import fc from 'fast-check'
import { expect, it } from 'vitest'
import { count_points, type Place } from '../../../operators/lead/count-points.ts'
import {
  basic_lead_policy,
  default_lead_policy,
  type LeadPolicy,
} from '../../../operators/lead/lead-policy.ts'
import { weigh_factors } from '../../../operators/lead/weigh-factors.ts'
import type { LeadKnowledge } from '../../../schemas/types.ts'
import { minutes } from '../../../schemas/units.ts'
import { known, NOWHERE } from './lead-knowledge.ts'

const count = (knowledge: LeadKnowledge, place = NOWHERE, minor_per_major = 100) =>
  count_points(knowledge, place, minor_per_major, default_lead_policy)
const part = (points: ReturnType<typeof count>, signal: string) =>
  points.parts.find(p => p.signal === signal)?.points

it('steps with the bill, in the currency’s own minor units', () => {
  const of_bill = (bill: string, minor_per_major = 100) =>
    part(count(known({ bill_amount_minor: bill }), NOWHERE, minor_per_major), 'bill_amount_minor')
  expect(['30000', '29999', '20000', '19999', '100', '0'].map(bill => of_bill(bill))).toEqual([
    12, 8, 8, 3, 3, 0,
  ])
  expect([of_bill('300', 1), of_bill('299999', 1000)]).toEqual([12, 8])
})

it('without a verified home the whole base is nothing, and the parts say so', () => {
  const facts = { bill_amount_minor: '40000', zip_code: '1', property_type: 'condo' }
  const unknown = count(known(facts))
  expect([unknown.base, unknown.qualified, part(unknown, 'homeowner_required')]).toEqual([0, false, -19])
  // Asking is worth the 14 points of the signal and the 19 that wait for it.
  expect(unknown.missing[0]).toBe('homeowner_verified')
  const renter = count(known({ homeowner_verified: 'false' }))
  expect([renter.base, renter.qualified]).toEqual([0, false])
  expect(renter.missing).toEqual([
    'install_timeline',
    'sentiment',
    'borough',
    'credit_signal',
    'decision_role',
    'comparing_offers',
  ])
  expect(count(known({ ...facts, homeowner_verified: 'true' })).base).toBe(3300)
})

it('grows with time, technical questions, resolved objections and good sentiment', () => {
  const behave = (more: Partial<LeadKnowledge>, signal: string) => part(count(known({}, more)), signal)
  const engaged = [0, 3.5, 10, 90].map(after => behave({ last_ms: minutes(after) }, 'engagement_time'))
  expect(engaged).toEqual([0, 2.8, 8, 8])
  expect([0, 1, 4, 9].map(questions => behave({ questions }, 'technical_questions'))).toEqual([0, 2, 8, 8])
  expect(behave({}, 'objections')).toBe(3.5)
  expect(behave({ objections: 3, objections_resolved: 1 }, 'objections')).toBe(2.33)
  expect(behave({ objections: 1, objections_resolved: 2 }, 'objections')).toBe(7)
  expect(behave({ sentiments: 2, sentiment_sum: 1_000_000 }, 'sentiment')).toBe(5.25)
  expect(behave({ sentiments: 1, sentiment_sum: -1_000_000 }, 'sentiment')).toBe(0)
  expect(behave({}, 'sentiment')).toBeUndefined()
})

it('takes the context’s word before the text’s, and a word it does not know as not said', () => {
  expect(part(count(known({ property_type: 'Condo', said_property_type: 'co_op' })), 'property_type')).toBe(5)
  expect(part(count(known({ property_type: 'barn', said_property_type: 'co_op' })), 'property_type')).toBe(3)
  const barn = count(known({ property_type: 'barn' }))
  expect([part(barn, 'property_type'), barn.missing.includes('property_type')]).toEqual([undefined, true])
  expect(part(count(known({ install_timeline: 'ASAP' })), 'install_timeline')).toBe(8)
})

it('reads each index from the narrowest area that has it, 0.5 where none has', () => {
  const place: Place = {
    zip_code: { income_index: 0.9 },
    neighborhood: { income_index: 0.1, supply_index: 2 },
    borough: { adoption_index: 0.25, income_index: 0.2 },
  }
  const counted = count(known({}), place)
  const names = ['adoption_index', 'income_index', 'supply_index', 'season_index', 'premium_area']
  expect(names.map(name => part(counted, name))).toEqual([0.75, 2.7, 2, 1, 4])
  expect(part(count(known({}), { ...place, zip_code: undefined }), 'premium_area')).toBeUndefined()
})

it('parts add up to factors, factors to the score, within their limits, by either policy', () => {
  const pick = (...values: string[]) => fc.constantFrom(...values)
  const facts = fc.dictionary(
    pick('homeowner_verified', 'bill_amount_minor', 'zip_code', 'property_type', 'decision_role', 'borough'),
    pick('true', 'false', '25000', 'condo', 'primary', 'x'),
  )
  const count_up_to = fc.integer({ min: 0, max: 7 })
  const index = fc.option(fc.double({ min: -1, max: 2, noNaN: true }), { nil: undefined })
  const policy = fc.constantFrom(default_lead_policy, basic_lead_policy)
  fc.assert(
    fc.property(facts, count_up_to, count_up_to, index, policy, (said, questions, objections, at, by) => {
      const knowledge = known(said, {
        questions,
        objections,
        objections_resolved: questions,
        last_ms: 77_777,
      })
      const place: Place = {
        ...NOWHERE,
        borough: at === undefined ? {} : { adoption_index: at, income_index: at },
      }
      const points = count_points(knowledge, place, 100, by)
      const sum = (factor: string) =>
        points.parts.filter(p => p.factor === factor).reduce((a, p) => a + Math.round(p.points * 100), 0)
      const { base, behavior, timing, market, total } = points
      expect([sum('base'), sum('behavior'), sum('timing'), sum('market')]).toEqual([
        base,
        behavior,
        timing,
        market,
      ])
      expect(total).toBe(base + behavior + timing + market)
      expect(Math.min(base, behavior, timing, market)).toBeGreaterThanOrEqual(0)
      expect(total).toBeLessThanOrEqual(10_000)
    }),
    { numRuns: 200 },
  )
})

const FACTS = {
  homeowner_verified: 'true',
  bill_amount_minor: '25000',
  zip_code: '1',
  property_type: 'condo',
  install_timeline: 'this_year',
  decision_role: 'influencer',
}
const lead = fc.record({
  bill: fc.nat(60_000),
  last_ms: fc.nat(minutes(20)),
  questions: fc.nat(9),
  objections: fc.nat(5),
  objections_resolved: fc.nat(6),
  sentiment: fc.integer({ min: -1_000_000, max: 1_000_000 }),
  adoption_index: fc.double({ min: 0, max: 1, noNaN: true }),
  income_index: fc.double({ min: 0, max: 1, noNaN: true }),
  supply_index: fc.double({ min: 0, max: 1, noNaN: true }),
  season_index: fc.double({ min: 0, max: 1, noNaN: true }),
})
type GivenLead = typeof lead extends fc.Arbitrary<infer L> ? L : never
const SIGNALS = [
  'bill',
  'last_ms',
  'questions',
  'objections_resolved',
  'sentiment',
  'adoption_index',
  'income_index',
  'supply_index',
  'season_index',
] as const

const total_of = (given: GivenLead, policy: LeadPolicy, owner: string): number => {
  const { bill, sentiment, adoption_index, income_index, supply_index, season_index, ...rest } = given
  const place: Place = { ...NOWHERE, zip_code: { adoption_index, income_index, supply_index, season_index } }
  const facts = { ...FACTS, bill_amount_minor: String(bill), homeowner_verified: owner }
  return count_points(known(facts, { ...rest, sentiment_sum: sentiment, sentiments: 1 }), place, 100, policy)
    .total
}

it.each(SIGNALS)('never falls when %s grows and everything else stays, by any policy', signal => {
  const weighed = weigh_factors(default_lead_policy, {
    base: 10.5,
    behavior: 33.3,
    timing: 0.7,
    market: 55.5,
  })
  const policy = fc.constantFrom(default_lead_policy, basic_lead_policy, weighed)
  let grew = 0
  fc.assert(
    fc.property(lead, lead, policy, fc.constantFrom('true', 'false'), (given, other, by, owner) => {
      const [less, more] = [given[signal], other[signal]].sort((a, b) => a - b) as [number, number]
      const least = total_of({ ...given, [signal]: less }, by, owner)
      const most = total_of({ ...given, [signal]: more }, by, owner)
      expect(most).toBeGreaterThanOrEqual(least)
      expect(most).toBeLessThanOrEqual(10_000)
      if (most > least) grew++
    }),
    { numRuns: 150 },
  )
  expect(grew).toBeGreaterThan(10)
})
