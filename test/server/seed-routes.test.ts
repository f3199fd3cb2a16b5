/** The requirement documents' own endpoints, on a whole embedded system: in over HTTP, out of the pipelines' rows. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse_config } from '../../runtime/config.ts'
import { create_logger } from '../../runtime/logger.ts'
import { state_reader } from '../../runtime/read-state.ts'
import { left_to_do, open_system, type System, start_work, type Work } from '../../runtime/system.ts'
import { create_server } from '../../server/server.ts'
import { default_stream_limits } from '../../server/stream.ts'

const CONVERSATION = '/api/v1/conversation/revenue-optimized'
const dir = mkdtempSync(join(tmpdir(), 'tributary-seed-'))
let system: System
let work: Work
let server: FastifyInstance
let url = ''

beforeAll(async () => {
  const argv = ['--data-dir', dir, '--http-port', '0', '--clickhouse-port', '0', '--partitions', '2']
  const { config } = parse_config(argv, {})
  system = await open_system(config, create_logger('silent'))
  work = start_work(system)
  server = create_server({
    ...system,
    ...work,
    api_keys: null,
    read_state: state_reader(system.app),
    stream_limits: default_stream_limits,
  })
  url = await server.listen({ host: '127.0.0.1', port: 0 })
}, 60_000)
afterAll(async () => {
  await server.close()
  await work.stop()
  await system.close()
  rmSync(dir, { recursive: true, force: true })
}, 30_000)

const post = async (path: string, body: unknown) => {
  const response = await server.inject({ method: 'POST', url: path, payload: body as object })
  return { status: response.statusCode, body: response.json() }
}
const get = async (path: string) => {
  const response = await server.inject(path)
  return { status: response.statusCode, body: response.json() }
}
const inserted = async (): Promise<void> => {
  for (;;) {
    const left = left_to_do(system, work)
    if (left === null) return
    await system.clock.sleep(50)
  }
}

/** The example of the requirements, word by word. */
const EXAMPLE = {
  message: "I'm interested in solar for my co-op in Manhattan",
  session_id: 'chat_1234567890',
  conversation_context: {
    homeowner_verified: true,
    bill_amount: 400.0,
    zip_code: '10021',
    borough: 'manhattan',
    neighborhood: 'upper_east_side',
  },
  conversation_history: [],
}

describe('POST /api/v1/conversation/revenue-optimized', () => {
  it('answers the score that the table gives; the stream and ClickHouse have the same', async () => {
    const stop = new AbortController()
    const stream = await fetch(`${url}/v1/topics/lead_scores/stream`, { signal: stop.signal })
    const { status, body } = await post(CONVERSATION, EXAMPLE)
    expect(status).toBe(200)
    // 14 owner, 12 bill of 300 and more, 2 ZIP code, 3 co-op; 3.5 no objection; four indexes at one half of 10.
    expect(body.revenue_optimization.lead_score).toMatchObject({
      total_score: 39.5,
      quality_tier: 'unqualified',
      factors: { base_qualification: 31, behavior: 3.5, market_timing: 0, market_intelligence: 5 },
      revenue_potential: 0,
      policy_version: 'lead-1',
    })
    const { parts } = body.revenue_optimization.lead_score
    expect(parts).toContainEqual({ factor: 'base', signal: 'property_type', points: 3 })
    expect(parts.reduce((sum: number, { points }: { points: number }) => sum + points, 0)).toBe(39.5)
    expect(body.next_questions).toHaveLength(3)

    const streamed = await first_event(stream, body.event_id)
    stop.abort()
    expect(streamed).toMatchObject({ total_score: 39.5, base_points: 31, parts })
    await inserted()
    const rows = await system.warehouse.query(
      `SELECT total_score, base_points, parts.signal AS signals, parts.points AS points
       FROM lead_scores FINAL WHERE event_id = {event_id:String}`,
      { event_id: body.event_id },
    )
    expect(rows).toEqual([
      {
        total_score: 39.5,
        base_points: 31,
        signals: parts.map((part: { signal: string }) => part.signal),
        points: parts.map((part: { points: number }) => part.points),
      },
    ])
  }, 60_000)

  it('prices a lead that became premium: 250 × 1.3 for 90 points and more', async () => {
    const markets = ['11215', 'park_slope', 'brooklyn'].map((id, i) => ({
      event_id: `market-${i}`,
      tenant_id: 'default',
      occurred_at: 0,
      kind: 'markets',
      id,
      effective_at: 0,
      body: '{"adoption_index":1,"income_index":1,"supply_index":1,"season_index":1,"revenue_ratio":1.1}',
    }))
    expect((await post('/v1/events/catalog', markets)).status).toBe(202)
    const start_ms = system.clock.now() - 600_000
    const conversation_history = [0, 1, 2].map(i => ({
      role: 'user',
      content: `How many panels fit a roof of ${i + 2}0 square metres?`,
      timestamp: start_ms + i * 60_000,
      technical_question: true,
    }))
    const message = {
      message: "I'm considering solar for my brownstone in Park Slope",
      session_id: 'chat_2',
      occurred_at: start_ms + 600_000,
      conversation_context: {
        homeowner_verified: true,
        bill_amount: '350.00',
        zip_code: '11215',
        borough: 'brooklyn',
        neighborhood: 'park_slope',
        install_timeline: 'asap',
        credit_signal: 'excellent',
        decision_role: 'primary',
        comparing_offers: true,
        roof_age: 12,
      },
      conversation_history,
      sentiment: 1,
      technical_question: true,
    }
    const { body } = await post(CONVERSATION, message)
    // All 40, 20 and 10; of 30: 8 for ten minutes, 8 for four questions, 3.5 without objections, 7 for the mood.
    expect(body.revenue_optimization.lead_score).toMatchObject({
      total_score: 96.5,
      quality_tier: 'premium',
      revenue_potential: 357.5,
    })
    expect(body.revenue_optimization.price).toMatchObject({
      base: 250,
      quality_multiplier: 1.3,
      surge_multiplier: 1,
      market_multiplier: 1.1,
      price_per_lead: 325,
      currency: 'USD',
    })
    expect(body.revenue_optimization.conversation_metrics).toMatchObject({
      duration_minutes: 10,
      revenue_per_minute: 35.75,
      questions_asked: 4,
    })
    // The next request repeats the history: nothing of it counts twice.
    const again = await post(CONVERSATION, { ...message, message: 'And when?', event_id: 'next' })
    expect(again.body.revenue_optimization.conversation_metrics.questions_asked).toBe(5)
  }, 60_000)

  it('names the buyer, and joins what that one says to the decision', async () => {
    const start_ms = system.clock.now() - 600_000
    const buyers = [
      { buyer_id: 'solarreviews', tier: 'premium', daily_cap: 20, acceptance_prior: 0.85 },
      { buyer_id: 'far-away', tier: 'premium', areas: ['queens'] },
      { buyer_id: 'volume-buyer', tier: 'volume', daily_cap: 100, acceptance_prior: 0.5 },
    ]
    const entry = { tenant_id: 'sells', kind: 'buyers', id: 'sells', occurred_at: 0, effective_at: 0 }
    const sent = await post('/v1/events/catalog', {
      ...entry,
      event_id: 'b',
      body: JSON.stringify({ buyers }),
    })
    expect(sent.status).toBe(202)
    const lead = {
      ...EXAMPLE,
      tenant_id: 'sells',
      session_id: 'chat_sold',
      conversation_context: {
        ...EXAMPLE.conversation_context,
        install_timeline: 'asap',
        credit_signal: 'excellent',
        decision_role: 'primary',
        comparing_offers: true,
      },
    }
    const quoted = await post(CONVERSATION, { ...lead, occurred_at: start_ms, event_id: 'm1' })
    const first = quoted.body.revenue_optimization.routing_decision
    expect(first).toMatchObject({ status: 'quoted', decision_id: null })
    const { body } = await post(CONVERSATION, {
      ...lead,
      occurred_at: start_ms + 400_000,
      event_id: 'm2',
      type: 'handed_off',
    })
    const { lead_score, routing_decision: decision } = body.revenue_optimization
    expect(['basic', 'standard', 'premium']).toContain(lead_score.quality_tier)
    expect(decision).toMatchObject({ status: 'reserved', attempt: 1, decision_id: 'chat_sold|m2' })
    expect(buyers.map(({ buyer_id }) => buyer_id)).toContain(decision.selected_buyer_id)
    expect(decision.price_per_lead).toBeGreaterThan(0)
    expect(decision.expected_revenue).toBeLessThan(decision.price_per_lead)
    expect(decision.alternatives).toContainEqual(
      expect.objectContaining({ buyer_id: 'far-away', reason: expect.stringMatching(/area|quality/) }),
    )
    await inserted()
    const said = {
      tenant_id: 'sells',
      lead_id: decision.decision_id,
      buyer_id: decision.selected_buyer_id,
      feedback_type: 'accepted',
      conversion_value: decision.price_per_lead,
    }
    const feedback = await post('/api/v1/revenue/buyer-feedback', said)
    expect(feedback).toMatchObject({ status: 200, body: { decision_id: 'chat_sold|m2' } })
    await inserted()
    const outcomes = await system.warehouse.query(
      `SELECT outcome, decision_id, buyer_id FROM route_outcomes FINAL WHERE tenant_id = 'sells'`,
    )
    expect(outcomes).toEqual([
      { outcome: 'accepted', decision_id: 'chat_sold|m2', buyer_id: decision.selected_buyer_id },
    ])
    const dashboard = await get('/api/v1/revenue/dashboard?tenant=sells')
    expect(dashboard.body.top_performing_buyers).toEqual([
      [decision.selected_buyer_id, decision.price_per_lead],
    ])
  }, 60_000)

  it('answers a message that is sent again with what was decided of it, not with a wait in vain', async () => {
    const message = { ...EXAMPLE, tenant_id: 'talks', session_id: 'chat_again', event_id: 'm1' }
    const first = await post(CONVERSATION, message)
    expect(first.status).toBe(200)
    // At once, while the rows are on their way into the warehouse, and when they are there.
    expect(await post(CONVERSATION, message)).toEqual(first)
    await inserted()
    const from_ms = performance.now()
    expect(await post(CONVERSATION, message)).toEqual(first)
    expect(performance.now() - from_ms).toBeLessThan(3000)
  }, 60_000)

  const TURNS = { tenant_id: 'talks', session_id: 'chat_turns', technical_question: true }
  it('counts a message once that comes again as a turn of the history', async () => {
    const ask = async (message: string, more: object) =>
      (await post(CONVERSATION, { ...TURNS, message, ...more })).body
    const questions = ({ revenue_optimization }: Awaited<ReturnType<typeof ask>>) =>
      revenue_optimization.conversation_metrics.questions_asked
    const occurred_at = system.clock.now() - 5000
    const first = await ask('How many panels?', { occurred_at })
    expect([questions(first), first.occurred_at]).toEqual([1, new Date(occurred_at).toISOString()])
    const turn = { role: 'user', content: 'How many panels?', technical_question: true }
    const turns = [{ ...turn, timestamp: first.occurred_at }]
    const second = await ask('Which inverter?', { conversation_history: turns, event_id: 'second' })
    expect(questions(second)).toBe(2)
    // Its own time is not what the server took it for: the id says which it is.
    const named = { ...turn, content: 'Which inverter?', timestamp: occurred_at + 1, event_id: 'second' }
    const third = await ask('What does it weigh?', { conversation_history: [...turns, named] })
    expect(questions(third)).toBe(3)
  }, 60_000)

  it('hears the message and the turns without a language of their own in the one it is told', async () => {
    const content = '¿Qué garantía tienen los paneles?'
    const turns = [
      { role: 'user', content, timestamp: system.clock.now() - 9000 },
      { role: 'user', content, timestamp: system.clock.now() - 8000, language: 'en' },
    ]
    const said = { tenant_id: 'talks', session_id: 'chat_es', message: '¿Y la batería, cuánto dura?' }
    const { body } = await post(CONVERSATION, { ...said, language: 'es-MX', conversation_history: turns })
    expect(body.draft.language).toBe('es')
    expect(body.revenue_optimization.conversation_metrics.questions_asked).toBe(2)
  }, 60_000)

  it('keeps the context of a message that its own history has already', async () => {
    const occurred_at = system.clock.now() - 5000
    const itself = { role: 'user', content: EXAMPLE.message, timestamp: occurred_at }
    const own = { ...EXAMPLE, tenant_id: 'talks', session_id: 'chat_itself', occurred_at }
    const { body } = await post(CONVERSATION, { ...own, conversation_history: [itself] })
    expect(body.revenue_optimization.lead_score.factors.base_qualification).toBe(31)
  }, 60_000)

  it.each([
    [{ ...EXAMPLE, session_id: undefined }, 'session_id'],
    [{ ...EXAMPLE, conversation_context: { bill_amount: 1.005 } }, 'conversation_context.bill_amount'],
    [{ ...EXAMPLE, tenant_id: 'a|b' }, 'tenant_id'],
    [{ ...EXAMPLE, sentiment: 2 }, 'sentiment'],
    [{ ...EXAMPLE, language: 'Spanish, please' }, 'language'],
    [{ ...EXAMPLE, customer_id: '~x' }, 'customer_id'],
  ])('names what is wrong: %#', async (body, field) => {
    const answer = await post(CONVERSATION, body)
    expect([answer.status, answer.body.field]).toEqual([400, field])
  })
})

describe('revenue events, dashboard and insights', () => {
  it('count a purchase once, to the cent, and take back a refund', async () => {
    const event = { customerId: 'customer_123', productId: 'pro_bundle', tenantId: 'shop' }
    const bought = { ...event, eventType: 'purchase_completed', amount: 499, eventId: 'e1', paymentId: 'p1' }
    for (let i = 0; i < 2; i++)
      expect(
        await post('/api/revenue/event', { ...bought, timestamp: system.clock.now() - 1000 }),
      ).toMatchObject({
        status: 200,
        body: { success: true, message: 'Event processed', eventId: 'e1' },
      })
    const refund = { ...event, eventType: 'refund_issued', amount: '99.01', paymentId: 'p1' }
    expect((await post('/api/revenue/event', refund)).status).toBe(200)
    expect((await post('/api/revenue/event', { ...event, eventType: 'page_view' })).status).toBe(200)
    await inserted()
    const dashboard = await get('/api/v1/revenue/dashboard?tenant=shop')
    expect(dashboard.body).toMatchObject({
      today_revenue: 399.99,
      current_hour_revenue: 399.99,
      active_conversations: 0,
      conversion_rate: 0,
      quality_tier_distribution: { premium: 0, standard: 0, basic: 0 },
      alerts: ['High revenue this hour - excellent performance!'],
    })
    expect(dashboard.body.revenue_trend).toHaveLength(30)
    expect(dashboard.body.revenue_trend.at(-1).revenue).toBe(399.99)
    expect(dashboard.body.revenue_trend.at(0).revenue).toBe(0)
    const { body } = await get('/api/revenue/insights?timeframe=30d&tenant=shop')
    expect(body).toMatchObject({
      success: true,
      insights: { summary: { revenue: { current: 399.99, previous: 0, change: null } }, timeframe: '30d' },
    })
    expect(Object.values(body.insights.systems.analytics.revenue.monthlyTrend)).toContain(399.99)
    expect((await get('/api/v1/revenue/dashboard')).body).toMatchObject({
      conversion_rate: 0.5,
      quality_tier_distribution: { premium: 1, standard: 0, basic: 0 },
    })
  }, 60_000)

  it.each([
    [{ customerId: 'c', eventType: 'purchase_completed', amount: 1.999 }, 'amount'],
    [{ customerId: 'c', eventType: 'purchase_completed' }, 'amount'],
    [{ customerId: 'c', eventType: 'teleported' }, 'eventType'],
    [{ eventType: 'page_view' }, 'customerId'],
    [{ customerId: 'c', eventType: 'purchase_completed', amount: 1, currency: 'XXX' }, 'amount'],
  ])('refuse in their own words: %#', async (body, field) => {
    const answer = await post('/api/revenue/event', body)
    expect([answer.status, answer.body.success, answer.body.field]).toEqual([400, false, field])
    expect(answer.body.error).toContain(`${field}: `)
  })

  it('refuse a body that is none in the same words', async () => {
    const headers = { 'content-type': 'application/json' }
    const answer = await server.inject({ method: 'POST', url: '/api/revenue/event', headers, payload: '{' })
    expect([answer.statusCode, answer.json()]).toEqual([
      400,
      { success: false, error: 'the body is not JSON' },
    ])
    const strange = await post('/api/revenue/event', { customerId: '~c', eventType: 'page_view' })
    expect([strange.status, strange.body.field]).toEqual([400, 'customerId'])
  })

  it('refuse a timeframe that is none', async () => {
    const { status, body } = await get('/api/revenue/insights?timeframe=month')
    expect([status, body.success, body.field]).toEqual([400, false, 'timeframe'])
  })
})

/** The first event of a stream whose row has the id. */
const first_event = async (stream: Response, event_id: string): Promise<unknown> => {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of stream.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true })
    for (const block of text.split('\n\n').slice(0, -1)) {
      const data = /^data: (.*)$/m.exec(block)?.[1]
      const row = data ? JSON.parse(data) : {}
      if (row.event_id === event_id) return row
    }
  }
  throw new Error('the stream ended')
}
