import { expect, it } from 'vitest'
import { acceptance, learn_acceptance, type Model, trusted } from '../../../operators/pricing/acceptance.ts'
import type { AcceptanceCase } from '../../../operators/pricing/acceptance-row.ts'
import { learn_answer, PRIOR, share_taken, trust } from '../../../operators/pricing/answer-shares.ts'
import { type Book, EMPTY_BOOK } from '../../../operators/pricing/buyer-book.ts'
import { trust_in } from '../../../operators/stats/pooled-logistic.ts'

const T = Date.UTC(2026, 0, 5)
const good: AcceptanceCase = {
  base_share: 0.9,
  behavior_share: 2 / 3,
  timing_share: 0.5,
  market_share: 0.5,
  quality_tier: 'premium',
  buyer_tier: 'standard',
  price_minor: 12_500,
  usual_price_minor: 12_500,
}
const poor: AcceptanceCase = { ...good, base_share: 0.2 }

type Said = readonly [buyer: string, of: AcceptanceCase, answer: 'accepted' | 'rejected']
const learned = (all: readonly Said[], prior = PRIOR) => {
  let model: Model | null = null
  const books = new Map<string, Book>()
  for (const [buyer, of, answer] of all) {
    const after = learn_acceptance(model, books.get(buyer) ?? EMPTY_BOOK, of, answer, T, prior)
    model = after.model
    books.set(buyer, after.book)
  }
  return { model: model as Model | null, book: (buyer: string) => books.get(buyer) ?? EMPTY_BOOK }
}
/** Each takes the good ones; the last refuses all. */
const rounds = (n: number): Said[] =>
  Array.from({ length: n }).flatMap((_, i) =>
    ['a', 'b', 'c'].map((buyer): Said => {
      const is_good = (i + buyer.charCodeAt(0)) % 2 === 0
      return [buyer, is_good ? good : poor, is_good && buyer !== 'c' ? 'accepted' : 'rejected']
    }),
  )

it('before any answer it is the prior, the buyer’s own or .85, by both methods', () => {
  for (const method of ['pooled', 'shares'] as const) {
    expect(acceptance(method, null, EMPTY_BOOK, good, T)).toBe(0.85)
    expect(acceptance(method, null, EMPTY_BOOK, good, T, 0.3)).toBe(0.3)
    expect(trusted(method, null, EMPTY_BOOK, { accepted_count: 0, rejected_count: 0 })).toBe(1)
  }
})

it('by shares it is the buyer’s own, of the lead’s quality; the price does not matter', () => {
  const { model, book } = learned(rounds(10))
  for (const of of [good, poor, { ...good, price_minor: 99_999 }])
    expect(acceptance('shares', model, book('a'), of, T, 0.4)).toBe(share_taken(book('a'), 'premium', T, 0.4))
  const all = { accepted_count: 100, rejected_count: 40 }
  const own = { accepted_count: 0, rejected_count: 0 }
  for (const each of book('c').answers) own.rejected_count += each.rejected_count
  const others = { accepted_count: 100, rejected_count: 40 - own.rejected_count }
  expect(trusted('shares', model, book('c'), all)).toBe(trust(book('c'), others))
  expect(trusted('shares', model, book('c'), all)).toBeLessThan(1)
})

it('by the model it is learned from all: what is good for others is so for one that never answered', () => {
  const { model, book } = learned(rounds(60))
  const of = (buyer: string, lead: AcceptanceCase) => acceptance('pooled', model, book(buyer), lead, T)
  expect([of('a', good) > 0.7, of('a', poor) < 0.2, of('c', good) < 0.4]).toEqual([true, true, true])
  expect(of('new', good)).toBeGreaterThan(of('new', poor) + 0.4)
  expect(of('a', good)).toBe(Math.round(of('a', good) * 1e6) / 1e6)
  expect(trusted('pooled', model, book('c'), { accepted_count: 0, rejected_count: 0 })).toBeLessThan(0.5)
  expect(trusted('pooled', model, book('c'), { accepted_count: 0, rejected_count: 0 })).toBe(
    Math.round(trust_in(model as Model, book('c').source ?? undefined) * 1e6) / 1e6,
  )
})

it('comes over from the shares to the model as answers come in, fifty to half', () => {
  const one: Said[] = [['a', good, 'rejected']]
  const { model, book } = learned(one)
  const share = share_taken(book('a'), 'premium', T)
  const first = acceptance('pooled', model, book('a'), good, T)
  expect(Math.abs(first - share)).toBeLessThan(0.02)
  expect(first).toBeLessThan(share)
  // The same model as of a fiftieth answer stands half way to what it says alone.
  const as_if = (cases: number) => acceptance('pooled', { ...(model as Model), cases }, book('a'), good, T)
  expect(as_if(50)).toBeCloseTo((share + as_if(1e12)) / 2, 5)
})

it('a buyer begins at the level of its own prior, and goes on from there', () => {
  const { model, book } = learned(rounds(60))
  const far = { ...(model as Model), cases: 1e12 }
  const [low, usual, high] = [0.3, undefined, 0.99].map(prior =>
    acceptance('pooled', far, book('new'), good, T, prior),
  ) as [number, number, number]
  expect([low < usual - 0.1, usual < high]).toEqual([true, true])
  // Certain priors are not taken for certain.
  expect(acceptance('pooled', far, book('new'), good, T, 1)).toBeLessThan(1)
  const levels = [0.3, PRIOR].map(prior => learned([['a', good, 'accepted']], prior).book('a').source?.level)
  expect(levels[0]).toBeLessThan((levels[1] as number) - 1)
})

it('learns the shares beside the model, and nothing of a row that is not finite', () => {
  const { model, book } = learned([['a', good, 'accepted']])
  expect(book('a')).toMatchObject(learn_answer(EMPTY_BOOK, 'premium', 'accepted', T))
  expect([model?.cases, model?.sources]).toEqual([1, 1])
  const odd = learned([['a', { ...good, base_share: Number.NaN }, 'accepted']])
  expect([odd.model, odd.book('a').source]).toEqual([null, null])
  expect(odd.book('a').answers).toHaveLength(1)
})

it('is pure', () => {
  const before = learned(rounds(3))
  const [model, book] = [structuredClone(before.model), structuredClone(before.book('a'))]
  learn_acceptance(before.model, before.book('a'), good, 'rejected', T)
  expect([before.model, before.book('a')]).toEqual([model, book])
})
