import fc from 'fast-check'
import { expect, it } from 'vitest'
import { begun } from '../../../operators/conversation/add-message.ts'
import { advice_of, gaps_of } from '../../../operators/conversation/coach-conversation.ts'
import {
  type Advice,
  advice_titles,
  default_conversation_policy,
} from '../../../operators/conversation/conversation-policy.ts'
import { reply_to } from '../../../operators/conversation/draft-reply.ts'
import type { ConversationProgress } from '../../../schemas/types.ts'
import { days } from '../../../schemas/units.ts'

const DAY = Date.UTC(2026, 0, 5)
const CREDIT = {
  tenant_id: 'acme',
  text: { en: 'The credit ends this month.', es: 'La ayuda acaba este mes.' },
  source: 'https://example.org/credit',
  from_day: '2026-01-01',
  to_day: '2026-02-01',
}
const talk = (
  facts: Readonly<Record<string, string>> = {},
  more: Partial<ConversationProgress> = {},
): ConversationProgress => ({
  ...begun('ada', DAY),
  facts: Object.entries(facts).map(([name, value]) => ({ name, value, known_ms: 0, event_id: 'e' })),
  ...more,
})
const ALL_KNOWN = {
  homeowner_verified: 'false',
  bill_amount_minor: '1',
  install_timeline: 'soon',
  property_type: 'condo',
  zip_code: '1',
  credit_signal: 'good',
  decision_role: 'primary',
  comparing_offers: 'false',
}
const reply = (
  progress: ConversationProgress,
  {
    claims = {} as Record<string, unknown>,
    at_ms = DAY,
    zone = undefined as unknown,
    without = [] as Advice[],
  } = {},
) => {
  const policy = { ...default_conversation_policy, claims: Object.keys(claims), claims_said: 2 }
  const gaps = gaps_of(progress)
  const advice = advice_of(progress, gaps, policy).filter(code => !without.includes(code))
  const claim_of = (id: string) => claims[id]
  return reply_to(progress, gaps, advice, policy, { tenant_id: 'acme', at_ms, zone: () => zone, claim_of })
}

it('asks for the three gaps worth most, the first of them in the draft', () => {
  expect(reply(talk())).toEqual({
    next_questions: [
      'Do you own your home?',
      'How much is your monthly bill, roughly?',
      'What is your timeline for the installation?',
    ],
    draft: { text: 'Do you own your home?', language: 'en', is_draft: true, claim_ids: [] },
  })
})

it('answers the objection by its kind, says what supports it, and asks one question', () => {
  const about = { ...CREDIT, about: { objection: 'price' } }
  const objecting = talk({ homeowner_verified: 'true', objection: 'price' }, { objections: 1 })
  expect(reply(objecting, { claims: { credit: about } }).draft).toEqual({
    text:
      'I understand that the price matters. Let us look at the figures of comparable customers. ' +
      'The credit ends this month. How much is your monthly bill, roughly?',
    language: 'en',
    is_draft: true,
    claim_ids: ['credit'],
  })
  // Of another kind; resolved; of a kind that nobody has an answer to.
  expect(
    reply(talk({ objection: 'trust' }, { objections: 1 }), { claims: { credit: about } }).draft.claim_ids,
  ).toEqual([])
  const resolved = talk({ objection: 'price' }, { objections: 1, objections_resolved: 1, asked_ms: 1 })
  expect(reply(resolved, { claims: { credit: about } }).draft.claim_ids).toEqual([])
  expect(reply(talk({ objection: 'constructor' }, { objections: 1 })).draft.text).toContain(
    'I understand your concern.',
  )
})

it('speaks the language of the tag, and English where it has no phrases', () => {
  const claims = { credit: CREDIT }
  const qualified = { homeowner_verified: 'true', bill_amount_minor: '1' }
  const draft = (language: string) => reply(talk({ ...qualified, language }), { claims }).draft
  expect(draft('es-MX')).toEqual({
    text: 'La ayuda acaba este mes. ¿Para cuándo querría la instalación?',
    language: 'es',
    is_draft: true,
    claim_ids: ['credit'],
  })
  expect(draft('ja')).toEqual({
    text: 'The credit ends this month. What is your timeline for the installation?',
    language: 'en',
    is_draft: true,
    claim_ids: ['credit'],
  })
})

it('offers the next step, an explanation, or the board’s question where nothing is to be asked', () => {
  const text = (facts: object, more: Partial<ConversationProgress> = {}) =>
    reply(talk({ ...ALL_KNOWN, ...facts }, more)).draft.text
  expect(text({})).toBe('Thank you. That is all I need to know for now.')
  expect(text({ homeowner_verified: 'true', install_timeline: 'next_year' })).toBe(
    'Shall we agree on a date for the next step?',
  )
  expect(text({}, { messages: 3 })).toBe('Shall I explain how the installation works on your property?')
  expect(text({ property_type: 'Co-op' }, { asked_ms: 1 })).toBe(
    'Good question. Let me answer it in detail. Do you have any questions about the approval by the co-op board?',
  )
})

it('what is held back is not asked, said or drafted', () => {
  const rules = Object.keys(advice_titles) as Advice[]
  const progress = talk(
    { homeowner_verified: 'true', bill_amount_minor: '1' },
    { objections: 1, messages: 3, asked_ms: 1 },
  )
  const { next_questions, draft } = reply(progress, { claims: { credit: CREDIT }, without: rules })
  expect([next_questions, draft.text, draft.claim_ids]).toEqual([
    [],
    'Thank you, I have made a note of that.',
    [],
  ])
  expect(reply(progress, { without: ['fill_gaps'] }).next_questions).toEqual([])
  expect(reply(progress, { without: ['handle_objection'] }).draft.text).not.toContain('concern')
})

it('no draft and no question says a claim outside its days, without a source, of another tenant or about somebody else', () => {
  const day = fc.integer({ min: -10, max: 10 })
  const iso = (n: number) => new Date(DAY + days(n)).toISOString().slice(0, 10)
  const some_claim = fc.record({
    from: day,
    to: day,
    tenant_id: fc.constantFrom('acme', 'acme', '*', 'umbrella'),
    source: fc.constantFrom('https://example.org', 'a book', 'a letter', ''),
    borough: fc.constantFrom(undefined, undefined, 'manhattan', 'brooklyn'),
    languages: fc.subarray(['en', 'es'], { minLength: 1 }),
  })
  const facts = fc.record({
    borough: fc.constantFrom('Manhattan', 'queens'),
    language: fc.constantFrom('en', 'es', 'ja'),
    homeowner_verified: fc.constantFrom('true', 'false'),
    bill_amount_minor: fc.constant('1'),
  })
  const more = fc.record({
    objections: fc.nat({ max: 1 }),
    asked_ms: fc.constantFrom(null, 1),
    messages: fc.nat({ max: 4 }),
  })
  let said = 0
  fc.assert(
    fc.property(fc.array(some_claim, { maxLength: 5 }), facts, more, day, (list, known, standing, today) => {
      const claims = Object.fromEntries(
        list.map(({ from, to, borough, languages, ...claim }, i) => [
          `claim-${i}`,
          {
            ...claim,
            from_day: iso(from),
            to_day: iso(to),
            text: Object.fromEntries(languages.map(language => [language, `<${i}>`])),
            ...(borough !== undefined && { about: { borough } }),
          },
        ]),
      )
      const { draft, next_questions } = reply(talk(known, standing), { claims, at_ms: DAY + days(today) })
      const may = (i: number) => {
        const { from, to, tenant_id, source, borough, languages } = list[i]!
        const language = known.language === 'es' ? 'es' : 'en'
        return (
          from <= today &&
          today < to &&
          tenant_id !== 'umbrella' &&
          source.trim() !== '' &&
          (borough === undefined || borough === known.borough.toLowerCase()) &&
          languages.includes(language)
        )
      }
      for (const i of list.keys()) {
        const is_said = draft.text.includes(`<${i}>`)
        expect(is_said).toBe(draft.claim_ids.includes(`claim-${i}`))
        if (is_said) expect(may(i)).toBe(true)
        if (is_said) said++
        expect(next_questions.join()).not.toContain(`<${i}>`)
      }
      expect(draft.is_draft).toBe(true)
    }),
    { numRuns: 500 },
  )
  // It has said some.
  expect(said).toBeGreaterThan(20)
})
