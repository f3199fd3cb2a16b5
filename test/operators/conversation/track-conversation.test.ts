import fc from 'fast-check'
import { expect, test } from 'vitest'
import { trackConversation } from '../../../operators/conversation/track-conversation.ts'
import conversation_tracking from '../../../pipelines/conversation-tracking.ts'
import { tributary } from '../../../runtime/app.ts'
import type {
  Conversation,
  ConversationClock,
  ConversationMetric,
  ConversationProgress,
} from '../../../schemas/types.ts'
import { days, hours, minutes } from '../../../schemas/units.ts'
import { Driver } from '../../driver/driver.ts'
import { scenario } from '../../driver/scenario.ts'
import { store_as_version } from '../../driver/stored-by.ts'
import { spec_of, turn_over } from '../core/spec-of.ts'
import { FIRST_EXAMPLE, said, T } from './talk.ts'

const app = { ...tributary(1), partitions: 1, pipelines: [conversation_tracking] }

scenario(
  'the requirements’ example: three and a half minutes, two technical questions',
  'customer',
  d => {
    d.send('conversations', [
      said('1', 0, { type: 'started', text: 'hello' }),
      said('2', minutes(1), { technical_question: true, sentiment: 0.1 }),
      said('3', minutes(2), { technical_question: true, sentiment: 0.5 }),
      said('4', minutes(3.5), { text: FIRST_EXAMPLE.text }, FIRST_EXAMPLE.context),
    ])
    d.run()
    expect(d.outputs('conversation_metrics').at(-1)).toEqual({
      event_id: '4',
      tenant_id: 'acme',
      customer_id: 'ada',
      conversation_id: 'chat-1',
      occurred_at: T + minutes(3.5),
      type: 'message',
      started_at: T,
      duration_ms: minutes(3.5),
      messages: 3,
      questions_asked: 2,
      objections: 0,
      objections_resolved: 0,
      technical_engagement: 0.4,
      sentiment: 0.3,
      urgency: 0,
      trend: 'improving',
      recommendations: [
        { code: 'fill_gaps', title: 'Ask for what is still unknown before going on' },
        { code: 'create_urgency', title: 'The lead qualifies: agree on a date for the next step' },
        { code: 'show_credibility', title: 'Answer the technical questions in detail, with references' },
      ],
      // Of the property the lead has spoken already.
      next_questions: [
        'What is your timeline for the installation?',
        'Have you looked at financing, or been pre-qualified for it?',
        'Who else takes part in the decision?',
      ],
      closed: false,
      objections_open: 0,
      within_bounds: false,
      over_long: false,
      sentiment_course: [0.1, 0.5],
      language: null,
      gaps: ['install_timeline', 'credit_signal', 'decision_role', 'comparing_offers'],
      held_out: [],
      draft: {
        text: 'Good question. Let me answer it in detail. What is your timeline for the installation?',
        language: 'en',
        is_draft: true,
        claim_ids: [],
      },
      policy_version: 'conversation-1',
      policy_problem: null,
    })
  },
  app,
)

const brief = (d: Driver) =>
  d.outputs('conversation_metrics').map(row => [row.event_id, row.duration_ms, row.messages, row.closed])

scenario(
  'after half an hour of silence, and the grace, the timer closes it, once',
  'customer',
  d => {
    d.send('conversations', [said('1', 0), said('2', minutes(10))])
    d.tick(T + minutes(49))
    expect(brief(d)).toHaveLength(2)
    d.tick(T + minutes(50))
    d.tick(T + days(1))
    expect(d.outputs('conversation_metrics').at(-1)).toMatchObject({
      event_id: `chat-1|closed|${T + minutes(10)}`,
      type: 'ended',
      occurred_at: T + minutes(40),
      duration_ms: minutes(10),
      messages: 2,
      recommendations: [],
      next_questions: [],
      closed: true,
    })
    expect(brief(d)).toHaveLength(3)
  },
  app,
)

scenario(
  'handed off or ended it is closed at once, and the timer adds no row',
  'customer',
  d => {
    d.send('conversations', [
      said('1', 0),
      said('2', minutes(1), { type: 'handed_off' }),
      said('3', 0, { conversation_id: 'chat-2', type: 'ended' }),
    ])
    d.tick(T + days(1))
    expect(brief(d)).toEqual([
      ['1', 0, 1, false],
      ['2', minutes(1), 1, true],
      ['3', 0, 0, true],
    ])
  },
  app,
)

scenario(
  'an event after the silence re-opens it; it is closed anew under its own id',
  'customer',
  d => {
    d.send('conversations', [said('1', 0), said('2', hours(3))])
    d.tick(T + hours(10))
    expect(brief(d)).toEqual([
      ['1', 0, 1, false],
      [`chat-1|closed|${T}`, 0, 1, true],
      ['2', hours(3), 2, false],
      [`chat-1|closed|${T + hours(3)}`, hours(3), 2, true],
    ])
  },
  app,
)

scenario(
  'a late event counts while the conversation is kept and does not re-open it; afterwards it is late',
  'customer',
  d => {
    d.send('conversations', [
      said('2', minutes(10)),
      said('other', hours(5), { conversation_id: 'chat-2', type: 'ended' }),
      said('1', 0, { type: 'started', sentiment: -1 }),
      said('new', 0, { conversation_id: 'chat-3' }),
    ])
    d.run()
    expect(brief(d)).toEqual([
      ['2', 0, 1, false],
      [`chat-1|closed|${T + minutes(10)}`, 0, 1, true],
      ['other', 0, 0, true],
      ['1', minutes(10), 1, true],
      ['new', 0, 1, true],
    ])
    d.send('conversations', [said('far', days(4), { conversation_id: 'chat-4' }), said('0', minutes(5))])
    d.run()
    expect(d.outcomes.late).toBe(1)
    expect(brief(d)).toHaveLength(6)
    d.tick(T + days(7))
    d.tick(T + days(50))
    const kept = [...d.fields('acme|ada').keys()].filter(field => field.includes('track-conversation'))
    expect([d.timers, kept]).toEqual([0, []])
  },
  app,
)

scenario(
  'the trend looks at the latest six sentiments only',
  'customer',
  d => {
    const felt = [-1, -1, -1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
    d.send(
      'conversations',
      felt.map((sentiment, i) => said(`e${i}`, minutes(i), { sentiment })),
    )
    d.run()
    const trends = d.outputs('conversation_metrics').map(row => row.trend)
    expect(trends.slice(3)).toEqual([
      'improving',
      'improving',
      'improving',
      'improving',
      'improving',
      'stable',
    ])
  },
  app,
)

test('whatever the order of arrival, what is kept and the last row are the same', async () => {
  const event = fc.record({
    after: fc.integer({ min: 0, max: 9 }),
    sentiment: fc.option(fc.double({ min: -1, max: 1, noNaN: true })),
    technical_question: fc.option(fc.boolean()),
    type: fc.constantFrom('started', 'message', 'objection', 'objection_resolved'),
    timeline: fc.option(fc.constantFrom('asap', 'this_year')),
    text: fc.constantFrom(
      null,
      'What about the warranty?',
      'Too expensive',
      'Fair enough',
      'Me encanta el piso',
    ),
    role: fc.constantFrom(null, 'user', 'agent'),
    language: fc.constantFrom(null, 'en', 'es', 'ja'),
  })
  const last_of = async (rows: readonly Partial<Conversation>[]) => {
    const driver = await Driver.open('customer', { batch: 2, crash: true }, app)
    driver.send('conversations', rows)
    driver.run()
    const kept = driver.fields('acme|ada').get('conversation-tracking/track-conversation#chat-1')
    driver.tick(T + hours(2))
    return { kept: kept?.toString('hex') ?? 'nothing', last: driver.outputs('conversation_metrics').at(-1) }
  }
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 2, maxLength: 9 }), fc.nat(8), async (list, turn) => {
      const rows = list.map(({ after, timeline, ...more }, i) =>
        said(`e${i}`, minutes(after), more as never, { install_timeline: timeline }),
      )
      const turned = [...rows.slice(turn), ...rows.slice(0, turn)].reverse()
      const in_order = await last_of(rows)
      expect(in_order.kept).not.toBe('nothing')
      expect(await last_of(turned)).toEqual(in_order)
    }),
    { numRuns: 25 },
  )
})

test('a timer looks at the conversations that are due, not at the customer’s others', () => {
  const slots = new Map<string, ConversationProgress>()
  const turn = turn_over<ConversationMetric, ConversationProgress, 'close'>(slots)
  const spec = spec_of<
    Partial<Conversation>,
    ConversationMetric,
    ConversationClock,
    ConversationProgress,
    'close'
  >(trackConversation() as never)
  const nothing = { role: null, text: null, sentiment: null, technical_question: null, language: null }
  let state = spec.state.init()
  const many = 500
  for (let n = 0; n < many; n++) {
    Object.assign(turn, { at_ms: T + n, stream_time_ms: T + n })
    const message = said(`e${n}`, n, { ...nothing, conversation_id: `chat-${n}` })
    state = spec.step(state, message, turn)
  }
  expect(state.due_ms).toBe(T + minutes(40))
  turn.emitted.length = 0
  for (let n = 0; n < many; n++) {
    turn.looked = 0
    Object.assign(turn, { at_ms: state.due_ms, stream_time_ms: state.due_ms })
    state = spec.on_timer?.(state, 'close', turn) as ConversationClock
    expect(turn.looked).toBeLessThan(6)
  }
  expect(turn.emitted.map(row => row.conversation_id)).toEqual(
    Array.from({ length: many }, (_, n) => `chat-${n}`),
  )
  expect(turn.timers.get('close')).toBe(T + minutes(40) + days(2))
})

test('a timer that was lost is set anew by the next conversation', () => {
  const turn = turn_over<ConversationMetric, ConversationProgress, 'close'>(new Map())
  const spec = spec_of<
    Partial<Conversation>,
    ConversationMetric,
    ConversationClock,
    ConversationProgress,
    'close'
  >(trackConversation() as never)
  const nothing = { role: null, text: null, sentiment: null, technical_question: null, language: null }
  const set_after = (due_ms: number): boolean => {
    turn.timers.clear()
    Object.assign(turn, { at_ms: T, stream_time_ms: T })
    spec.step({ due_ms, indexed: true }, said('e', 0, { ...nothing, conversation_id: `due ${due_ms}` }), turn)
    return turn.timers.size > 0
  }
  expect([T, T + 1, T + minutes(40), T + minutes(41)].map(set_after)).toEqual([true, false, false, true])
})

scenario(
  'a message puts the end off; what re-opens a conversation brings its end forward',
  'customer',
  d => {
    d.send('conversations', [said('1', 0), said('2', minutes(20))])
    d.tick(T + minutes(59))
    expect(brief(d)).toHaveLength(2)
    d.tick(T + minutes(60))
    d.send('conversations', [said('3', minutes(61))])
    d.tick(T + minutes(101))
    expect(brief(d).slice(2)).toEqual([
      [`chat-1|closed|${T + minutes(20)}`, minutes(20), 2, true],
      ['3', minutes(61), 3, false],
      [`chat-1|closed|${T + minutes(61)}`, minutes(61), 3, true],
    ])
  },
  app,
)

const STORED = {
  1: { state: 'state/next_due', slot: 'state/conversation_progress_v2' },
  2: { state: 'state/conversation_clock', slot: 'state/conversation_progress_v2' },
  now: { state: 'state/conversation_clock', slot: 'state/conversation_progress' },
} as const

test.each([1, 2] as const)('goes on from what version %i stored', async version => {
  const d = await Driver.open('customer', { batch: 1, crash: true }, app)
  d.send('conversations', [
    said('1', 0, { technical_question: true }),
    said('2', 1, { conversation_id: 'chat-2', type: 'ended' }),
  ])
  d.run()
  const stored = d.fields('acme|ada') as Map<string, Buffer>
  // Version 1 did not sort conversations by when they are due.
  if (version === 1) for (const field of [...stored.keys()]) if (field.includes('#\n')) stored.delete(field)
  const field = 'conversation-tracking/track-conversation'
  expect(store_as_version(d, 'acme|ada', field, version, [STORED[version], STORED.now])).toBe(
    version === 1 ? 3 : 5,
  )
  d.send('conversations', [said('3', minutes(1), { conversation_id: 'chat-3' }), said('4', minutes(1))])
  d.tick(T + hours(1))
  const rows = d.outputs('conversation_metrics').slice(2)
  expect(rows.map(({ event_id }) => event_id)).toEqual([
    '3',
    '4',
    `chat-1|closed|${T + minutes(1)}`,
    `chat-3|closed|${T + minutes(1)}`,
  ])
  // What was asked before is open still.
  expect(rows[1]).toMatchObject({ questions_asked: 1, messages: 2, objections: 0 })
  expect(rows[1]?.recommendations.map(({ code }) => code)).toContain('show_credibility')
  d.tick(T + days(3))
  d.tick(T + days(90))
  expect([d.timers, [...stored.keys()].filter(name => name.includes('track-conversation'))]).toEqual([0, []])
})
