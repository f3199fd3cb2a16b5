/**
 * The views of leads' quality and of coaching, of one tenant: a row that the sink inserts a second time changes nothing, nor does
 * another tenant whose customers, conversations, events and decisions have the same names.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { decision_row, outcome_row } from './outcome-rows.ts'
import { type Served, serve_warehouse } from './served-warehouse.ts'

const VIEWS: Readonly<Record<string, string>> = {
  quality_acceptance: 'half_life_days = 30',
  quality_example: '',
  quality_reason: 'period_days = 30, by_buyer = 1',
  quality_reliability: 'bins = 10',
  quality_revenue: '',
  quality_trend: `granularity = 'day', by_buyer = 1`,
  conversation_coaching: '',
  conversation_coaching_effect: '',
}
const at = (minute: number): string => new Date(Date.UTC(2026, 0, 5, 10, minute)).toISOString()

/** Three talks, three leads, three answers. `other`: another tenant, of whom all else is different. */
const tables_of = (tenant_id: string, other: boolean) => {
  const own = { _key: tenant_id, tenant_id, customer_id: 'c1' }
  const talks = [0, 1, 2].map(i => ({ ...own, conversation_id: `talk-${i}` }))
  const decision = (i: number) => ({ decision_id: `c1|e${i}`, conversation_id: `talk-${i}` })
  const outcomes = other ? ['rejected', 'accepted', 'returned'] : ['accepted', 'rejected', 'converted']
  return {
    route_outcomes: outcomes.map((outcome, i) =>
      outcome_row(`f${i}`, at(60 + i * 1440), {
        ...{ ...own, ...decision(i), buyer_id: i < 2 ? 'b1' : 'b2', outcome, reason_class: 'price' },
        ...{ price_minor: other ? 777 : 10_000 * (i + 1), trusted_ratio: other ? 0.1 : 1 },
        ...{
          conversion_probability: other ? 0.15 : 0.2 + 0.3 * i,
          acceptance_probability: other ? 0.1 : 0.8,
        },
      }),
    ),
    routes: [0, 1, 2].map(i => ({
      ...(decision_row('', other ? 'JPY' : 'USD') as object),
      ...{
        ...own,
        ...decision(i),
        event_id: `c1|e${i}`,
        status: 'confirmed',
        price_minor: other ? 7 : 20_000,
      },
    })),
    lead_scores: talks.map((talk, i) => ({
      ...{ ...talk, event_id: `e${i}`, occurred_at: at(i), total_score: other ? 10 : 60 + i },
      ...{ quality_tier: other !== (i === 0) ? 'unqualified' : 'basic', shadow_version: 'trial' },
      shadow_probability: other ? 0.95 : 0.3,
    })),
    conversation_metrics: talks.flatMap((talk, i) => {
      const [advised, held] = other !== (i === 0) ? [[], ['create_urgency']] : [['create_urgency'], []]
      const row = { ...talk, policy_version: 'v', trend: 'stable', type: 'message', gaps: [], closed: false }
      const given = advised.map(code => ({ code, title: code }))
      const first = { event_id: `e${i}`, occurred_at: at(i), recommendations: given, held_out: held }
      return [
        { ...row, ...first, _offset: 2 * i },
        { ...row, event_id: `z${i}`, occurred_at: at(i + 5), _offset: 2 * i + 1 },
      ]
    }),
  }
}

let served: Served
const TABLES = ['route_outcomes', 'routes', 'lead_scores', 'conversation_metrics'] as const
const fill = async (tenant_id: string, other: boolean): Promise<void> => {
  const rows = tables_of(tenant_id, other)
  for (const table of TABLES) await served.fill(table, rows[table])
}
beforeAll(async () => {
  served = await serve_warehouse()
  // Else what stands twice might be one row again before a view is asked.
  for (const table of TABLES) await served.warehouse.command(`SYSTEM STOP MERGES ${table}`)
})
afterAll(() => served.stop())

it('shows what stands twice once, and nothing of others', async () => {
  const asked = async (): Promise<Record<string, unknown>> => {
    const rows: Record<string, unknown> = {}
    for (const [view, parameters] of Object.entries(VIEWS))
      rows[view] = await served.warehouse.query(
        `SELECT * FROM ${view}(${['as_of = {as_of:String}', parameters].filter(Boolean).join(', ')})
         WHERE tenant_id = 't1' ORDER BY ALL`,
        { as_of: '2026-02-01 00:00:00' },
      )
    return rows
  }
  await fill('t1', false)
  const once = await asked()
  for (const [view, rows] of Object.entries(once)) expect(rows, view).not.toEqual([])
  await fill('t1', false)
  expect(await asked()).toEqual(once)
  await fill('t2', true)
  expect(await asked()).toEqual(once)
})
