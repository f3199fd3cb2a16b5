import fc from 'fast-check'
import { expect, it } from 'vitest'
import { basic_lead_policy, default_lead_policy } from '../../../operators/lead/lead-policy.ts'
import {
  factors,
  most_of_factor,
  shares_under,
  signals_of,
  weigh_factors,
} from '../../../operators/lead/weigh-factors.ts'

it('keeps signals in proportion within their factor, and rounds so that they add up', () => {
  const weighed = weigh_factors(default_lead_policy, { base: 60, behavior: 40, timing: 0, market: 0 })
  // 8, 8, 7, 7 of 30 points become 10.67, 10.67, 9.33, 9.33 of 40.
  const { engagement, questions, objections, sentiment } = weighed
  expect([engagement, questions, objections, sentiment]).toEqual([1067, 1067, 933, 933])
  expect(weighed.bill.map(({ points }) => points)).toEqual([1800, 1200, 450])
  expect(weighed.property_type).toEqual({ single_family: 1200, condo: 750, co_op: 450 })
  expect([weighed.homeowner, weighed.zip_code, weighed.premium_area]).toEqual([2100, 300, 600])
  expect([weighed.install_timeline, weighed.credit_signal, weighed.adoption_index]).toEqual([{}, {}, 0])
})

it('rounds the words of a table like its most: to the nearest hundredth', () => {
  const weighed = weigh_factors(default_lead_policy, { base: 35, behavior: 30, timing: 25, market: 10 })
  // 8 of 40 points become 7 of 35, so 5 become 4.375 and 3 become 2.625.
  expect(weighed.property_type).toEqual({ single_family: 700, condo: 438, co_op: 263 })
})

it('shares of what a policy gives at most are the same whatever its factors weigh; of no weight one half', () => {
  const under = { base: 3000, behavior: 750, timing: 2000, market: 1000 }
  const shares = { base_share: 0.75, behavior_share: 0.25, timing_share: 1, market_share: 1 }
  expect(shares_under(default_lead_policy, under)).toEqual(shares)
  const promoted = weigh_factors(default_lead_policy, { base: 60, behavior: 20, timing: 16, market: 4 })
  const doubled = { base: 4500, behavior: 500, timing: 1600, market: 400 }
  expect(shares_under(promoted, doubled)).toEqual(shares)
  const of_two = shares_under(basic_lead_policy, { base: 4500, behavior: 1000, timing: 0, market: 0 })
  expect(of_two).toEqual({ ...shares, timing_share: 0.5, market_share: 0.5 })
  expect(shares_under(default_lead_policy, { ...under, base: 4001 }).base_share).toBe(1)
})

it('its own weights change nothing', () => {
  const own = { base: 40, behavior: 30, timing: 20, market: 10 }
  expect(weigh_factors(default_lead_policy, own)).toEqual(default_lead_policy)
})

it('every factor can earn its weight exactly, the whole 100 points, in whole hundredths', () => {
  const share = fc.double({ min: 0.001, max: 1, noNaN: true })
  fc.assert(
    fc.property(fc.tuple(share, share, share, share), shares => {
      const sum = shares.reduce((a, b) => a + b, 0)
      const weights = Object.fromEntries(factors.map((f, i) => [f, ((shares[i] as number) / sum) * 100]))
      const weighed = weigh_factors(default_lead_policy, weights as never)
      const most = factors.map(factor => most_of_factor(weighed, factor))
      expect(most.reduce((a, b) => a + b, 0)).toBe(10_000)
      for (const [i, factor] of factors.entries()) {
        expect(Math.abs((most[i] as number) - (weights[factor] as number) * 100)).toBeLessThan(1)
        for (const signal of signals_of[factor]) {
          const worth = weighed[signal]
          const numbers = Array.isArray(worth) ? worth.map(step => step.points) : Object.values(worth)
          for (const points of typeof worth === 'number' ? [worth] : numbers)
            expect(Number.isInteger(points)).toBe(true)
        }
      }
      const { soon, this_year, next_year, exploring } = weighed.install_timeline
      for (const [more, less] of [
        [soon, this_year],
        [this_year, next_year],
        [next_year, exploring],
      ])
        if (more !== undefined) expect(more).toBeGreaterThanOrEqual(less as number)
    }),
    { numRuns: 200 },
  )
})

it('refuses to weigh a factor whose signals earn nothing', () => {
  const weights = { base: 50, behavior: 30, timing: 10, market: 10 }
  expect(() => weigh_factors(basic_lead_policy, weights)).toThrow('weights.timing: its signals earn nothing')
})
