import { expect, it } from 'vitest'
import {
  example_of,
  replay_policy,
  score_under,
  weights_of_examples,
  weights_of_policy,
} from '../../../jobs/quality/examples.ts'
import { default_lead_policy } from '../../../operators/lead/lead-policy.ts'
import { read_lead_policy } from '../../../operators/lead/read-policy.ts'

const weights = { base: 30, behavior: 30, timing: 30, market: 10 }
const { policy: even } = read_lead_policy({ version: 'even', base: 'lead-1', reason: '', table: { weights } })
const versions = new Map([['even', even]])
const row = {
  ...{ decision_id: 'd', buyer_id: 'b1', answered_ms: 5, accepted: 1, price_minor: 100, trusted_ratio: 1 },
  ...{ base_points: 30, behavior_points: 15, timing_points: 15, market_points: 10 },
}

it('points are shares of what the policy of the day could give', () => {
  expect(weights_of_policy(default_lead_policy)).toEqual({ base: 40, behavior: 30, timing: 20, market: 10 })
  expect(weights_of_policy(even)).toEqual(weights)
  const of_even = example_of({ ...row, lead_policy_version: 'even' }, versions)
  expect(of_even.shares).toEqual([1, 0.5, 0.5, 1])
  expect(example_of({ ...row, lead_policy_version: 'gone' }, versions).shares).toEqual([0.75, 0.5, 0.75, 1])
})

it('a replay under the policy of the day is what was scored, under another what would have been', () => {
  const example = example_of({ ...row, lead_policy_version: 'even' }, versions)
  expect(score_under(example, weights)).toBe(70)
  // 70 is the middle of the built-in curve.
  expect(replay_policy([example], even)).toEqual([0.5])
  expect(score_under(example, weights_of_policy(default_lead_policy))).toBe(40 + 15 + 10 + 10)
})

it('counts a buyer by belief, and at most three even parts', () => {
  const of = (buyer_id: string, trusted_ratio = 1) => ({
    ...example_of(row, versions),
    buyer_id,
    trusted_ratio,
  })
  expect(weights_of_examples([of('a'), of('b', 0.25)])).toEqual([1, 0.25])
  // 96 of 100 answers are one buyer's of five: three even parts are 60.
  const many = [...Array.from({ length: 96 }, () => of('a')), of('b'), of('c'), of('d'), of('e')]
  expect(weights_of_examples(many).slice(-5)).toEqual([60 / 96, 1, 1, 1, 1])
})
