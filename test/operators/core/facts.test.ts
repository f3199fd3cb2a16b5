import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  compile_lexicon,
  type Fact,
  fact_of,
  learn,
  learn_fields,
  share_of,
  spelled,
} from '../../../operators/core/facts.ts'

const at = (occurred_at: number, event_id = 'e') => ({ occurred_at, event_id })

it('keeps the newest word by event time, and of equal times the larger event_id', () => {
  const one = learn([], 'zip', '10021', at(10, 'b'))
  expect(fact_of(learn(one, 'zip', '11215', at(9, 'c')), 'zip')).toBe('10021')
  expect(fact_of(learn(one, 'zip', '11215', at(11, 'a')), 'zip')).toBe('11215')
  expect(fact_of(learn(one, 'zip', '11215', at(10, 'c')), 'zip')).toBe('11215')
  expect(learn(one, 'zip', '11215', at(10, 'a'))).toBe(one)
})

it('learns nothing from fields that are null, missing or empty, and keeps what it was given', () => {
  const facts: readonly Fact[] = Object.freeze([])
  expect(learn_fields(facts, ['a', 'b', 'c'], { a: null, b: '' }, at(1))).toBe(facts)
  const learned = learn_fields(facts, ['a', 'b'], { a: false, b: 0 }, at(1))
  expect(learned.map(({ name, value }) => [name, value])).toEqual([
    ['a', 'false'],
    ['b', '0'],
  ])
})

it('knows the same whatever the order of events', () => {
  const events = fc.uniqueArray(
    fc.record({
      event_id: fc.string({ minLength: 1, maxLength: 3 }),
      occurred_at: fc.integer({ min: 0, max: 5 }),
      name: fc.constantFrom('a', 'b', 'c'),
    }),
    { selector: event => event.event_id, maxLength: 12 },
  )
  fc.assert(
    fc.property(events, list => {
      const known = (some: typeof list) =>
        some.reduce<readonly Fact[]>((facts, e) => learn(facts, e.name, e.event_id, e), [])
      expect(known([...list].reverse())).toEqual(known(list))
    }),
  )
})

it('finds whole words only, in any case, and says what they mean', () => {
  const meaning_of = compile_lexicon({ co_op: ['co-op', 'coop'], soon: ['this month'] })
  expect(meaning_of('My Co-Op, of course')).toBe('co_op')
  expect(meaning_of('we would like THIS MONTH.')).toBe('soon')
  expect(meaning_of('a cooper and a scoop')).toBeNull()
})

it('spells words one way, and shares points half up', () => {
  expect(spelled('  Single-Family home ')).toBe('single_family_home')
  expect([share_of(700, 1, 3), share_of(5, 1, 2), share_of(700, 0, 4), share_of(700, 4, 4)]).toEqual([
    233, 3, 0, 700,
  ])
})
