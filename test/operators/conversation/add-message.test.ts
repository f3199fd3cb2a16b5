import fc from 'fast-check'
import { expect, test } from 'vitest'
import { add, begun, type Message } from '../../../operators/conversation/add-message.ts'
import { minutes } from '../../../schemas/units.ts'
import { said, T } from './talk.ts'

const nothing = { role: null, text: null, sentiment: null, technical_question: null }
const message = (event_id: string, after_ms: number, more: object = {}, context: object = {}): Message =>
  ({ ...nothing, ...said(event_id, after_ms, more, context) }) as Message
const summed = (messages: readonly Message[], moods = 6) =>
  messages.reduce((before, one) => add(before, one, { moods }), begun('ada', T))

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

test('is the same whatever the order of events', () => {
  const event = fc.record({
    after: fc.nat({ max: 5 }),
    sentiment: fc.option(fc.integer({ min: -4, max: 4 }).map(n => n / 4)),
    timeline: fc.option(fc.constantFrom('asap', 'this_year')),
  })
  fc.assert(
    fc.property(fc.array(event, { minLength: 2, maxLength: 8 }), fc.nat(), (events, turn) => {
      const messages = events.map(({ after, sentiment, timeline }, i) =>
        message(`e${i}`, minutes(after), { sentiment }, { install_timeline: timeline }),
      )
      const at = turn % messages.length
      expect(summed([...messages.slice(at), ...messages.slice(0, at)].reverse(), 3)).toEqual(
        summed(messages, 3),
      )
    }),
  )
})
