/** The panels' questions on ClickHouse itself: given rows, expected panels. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask_alerts, ask_incidents } from '../../server/board/alerts-panel.ts'
import { type Asking, asking } from '../../server/board/asking.ts'
import { ask_conversations } from '../../server/board/conversations-panel.ts'
import { ask_forecast } from '../../server/board/forecast-panel.ts'
import { ask_revenue } from '../../server/board/revenue-panel.ts'
import { tenant_currency } from '../../server/board/tenant-currency.ts'
import { forecast_row } from '../sql/forecast-rows.ts'
import { ledger_row, type Served, serve_warehouse } from '../sql/served-warehouse.ts'
import { memory_server } from './memory-ports.ts'

const DAY = 86_400_000
const HOUR = 3_600_000
const MINUTE = 60_000
/** A Wednesday, ten past ten. */
const NOW = Date.UTC(2026, 2, 11, 10, 10)
const iso = (ms: number): string => new Date(ms).toISOString()

let served: Served
let about: Asking
beforeAll(async () => {
  served = await serve_warehouse()
  about = asking(served.warehouse.query, { tenant: 't1', currency: 'USD', now_ms: NOW })
})
afterAll(() => served.stop())

const of_conversation = (conversation_id: string, offset: number, at: number, more: object) => ({
  _key: 't1|c1',
  _offset: offset,
  event_id: `${conversation_id}-${offset}`,
  tenant_id: 't1',
  customer_id: 'c1',
  conversation_id,
  occurred_at: iso(at),
  ...more,
})

describe('revenue', () => {
  beforeAll(async () => {
    const row = (event_id: string, at: number, amount_minor: number, more: object = {}) =>
      ledger_row({ event_id, occurred_at: iso(at), amount_minor, ...more })
    await served.fill('ledger', [
      row('now', NOW, 1_000_000),
      row('a', NOW - 1, 100),
      row('b', NOW - 9 * MINUTE, 200),
      row('c', NOW - 61 * MINUTE, 400),
      row('refund', NOW - 2 * MINUTE, -50, { type: 'refunded' }),
      row('yen', NOW - MINUTE, 7, { currency: 'JPY' }),
      row('other', NOW - MINUTE, 9, { tenant_id: 't2' }),
      row('y1', NOW - DAY - 1, 1000),
      row('y2', NOW - DAY, 3000),
      row('week', NOW - 7 * DAY, 10_000),
      row('fortnight', NOW - 14 * DAY - HOUR, 20_001),
      row('month', Date.UTC(2026, 1, 10), 40_000),
      row('before', Date.UTC(2026, 1, 9, 23, 59), 80_000),
    ])
  })

  it('sums what came before now, of the tenant and its currency', async () => {
    const panel = await ask_revenue(about)
    expect(panel).toMatchObject({
      today_minor: 650,
      yesterday_so_far_minor: 1000,
      hour_minor: 250,
      week_minor: 4650,
      month_minor: 74_651,
      payments_today: 3,
    })
  })

  it('has twelve buckets of five minutes, the last not over', async () => {
    const { minutes } = await ask_revenue(about)
    expect(minutes.map(bucket => bucket.at)).toEqual(
      Array.from({ length: 12 }, (_, i) => iso(NOW - (11 - i) * 5 * MINUTE)),
    )
    const at = (ms: number) => minutes.find(bucket => bucket.at === iso(ms))?.net_minor
    expect([at(NOW), at(NOW - 5 * MINUTE), at(NOW - 10 * MINUTE)]).toEqual([0, 50, 200])
  })

  it('compares hours with the same weekdays that the tenant knows', async () => {
    const { hours } = await ask_revenue(about)
    expect(hours).toHaveLength(24)
    // 7, 14, 21 and 28 days ago are known: the first movement is older.
    expect(hours[9]).toEqual({ hour: 9, net_minor: 400, usual_minor: Math.floor(20_001 / 4 + 0.5) })
    expect(hours[10]).toEqual({ hour: 10, net_minor: 250, usual_minor: 2500 })
    expect(hours[11]).toEqual({ hour: 11, net_minor: null, usual_minor: 0 })
    const young = asking(served.warehouse.query, { tenant: 't2', currency: 'USD', now_ms: NOW })
    expect((await ask_revenue(young)).hours[3]).toEqual({ hour: 3, net_minor: 0, usual_minor: null })
  })

  it('is nothing for a tenant without events', async () => {
    const nobody = asking(served.warehouse.query, { tenant: 'nobody', currency: 'USD', now_ms: NOW })
    const panel = await ask_revenue(nobody)
    expect([panel.today_minor, panel.month_minor, panel.payments_today]).toEqual([0, 0, 0])
  })
})

describe('conversations', () => {
  beforeAll(async () => {
    const metric = (conversation_id: string, offset: number, at: number, more: object = {}) =>
      of_conversation(conversation_id, offset, at, { started_at: iso(at), closed: false, ...more })
    const advice = [
      { code: 'call', title: 'Call now' },
      { code: 'wait', title: 'Wait' },
    ]
    await served.fill('conversation_metrics', [
      metric('open', 1, NOW - 40 * MINUTE),
      metric('open', 2, NOW - 5 * MINUTE, { recommendations: advice }),
      // Came late: an older event, but the newest word on the conversation.
      metric('closed', 3, NOW - MINUTE),
      metric('closed', 4, NOW - 2 * MINUTE, { closed: true }),
      metric('silent', 5, NOW - 31 * MINUTE),
      metric('overnight', 6, NOW - 10 * MINUTE, { started_at: iso(NOW - DAY) }),
      { ...metric('theirs', 7, NOW - MINUTE), tenant_id: 't2', _key: 't2|c1' },
    ])
    const score = (conversation_id: string, offset: number, at: number, total: number, tier: string) =>
      of_conversation(conversation_id, offset, at, { total_score: total, quality_tier: tier })
    await served.fill('lead_scores', [
      score('open', 1, NOW - 40 * MINUTE, 40, 'basic'),
      score('open', 2, NOW - 5 * MINUTE, 85.5, 'premium'),
      score('silent', 5, NOW - 31 * MINUTE, 60, 'standard'),
      score('yesterday', 6, NOW - DAY, 20, 'unqualified'),
    ])
    const price = (offset: number, at: number, price_minor: number, more: object = {}) => ({
      ...of_conversation('open', offset, at, { price_minor, currency: 'USD', buyer_tier: 'direct', ...more }),
      _key: 't1',
    })
    await served.fill('prices', [
      price(1, NOW - 40 * MINUTE, 9000, { revenue_per_minute_minor: 5 }),
      price(2, NOW - 5 * MINUTE, 12_500, { revenue_per_minute_minor: null }),
      price(3, NOW - 4 * MINUTE, 1, { currency: 'JPY' }),
      { ...price(4, NOW - 40 * MINUTE, 700), conversation_id: 'silent' },
      { ...price(5, NOW - 31 * MINUTE, 0, { buyer_tier: null }), conversation_id: 'silent' },
    ])
  })

  it('counts who talks now, and today’s leads by their newest tier', async () => {
    const panel = await ask_conversations(about)
    expect([panel.active, panel.today]).toEqual([2, 3])
    expect(panel.tiers).toEqual({ premium: 1, standard: 1, basic: 0, unqualified: 0 })
  })

  it('shows the newest with price and advice where there are any', async () => {
    const { newest } = await ask_conversations(about)
    expect(newest.map(row => row.conversation_id)).toEqual(['open', 'silent', 'yesterday'])
    expect(newest[0]).toEqual({
      conversation_id: 'open',
      customer_id: 'c1',
      at: iso(NOW - 5 * MINUTE),
      total_score: 85.5,
      quality_tier: 'premium',
      price_minor: 12_500,
      revenue_per_minute_minor: null,
      recommendation: 'Call now',
    })
    expect(newest[1]).toMatchObject({
      price_minor: null,
      revenue_per_minute_minor: null,
      recommendation: null,
    })
  })
})

it('forecast: every complete day of the last 60, and the newest words of best and of what weighs most in it', async () => {
  const days = Array.from({ length: 20 }, (_, t) => (t === 5 ? null : 1000 + 100 * t))
  await served.fill(
    'ledger',
    days.flatMap((amount_minor, t) =>
      amount_minor === null
        ? []
        : [
            ledger_row({
              tenant_id: 'tf',
              event_id: `f${t}`,
              amount_minor,
              occurred_at: iso(NOW - (20 - t) * DAY),
            }),
          ],
    ),
  )
  const foretell = (foretold_at: string, value: number, more: object = {}) =>
    ['best', 'naive', 'holt', 'theta', 'two_season', 'seasonal_naive'].flatMap((method, m) =>
      Array.from({ length: 30 }, (_, i) => {
        const says = [value + m + 0.4, value - 10, value + 10.5, value - 20, value + 20] as const
        return forecast_row({ tenant_id: 'tf', foretold_at, step: i + 1, method, says, ...more })
      }),
    )
  await served.fill('forecasts', [
    ...foretell('2026-03-09', 500),
    ...foretell('2026-03-10', 1000),
    // Made later, in another currency, of hours, of another metric, of others.
    ...foretell('2026-03-12', 2000),
    ...foretell('2026-03-11', 3000, { currency: 'JPY' }),
    ...foretell('2026-03-11', 4000, { granularity: 'hour' }),
    ...foretell('2026-03-11', 5000, { metric: 'refunds' }),
    ...foretell('2026-03-11', 6000, { tenant_id: 't1' }),
  ])
  const weights = { naive: 0, holt: 0.1, theta: 0.4, two_season: 0.2, seasonal_naive: 0.3, best: 0 }
  const score = (at: string, [method, weight]: readonly [string, number], smape: number | null) => ({
    _key: 'tf',
    event_id: `revenue|USD|day|${method}|${Date.parse(at)}`,
    tenant_id: 'tf',
    occurred_at: iso(Date.parse(at)),
    ...{ metric: 'revenue', currency: 'USD', granularity: 'day', method, weight, smape },
  })
  await served.fill('forecast_scores', [
    ...Object.entries(weights).map(entry => score('2026-03-10', entry, entry[0] === 'theta' ? null : 12.5)),
    score('2026-03-09', ['naive', 1], 1),
  ])
  const panel = await ask_forecast(
    asking(served.warehouse.query, { tenant: 'tf', currency: 'USD', now_ms: NOW }),
  )
  expect(panel.history).toEqual(
    days.map((amount, t) => ({ day: iso(NOW - (20 - t) * DAY).slice(0, 10), net_minor: amount ?? 0 })),
  )
  expect(panel.methods.map(({ method, error_ratio, chosen }) => [method, error_ratio, chosen])).toEqual([
    ['best', 0.125, true],
    ['theta', null, false],
    ['seasonal_naive', 0.125, false],
    ['two_season', 0.125, false],
  ])
  expect(panel.methods[0]!.days).toEqual(
    Array.from({ length: 14 }, (_, i) => {
      const day = iso(NOW + i * DAY).slice(0, 10)
      return { day, value_minor: 1000, lower_minor: 990, upper_minor: 1011 }
    }),
  )
  const nobody = asking(served.warehouse.query, { tenant: 'nobody', currency: 'USD', now_ms: NOW })
  expect(await ask_forecast(nobody)).toEqual({ history: [], methods: [], interval_ratio: 0.8 })
})

it('alerts: open ones the worst first, and what was told the newest first; premium leads are told, not open', async () => {
  const alert = (offset: number, fingerprint: string, status: string, at: number, more: object = {}) => ({
    _key: 't1',
    _offset: offset,
    event_id: `a${offset}`,
    tenant_id: 't1',
    occurred_at: iso(at),
    fingerprint,
    rule: 'r',
    severity: 'high',
    status,
    title: `T${offset}`,
    description: 'D',
    started_at: iso(NOW - 4000),
    suppressed: offset,
    ...more,
  })
  const money = {
    money_at_risk_minor: 4500,
    money_currency: 'USD',
    contributor: 'channel=x',
    contributor_share: 0.8,
  }
  const seen = { severity: 'critical', acknowledged_by: 'ann', reason: 'acknowledged', ...money }
  await served.fill('alerts', [
    alert(1, 'x', 'firing', NOW - 3000),
    alert(2, 'y', 'firing', NOW - 2000),
    alert(3, 'x', 'resolved', NOW - 1000),
    alert(4, 'z', 'firing', NOW),
    alert(5, 'l', 'firing', NOW - 4000, { rule: 'premium_lead' }),
    // Again after it was over: another incident.
    alert(6, 'x', 'firing', NOW - 500, { started_at: iso(NOW - 500) }),
    alert(7, 'w', 'firing', NOW - 3500, { severity: 'critical' }),
    alert(8, 'w', 'acknowledged', NOW - 3400, seen),
    alert(9, 'p', 'pending', NOW - 100),
  ])
  const panel = await ask_alerts(about)
  expect(panel.firing).toBe(2)
  expect(panel.open.map(row => [row.event_id, row.status])).toEqual([
    ['a8', 'acknowledged'],
    ['a6', 'firing'],
    ['a2', 'firing'],
  ])
  expect(panel.open[0]).toMatchObject({ ...money, acknowledged_by: 'ann', at: iso(NOW - 3400) })
  expect(panel.rows.map(row => row.event_id)).toEqual(['a6', 'a3', 'a2', 'a1', 'a8', 'a7', 'a5'])
  expect(panel.rows[1]).toEqual({
    event_id: 'a3',
    at: iso(NOW - 1000),
    fingerprint: 'x',
    rule: 'r',
    severity: 'high',
    status: 'resolved',
    title: 'T3',
    description: 'D',
    dimension: '',
    started_at: iso(NOW - 4000),
    suppressed: 3,
    ...{ money_at_risk_minor: null, money_currency: null, contributor: null, contributor_share: null },
    ...{ inhibited_by: null, silenced_by: null, acknowledged_by: null },
    ...{ escalation: 0, recurrences: 0, reason: '' },
  })
  expect(await ask_incidents(about)).toEqual([
    { title: 'T6', description: 'D', severity: 'high' },
    { title: 'T2', description: 'D', severity: 'high' },
    { title: 'T8', description: 'D', severity: 'critical' },
  ])
})

it('currency: the tenant’s own word before that for all, then the money it moved, then the one of nobody', async () => {
  const tenant_entry = (
    event_id: string,
    tenant_id: string,
    id: string,
    currency: string,
    effective_at: number,
  ) => ({
    _key: `tenants|${id}|${effective_at}|0`,
    event_id,
    tenant_id,
    occurred_at: iso(0),
    kind: 'tenants',
    id,
    effective_at: iso(effective_at),
    revision: 0,
    body: JSON.stringify({ currency }),
  })
  await served.fill('catalog', [
    tenant_entry('1', 'mine', 'mine', 'JPY', 1000),
    tenant_entry('2', '*', 'mine', 'EUR', 2000),
    tenant_entry('3', '*', 'all', 'EUR', 2000),
    tenant_entry('4', 'all', 'all', 'KWD', NOW + 1),
  ])
  const of = (tenant: string, current: string | null = null) =>
    tenant_currency(served.warehouse.query, { tenant, now_ms: NOW, current })
  expect(await Promise.all([of('mine'), of('all'), of('t1'), of('t1', 'JPY'), of('nobody')])).toEqual([
    'JPY',
    'EUR',
    'USD',
    'JPY',
    'USD',
  ])
})

it('the board that is sent has the fields its description says, and no others', async () => {
  const at = iso(NOW - HOUR)
  const paid = { _key: 't1|c1', event_id: 'paid', tenant_id: 't1', customer_id: 'c1', occurred_at: at }
  const money = { type: 'payment_succeeded', amount_minor: 901, currency: 'USD', path_ends_at: at }
  await served.fill('conversions', [{ ...paid, ...money }])
  const lead = { _key: 't1', event_id: 'c1|m1', tenant_id: 't1', customer_id: 'c1', conversation_id: 'v1' }
  const buyer = { buyer_id: 'helios', buyer_tier: 'premium', currency: 'USD' }
  const sale = { status: 'reserved', decision_id: 'c1|m1', attempt: 1, ...buyer }
  const why = { price_terms: [{ term: 'base', ratio: 25_000 }], policy_version: 'pricing-2+routing-1' }
  await served.fill('routes', [{ ...lead, occurred_at: at, ...sale, ...why }])
  const clock = { now: () => NOW, sleep: async () => {}, nonce: () => 'n' }
  const { server } = await memory_server({ warehouse: served.warehouse, clock })
  const board = (await server.inject('/v1/board?tenant=t1')).json()
  const document = (await server.inject('/openapi.json')).json()
  const { schema } = document.paths['/v1/board'].get.responses['200'].content['application/json']
  /** Paths of all fields, [] for the rows of a list. */
  const fields_of = (value: unknown, path: string): string[] => {
    if (Array.isArray(value)) return value.flatMap(each => fields_of(each, `${path}[]`))
    if (typeof value !== 'object' || value === null) return [path]
    return Object.entries(value).flatMap(([name, each]) => fields_of(each, `${path}.${name}`))
  }
  const said_of = (of: Record<string, never>, path: string): string[] => {
    if (of.items) return said_of(of.items, `${path}[]`)
    if (!of.properties) return [path]
    return Object.entries(of.properties).flatMap(([name, each]) => said_of(each as never, `${path}.${name}`))
  }
  // The books are compared in the background: there may be differences already.
  const settled = (path: string): boolean => !path.startsWith('.trust.reconciliation.differences')
  const said = said_of(schema, '').filter(settled)
  const sent = new Set(fields_of(board, '').filter(settled))
  expect([...sent].sort()).toEqual(said.sort())
})
