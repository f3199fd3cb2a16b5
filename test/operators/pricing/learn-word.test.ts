import fc from 'fast-check'
import { expect, it, test } from 'vitest'
import type { Model } from '../../../operators/pricing/acceptance.ts'
import { type Book, EMPTY_BOOK } from '../../../operators/pricing/buyer-book.ts'
import { mean_value } from '../../../operators/pricing/buyer-value.ts'
import { answer_of, learn_word } from '../../../operators/pricing/learn-word.ts'
import type { Attempt, RoutedLead } from '../../../operators/pricing/route-rows.ts'
import type { LeadFeedback } from '../../../schemas/types.ts'

const T = Date.UTC(2026, 0, 5)
const lead = {
  quality_tier: 'premium',
  base_share: 0.9,
  behavior_share: 0.5,
  timing_share: 0.5,
  market_share: 0.5,
} as RoutedLead
const fresh: Attempt = {
  decision_id: 'ada|1',
  decided_ms: T,
  buyer_id: 'a',
  buyer_tier: 'premium',
  hour: 0,
  day: 0,
  currency: 'USD',
  price_minor: 30_000,
  usual_price_minor: 30_000,
  acceptance_probability: 0.85,
  policy_version: 'p',
  answer: '',
  reversed: false,
  conversion: '',
  value_minor: null,
}
type Outcome = LeadFeedback['outcome']
type Word = Parameters<typeof learn_word>[0]
const word = (
  outcome: Outcome,
  amount_minor: number | null = null,
  currency: string | null = null,
): Word => ({
  outcome,
  amount_minor,
  currency,
})

/** What a decision's words, one behind the other, leave. */
const heard = (words: readonly Word[], at_ms = T) => {
  let model: Model | null = null
  let book: Book = EMPTY_BOOK
  let attempt = fresh
  let counted = 0
  for (const each of words) {
    const learned = learn_word(each, lead, attempt, { model, book }, at_ms)
    if (learned.counted !== null) counted++
    ;({ model, book, attempt } = learned)
  }
  const { cases } = model ?? ({ cases: 0 } as Model)
  return { model, book, attempt, counted, cases }
}

const any_word = fc
  .tuple(
    fc.constantFrom<Outcome>('accepted', 'rejected', 'converted', 'returned'),
    fc.option(fc.integer({ min: -5, max: 1e12 }), { nil: null }),
  )
  .map(([outcome, amount]) => word(outcome, amount))

test('however often a buyer changes its word about a decision, it is learned from twice at most', () => {
  fc.assert(
    fc.property(fc.array(any_word, { maxLength: 12 }), words => {
      const { book, attempt, counted, cases } = heard(words)
      const answers = words.map(answer_of)
      const changed = answers.findIndex(answer => answer !== answers[0])
      const wanted = answers.length === 0 ? 0 : changed < 0 ? 1 : 2
      expect([counted, cases]).toEqual([wanted, wanted])
      expect(attempt.answer).toBe(answers[Math.max(changed, 0)] ?? '')
      // What the words behind those two add to nobody's model: the same as if they had not been said.
      const kept = changed < 0 ? words : words.slice(0, changed + 1)
      const of_two = heard(kept)
      expect(heard(words).model).toEqual(of_two.model)
      expect([book.source, book.answers, book.taken_count]).toEqual([
        of_two.book.source,
        of_two.book.answers,
        of_two.book.taken_count,
      ])
      expect([0, 1]).toContain(Math.round(book.converted_count * 1e6) / 1e6)
      expect([0, 1]).toContain(Math.round(book.valued_count * 1e6) / 1e6)
      // Only a lead that it has in the end is worth something to it.
      if (answers.at(-1) === 'rejected')
        expect([book.converted_count, book.valued_count, book.value_sum]).toEqual([0, 0, 0])
    }),
    { numRuns: 300 },
  )
})

it('accepted and rejected by turns a thousand times teaches what two words teach', () => {
  const by_turns = Array.from({ length: 1000 }, (_, i) => word(i % 2 ? 'rejected' : 'accepted'))
  expect(heard(by_turns)).toEqual({ ...heard(by_turns.slice(0, 2)), attempt: heard(by_turns).attempt })
  expect(heard(by_turns).cases).toBe(2)
})

it('a return behind a conversion takes it back, and it is not counted again', () => {
  const converted = heard([word('accepted'), word('converted')])
  expect([converted.book.converted_count, converted.attempt.conversion]).toEqual([1, 'counted'])
  const back = heard([word('accepted'), word('converted'), word('returned')])
  expect([back.book.converted_count, back.attempt.conversion]).toEqual([0, 'withdrawn'])
  const again = heard([word('accepted'), word('converted'), word('returned'), word('converted')])
  expect([again.book.converted_count, again.book.valued_count]).toEqual([0, 0])
  // Also behind a change of mind, of which nothing more is learned.
  const late = heard([word('rejected'), word('converted'), word('returned')])
  expect([late.counted, late.book.converted_count, late.book.valued_count]).toEqual([2, 0, 0])
})

it('is worth what the buyer says it brought, in the decision’s currency, else its price', () => {
  const worth = (...words: Word[]) => mean_value(heard(words).book, 'USD')
  expect(worth(word('accepted'))).toBe(30_000)
  expect(worth(word('accepted', 27_500))).toBe(27_500)
  expect(worth(word('accepted'), word('converted', 900_000, 'USD'))).toBe(900_000)
  expect(worth(word('accepted'), word('converted'))).toBe(30_000)
  expect(worth(word('accepted'), word('converted', 900_000), word('converted', 5))).toBe(900_000)
  expect(worth(word('accepted', 900_000, 'EUR'))).toBe(30_000)
  for (const odd of [-1, 1.5, 1e15]) expect(worth(word('accepted', odd))).toBe(30_000)
  expect(worth(word('rejected', 5))).toBeNull()
  expect(worth(word('accepted', 5), word('returned'))).toBeNull()
})
