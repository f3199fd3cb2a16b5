import { expect, it } from 'vitest'
import {
  type Answer,
  type Answers,
  learn_answer,
  NO_ANSWERS,
  PRIOR,
  share_taken,
  tally_of,
  trust,
} from '../../../operators/pricing/answer-shares.ts'
import { days } from '../../../schemas/units.ts'
import { seeded_random } from '../../simulation/scheduler.ts'

const T = Date.UTC(2026, 0, 5)
const premium = 'premium'
const basic = 'basic'
const said = (answers: readonly Answer[], quality = 'premium', buyer: Answers = NO_ANSWERS, at_ms = T) =>
  answers.reduce((sofar, answer) => learn_answer(sofar, quality, answer, at_ms), buyer)
const times = (n: number, answer: Answer): Answer[] => Array.from({ length: n }, () => answer)

it('is the prior before an answer, the buyer’s own or .85', () => {
  expect([share_taken(NO_ANSWERS, premium, T), share_taken(NO_ANSWERS, premium, T, 0.3)]).toEqual([
    PRIOR,
    0.3,
  ])
  expect(PRIOR).toBe(0.85)
})

it('draws a quality towards the buyer’s mean, and that towards the prior, each worth ten answers', () => {
  const one = said(['rejected'])
  const mean = (0.85 * 10) / 11
  expect(share_taken(one, premium, T)).toBeCloseTo((mean * 10) / 11, 6)
  // Of another quality only the mean is known.
  expect(share_taken(one, basic, T)).toBeCloseTo(mean, 6)
  expect(share_taken(said(['accepted']), premium, T)).toBeGreaterThan(0.85)
})

it('forgets with answers, a fiftieth each, and by time, half in 14 days, back to the prior', () => {
  const two = said(['accepted', 'rejected'])
  expect(tally_of(two)).toEqual({ accepted_count: 0.98, rejected_count: 1 })
  const refused = said(times(100, 'rejected'))
  const soon = share_taken(refused, premium, T)
  const later = share_taken(refused, premium, T + days(14))
  expect(soon).toBeLessThan(0.06)
  expect(later).toBeGreaterThan(soon)
  expect(share_taken(refused, premium, T + days(400))).toBeCloseTo(0.85, 4)
  // An answer from before changes no time.
  expect(learn_answer(refused, 'premium', 'accepted', T - days(1)).learned_ms).toBe(T)
})

it('forgets by time what it took, too, as of the newest answer', () => {
  const took = said(times(10, 'accepted'))
  const later = learn_answer(took, premium, 'rejected', T + days(14))
  expect(later.taken_count).toBeCloseTo(took.taken_count / 2, 12)
  expect(later.learned_ms).toBe(T + days(14))
})

it('follows a buyer that changes its mind within a hundred answers', () => {
  const random = seeded_random(7)
  const draw = (n: number, share: number): Answer[] =>
    Array.from({ length: n }, () => (random.between(0, 99) < share * 100 ? 'accepted' : 'rejected'))
  const before = said(draw(300, 0.9))
  expect(share_taken(before, premium, T)).toBeCloseTo(0.9, 1)
  expect(Math.abs(share_taken(said(draw(100, 0.3), 'premium', before), premium, T) - 0.3)).toBeLessThan(0.15)
})

it('is believed while it answers as buyers do, less the further it is from all others', () => {
  const others = { accepted_count: 850, rejected_count: 150 }
  expect(trust(NO_ANSWERS, others)).toBe(1)
  expect(trust(said(['rejected']), others)).toBe(1)
  expect(trust(said([...times(30, 'accepted'), ...times(10, 'rejected')]), others)).toBe(1)
  const few = trust(said(times(10, 'rejected')), others)
  const many = trust(said(times(100, 'rejected')), others)
  expect([few < 1, many < few, many > 0]).toEqual([true, true, true])
  expect(trust(said(times(100, 'rejected')), { accepted_count: 0, rejected_count: 0 })).toBe(1)
})
