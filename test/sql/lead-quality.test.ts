/** lead_quality: given scores and ledger rows, expected rows. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ledger_row, type Served, serve_warehouse } from './served-warehouse.ts'

let offset = 0
const score = (event_id: string, occurred_at: string, more: Record<string, unknown> = {}): object => {
  const customer_id = (more.customer_id as string | undefined) ?? 'c1'
  return {
    _key: `t1|${customer_id}`,
    _offset: offset++,
    tenant_id: 't1',
    event_id,
    customer_id,
    conversation_id: 'chat-1',
    occurred_at,
    total_score: 60,
    quality_tier: 'basic',
    conversion_probability: 0.3,
    ...more,
  }
}
const premium = { total_score: 90, quality_tier: 'premium', conversion_probability: 0.8 }
const standard = { total_score: 75, quality_tier: 'standard', conversion_probability: 0.6 }

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
  await served.fill('lead_scores', [
    score('a1', '2026-01-05T10:00:00.000Z'),
    score('a2', '2026-01-05T10:05:00.000Z', premium),
    // Late, but decided last: it is the newest score of the day.
    score('a3', '2026-01-05T10:01:00.000Z', { ...premium, total_score: 86, conversion_probability: 0.7 }),
    score('b1', '2026-01-05T11:00:00.000Z', { customer_id: 'c2', ...premium }),
    score('c1', '2026-01-05T12:00:00.000Z', { customer_id: 'c3' }),
    // The same conversation on the next day counts there too.
    score('a4', '2026-01-06T00:00:00.000Z', standard),
    // Two conversations of one customer scored at one instant: the larger id takes the money.
    score('d1', '2026-01-06T09:00:00.000Z', { customer_id: 'c4', conversation_id: 'x' }),
    score('d2', '2026-01-06T09:00:00.000Z', { customer_id: 'c4', conversation_id: 'y', ...standard }),
  ])
  await served.fill('ledger', [
    // Before the first score: no lead takes it, but another lead of the customer may convert.
    ledger_row({ event_id: 'p0', occurred_at: '2026-01-05T09:59:59.999Z', amount_minor: 5 }),
    ledger_row({ event_id: 'p1', occurred_at: '2026-01-05T20:00:00.000Z', amount_minor: 1999 }),
    ledger_row({ event_id: 'p2', occurred_at: '2026-01-06T00:00:00.000Z', amount_minor: 300 }),
    ledger_row({
      event_id: 'p3',
      occurred_at: '2026-01-07T00:00:00.000Z',
      type: 'refunded',
      amount_minor: -1999,
    }),
    ledger_row({
      event_id: 'q1',
      customer_id: 'c2',
      occurred_at: '2026-01-06T00:00:00.000Z',
      amount_minor: 7,
    }),
    ledger_row({
      event_id: 'q2',
      customer_id: 'c2',
      occurred_at: '2026-01-06T00:00:00.000Z',
      currency: 'JPY',
      amount_minor: 40,
    }),
    // Thirty days after c3's lead: no longer its.
    ledger_row({
      event_id: 'r1',
      customer_id: 'c3',
      occurred_at: '2026-02-04T11:59:59.999Z',
      amount_minor: 1,
    }),
    ledger_row({
      event_id: 'r2',
      customer_id: 'c3',
      occurred_at: '2026-02-04T12:00:00.000Z',
      amount_minor: 2,
    }),
    ledger_row({
      event_id: 's1',
      customer_id: 'c4',
      occurred_at: '2026-01-06T09:00:00.000Z',
      amount_minor: 11,
    }),
    ledger_row({ event_id: 'u1', customer_id: 'nobody', occurred_at: '2026-01-06T09:00:00.000Z' }),
  ])
  // Inserted again, as after a restart of the sink: still one row each.
  await served.fill('lead_scores', [
    score('b1', '2026-01-05T11:00:00.000Z', { customer_id: 'c2', ...premium }),
  ])
  await served.fill('ledger', [
    ledger_row({ event_id: 'p1', occurred_at: '2026-01-05T20:00:00.000Z', amount_minor: 1999 }),
  ])
})
afterAll(() => served.stop())

const quality = (as_of: string) =>
  served.warehouse.query(
    `SELECT * FROM lead_quality(as_of = {as_of:DateTime64(3, 'UTC')}) ORDER BY tenant_id, day, quality_tier`,
    { as_of },
  )
const row = (
  day: string,
  quality_tier: string,
  [leads, mean_score, mean_conversion_probability, paid]: readonly number[],
  revenue_minor: Readonly<Record<string, number>>,
) => ({
  tenant_id: 't1',
  day,
  quality_tier,
  leads,
  mean_score,
  mean_conversion_probability,
  paid,
  revenue_minor,
})

it('counts each conversation by its newest score of the day, and gives each movement to one lead', async () => {
  expect(await quality('2026-03-01 00:00:00.000')).toEqual([
    row('2026-01-05', 'basic', [1, 60, 0.3, 1], { USD: 1 }),
    row('2026-01-05', 'premium', [2, 88, 0.75, 2], { JPY: 40, USD: 2006 }),
    row('2026-01-06', 'basic', [1, 60, 0.3, 1], {}),
    row('2026-01-06', 'standard', [2, 75, 0.6, 2], { USD: 300 - 1999 + 11 }),
  ])
})

it('holds only what happened before as_of', async () => {
  expect(await quality('2026-01-05 10:05:00.000')).toEqual([
    row('2026-01-05', 'premium', [1, 86, 0.7, 0], {}),
  ])
  expect(await quality('2026-01-05 20:00:00.001')).toEqual([
    row('2026-01-05', 'basic', [1, 60, 0.3, 0], {}),
    row('2026-01-05', 'premium', [2, 88, 0.75, 1], { USD: 1999 }),
  ])
  expect(await quality('2026-01-01 00:00:00.000')).toEqual([])
})

it('sums to the ledger of the customers with a lead at most 30 days before', async () => {
  const sums = await served.warehouse.query(
    `SELECT sumMap(revenue_minor) AS sums FROM lead_quality(as_of = {as_of:DateTime64(3, 'UTC')})`,
    { as_of: '2026-03-01 00:00:00.000' },
  )
  expect(sums).toEqual([{ sums: { JPY: 40, USD: 1999 + 300 - 1999 + 7 + 1 + 11 } }])
})
