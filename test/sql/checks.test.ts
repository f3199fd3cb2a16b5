/** Each check: no row over a right warehouse, and the row it is for over a wrong one. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { read_sql } from '../../runtime/clickhouse/migrate.ts'
import { topics } from '../../schemas/topics.ts'
import { ledger_row, type Served, serve_warehouse } from './served-warehouse.ts'

const checks_dir = join(import.meta.dirname, '../../sql/checks')
const checks = new Map(read_sql(checks_dir).map(file => [file.name, file.text]))

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
})
afterAll(() => served.stop())

const problems = async (check: string) => {
  const text = checks.get(check)
  if (!text) throw new Error(`there is no check ${check}`)
  return (await served.warehouse.query<{ problem: string }>(text)).map(row => row.problem)
}

const outcomes = { processed: 0, duplicate: 0, forwarded: 0, late: 0, dead_letter: 0 }
const batch = (seq: number, from: number, to: number, more: Record<string, unknown> = {}) => ({
  _log_id: 'L',
  log_id: 'L',
  key_group: 'customer',
  partition: 1,
  seq,
  kind: 'batch',
  nonce: 'n',
  ranges: [{ topic: 'payments', from, to, count: to - from, crc: 1 }],
  left_out: [],
  outcomes: { ...outcomes, processed: to - from },
  ...more,
})
const acquired = { ...batch(0, 0, 0), kind: 'acquired', ranges: [] }
const payment = (offset: number, more: Record<string, unknown> = {}) => ({
  _log_id: 'L',
  _key: 't1|c1',
  _partition: 1,
  _offset: offset,
  event_id: `e${offset}`,
  tenant_id: 't1',
  customer_id: 'c1',
  type: 'payment_succeeded',
  amount_minor: 1000,
  currency: 'USD',
  occurred_at: '2025-01-01T00:00:00.000Z',
  ...more,
})
const subscribed = (offset: number, kind: string, more: Record<string, unknown> = {}) =>
  payment(offset, { type: `subscription_${kind}`, subscription_id: 's1', ...more })
const alert = (number: number, status: string) => ({
  _key: 't1',
  event_id: `f|0|${number}`,
  tenant_id: 't1',
  fingerprint: 'f',
  started_at: '2025-01-01T00:00:00.000Z',
  occurred_at: `2025-01-01T00:0${number}:00.000Z`,
  status,
})
const sold = (
  offset: number,
  status: string,
  decision_id: string | null,
  more: Record<string, unknown> = {},
) => ({
  ...{ _key: 't1', _offset: offset, event_id: `r${offset}`, tenant_id: 't1', customer_id: 'c1' },
  ...{ conversation_id: 'v1', occurred_at: `2025-01-01T00:00:${String(offset).padStart(2, '0')}.000Z` },
  ...{ status, decision_id, ...more },
})
const booked = (offset: number, more: Record<string, unknown> = {}) =>
  ledger_row({ event_id: `e${offset}`, occurred_at: '2025-01-01T00:00:00.000Z', ...more })
const converted = (offset: number, more: Record<string, unknown> = {}) => ({
  _key: 't1|c1',
  event_id: `e${offset}`,
  tenant_id: 't1',
  customer_id: 'c1',
  occurred_at: '2025-01-01T00:00:00.000Z',
  path_ends_at: '2025-01-01T00:00:00.000Z',
  type: 'payment_succeeded',
  amount_minor: 1000,
  currency: 'USD',
  ...more,
})

/** Offsets 0 to 4: 1 is a commit marker, 3 a duplicate. */
const right = async () => {
  await served.fill('batches', [
    acquired,
    batch(1, 0, 3, {
      ranges: [{ topic: 'payments', from: 0, to: 3, count: 2, crc: 1 }],
      outcomes: { ...outcomes, processed: 2 },
    }),
    batch(2, 3, 5, {
      left_out: [{ topic: 'payments', offset: 3, outcome: 'duplicate' }],
      outcomes: { ...outcomes, processed: 1, duplicate: 1 },
    }),
  ])
  await served.fill('payments', [
    payment(0),
    payment(2, { type: 'refunded' }),
    payment(4, { type: 'payment_failed' }),
  ])
  await served.fill('ledger', [booked(0), booked(2, { type: 'refunded', amount_minor: -1000 })])
  await served.fill('routes', [
    sold(0, 'quoted', null),
    sold(1, 'reserved', 'r1'),
    sold(2, 'released', 'r1'),
    sold(3, 'reserved', 'r3'),
    sold(4, 'confirmed', 'r3'),
    sold(5, 'quoted', 'r3'),
  ])
  await served.fill('conversions', [converted(0), converted(2, { type: 'refunded', amount_minor: -1000 })])
}

beforeEach(async () => {
  await served.empty('batches', 'payments', 'ledger', 'conversions', 'alerts', 'routes')
  await right()
})

it.each([...checks.keys()])('%s returns no row when all is well', async check => {
  expect(await problems(check)).toEqual([])
})

/** What makes each check speak: rows added to a right warehouse, and what it then says. */
const wrong: Record<
  string,
  readonly { readonly add: Record<string, readonly object[]>; readonly says: string[] }[]
> = {
  batches_follow_each_other: [
    { add: { batches: [batch(4, 5, 6)] }, says: ['batches are not numbered 1, 2, 3 …'] },
    { add: { batches: [batch(2, 5, 6, { nonce: 'other' })] }, says: ['batches are not numbered 1, 2, 3 …'] },
    { add: { batches: [batch(3, 4, 6)] }, says: ['an offset is judged twice'] },
    {
      add: {
        batches: [batch(3, 5, 7, { ranges: [{ topic: 'payments', from: 5, to: 7, count: 3, crc: 1 }] })],
      },
      says: ['a range does not hold its records'],
    },
    { add: { batches: [batch(3, 0, 0, { kind: 'rebuilt', ranges: [] })] }, says: [] },
    {
      add: { batches: [batch(4, 0, 0, { kind: 'rebuilt', ranges: [] })] },
      says: ['batches are not numbered 1, 2, 3 …'],
    },
  ],
  outcomes_sum_to_counts: [
    { add: { batches: [batch(3, 5, 7, { outcomes })] }, says: ['outcomes differ from records read'] },
  ],
  rows_match_batches: [
    { add: { batches: [batch(3, 5, 6)] }, says: ['rows are missing'] },
    { add: { payments: [payment(3)] }, says: ['there are more rows than records kept'] },
    {
      add: { payments: [payment(0, { _log_id: 'another life' })] },
      says: ['rows are missing', 'there are more rows than records kept'],
    },
    {
      add: {
        batches: [batch(3, 0, 1, { ranges: [{ topic: 'touchpoints', from: 0, to: 1, count: 1, crc: 1 }] })],
      },
      says: [],
    },
  ],
  rows_lie_in_ranges: [
    { add: { payments: [payment(5)] }, says: ['a row lies in no range'] },
    { add: { payments: [payment(3)] }, says: ['a row was left out by its batch'] },
    {
      add: { touchpoints: [{ event_id: 'x', tenant_id: 't1', _log_id: 'L' }] },
      says: ['a row lies in no range'],
    },
  ],
  ledger_matches_payments: [
    { add: { payments: [payment(5)] }, says: ['a payment is not in the ledger'] },
    { add: { ledger: [booked(9)] }, says: ['a ledger row has no payment'] },
    {
      add: { ledger: [booked(7, { cause_event_id: 'e0', amount_minor: 0 })] },
      says: ['a payment is in the ledger more than once'],
    },
    { add: { ledger: [booked(0, { amount_minor: 999 })] }, says: ['a ledger row differs from its payment'] },
    { add: { ledger: [booked(0, { currency: 'EUR' })] }, says: ['a ledger row differs from its payment'] },
  ],
  attribution_credit_sums_to_ledger: [
    {
      add: { ledger: [booked(9)] },
      says: [
        ...new Array(8).fill('attribution_credit differs from the ledger'),
        'a ledger row has no conversion',
      ].sort(),
    },
    {
      add: { conversions: [converted(9, { amount_minor: 0 })] },
      says: ['a conversion has no ledger row'],
    },
    {
      add: { conversions: [converted(0, { revision: 1, currency: 'EUR' })] },
      says: [
        'a conversion differs from its ledger row',
        ...new Array(16).fill('attribution_credit differs from the ledger'),
      ],
    },
    {
      add: {
        ledger: [booked(9, { amount_minor: 7 })],
        conversions: [converted(9, { amount_minor: 7, occurred_at: '2025-01-02T00:00:00.000Z' })],
      },
      says: new Array(16).fill('attribution_credit differs from the ledger'),
    },
  ],
  alerts_fire_before_they_resolve: [
    { add: { alerts: [alert(1, 'firing'), alert(2, 'resolved')] }, says: [] },
    { add: { alerts: [alert(1, 'resolved')] }, says: ['resolved without a firing alert'] },
    {
      add: { alerts: [alert(1, 'firing'), alert(2, 'resolved'), alert(3, 'resolved')] },
      says: ['resolved more than once'],
    },
    {
      add: { alerts: [alert(1, 'firing'), alert(2, 'resolved'), alert(3, 'firing')] },
      says: ['told again after it was resolved'],
    },
    { add: { alerts: [alert(1, 'pending'), alert(2, 'resolved')] }, says: [] },
    {
      // Numbered behind it, told at a time before it.
      add: {
        alerts: [
          alert(2, 'resolved'),
          alert(1, 'firing'),
          { ...alert(3, 'firing'), occurred_at: '2025-01-01T00:01:00.000Z' },
        ],
      },
      says: ['told again after it was resolved'],
    },
  ],
  metric_history_sums_to_ledger: [
    // Beyond every as_of, once as revenue and once as payments.
    {
      add: { ledger: [booked(9, { occurred_at: '2200-12-31T12:00:00.000Z' })] },
      says: new Array(2).fill('metric_history differs from the ledger'),
    },
    {
      add: {
        ledger: [booked(9, { occurred_at: '2200-12-31T12:00:00.000Z', type: 'refunded', amount_minor: -1 })],
      },
      says: ['metric_history differs from the ledger'],
    },
  ],
  revenue_by_sums_to_ledger: [
    {
      add: { ledger: [booked(9, { occurred_at: '2299-12-31T12:00:00.000Z' })] },
      says: ['revenue_by differs from the ledger'],
    },
    {
      add: { ledger: [booked(9, { type: 'refunded', amount_minor: 5000 })] },
      says: ['revenue_by differs from the ledger'],
    },
  ],
  revenue_by_converts_each_movement: [
    {
      add: { ledger: [booked(9, { occurred_at: '2299-12-31T12:00:00.000Z' })] },
      says: ['revenue_by does not convert each movement'],
    },
    {
      add: { ledger: [booked(9, { occurred_at: '2299-12-31T12:00:00.000Z', currency: 'EUR' })] },
      says: ['revenue_by does not convert each movement'],
    },
  ],
  revenue_daily_sums_to_ledger: [
    // Beyond every as_of: the view leaves it out.
    {
      add: { ledger: [booked(9, { occurred_at: '2299-12-31T12:00:00.000Z' })] },
      says: ['revenue_daily differs from the ledger'],
    },
    {
      add: { ledger: [booked(9, { type: 'refunded', amount_minor: 5000 })] },
      says: ['revenue_daily differs from the ledger'],
    },
  ],
  routes_sell_a_lead_once: [
    {
      add: { routes: [sold(6, 'confirmed', 'r9')] },
      says: ['a lead is sold twice', 'a step of what was not reserved'],
    },
    { add: { routes: [sold(6, 'released', 'r9')] }, says: ['a step of what was not reserved'] },
    { add: { routes: [sold(6, 'reserved', 'r6')] }, says: ['a lead is sold twice'] },
    { add: { routes: [sold(6, 'reserved', 'r6', { conversation_id: 'v2' })] }, says: [] },
    // A month later it is another sale; given back, it may be sold.
    { add: { routes: [sold(6, 'reserved', 'r6', { occurred_at: '2025-02-02T00:00:00.000Z' })] }, says: [] },
    { add: { routes: [sold(6, 'released', 'r3'), sold(7, 'reserved', 'r7')] }, says: [] },
    {
      add: {
        routes: [sold(6, 'released', 'r9')],
        erasures: [{ _key: 't1|c1', event_id: 'f', tenant_id: 't1', customer_id: 'c1', anonymous_id: null }],
      },
      says: [],
    },
  ],
  subscription_movements_sum: [
    {
      add: {
        payments: [
          subscribed(5, 'started', { mrr_minor: 500, properties: { trial: 'true' } }),
          subscribed(6, 'renewed', { mrr_minor: 500 }),
          subscribed(7, 'started', { mrr_minor: 300, subscription_id: 's2' }),
          subscribed(8, 'changed', { mrr_minor: 400, subscription_id: 's2', currency: 'EUR' }),
          subscribed(9, 'cancelled', { occurred_at: '2025-03-01T00:00:00.000Z' }),
        ],
      },
      says: [],
    },
    // Beyond every as_of: the view leaves it out.
    {
      add: {
        payments: [subscribed(5, 'started', { mrr_minor: 5, occurred_at: '2299-12-31T12:00:00.000Z' })],
      },
      says: ['an event has no step'],
    },
  ],
}

describe('a wrong warehouse', () => {
  it('is shown to every check', () => {
    expect(Object.keys(wrong).sort()).toEqual(
      readdirSync(checks_dir)
        .map(file => file.slice(0, -4))
        .sort(),
    )
  })

  const samples = Object.entries(wrong).flatMap(([check, list]) =>
    list.map((sample, i) => ({ check, i, sample })),
  )
  it.each(samples)('$check says so ($i)', async ({ check, sample }) => {
    for (const [table, rows] of Object.entries(sample.add)) await served.fill(table, rows)
    expect((await problems(check)).sort()).toEqual(sample.says)
    await served.empty('touchpoints', 'erasures')
  })
})

it.each(['rows_match_batches', 'rows_lie_in_ranges'])('%s looks at every input table', check => {
  const text = checks.get(check) ?? ''
  const inputs = Object.entries(topics).filter(
    ([, spec]) => spec.role === 'input' && spec.table !== undefined,
  )
  for (const [topic] of inputs) expect(text).toContain(`FROM ${topic} FINAL`)
  const named = [...text.matchAll(/SELECT '(\w+)' AS topic/g)].map(([, topic]) => topic)
  expect(named.sort()).toEqual(inputs.map(([topic]) => topic).sort())
})
