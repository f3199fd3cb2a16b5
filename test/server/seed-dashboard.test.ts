/** What the dashboard of the requirements says: given rows, expected answers. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { parse_config } from '../../runtime/config.ts'
import { default_targets } from '../../server/seed-routes/lead-figures.ts'
import type { ServerDeps } from '../../server/server-deps.ts'
import { ledger_row, type Served, serve_warehouse } from '../sql/served-warehouse.ts'
import { FakeClock } from './fake-clock.ts'
import { memory_server } from './memory-ports.ts'

const DAY = 86_400_000
const HOUR = 3_600_000
/** A Wednesday, ten past ten. */
const NOW = Date.UTC(2026, 2, 11, 10, 10)
const iso = (ms: number): string => new Date(ms).toISOString()

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
}, 180_000)
afterAll(() => served.stop())

const open = (over: Partial<ServerDeps> = {}) =>
  memory_server({ warehouse: served.warehouse, clock: new FakeClock(NOW), ...over })
type Server = Awaited<ReturnType<typeof open>>
const get = async ({ server }: Server, url: string) => (await server.inject(url)).json()

let offset = 0
/** A step in the sale of a lead: to buyer b1, confirmed. */
const route = (over: Record<string, unknown> = {}): object => {
  const row = { decision_id: 'c1|m1', status: 'confirmed', attempt: 1, buyer_id: 'b1', ...over }
  return {
    _key: 't1',
    _offset: offset++,
    event_id: `${row.decision_id}|${row.attempt}|${row.status}|${offset}`,
    tenant_id: 't1',
    customer_id: 'c1',
    conversation_id: 'talk-1',
    occurred_at: iso(NOW - HOUR),
    currency: 'USD',
    price_minor: 10_000,
    quality_tier: 'premium',
    ...row,
  }
}

describe('the dashboard', () => {
  afterEach(() => served.empty('routes', 'conversation_metrics', 'lead_scores', 'ledger'))

  it('names those buyers that took most: by the newest step of each decision, not what was given back', async () => {
    const taken = (decision_id: string, buyer_id: string, price_minor: number, over: object = {}) =>
      route({ decision_id, buyer_id, price_minor, ...over })
    await served.fill('routes', [
      taken('d1', 'helios', 20_000, { status: 'reserved' }),
      taken('d1', 'helios', 20_000),
      // The conversation goes on: the router quotes what it would be worth, and names the sold decision.
      taken('d1', 'modernize', 99_000, { status: 'quoted', attempt: 0 }),
      taken('d2', 'helios', 12_050),
      taken('d3', 'modernize', 28_000),
      taken('d4', 'returned', 99_000),
      taken('d4', 'returned', 99_000, { status: 'released' }),
      taken('d5', 'waiting', 99_000, { status: 'reserved' }),
      taken('d6', 'long ago', 99_000, { occurred_at: iso(NOW - 31 * DAY) }),
      taken('d7', 'small', 100),
      taken('d8', 'smaller', 50),
      taken('d9', 'elsewhere', 99_000, { tenant_id: 't2', _key: 't2' }),
    ])
    const { top_performing_buyers } = await get(await open(), '/api/v1/revenue/dashboard?tenant=t1')
    expect(top_performing_buyers).toEqual([
      ['helios', 320.5],
      ['modernize', 280],
      ['small', 1],
    ])
  })

  it('says what leads were sold for, apart from what customers paid, by the time of the sale', async () => {
    const taken = (decision_id: string, price_minor: number, ago_ms: number, over: object = {}) =>
      route({ decision_id, price_minor, occurred_at: iso(NOW - ago_ms), ...over })
    await served.fill('routes', [
      taken('a', 1, 10 * 60_000),
      taken('b', 20, 2 * HOUR),
      taken('c', 300, 3 * DAY),
      taken('d', 4000, 20 * DAY),
      taken('e', 50_000, 31 * DAY),
      // Sold yesterday, given back today.
      taken('f', 600_000, DAY),
      taken('f', 600_000, HOUR, { status: 'released' }),
    ])
    await served.fill('ledger', [
      ledger_row({ event_id: 'p1', occurred_at: iso(NOW - 60_000), amount_minor: 50_000 }),
    ])
    expect(await get(await open(), '/api/v1/revenue/dashboard?tenant=t1')).toMatchObject({
      current_hour_revenue: 500,
      month_revenue: 500,
      lead_sales_last_clock_hour: 0.01,
      lead_sales_today: 0.21,
      lead_sales_week: 3.21,
      lead_sales_month: 43.21,
    })
  })

  it('has every key of the requirements and those that the description says, no more', async () => {
    const system = await open()
    const body = await get(system, '/api/v1/revenue/dashboard?tenant=t1')
    const REQUIRED = {
      current_hour_revenue: 0,
      today_revenue: 0,
      week_revenue: 0,
      month_revenue: 0,
      active_conversations: 0,
      conversion_rate: 0,
      avg_revenue_per_conversation: 0,
      revenue_per_hour: 0,
      top_performing_buyers: [],
      quality_tier_distribution: { premium: 0, standard: 0, basic: 0 },
      revenue_trend: expect.any(Array),
      alerts: [],
    }
    expect(body).toEqual({
      ...REQUIRED,
      tenant_id: 't1',
      currency: 'USD',
      as_of: iso(NOW),
      lead_sales_last_clock_hour: 0,
      lead_sales_today: 0,
      lead_sales_week: 0,
      lead_sales_month: 0,
      revenue_per_conversation_hour: 0,
      revenue_last_clock_hour: 0,
    })
    const { paths } = await get(system, '/openapi.json')
    const described = paths['/api/v1/revenue/dashboard'].get.responses['200']
    const { properties } = described.content['application/json'].schema
    expect(Object.keys(properties).sort()).toEqual(Object.keys(body).sort())
  })

  it('compares with the targets of the requirements, unless the environment names others', async () => {
    expect(parse_config([], {}).config.targets).toEqual(default_targets)
    const env = {
      TARGET_CONVERSION_RATE: '0.5',
      TARGET_AVG_LEAD_VALUE: '99.5',
      TARGET_REVENUE_PER_HOUR: '600',
      TARGET_BUYER_ACCEPTANCE: '0.7',
    }
    const { targets } = parse_config([], env).config
    expect(targets).toEqual({
      conversion_rate: 0.5,
      avg_lead_value: 99.5,
      revenue_per_hour: 600,
      buyer_acceptance: 0.7,
    })
    await served.fill('ledger', [
      ledger_row({ event_id: 'p1', occurred_at: iso(NOW - 60_000), amount_minor: 50_000 }),
    ])
    const alerts = async (system: Server) => (await get(system, '/api/v1/revenue/dashboard?tenant=t1')).alerts
    expect(await alerts(await open())).toEqual(['High revenue this hour - excellent performance!'])
    expect(await alerts(await open({ targets }))).toEqual([])
  })

  it('has good news in the words of the requirements, and both readings of revenue per hour', async () => {
    const metrics = Array.from({ length: 30 }, (_, i) => ({
      _key: `t1|c${i}`,
      _offset: i,
      event_id: `m${i}`,
      tenant_id: 't1',
      customer_id: `c${i}`,
      conversation_id: `talk-${i}`,
      occurred_at: iso(NOW - HOUR),
      started_at: iso(NOW - HOUR),
      duration_ms: 600_000,
      closed: true,
    }))
    const scores = metrics.map(({ started_at: _, duration_ms: __, closed: ___, ...row }, i) => ({
      ...row,
      total_score: 60,
      quality_tier: i < 20 ? 'basic' : 'unqualified',
    }))
    await served.fill('conversation_metrics', metrics)
    await served.fill('lead_scores', scores)
    await served.fill('ledger', [
      ledger_row({ event_id: 'p1', occurred_at: iso(NOW - 60_000), amount_minor: 50_000 }),
    ])
    const body = await get(await open(), '/api/v1/revenue/dashboard?tenant=t1')
    expect(body).toMatchObject({
      conversion_rate: 0.6667,
      current_hour_revenue: 500,
      revenue_last_clock_hour: 500,
      // 30 conversations of ten minutes.
      revenue_per_hour: 100,
      revenue_per_conversation_hour: 100,
      alerts: [
        'High revenue this hour - excellent performance!',
        'Conversion rate above target - maintain current approach',
      ],
    })
  })
})
