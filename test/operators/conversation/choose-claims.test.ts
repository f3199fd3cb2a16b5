import fc from 'fast-check'
import { expect, it } from 'vitest'
import { claims_for, type Listener, text_of } from '../../../operators/conversation/choose-claims.ts'

const listener: Listener = {
  tenant_id: 'acme',
  day: '2026-01-05',
  language: 'en',
  facts: [
    { name: 'borough', value: 'Manhattan', known_ms: 0, event_id: 'e' },
    { name: 'said_property_type', value: 'co_op', known_ms: 0, event_id: 'e' },
  ],
}
const claim = {
  tenant_id: 'acme',
  text: { en: 'The credit ends soon.', es: 'La ayuda acaba pronto.' },
  source: 'https://example.org/credit',
  from_day: '2026-01-01',
  to_day: '2026-02-01',
}

it('holds from its first day to the day before its last', () => {
  const on = (day: string) => text_of(claim, { ...listener, day }) !== null
  expect(['2025-12-31', '2026-01-01', '2026-01-31', '2026-02-01'].map(on)).toEqual([false, true, true, false])
})

it('is said in the listener’s language alone', () => {
  const into = (language: string) => text_of(claim, { ...listener, language })
  expect(['en', 'es', 'ja', 'constructor'].map(into)).toEqual([
    'The credit ends soon.',
    'La ayuda acaba pronto.',
    null,
    null,
  ])
})

it('is said by its own tenant, or by all', () => {
  const of = (tenant_id: unknown) => text_of({ ...claim, tenant_id }, listener) !== null
  expect(['acme', '*', 'umbrella', '', undefined].map(of)).toEqual([true, true, false, false, false])
})

it('is about what is known of the lead, from the context or the text, however it is spelled', () => {
  const about = (facts: unknown) => text_of({ ...claim, about: facts }, listener) !== null
  expect(about({ borough: 'manhattan' })).toBe(true)
  expect(about({ borough: 'manhattan', property_type: 'Co-op' })).toBe(true)
  expect(about({ borough: 'brooklyn' })).toBe(false)
  expect(about({ neighborhood: 'harlem' })).toBe(false)
  expect(about({ borough: 'manhattan', zip_code: '10021' })).toBe(false)
  for (const odd of [null, [], 'manhattan', { borough: 7 }, { borough: null }]) expect(about(odd)).toBe(false)
})

it.each([
  ['no source', { source: '' }],
  ['a blank source', { source: '  ' }],
  ['no source at all', { source: undefined }],
  ['a day that is none', { to_day: 'tomorrow' }],
  ['no last day', { to_day: undefined }],
  ['a number for a day', { from_day: 20260101 }],
  ['a text that is none', { text: 'The credit ends soon.' }],
  ['an empty text', { text: { en: ' ' } }],
])('%s: never said', (_, more) => {
  expect(text_of({ ...claim, ...more }, listener)).toBeNull()
})

it('takes the first that hold, in the order given, at most so many', () => {
  const bodies: Record<string, unknown> = {
    old: { ...claim, to_day: '2026-01-05' },
    one: { ...claim, text: { en: 'One.' } },
    odd: 'One.',
    two: { ...claim, text: { en: 'Two.' } },
    three: { ...claim, text: { en: 'Three.' } },
  }
  const said = (most: number) =>
    claims_for(['old', 'missing', 'one', 'odd', 'two', 'three'], id => bodies[id], listener, most)
  expect(said(2)).toEqual([
    { id: 'one', text: 'One.' },
    { id: 'two', text: 'Two.' },
  ])
  expect(said(0)).toEqual([])
})

it('says nothing of what is no claim, and throws at nothing', () => {
  fc.assert(
    fc.property(fc.anything(), body => {
      expect(text_of(body, listener)).toBeNull()
    }),
  )
})
