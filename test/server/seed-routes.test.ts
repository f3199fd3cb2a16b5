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

  it.each([
    [{ ...EXAMPLE, session_id: undefined }, 'session_id'],
    [{ ...EXAMPLE, conversation_context: { bill_amount: 1.005 } }, 'conversation_context.bill_amount'],
    [{ ...EXAMPLE, tenant_id: 'a|b' }, 'tenant_id'],
    [{ ...EXAMPLE, sentiment: 2 }, 'sentiment'],
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
      alerts: [],
    })
    expect(dashboard.body.revenue_trend.at(-1).revenue).toBe(399.99)
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
