import { expect, it } from 'vitest'
import { type Answers, learn_answer, NO_ANSWERS } from '../../../operators/pricing/answer-shares.ts'
import {
  conversion,
  learn_conversion,
  learn_value,
  mean_value,
} from '../../../operators/pricing/buyer-value.ts'
import { days } from '../../../schemas/units.ts'

const T = Date.UTC(2026, 0, 5)
const took = (n: number, at_ms = T, from: Answers = NO_ANSWERS): Answers =>
  Array.from({ length: n }).reduce<Answers>(all => learn_answer(all, 'premium', 'accepted', at_ms), from)

it('has converted half of what it took until it says otherwise', () => {
  expect(conversion(NO_ANSWERS, T)).toBe(0.5)
  const ten = took(10)
  expect(conversion(ten, T)).toBeLessThan(0.5)
  expect(conversion(learn_conversion(ten, 1, T), T)).toBeGreaterThan(conversion(ten, T))
  const all = Array.from({ length: 200 }).reduce<Answers>(
    sofar => learn_conversion(took(1, T, sofar), 1, T),
    NO_ANSWERS,
  )
  expect(conversion(all, T)).toBeLessThanOrEqual(1)
  expect(conversion(all, T)).toBeGreaterThan(0.9)
})

it('comes back to one half by time, half way in 14 days by the leads it is of', () => {
  const none = took(10)
  const { taken_count } = none
  expect(conversion(none, T + days(14))).toBeCloseTo(5 / (taken_count / 2 + 10), 6)
  expect(conversion(none, T + days(400))).toBeCloseTo(0.5, 4)
  const converted = learn_conversion(none, 1, T + days(14))
  expect(converted.converted_count).toBe(1)
  expect(converted.taken_count).toBeCloseTo(taken_count / 2, 12)
})

it('takes a conversion out as time has left it, and none that is not there', () => {
  const once = learn_conversion(took(3), 1, T)
  const back = learn_conversion(once, -1, T + days(14), T)
  expect(back.converted_count).toBeCloseTo(0, 12)
  expect(learn_conversion(took(3), -1, T).converted_count).toBe(0)
})

it('is worth the mean of what its leads brought, newer ones more', () => {
  expect(mean_value(NO_ANSWERS, 'USD')).toBeNull()
  const one = learn_value(NO_ANSWERS, null, 10_000, 'USD', T)
  expect(mean_value(one, 'USD')).toBe(10_000)
  expect(mean_value(one, 'EUR')).toBeNull()
  const two = learn_value(one, null, 40_000, 'USD', T + days(14))
  // (10,000 ÷ 2 + 40,000) ÷ 1.5.
  expect(mean_value(two, 'USD')).toBe(30_000)
  // Silence changes no mean.
  expect(mean_value(learn_conversion(two, 1, T + days(99)), 'USD')).toBe(30_000)
  expect(two.learned_ms).toBe(T + days(14))
})

it('puts a told amount in place of a price, takes one out, and forgets those of another currency', () => {
  const one = learn_value(NO_ANSWERS, null, 10_000, 'USD', T)
  const more = learn_value(one, 10_000, 90_000, 'USD', T + days(14), T)
  expect([more.value_sum, more.valued_count]).toEqual([90_000, 1])
  const none = learn_value(more, 90_000, null, 'USD', T + days(14))
  expect([none.value_sum, none.valued_count, mean_value(none, 'USD')]).toEqual([0, 0, null])
  const euros = learn_value(more, null, 5000, 'EUR', T + days(14))
  expect([mean_value(euros, 'EUR'), mean_value(euros, 'USD')]).toEqual([5000, null])
  expect(learn_value(euros, 90_000, null, 'USD', T + days(14))).toEqual(euros)
})
