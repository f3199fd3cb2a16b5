import fc from 'fast-check'
import { expect, test } from 'vitest'
import { add, begun, type Message } from '../../../operators/conversation/add-message.ts'
import { minutes } from '../../../schemas/units.ts'
import { said, T } from './talk.ts'

const nothing = { role: null, text: null, sentiment: null, technical_question: null, language: null }
const message = (event_id: string, after_ms: number, more: object = {}, context: object = {}): Message =>
  ({ ...nothing, ...said(event_id, after_ms, more, context) }) as Message
const summed = (messages: readonly Message[], moods = 6, language = 'en') =>
  messages.reduce((before, one) => add(before, one, { moods, language }), begun('ada', T))

test('counts, extremes, sentiments in millionths, and whether it is over', () => {
  const progress = summed([
    message('1', minutes(2), { sentiment: 0.25, technical_question: true }),
    message('2', minutes(5), { type: 'objection' }),
    message('3', minutes(4), { type: 'handed_off', sentiment: -1 }),
  ])
  expect(progress).toMatchObject({
    started_ms: T,
    last_ms: T + minutes(5),
    messages: 1,
    questions: 1,
    objections: 1,
    sentiment_sum: -750_000,
    sentiments: 2,
    ended: true,
    idle: false,
  })
})

test('what the lead says answers a question, what the seller says does not', () => {
  const facts = (role: string | null) => summed([message('1', 0, { role, text: 'It is a condo.' })]).facts
  expect(facts('user').map(({ name }) => name)).toEqual(['said_property_type'])
  expect(facts('agent')).toEqual([])
})

test('what the sender says goes before what is heard', () => {
  const asked = 'How efficient are the panels?'
  const questions = (technical_question: boolean | null) =>
    summed([message('1', 0, { text: asked, technical_question })]).questions
  expect([null, false, true].map(questions)).toEqual([1, 0, 1])
  const felt = (sentiment: number | null) =>
    summed([message('1', 0, { text: 'That is terrible', sentiment })]).sentiment_sum
  expect([null, 0, 0.75].map(felt)).toEqual([-500_000, 0, 750_000])
})

test('an objection is heard in a message, and named by an event; each in its own count', () => {
  const progress = summed([
    message('1', 0, { text: 'That is too expensive' }),
    message('2', 1, { text: 'Fair enough' }),
    message('3', 2, { type: 'objection', text: 'A scam, perhaps?' }),
    message('4', 3, { type: 'objection_resolved', text: 'That helps' }),
  ])
  expect(progress).toMatchObject({
    objections: 1,
    objections_resolved: 1,
    objections_heard: 1,
    objections_heard_resolved: 1,
  })
  const kind = (...messages: Message[]) =>
    summed(messages).facts.find(({ name }) => name === 'objection')?.value
  expect(kind(message('1', 0, { text: 'too expensive' }), message('2', 1, { text: 'a scam' }))).toBe('trust')
  expect(kind(message('1', 0, { type: 'objection', text: 'Hm.' }))).toBe('other')
})

test('hears each text in the language of its tag, one without a tag in the policy’s, and guesses at no other', () => {
  const questions = (language: string | null, of_policy = 'en') =>
    summed([message('1', 0, { text: '¿Qué garantía tienen los paneles?', language })], 6, of_policy).questions
  expect([questions('es'), questions('es-MX'), questions(null, 'es')]).toEqual([1, 1, 1])
  expect([questions('en'), questions(null), questions('ja')]).toEqual([0, 0, 0])
})

test('knows when the lead asked last, and when the seller spoke last', () => {
  const { asked_ms, answered_ms } = summed([
    message('1', 5, { technical_question: true }),
    message('2', 9, { role: 'agent' }),
    message('3', 7, { role: 'bot', text: 'How are the panels?' }),
    message('4', 3, { technical_question: true }),
  ])
  expect([asked_ms, answered_ms]).toEqual([T + 5, T + 9])
})

const TEXTS = [
  null,
  'What about the warranty?',
  'That is too expensive',
  'Fair enough',
  'It is great',
  'Es demasiado caro',
  'A condo, asap',
]
test('is the same whatever the order of events', () => {
  const event = fc.record({
    after: fc.nat({ max: 5 }),
    sentiment: fc.option(fc.integer({ min: -4, max: 4 }).map(n => n / 4)),
    timeline: fc.option(fc.constantFrom('asap', 'this_year')),
    text: fc.constantFrom(...TEXTS),
    role: fc.constantFrom(null, 'user', 'agent'),
    type: fc.constantFrom('message', 'objection', 'objection_resolved'),
    technical_question: fc.option(fc.boolean()),
    language: fc.constantFrom(null, 'en', 'es', 'ja'),
  })
  fc.assert(
    fc.property(fc.array(event, { minLength: 2, maxLength: 8 }), fc.nat(), (events, turn) => {
      const messages = events.map(({ after, timeline, ...more }, i) =>
        message(`e${i}`, minutes(after), more, { install_timeline: timeline }),
      )
      const at = turn % messages.length
      expect(summed([...messages.slice(at), ...messages.slice(0, at)].reverse(), 3)).toEqual(
        summed(messages, 3),
      )
    }),
  )
})

test('counts never fall, and none is negative', () => {
  const event = fc.record({
    text: fc.constantFrom(...TEXTS),
    role: fc.constantFrom(null, 'user', 'agent'),
    type: fc.constantFrom('started', 'message', 'objection', 'objection_resolved', 'ended'),
  })
  const counts = (progress: ReturnType<typeof begun>) => [
    progress.messages,
    progress.questions,
    progress.objections,
    progress.objections_resolved,
    progress.objections_heard,
    progress.objections_heard_resolved,
    progress.sentiments,
    progress.last_ms - progress.started_ms,
  ]
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 8 }),
      fc.array(fc.nat({ max: 9 }), { minLength: 8, maxLength: 8 }),
      (list, at) => {
        let before = begun('ada', T)
        list.forEach((more, i) => {
          const after = add(before, message(`e${i}`, minutes(at[i] as number), more), {
            moods: 6,
            language: 'en',
          })
          counts(after).forEach((n, of) => {
            expect(n).toBeGreaterThanOrEqual(counts(before)[of] as number)
          })
          before = after
        })
        for (const n of counts(before)) expect(n).toBeGreaterThanOrEqual(0)
      },
    ),
  )
})
