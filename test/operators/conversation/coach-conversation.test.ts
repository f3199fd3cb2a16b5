import { expect, it } from 'vitest'
import {
  advice_of,
  engagement_of,
  gaps_of,
  next_questions_of,
  trend_of,
  urgency_of,
} from '../../../operators/conversation/coach-conversation.ts'
import { default_conversation_policy as policy } from '../../../operators/conversation/conversation-policy.ts'
import type { ConversationProgress } from '../../../schemas/types.ts'

const progress = (
  facts: Readonly<Record<string, string>> = {},
  more: Partial<ConversationProgress> = {},
): ConversationProgress => ({
  customer_id: 'ada',
  started_ms: 0,
  last_ms: 0,
  messages: 0,
  questions: 0,
  objections: 0,
  objections_resolved: 0,
  sentiment_sum: 0,
  sentiments: 0,
  ended: false,
  idle: false,
  moods: [],
  facts: Object.entries(facts).map(([name, value]) => ({ name, value, known_ms: 0, event_id: 'e' })),
  ...more,
})
const trend = (...sentiments: number[]) =>
  trend_of(
    { moods: sentiments.map((s, i) => ({ felt_ms: i, event_id: '', sentiment: Math.round(s * 1e6) })) },
    policy,
  )
const codes = (of: ConversationProgress) => advice_of(of, gaps_of(of), policy).map(({ code }) => code)

it('two technical questions are an engagement of 0.4, five and more of 1', () => {
  expect([0, 2, 5, 9].map(questions => engagement_of(progress({}, { questions }), policy))).toEqual([
    0, 0.4, 1, 1,
  ])
})

it('urgency adds up timeline, comparison and role', () => {
  const urgency = (facts: Readonly<Record<string, string>>) => urgency_of(progress(facts), policy)
  expect(urgency({})).toBe(0)
  expect(urgency({ install_timeline: 'This Year', comparing_offers: 'true' })).toBe(0.5)
  expect(urgency({ install_timeline: 'asap', comparing_offers: 'true', decision_role: 'primary' })).toBe(1)
  expect(urgency({ install_timeline: 'whenever', comparing_offers: 'false' })).toBe(0)
  // Names that every object has.
  expect(urgency({ install_timeline: 'constructor', decision_role: '__proto__' })).toBe(0)
})

it('the trend compares the later half of the latest sentiments with the earlier', () => {
  expect([trend(), trend(1), trend(0.2, 0.3), trend(0, 0.15), trend(0, -0.15)]).toEqual([
    'stable',
    'stable',
    'stable',
    'improving',
    'declining',
  ])
  expect(trend(0.9, 0, 0.1)).toBe('declining')
  expect(trend(-0.5, -0.4, 0.2, 0.3)).toBe('improving')
})

it('asks for what is unknown, worth most first, at most three; what was written counts as known', () => {
  const questions = (facts: Readonly<Record<string, string>>) =>
    next_questions_of(gaps_of(progress(facts)), policy)
  expect(questions({})).toEqual([
    'Do you own your home?',
    'How much is your monthly bill, roughly?',
    'What is your timeline for the installation?',
  ])
  expect(
    questions({ homeowner_verified: 'false', bill_amount_minor: '1', said_property_type: 'yes' }),
  ).toEqual([
    'What is your timeline for the installation?',
    'What is your ZIP code?',
    'Have you looked at financing, or been pre-qualified for it?',
  ])
})

it('advises by five rules, most useful first', () => {
  expect(codes(progress())).toEqual(['fill_gaps'])
  const qualified = { homeowner_verified: 'true', bill_amount_minor: '1' }
  const busy = progress(qualified, { objections: 2, objections_resolved: 1, messages: 3, questions: 1 })
  expect(codes(busy)).toEqual([
    'handle_objection',
    'fill_gaps',
    'create_urgency',
    'raise_engagement',
    'show_credibility',
  ])
  const rest = {
    install_timeline: 'asap',
    property_type: 'condo',
    zip_code: '1',
    credit_signal: 'good',
    decision_role: 'primary',
    comparing_offers: 'false',
  }
  expect(codes(progress({ ...qualified, ...rest }, { messages: 2 }))).toEqual([])
})
