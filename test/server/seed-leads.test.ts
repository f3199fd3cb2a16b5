/** Feedback of buyers, forecast and recommendations: given rows, expected answers. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { body_reader } from '../../runtime/bodies.ts'
import { default_targets, rates_of } from '../../server/seed-routes/lead-figures.ts'
import { of_figures } from '../../server/seed-routes/recommendations.ts'
import { forecast_row } from '../sql/forecast-rows.ts'
import { ledger_row, type Served, serve_warehouse } from '../sql/served-warehouse.ts'
import { FakeClock } from './fake-clock.ts'
import { memory_server } from './memory-ports.ts'

const DAY = 86_400_000
const HOUR = 3_600_000
/** A Wednesday, ten past ten. */
const NOW = Date.UTC(2026, 2, 11, 10, 10)
const iso = (ms: number): string => new Date(ms).toISOString()
const FEEDBACK = '/api/v1/revenue/buyer-feedback'

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
}, 180_000)
afterAll(() => served.stop())

const open = async () => {
  const { warehouse } = served
  return memory_server({ warehouse, clock: new FakeClock(NOW) })
}
type Server = Awaited<ReturnType<typeof open>>
const get = async ({ server }: Server, url: string) => (await server.inject(url)).json()

let offset = 0
/** A step in the sale of a lead: that of decision d of customer c1 to buyer b1 for 100.00 USD, confirmed. */
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
const outcome = (n: number, kind: string, over: object = {}): object => ({
  _key: 't1',
  _offset: n,
  event_id: `f${n}`,
  tenant_id: 't1',
  customer_id: `c${n}`,
  occurred_at: iso(NOW - HOUR),
  decision_id: `d${n}`,
  decided_at: iso(NOW - 2 * HOUR),
  buyer_id: 'b1',
  outcome: kind,
  ...over,
})

/** The example of the requirements. */
const EXAMPLE = {
  tenant_id: 't1',
  lead_id: 'c1|m1',
  buyer_id: 'b1',
  feedback_type: 'accepted',
  feedback_score: 8.5,
  feedback_reason: 'High quality lead, good technical engagement',
  conversion_value: 275.0,
  buyer_notes: 'Customer was very engaged and asked detailed questions',
}

describe('POST /api/v1/revenue/buyer-feedback', () => {
  beforeAll(async () => {
    await served.fill('routes', [
      route({ status: 'quoted', decision_id: null, attempt: 0, buyer_id: 'b9' }),
      route({ status: 'reserved', attempt: 1, buyer_id: 'b1' }),
      route({ status: 'released', attempt: 1, buyer_id: 'b1' }),
      route({ status: 'reserved', attempt: 2, buyer_id: 'b2' }),
      route({ decision_id: 'y|1', customer_id: 'y', conversation_id: 'talk-y', currency: 'JPY' }),
      route({ decision_id: 'x|1', tenant_id: 't2', _key: 't2', customer_id: 'x' }),
    ])
  })
  afterAll(() => served.empty('routes'))

  const send = async (over: object, system?: Server) => {
    const { server, deps } = system ?? (await open())
    const payload = { ...EXAMPLE, ...over }
    const response = await server.inject({ method: 'POST', url: FEEDBACK, payload })
    const read = body_reader(deps.registry)
    const records = [0, 1].flatMap(partition => deps.log.of('feedback', partition))
    const rows = await Promise.all(records.map(record => read(record.value!)))
    return {
      status: response.statusCode,
      body: response.json(),
      rows,
      keys: records.map(({ key }) => `${key}`),
    }
  }

  it('keeps the example as feedback on the decision that it names', async () => {
    const { status, body, rows, keys } = await send({ event_id: 'f1' })
    expect([status, body]).toEqual([
      200,
      {
        accepted: true,
        event_id: 'f1',
        lead_id: 'c1|m1',
        decision_id: 'c1|m1',
        customer_id: 'c1',
        buyer_id: 'b1',
      },
    ])
    expect(keys).toEqual(['t1|c1'])
    expect(rows).toEqual([
      {
        event_id: 'f1',
        tenant_id: 't1',
        customer_id: 'c1',
        occurred_at: NOW,
        decision_id: 'c1|m1',
        buyer_id: 'b1',
        outcome: 'accepted',
        reason: 'High quality lead, good technical engagement',
        amount_minor: 27_500,
        currency: 'USD',
        properties: { feedback_score: '8.5', buyer_notes: EXAMPLE.buyer_notes },
      },
    ])
  })

  it('takes the conversation for the lead, whichever of its buyers answers', async () => {
    const { status, body } = await send({ lead_id: 'talk-1', buyer_id: 'b2' })
    expect([status, body.decision_id]).toEqual([200, 'c1|m1'])
  })

  it('keeps amounts in the currency of the decision, and none where none is said', async () => {
    const yen = await send({ lead_id: 'y|1', conversion_value: 275 })
    expect(yen.rows).toMatchObject([{ amount_minor: 275, currency: 'JPY' }])
    const { conversion_value: _, ...none } = EXAMPLE
    const { server } = await open()
    const response = await server.inject({ method: 'POST', url: FEEDBACK, payload: none })
    expect(response.statusCode).toBe(200)
  })

  it.each([
    [{ feedback_type: 'loved' }, 400, 'feedback_type'],
    [{ feedback_score: 11 }, 400, 'feedback_score'],
    [{ conversion_value: 1.005 }, 400, 'conversion_value'],
    [{ conversion_value: -1 }, 400, 'conversion_value'],
    [{ lead_id: '' }, 400, 'lead_id'],
    [{ buyer_id: undefined }, 400, 'buyer_id'],
    [{ lead_id: 'nobody' }, 404, 'lead_id'],
    [{ lead_id: 'x|1' }, 404, 'lead_id'],
    [{ buyer_id: 'b9' }, 404, 'buyer_id'],
    [{ lead_id: 'y|1', conversion_value: 275.5 }, 400, 'conversion_value'],
  ])('says what is wrong and keeps nothing: %j', async (over, expected, field) => {
    const { status, body, rows } = await send(over)
    expect([status, body.field, rows]).toEqual([expected, field, []])
    expect(body.reason).not.toBe('')
  })

  it('is 503 while the warehouse cannot be asked', async () => {
    const query = async () => {
      throw new Error('gone')
    }
    const system = await memory_server({ warehouse: { query, health: async () => null } })
    expect((await send({}, system)).status).toBe(503)
  })
})

describe('GET /api/v1/revenue/forecast', () => {
  beforeAll(async () => {
    const days = Array.from({ length: 10 }, (_, i) =>
      forecast_row({
        foretold_at: '2026-03-10',
        step: i + 1,
        says: [10_000 + i, 9000, 11_000, 8000, 12_000],
      }),
    )
    await served.fill('forecasts', days)
    const scored = {
      tenant_id: 't1',
      occurred_at: iso(Date.UTC(2026, 2, 10)),
      metric: 'revenue',
      currency: 'USD',
    }
    await served.fill('forecast_scores', [
      {
        ...scored,
        _key: 't1',
        event_id: 'revenue|USD|day|best|1773100800000',
        granularity: 'day',
        method: 'best',
        smape: 12.5,
        coverage80: 0.75,
        coverage95: 1,
        origins: 4,
      },
    ])
  })
  afterAll(() => served.empty('forecasts', 'forecast_scores'))

  it('is of seven days from today on, without being told otherwise', async () => {
    const system = await open()
    const body = await get(system, '/api/v1/revenue/forecast?tenant=t1')
    expect(body).toMatchObject({
      granularity: 'daily',
      currency: 'USD',
      foretold_at: '2026-03-10T00:00:00.000Z',
      accuracy: { error_ratio: 0.125, coverage_80: 0.75, origins: 4 },
      trend: null,
    })
    expect(body.forecast_data).toHaveLength(7)
    expect(body.forecast_data[0]).toEqual({
      period_start: '2026-03-11',
      revenue: 100.01,
      lower_80: 90,
      upper_80: 110,
      lower_95: 80,
      upper_95: 120,
    })
    const two = await get(system, '/api/v1/revenue/forecast?tenant=t1&granularity=daily&n=2')
    expect(two.forecast_data).toEqual(body.forecast_data.slice(0, 2))
    const hourly = await get(system, '/api/v1/revenue/forecast?tenant=t1&granularity=hourly')
    expect(hourly).toMatchObject({ foretold_at: null, forecast_data: [] })
  }, 60_000)

  it.each([
    ['granularity=yearly', 'granularity'],
    ['n=0', 'n'],
    ['n=31', 'n'],
    ['n=7.5', 'n'],
    ['n=7&n=8', 'n'],
    ['granularity=hourly&n=169', 'n'],
    ['tenant=a|b', 'tenant'],
  ])('refuses %s', async (query, field) => {
    const { server } = await open()
    const response = await server.inject(`/api/v1/revenue/forecast?${query}`)
    expect([response.statusCode, response.json().field]).toEqual([400, field])
  })
})

const figures = (over: object = {}) => ({
  conversations: 100,
  qualified: 70,
  duration_ms: 100 * HOUR,
  paid_minor: 500_000,
  buyers: [
    {
      buyer: 'b1',
      leads: 40,
      revenue_minor: 800_000,
      sold_week_minor: 0,
      sold_today_minor: 0,
      sold_hour_minor: 0,
    },
  ],
  accepted: 90,
  rejected: 10,
  ...over,
})

describe('recommendations', () => {
  it('are none where every figure is at its target', () => {
    expect(rates_of(figures())).toEqual({
      conversion_rate: 0.7,
      revenue_per_hour_minor: 5000,
      lead_value_minor: 20_000,
      acceptance: 0.9,
    })
    expect(of_figures(figures(), default_targets, 'USD')).toEqual([])
  })

  it('name the widest gap first, with what is and what was wanted', () => {
    const poor = figures({ qualified: 57, accepted: 34, rejected: 66, paid_minor: 200_000 })
    const found = of_figures(poor, default_targets, 'USD')
    expect(found.map(({ title, priority, measured }) => [title, priority, measured])).toEqual([
      ['Send buyers what they take', 'high', 0.34],
      ['Make conversations pay sooner', 'high', 20],
      ['Qualify more conversations', 'medium', 0.57],
    ])
    expect(found[0]!.description).toContain('34 %, wanted 85 %')
    expect(found[1]!.description).toContain('20 USD, wanted 30 USD')
  })

  it('say nothing of a figure that few cases stand behind', () => {
    const few = figures({ conversations: 19, qualified: 0, accepted: 0, rejected: 19 })
    expect(of_figures(few, default_targets, 'USD')).toEqual([])
    const nothing = { conversations: 0, qualified: 0, duration_ms: 0, accepted: 0, rejected: 0, buyers: [] }
    expect(of_figures(figures(nothing), default_targets, 'USD')).toEqual([])
  })

  it('of the endpoint are made of what buyers answered and of goals that will be missed', async () => {
    const answers = Array.from({ length: 30 }, (_, i) => outcome(i, i < 12 ? 'accepted' : 'rejected'))
    await served.fill('route_outcomes', [...answers, outcome(90, 'rejected', { decided_at: null })])
    const goal = { tenant_id: 't1', metric: 'revenue', currency: 'USD', target: 1e9 }
    await served.fill('catalog', [
      {
        _key: 'goals|march|0|0',
        _offset: 0,
        event_id: 'goal',
        tenant_id: 't1',
        occurred_at: iso(0),
        kind: 'goals',
        id: 'march',
        effective_at: iso(0),
        body: JSON.stringify({ ...goal, from_day: '2026-03-01', to_day: '2026-03-16' }),
      },
    ])
    await served.fill(
      'forecasts',
      Array.from({ length: 10 }, (_, i) =>
        forecast_row({ foretold_at: '2026-03-11', step: i + 1, says: [10_000, 9000, 11_000, 8000, 12_000] }),
      ),
    )
    await served.fill('ledger', [
      ledger_row({ event_id: 'p1', occurred_at: iso(NOW - 2 * DAY), amount_minor: 50_000 }),
    ])
    const { recommendations } = await get(await open(), '/api/v1/revenue/recommendations?tenant=t1')
    expect(recommendations).toMatchObject([
      { title: 'Goal march is likely to be missed', priority: 'high', target: 10_000_000 },
      { title: 'Send buyers what they take', measured: 0.4, target: 0.85 },
    ])
    expect(recommendations[0].description).toContain('500 of 10000000 revenue have come')
    await served.empty('route_outcomes', 'catalog', 'forecasts', 'ledger')
  }, 60_000)
})
