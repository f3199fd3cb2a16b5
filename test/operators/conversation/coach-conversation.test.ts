import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  advice_of,
  engagement_of,
  gaps_of,
  trend_of,
  urgency_of,
} from '../../../operators/conversation/coach-conversation.ts'
import {
  ASKED,
  default_conversation_policy as policy,
} from '../../../operators/conversation/conversation-policy.ts'
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
  objections_heard: 0,
  objections_heard_resolved: 0,
  asked_ms: null,
  answered_ms: null,
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
const codes = (of: ConversationProgress) => advice_of(of, gaps_of(of), policy)

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

it('the trend is antisymmetric: felt the other way round it goes the other way', () => {
  const opposite = { improving: 'declining', declining: 'improving', stable: 'stable' } as const
  const sentiments = fc.array(fc.integer({ min: -1000, max: 1000 }), { maxLength: 6 })
  fc.assert(
    fc.property(sentiments, list => {
      const felt = list.map(n => n / 1000)
      expect(trend(...felt.map(s => -s))).toBe(opposite[trend(...felt)])
      // The same read backwards, where the halves are of one length.
      if (felt.length % 2 === 0) expect(trend(...felt.toReversed())).toBe(opposite[trend(...felt)])
    }),
  )
})

it('timelines from the text count for urgency where the context has none', () => {
  const urgency = (facts: Readonly<Record<string, string>>) => urgency_of(progress(facts), policy)
  expect(urgency({ said_install_timeline: 'soon' })).toBe(0.6)
  expect(urgency({ said_install_timeline: 'soon', install_timeline: 'next_year' })).toBe(0.1)
})

it('what is unknown is a gap, worth most first; what was written counts as known', () => {
  expect(gaps_of(progress({}))).toEqual(ASKED)
  const known = { homeowner_verified: 'false', bill_amount_minor: '1', said_property_type: 'condo' }
  expect(gaps_of(progress(known))).toEqual([
    'install_timeline',
    'zip_code',
    'credit_signal',
    'decision_role',
    'comparing_offers',
  ])
})

it('advises by five rules, most useful first', () => {
  expect(codes(progress())).toEqual(['fill_gaps'])
  const qualified = { homeowner_verified: 'true', bill_amount_minor: '1' }
  const busy = progress(qualified, {
    objections: 2,
    objections_resolved: 1,
    messages: 3,
    questions: 1,
    asked_ms: 1,
  })
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

it('each rule’s advice goes when the matter is settled', () => {
  const before = progress(
    { homeowner_verified: 'true', bill_amount_minor: '1' },
    { objections: 1, messages: 3, questions: 1, asked_ms: 5, answered_ms: 4 },
  )
  const gone = (rule: string, after: ConversationProgress) => [
    codes(before).includes(rule as never),
    codes(after).includes(rule as never),
  ]
  const settled = [true, false]
  const everything = Object.fromEntries(ASKED.map(name => [name, 'true']))
  expect(gone('handle_objection', { ...before, objections_resolved: 1 })).toEqual(settled)
  expect(gone('fill_gaps', progress(everything))).toEqual(settled)
  const urgent = progress({ homeowner_verified: 'true', bill_amount_minor: '1', install_timeline: 'soon' })
  expect(gone('create_urgency', urgent)).toEqual(settled)
  expect(gone('raise_engagement', { ...before, questions: 2 })).toEqual(settled)
  // By the seller's next message; one at the same instant was under way already.
  expect(gone('show_credibility', { ...before, answered_ms: 6 })).toEqual(settled)
  expect(codes({ ...before, answered_ms: 5 })).toContain('show_credibility')
})
