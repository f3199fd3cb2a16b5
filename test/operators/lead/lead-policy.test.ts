import { expect, it } from 'vitest'
import {
  basic_lead_policy,
  default_lead_policy,
  type LeadPolicy,
} from '../../../operators/lead/lead-policy.ts'
import { factors, most_of_factor } from '../../../operators/lead/weigh-factors.ts'

const most = (policy: LeadPolicy) =>
  Object.fromEntries(factors.map(factor => [factor, most_of_factor(policy, factor)]))

it('weighs the factors 40, 30, 20 and 10; before, 60 and 40', () => {
  expect(most(default_lead_policy)).toEqual({ base: 4000, behavior: 3000, timing: 2000, market: 1000 })
  expect(most(basic_lead_policy)).toEqual({ base: 6000, behavior: 4000, timing: 0, market: 0 })
  expect(basic_lead_policy.version).not.toBe(default_lead_policy.version)
})

it('ranks as the requirements do: bills, kinds of property, roles', () => {
  const { bill, property_type, decision_role } = default_lead_policy
  expect(bill.map(({ from_major }) => from_major)).toEqual([300, 200, 1])
  expect(property_type.single_family).toBeGreaterThan(property_type.condo ?? 0)
  expect(property_type.condo).toBeGreaterThan(property_type.co_op ?? 0)
  expect(decision_role.primary).toBeGreaterThan(decision_role.influencer ?? 0)
  expect(decision_role.influencer).toBeGreaterThan(decision_role.researcher ?? 0)
})

it('has the bounds and thresholds of the requirements', () => {
  for (const { tiers, ready } of [default_lead_policy, basic_lead_policy]) {
    expect(tiers).toEqual({ premium: 8500, standard: 7000, basic: 5000 })
    expect([ready.min_ms, ready.max_ms]).toEqual([300_000, 1_800_000])
    expect(ready.fields).toEqual(['homeowner_verified', 'bill_amount_minor', 'zip_code'])
    expect(ready.awaited).toEqual(['install_timeline', 'credit_signal', 'decision_role'])
  }
})
