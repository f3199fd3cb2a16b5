/** conversation_coaching: given metrics, scores, routes and ledger rows, expected rows. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ledger_row, type Served, serve_warehouse } from './served-warehouse.ts'

let offset = 0
const T = Date.UTC(2026, 0, 5, 10)
const at = (minute: number): string => new Date(T + minute * 60_000).toISOString()
const whole = (row: Record<string, unknown>) => ({
  _key: row.tenant_id === undefined ? `t1|${row.customer_id}` : row.tenant_id,
  _offset: offset++,
  tenant_id: 't1',
  ...row,
})

/** One row of a conversation: minute, advice given, advice held back, gaps left. */
type Told = readonly [minute: number, given: readonly string[], held_out?: readonly string[], gaps?: number]
const talk = (id: string, rows: readonly Told[], closed_after?: number): object[] => {
  const row = ([minute, given, held_out = [], gaps = 2]: Told, closed: boolean) =>
    whole({
      customer_id: `c-${id}`,
      conversation_id: id,
      event_id: `${id}-${minute}`,
      occurred_at: at(minute),
      started_at: at(0),
      type: closed ? 'ended' : 'message',
      trend: 'stable',
      recommendations: given.map(code => ({ code, title: code })),
      held_out,
      gaps: Array.from({ length: gaps }, (_, i) => `gap ${i}`),
      closed,
      policy_version: 'conversation-1',
    })
  const last = rows.at(-1) as Told
  return [
    ...rows.map(told => row(told, false)),
    ...(closed_after === undefined ? [] : [row([closed_after, [], [], last[3] ?? 2], true)]),
  ]
}
const score = (id: string, minute: number, total_score: number, quality_tier = 'unqualified') =>
  whole({
    customer_id: `c-${id}`,
    conversation_id: id,
    event_id: `${id}-${minute}`,
    occurred_at: at(minute),
    total_score,
    quality_tier,
  })
const route = (id: string, minute: number, status: string, price_minor: number, currency = 'USD') =>
  whole({
    tenant_id: 't1',
    customer_id: `c-${id}`,
    conversation_id: id,
    event_id: `d-${id}|1|${status}`,
    decision_id: `d-${id}`,
    attempt: 1,
    occurred_at: at(minute),
    status,
    currency,
    price_minor,
  })

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
  const sold = talk('sold', [
    [0, ['fill_gaps', 'handle_objection'], [], 3],
    [1, ['fill_gaps'], [], 1],
  ])
  await served.fill('conversation_metrics', [
    ...sold,
    // The advice stands until it is over; that it goes then is nobody's doing.
    ...talk('lost', [[0, ['fill_gaps', 'handle_objection'], [], 2]], 40),
    ...talk('gave-back', [
      [0, ['handle_objection'], [], 0],
      [5, [], [], 0],
    ]),
    ...talk('held', [
      [0, [], ['handle_objection'], 0],
      [3, ['handle_objection'], [], 0],
    ]),
    // Written before rows said which gaps are left: not counted.
    ...talk('old', [[0, ['fill_gaps']]]).map(row => ({ ...row, policy_version: '' })),
  ])
  await served.fill('lead_scores', [
    score('sold', 0, 40),
    score('sold', 1, 72, 'standard'),
    score('lost', 0, 20),
    score('gave-back', 0, 50, 'basic'),
    score('gave-back', 5, 55, 'basic'),
    score('held', 0, 30),
    score('held', 3, 31),
  ])
  await served.fill('routes', [
    route('sold', 1, 'reserved', 12_501),
    route('sold', 2, 'confirmed', 12_501),
    route('gave-back', 5, 'confirmed', 7_500),
    route('gave-back', 6, 'released', 7_500),
    route('lost', 0, 'quoted', 9_900),
  ])
  await served.fill('ledger', [
    ledger_row({ event_id: 'p', customer_id: 'c-lost', occurred_at: at(60), amount_minor: 1000 }),
    ledger_row({ event_id: 'q', customer_id: 'c-gave-back', occurred_at: at(60), amount_minor: 501 }),
  ])
  // Inserted again, as after a restart of the sink: still one row each.
  await served.fill('conversation_metrics', sold)
}, 60_000)
afterAll(() => served.stop())

const coaching = (as_of: string) =>
  served.warehouse.query(
    `SELECT * FROM conversation_coaching(as_of = {as_of:DateTime64(3, 'UTC')}) ORDER BY tenant_id, rule, arm, followed`,
    { as_of },
  )
const row = (rule: string, arm: string, followed: boolean, more: object) => ({
  tenant_id: 't1',
  rule,
  arm,
  followed,
  conversations: 1,
  rows_with_advice: 1,
  qualified: 0,
  qualified_ratio: 0,
  qualified_low: 0,
  qualified_high: 0.7935,
  mean_score_gained: 0,
  sold_minor: {},
  sold_mean_minor: {},
  paid_minor: {},
  paid_mean_minor: {},
  reading:
    arm === 'held_out'
      ? 'held back by chance: compare both rows of this arm with both of the arm advised'
      : 'observed, not caused: conversations that follow advice differ from the others in more than the advice',
  ...more,
})

it('says per rule how conversations ended that followed its advice, beside the others', async () => {
  expect(await coaching('2026-03-01 00:00:00.000')).toEqual([
    row('fill_gaps', 'advised', false, { paid_minor: { USD: 1000 }, paid_mean_minor: { USD: 1000 } }),
    row('fill_gaps', 'advised', true, {
      rows_with_advice: 2,
      qualified: 1,
      qualified_ratio: 1,
      qualified_low: 0.2065,
      qualified_high: 1,
      mean_score_gained: 32,
      sold_minor: { USD: 12_501 },
      sold_mean_minor: { USD: 12_501 },
    }),
    row('handle_objection', 'advised', false, { paid_minor: { USD: 1000 }, paid_mean_minor: { USD: 1000 } }),
    // Two conversations: what one buyer gave back is not sold.
    row('handle_objection', 'advised', true, {
      conversations: 2,
      rows_with_advice: 2,
      qualified: 2,
      qualified_ratio: 1,
      qualified_low: 0.3424,
      qualified_high: 1,
      mean_score_gained: 18.5,
      sold_minor: { USD: 12_501 },
      sold_mean_minor: { USD: 6_251 },
      paid_minor: { USD: 501 },
      paid_mean_minor: { USD: 251 },
    }),
    // It stays with the arm it came into first.
    row('handle_objection', 'held_out', false, { rows_with_advice: 2, mean_score_gained: 1 }),
  ])
})

it('holds only what happened before as_of', async () => {
  const early = await coaching('2026-01-05 10:00:00.001')
  expect(early).toEqual([
    row('fill_gaps', 'advised', false, { conversations: 2, rows_with_advice: 2, qualified_high: 0.6576 }),
    row('handle_objection', 'advised', false, {
      conversations: 3,
      rows_with_advice: 3,
      qualified: 1,
      qualified_ratio: 0.3333,
      qualified_low: 0.0615,
      qualified_high: 0.7923,
    }),
    row('handle_objection', 'held_out', false, {}),
  ])
  expect(await coaching('2026-01-05 10:00:00.000')).toEqual([])
})
