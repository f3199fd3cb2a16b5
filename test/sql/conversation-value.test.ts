/** conversation_value: given metrics, scores, prices and ledger rows, expected rows. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ledger_row, type Served, serve_warehouse } from './served-warehouse.ts'

let offset = 0
const whole = (row: Record<string, unknown>) => {
  const customer_id = (row.customer_id as string | undefined) ?? 'c1'
  const _key = row.cause_event_id === undefined ? `t1|${customer_id}` : 't1'
  return { _key, _offset: offset++, tenant_id: 't1', customer_id, conversation_id: 'chat-1', ...row }
}
const metric = (event_id: string, occurred_at: string, more: Record<string, unknown> = {}) =>
  whole({
    event_id,
    occurred_at,
    type: 'message',
    started_at: '2026-01-05T10:00:00.000Z',
    trend: 'stable',
    closed: false,
    ...more,
  })
const score = (event_id: string, occurred_at: string, points: readonly number[], quality_tier: string) => {
  const [base_points = 0, behavior_points = 0, timing_points = 0, market_points = 0] = points
  const total_score = base_points + behavior_points + timing_points + market_points
  const each = { base_points, behavior_points, timing_points, market_points }
  return whole({ event_id, occurred_at, total_score, quality_tier, conversion_probability: 0.5, ...each })
}
const price = (
  cause_event_id: string,
  occurred_at: string,
  buyer_tier: string | null,
  minor: readonly number[],
) => {
  const [price_minor, revenue_potential_minor, revenue_per_minute_minor = null] = minor
  const event_id = `c1|${cause_event_id}`
  const money = { price_minor, revenue_potential_minor, revenue_per_minute_minor }
  return whole({ event_id, cause_event_id, occurred_at, buyer_tier, currency: 'EUR', ...money })
}

const MOVEMENTS = [
  ledger_row({ event_id: 'a', occurred_at: '2026-01-05T09:59:59.999Z', amount_minor: 5 }),
  ledger_row({ event_id: 'b', occurred_at: '2026-01-05T10:00:00.000Z', amount_minor: 1000 }),
  ledger_row({
    event_id: 'c',
    occurred_at: '2026-01-07T00:00:00.000Z',
    amount_minor: -300,
    type: 'refunded',
  }),
  ledger_row({ event_id: 'd', occurred_at: '2026-01-07T00:00:00.000Z', amount_minor: 40, currency: 'JPY' }),
  ledger_row({ event_id: 'e', occurred_at: '2026-01-09T00:00:00.000Z', amount_minor: 77 }),
  ledger_row({
    event_id: 'f',
    customer_id: 'c2',
    occurred_at: '2026-02-04T09:59:59.999Z',
    amount_minor: 1,
  }),
  ledger_row({
    event_id: 'g',
    customer_id: 'c2',
    occurred_at: '2026-02-04T10:00:00.000Z',
    amount_minor: 2,
  }),
]

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
  await served.fill('conversation_metrics', [
    metric('1', '2026-01-05T10:00:00.000Z', { messages: 1 }),
    metric('2', '2026-01-05T10:04:00.000Z', {
      messages: 2,
      duration_ms: 240_000,
      questions_asked: 2,
      technical_engagement: 0.4,
      urgency: 0.3,
      trend: 'improving',
    }),
    metric('chat-1|closed|2', '2026-01-05T10:34:00.000Z', {
      type: 'ended',
      messages: 2,
      duration_ms: 240_000,
      questions_asked: 2,
      technical_engagement: 0.4,
      urgency: 0.3,
      trend: 'improving',
      closed: true,
    }),
    metric('x', '2026-01-08T00:00:00.000Z', {
      conversation_id: 'chat-2',
      started_at: '2026-01-08T00:00:00.000Z',
    }),
    metric('y', '2026-01-08T00:00:00.000Z', {
      conversation_id: 'chat-3',
      started_at: '2026-01-08T00:00:00.000Z',
    }),
    metric('1', '2026-01-05T10:00:00.000Z', { customer_id: 'c2', messages: 1 }),
  ])
  const first = score('1', '2026-01-05T10:00:00.000Z', [20, 10, 0, 5], 'unqualified')
  await served.fill('lead_scores', [
    first,
    score('2', '2026-01-05T10:04:00.000Z', [31, 15.5, 12, 6.5], 'basic'),
  ])
  await served.fill('prices', [
    price('1', '2026-01-05T10:00:00.000Z', null, [0, 0]),
    price('2', '2026-01-05T10:04:00.000Z', 'volume', [7500, 9000, 2250]),
  ])
  await served.fill('ledger', MOVEMENTS)
  // Inserted again, as after a restart of the sink: still one row each.
  await served.fill('conversation_metrics', [
    metric('1', '2026-01-05T10:00:00.000Z', { customer_id: 'c2', messages: 1 }),
  ])
  await served.fill('lead_scores', [first])
  await served.fill('ledger', [
    ledger_row({ event_id: 'b', occurred_at: '2026-01-05T10:00:00.000Z', amount_minor: 1000 }),
  ])
})
afterAll(() => served.stop())

const value = (as_of: string) =>
  served.warehouse.query(
    `SELECT * FROM conversation_value(as_of = {as_of:DateTime64(3, 'UTC')}) ORDER BY tenant_id, customer_id, conversation_id`,
    { as_of },
  )
const UNPRICED = {
  total_score: null,
  quality_tier: null,
  conversion_probability: null,
  base_points: null,
  behavior_points: null,
  timing_points: null,
  market_points: null,
  currency: null,
  buyer_tier: null,
  price_minor: null,
  revenue_potential_minor: null,
  revenue_per_minute_minor: null,
}
const row = (conversation_id: string, started_at: string, more: object) => ({
  tenant_id: 't1',
  customer_id: 'c1',
  conversation_id,
  started_at,
  duration_ms: 0,
  messages: 0,
  questions_asked: 0,
  technical_engagement: 0,
  urgency: 0,
  trend: 'stable',
  ...UNPRICED,
  paid_minor: {},
  closed: false,
  ...more,
})
const START = '2026-01-05 10:00:00.000'

it('has one row per conversation with its newest length, score and price, and each payment once', async () => {
  expect(await value('2026-03-01 00:00:00.000')).toEqual([
    row('chat-1', START, {
      duration_ms: 240_000,
      messages: 2,
      questions_asked: 2,
      technical_engagement: 0.4,
      urgency: 0.3,
      trend: 'improving',
      total_score: 65,
      quality_tier: 'basic',
      conversion_probability: 0.5,
      base_points: 31,
      behavior_points: 15.5,
      timing_points: 12,
      market_points: 6.5,
      currency: 'EUR',
      buyer_tier: 'volume',
      price_minor: 7500,
      revenue_potential_minor: 9000,
      revenue_per_minute_minor: 2250,
      paid_minor: { JPY: 40, USD: 700 },
      closed: true,
    }),
    row('chat-2', '2026-01-08 00:00:00.000', {}),
    row('chat-3', '2026-01-08 00:00:00.000', { paid_minor: { USD: 77 } }),
    row('chat-1', START, { customer_id: 'c2', messages: 1, paid_minor: { USD: 1 } }),
  ])
})

it('holds only what happened before as_of', async () => {
  const early = await value('2026-01-05 10:00:00.001')
  expect(early).toEqual([
    row('chat-1', START, {
      messages: 1,
      total_score: 35,
      quality_tier: 'unqualified',
      conversion_probability: 0.5,
      base_points: 20,
      behavior_points: 10,
      timing_points: 0,
      market_points: 5,
      currency: 'EUR',
      price_minor: 0,
      revenue_potential_minor: 0,
      paid_minor: { USD: 1000 },
    }),
    row('chat-1', START, { customer_id: 'c2', messages: 1 }),
  ])
  expect(await value('2026-01-05 10:00:00.000')).toEqual([])
})
