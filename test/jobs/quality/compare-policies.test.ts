import { expect, it } from 'vitest'
import { compare_policies } from '../../../jobs/quality/compare-policies.ts'
import type { Example } from '../../../jobs/quality/examples.ts'
import { default_lead_policy, type LeadPolicy } from '../../../operators/lead/lead-policy.ts'

/** Says `p` of everything. */
const says = (p: number): LeadPolicy => ({
  ...default_lead_policy,
  calibration: [
    [0, p],
    [100, p],
  ],
})
const of = (buyer_id: string, accepted: 0 | 1): Example => ({
  ...{ decision_id: 'd', buyer_id, answered_ms: 0, accepted, shares: [1, 1, 1, 1], price_minor: 1 },
  trusted_ratio: 1,
})

it('log losses by hand, and the difference in standard errors of the buyers’ sums', () => {
  const judged = compare_policies([of('a', 1), of('a', 1), of('b', 1), of('b', 0)], says(0.5), says(0.8))
  const gains = [2 * Math.log(0.8 / 0.5), Math.log(0.8 / 0.5) + Math.log(0.2 / 0.5)]
  expect(judged.n).toBe(4)
  expect(judged.champion).toBeCloseTo(Math.LN2, 12)
  expect(judged.challenger).toBeCloseTo((-3 * Math.log(0.8) - Math.log(0.2)) / 4, 12)
  const mean = (gains[0]! + gains[1]!) / 4
  const squares = (gains[0]! - 2 * mean) ** 2 + (gains[1]! - 2 * mean) ** 2
  expect(judged.deviations).toBeCloseTo(mean / (Math.sqrt(2 * squares) / 4), 9)
})

it('one buyer, or none that is believed, proves nothing', () => {
  expect(compare_policies([of('a', 1), of('a', 0)], says(0.1), says(0.5)).deviations).toBe(0)
  expect(compare_policies([], says(0.1), says(0.5))).toMatchObject({ n: 0, deviations: 0 })
  const unbelieved = [of('a', 1), of('b', 0)].map(each => ({ ...each, trusted_ratio: 0 }))
  expect(compare_policies(unbelieved, says(0.1), says(0.5))).toMatchObject({ n: 0, deviations: 0 })
})

it('the same policy is no better', () => {
  const answers = ['a', 'b', 'c'].map((buyer, i) => of(buyer, i % 2 ? 1 : 0))
  expect(compare_policies(answers, says(0.3), says(0.3)).deviations).toBe(0)
})
