/** The conversation endpoint as clients use it: a history that grows, messages sent again, ids of every kind, refusals. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CONVERSATION, open_seed_system } from './seed-system.ts'

let seed: Awaited<ReturnType<typeof open_seed_system>>
beforeAll(async () => {
  seed = await open_seed_system()
}, 180_000)
afterAll(() => seed.close(), 30_000)

/** On a slow machine a decision may come late: then the same is sent again as the answer says. */
const ask = async (body: object, by: Pick<typeof seed, 'post'> = seed): ReturnType<typeof seed.post> => {
  const answer = await by.post(CONVERSATION, body)
  if (answer.status !== 504) return answer
  const [, event_id, occurred_at] =
    /with event_id (".*") and occurred_at (\d+),/.exec(answer.body.remedy) ?? []
  if (!event_id) throw new Error(answer.body.remedy)
  return ask({ ...body, event_id: JSON.parse(event_id), occurred_at: Number(occurred_at) }, by)
}

/** The first example of the requirements, word by word. */
const FIRST = {
  message: "I'm interested in solar for my co-op in Manhattan",
  session_id: 'chat_1234567890',
  conversation_context: {
    homeowner_verified: true,
    bill_amount: 400.0,
    zip_code: '10021',
    borough: 'manhattan',
    neighborhood: 'upper_east_side',
  },
}
/** The second one. */
const SECOND = {
  message: "I'm considering solar for my brownstone in Park Slope",
  session_id: 'chat_1234567890',
  conversation_context: {
    homeowner_verified: true,
    bill_amount: 350.0,
    zip_code: '11215',
    borough: 'brooklyn',
    neighborhood: 'park_slope',
  },
}

describe('a conversation whose requests carry its history', () => {
  const letters = async () => {
    await seed.inserted()
    return seed.system.warehouse.query('SELECT reason, detail, topic FROM dead_letters FINAL')
  }
  const MESSAGES = [
    FIRST.message,
    'How many panels would fit, and what inverter do you use?',
    'That is too expensive for us.',
    'We want it this year. What is the warranty?',
  ]

  it('counts each message once, and leaves no dead letter', async () => {
    const start_ms = seed.system.clock.now() - 600_000
    const history: object[] = []
    for (const [i, message] of MESSAGES.entries()) {
      const own = { technical_question: i === 1 || i === 3, sentiment: 0.2 * i, language: 'en' }
      const occurred_at = start_ms + i * 60_000
      const { status, body } = await ask({
        ...FIRST,
        ...own,
        message,
        occurred_at,
        conversation_history: history,
      })
      expect(status).toBe(200)
      expect(body.revenue_optimization.lead_score.factors.base_qualification).toBe(31)
      history.push({ role: 'user', content: message, timestamp: body.occurred_at })
      history.push({ role: 'assistant', content: body.content, timestamp: occurred_at + 5000 })
      if (i === 3) expect(body.revenue_optimization.conversation_metrics.questions_asked).toBe(2)
    }
    expect(await letters()).toEqual([])
    const [counted] = await seed.system.warehouse.query(
      `SELECT count() AS rows, uniqExact(event_id) AS ids FROM conversations FINAL
       WHERE conversation_id = {session:String}`,
      { session: FIRST.session_id },
    )
    // Four messages and the first three answers.
    expect(counted).toEqual({ rows: 7, ids: 7 })
    // A process that was started since, and another language: the warehouse knows the turns.
    const later = { ...FIRST, message: 'And when?', language: 'en-US', conversation_history: history }
    expect((await ask(later, seed.beside())).status).toBe(200)
    expect(await letters()).toEqual([])
  }, 90_000)

  it('is the same event when a message is sent again, with its id alone or with its time', async () => {
    const message = { ...FIRST, session_id: 'again', event_id: 'm1' }
    const first = await ask(message)
    await seed.system.clock.sleep(5)
    expect(await ask(message)).toEqual(first)
    await seed.inserted()
    // To a process that has not seen it, as the answer 504 says.
    const { occurred_at } = first.body
    expect(await ask({ ...message, occurred_at: Date.parse(occurred_at) }, seed.beside())).toEqual(first)
    expect(await letters()).toEqual([])
  }, 60_000)
})

describe('ids and languages', () => {
  it.each([
    { session_id: '50%|a', event_id: 'm|1%' },
    { session_id: 'talk', customer_id: '50%|b', event_id: 'm1' },
  ])(
    'answers whatever characters ids have, at once and out of the warehouse: %j',
    async ids => {
      const first = await ask({ ...FIRST, ...ids })
      expect(first).toMatchObject({ status: 200, body: { event_id: ids.event_id } })
      await seed.inserted()
      const again = { ...FIRST, ...ids, occurred_at: Date.parse(first.body.occurred_at) }
      expect(await ask(again)).toEqual(first)
    },
    60_000,
  )

  it('thanks in the language of the message when the conversation is over', async () => {
    const { body } = await ask({
      message: 'Gracias, adiós',
      session_id: 'es',
      language: 'es-MX',
      type: 'ended',
    })
    expect([body.content, body.draft.language]).toEqual([
      'Gracias. De momento no necesito saber nada más.',
      'es',
    ])
    const english = await ask({ message: 'Bye', session_id: 'en', type: 'ended' })
    expect(english.body.content).toBe('Thank you. That is all I need to know for now.')
  }, 60_000)
})

const kind_of = (value: unknown): unknown => {
  if (Array.isArray(value)) return 'list'
  if (value === null || typeof value !== 'object') return value === null ? 'null' : typeof value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, kind_of(inner)]))
}

describe('the examples of the requirements', () => {
  it('are answered in their shape, no key more or less than the description says', async () => {
    const { status, body } = await ask({ ...SECOND, tenant_id: 'shape' })
    expect(status).toBe(200)
    const number = 'number'
    const string = 'string'
    expect(kind_of(body)).toEqual({
      content: string,
      next_questions: 'list',
      draft: { is_draft: 'boolean', language: string, claim_ids: 'list' },
      revenue_optimization: {
        lead_score: {
          total_score: number,
          quality_tier: string,
          revenue_potential: number,
          conversion_probability: number,
          factors: {
            base_qualification: number,
            behavior: number,
            market_timing: number,
            market_intelligence: number,
          },
          parts: 'list',
          missing: 'list',
          policy_version: string,
        },
        conversation_metrics: {
          duration_minutes: number,
          revenue_per_minute: 'null',
          technical_engagement: number,
          questions_asked: number,
          urgency: number,
          trend: string,
        },
        optimization_recommendations: 'list',
        price: {
          price_per_lead: number,
          currency: string,
          buyer_tier: 'null',
          base: number,
          quality_multiplier: number,
          surge_multiplier: number,
          market_multiplier: number,
          policy_version: string,
        },
        routing_decision: {
          selected_buyer_id: 'null',
          selected_buyer_tier: 'null',
          price_per_lead: 'null',
          expected_revenue: 'null',
          routing_reason: string,
          status: string,
          decision_id: 'null',
          attempt: number,
          alternatives: 'list',
        },
        revenue_insights: {
          quality_assessment: string,
          revenue_potential: string,
          conversion_likelihood: string,
          assessment: string,
        },
      },
      event_id: string,
      occurred_at: string,
    })
  }, 60_000)

  it('say of the second one what the table gives', async () => {
    const { body } = await ask({ ...SECOND, tenant_id: 'second' })
    const { lead_score, revenue_insights, optimization_recommendations } = body.revenue_optimization
    // 14 owner, 12 bill of 300 and more, 2 ZIP code, 8 brownstone; 3.5 no objection; four indexes at one half of 10.
    expect(lead_score).toMatchObject({
      total_score: 44.5,
      quality_tier: 'unqualified',
      factors: { base_qualification: 36, behavior: 3.5, market_timing: 0, market_intelligence: 5 },
    })
    expect(revenue_insights).toEqual({
      quality_assessment: 'Lead quality: unqualified tier',
      revenue_potential: 'Revenue potential: 0 USD',
      conversion_likelihood: 'Conversion probability: 9%',
      assessment: 'Not qualified yet - ask what is missing',
    })
    expect(body.next_questions).toEqual([
      'What is your timeline for the installation?',
      'Have you looked at financing, or been pre-qualified for it?',
      'Who else takes part in the decision?',
    ])
    expect(optimization_recommendations).toEqual([
      'Ask for what is still unknown before going on',
      'The lead qualifies: agree on a date for the next step',
    ])
  }, 60_000)

  it('275 of revenue in 3.5 minutes are 78.57 a minute', async () => {
    const market = {
      event_id: 'market-10075',
      tenant_id: 'default',
      occurred_at: 0,
      kind: 'markets',
      id: '10075',
      effective_at: 0,
      body: '{"adoption_index":1,"income_index":1,"supply_index":1,"season_index":1,"revenue_ratio":0.846154}',
    }
    expect((await seed.post('/v1/events/catalog', market)).status).toBe(202)
    const conversation_context = {
      ...FIRST.conversation_context,
      zip_code: '10075',
      property_type: 'single_family',
      install_timeline: 'asap',
      credit_signal: 'excellent',
      decision_role: 'primary',
      comparing_offers: true,
    }
    const start_ms = seed.system.clock.now() - 210_000
    const conversation_history = [0, 1, 2].map(i => ({
      role: 'user',
      content: `Question ${i}`,
      timestamp: start_ms + i,
      technical_question: true,
    }))
    const { body } = await ask({
      ...FIRST,
      session_id: 'minutes',
      conversation_context,
      conversation_history,
      occurred_at: start_ms + 210_000,
      sentiment: 1,
      technical_question: true,
    })
    expect(body.revenue_optimization).toMatchObject({
      lead_score: { quality_tier: 'premium', revenue_potential: 275 },
      conversation_metrics: { duration_minutes: 3.5, revenue_per_minute: 78.57 },
      revenue_insights: {
        quality_assessment: 'Lead quality: premium tier',
        revenue_potential: 'Revenue potential: 275 USD',
        assessment: 'High-quality lead - focus on closing',
      },
    })
  }, 60_000)
})

describe('refusals name the field of the request', () => {
  const with_context = (conversation_context: object) => ({ ...FIRST, conversation_context })
  const turn = { content: 'x', timestamp: 0 }
  it.each<readonly [unknown, string | undefined, RegExp]>([
    [with_context({ bill_amount: -5 }), 'conversation_context.bill_amount', /decimal amount/],
    [with_context({ bill_amount: 'abc' }), 'conversation_context.bill_amount', /decimal amount/],
    [with_context({ bill_amount: true }), 'conversation_context.bill_amount', /decimal amount/],
    [with_context({ homeowner_verified: 'yes' }), 'conversation_context.homeowner_verified', /true or false/],
    [with_context({ zip_code: 10021 }), 'conversation_context.zip_code', /./],
    [with_context({ roof: [1] }), 'conversation_context.roof', /must be text/],
    [{ ...FIRST, colour: 'red' }, 'colour', /not a field/],
    [{ ...FIRST, occurred_at: 1.5 }, 'occurred_at', /must be an instant/],
    [{ ...FIRST, occurred_at: true }, 'occurred_at', /must be an instant/],
    [{ ...FIRST, occurred_at: 'today' }, 'occurred_at', /must be an instant/],
    [{ ...FIRST, occurred_at: 9e15 }, 'occurred_at', /./],
    [{ ...FIRST, session_id: '~x' }, 'session_id', /./],
    [{ ...FIRST, customer_id: '~x' }, 'customer_id', /./],
    [
      { ...FIRST, conversation_history: [turn, { ...turn, timestamp: 9e15 }] },
      'conversation_history.1.timestamp',
      /./,
    ],
    [
      { ...FIRST, conversation_history: [turn, { ...turn, sentiment: 7 }] },
      'conversation_history.1.sentiment',
      /./,
    ],
    [null, undefined, /one JSON object/],
    [[FIRST], undefined, /one JSON object/],
    ['text', undefined, /one JSON object/],
  ])('%j', async (body, field, reason) => {
    const answer = await seed.post(CONVERSATION, body)
    expect([answer.status, answer.body.error, answer.body.field]).toEqual([400, 'INVALID_ROW', field])
    expect(answer.body.reason).toMatch(reason)
    expect(answer.body.reason).not.toMatch(/^Invalid input/)
  })

  it('and of the question', async () => {
    for (const path of ['dashboard', 'forecast', 'recommendations']) {
      const { status, body } = await seed.get(`/api/v1/revenue/${path}?tenant=a%7Cb`)
      expect([status, body.field]).toEqual([400, 'tenant'])
    }
    const insights = await seed.get('/api/revenue/insights?tenant=*')
    expect([insights.status, insights.body.field]).toEqual([400, 'tenant'])
  })
})
