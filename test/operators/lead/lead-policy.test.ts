import { expect, it } from 'vitest'
import {
  basic_lead_policy,
  default_lead_policy,
  type LeadPolicy,
  most_of,
  said_in_text,
  synonyms,
} from '../../../operators/lead/lead-policy.ts'

const most = (policy: LeadPolicy) => ({
  base:
    policy.homeowner +
    (policy.bill[0]?.points ?? 0) +
    policy.zip_code +
    policy.premium_area +
    most_of(policy.property_type),
  behavior: policy.engagement + policy.questions + policy.objections + policy.sentiment,
  timing:
    most_of(policy.install_timeline) +
    most_of(policy.credit_signal) +
    most_of(policy.decision_role) +
    most_of(policy.comparing_offers),
  market: policy.adoption_index + policy.income_index + policy.supply_index + policy.season_index,
})

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

it('every synonym and every word in a text means something that the table knows', () => {
  const tables: Readonly<Record<string, object>> = { ...default_lead_policy } as never
  for (const [signal, meanings] of Object.entries(synonyms))
    for (const meaning of Object.values(meanings)) expect(tables[signal]).toHaveProperty(meaning)
  for (const [signal, lexicon] of Object.entries(said_in_text))
    for (const meaning of Object.keys(lexicon)) expect(tables[signal]).toHaveProperty(meaning)
})
