/** What one event says of its lead: the sender first, then the text in its own language. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { hear_message, objections_of, type Spoken } from '../../../operators/core/hear-message.ts'

const SILENT: Spoken = {
  type: 'message',
  role: 'user',
  text: null,
  sentiment: null,
  technical_question: null,
  language: null,
}
const hear = (more: Partial<Spoken>, otherwise = 'en') =>
  hear_message({ ...SILENT, ...more }, () => otherwise)

it('what the sender says goes before what is heard', () => {
  const text = 'How efficient are the terrible panels?'
  expect(hear({ text })).toMatchObject({ asks: true, sentiment: -500_000 })
  expect(hear({ text, technical_question: false, sentiment: 0.25 })).toMatchObject({
    asks: false,
    sentiment: 250_000,
  })
  expect(hear({ technical_question: true })).toMatchObject({ asks: true, sentiment: null })
})

it('an objection is heard in messages; of other events the sender has said so', () => {
  const text = 'That is too expensive. Fair enough.'
  expect(hear({ text })).toMatchObject({ objects: true, comes_round: true })
  for (const type of ['objection', 'objection_resolved', 'handed_off'] as const)
    expect(hear({ text, type })).toMatchObject({ objects: false, comes_round: false })
})

it('a text is heard in its own tag’s language, without a tag in the other one, and never the seller’s', () => {
  const text = '¿Qué garantía tienen los paneles?'
  expect(hear({ text, language: 'es-MX' }).asks).toBe(true)
  expect(hear({ text }, 'es').asks).toBe(true)
  expect(hear({ text, language: 'en' }, 'es').asks).toBe(false)
  expect(hear({ text, language: 'de' }, 'es').asks).toBe(false)
  for (const role of ['agent', 'assistant', 'bot', 'system'])
    expect(hear({ text, role, language: 'es' })).toMatchObject({ asks: false, by_seller: true })
})

it('objections are as the sender names them; of one who names none, as heard; never fewer than none are open', () => {
  const of = (objections: number, objections_resolved: number, heard: number, heard_resolved: number) =>
    objections_of({
      objections,
      objections_resolved,
      objections_heard: heard,
      objections_heard_resolved: heard_resolved,
    })
  expect(of(2, 1, 5, 5)).toEqual({ raised: 2, resolved: 1, open: 1 })
  expect(of(0, 0, 2, 1)).toEqual({ raised: 2, resolved: 1, open: 1 })
  expect(of(0, 1, 3, 0)).toEqual({ raised: 0, resolved: 1, open: 0 })
  expect(of(0, 0, 0, 4)).toEqual({ raised: 0, resolved: 0, open: 0 })
  const n = fc.nat({ max: 9 })
  fc.assert(
    fc.property(n, n, n, n, (...counts) => {
      const { raised, resolved, open } = of(...counts)
      expect(Math.min(raised, resolved, open)).toBeGreaterThanOrEqual(0)
      expect(open).toBeLessThanOrEqual(raised)
    }),
  )
})

it('what a seller asks and how it sounds says nothing of the lead, whatever its sender says', () => {
  for (const role of ['agent', 'assistant', 'bot', 'system', ' Agent '])
    expect(
      hear({ text: 'How are the panels?', role, technical_question: true, sentiment: 0.9 }),
    ).toMatchObject({ asks: false, sentiment: null, by_seller: true })
})
