/**
 * conversation_coaching and its effect over what the pipelines themselves write: keen leads name a date whether they are asked
 * or not. So those who follow the advice to create urgency end far better, also where the advice does nothing; the share from
 * which it was held back tells the two apart.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { share_of } from '../../operators/conversation/hold-out.ts'
import conversation_tracking from '../../pipelines/conversation-tracking.ts'
import lead_scoring from '../../pipelines/lead-scoring.ts'
import { tributary } from '../../runtime/app.ts'
import type { ConversationMetric, LeadScore } from '../../schemas/types.ts'
import { minutes } from '../../schemas/units.ts'
import { Driver } from '../driver/driver.ts'
import { enter, said } from '../operators/conversation/talk.ts'
import { type Served, serve_warehouse } from './served-warehouse.ts'

const LEADS = 700
const KEEN = 0.4
const app = { ...tributary(1), partitions: 1, pipelines: [lead_scoring, conversation_tracking] }
const OWNER = {
  homeowner_verified: true,
  bill_amount_minor: 40_000,
  zip_code: '10021',
  property_type: 'house',
}

/** Conversations of a tenant where the advice moves a share of those who are not keen. */
const talks_of = async (tenant_id: string, moved: number) => {
  const driver = await Driver.open('customer', { batch: 200 }, app)
  enter(driver, 'conversation_policies', tenant_id, {
    version: 'measured',
    table: { held_out_ratio: { create_urgency: 0.5 } },
  })
  const ids = Array.from({ length: LEADS }, (_, i) => `${tenant_id}-${i}`)
  const who = (id: string) => ({ tenant_id, customer_id: id, conversation_id: id })
  driver.send(
    'conversations',
    ids.map(id => said('1', 0, who(id), OWNER)),
  )
  driver.run()
  const advised = new Set(
    driver
      .outputs('conversation_metrics')
      .filter(row => row.recommendations.some(({ code }) => code === 'create_urgency'))
      .map(row => row.conversation_id),
  )
  driver.send(
    'conversations',
    ids.map(id => {
      const agrees = share_of(`keen ${id}`) < KEEN || (advised.has(id) && share_of(`moved ${id}`) < moved)
      return said('2', minutes(2), who(id), agrees ? { install_timeline: 'soon' } : {})
    }),
  )
  driver.run()
  return driver
}

const stored = (row: ConversationMetric | LeadScore, offset: number) => ({
  ...row,
  _key: `${row.tenant_id}|${row.customer_id}`,
  _offset: offset,
  occurred_at: new Date(row.occurred_at).toISOString(),
  ...('started_at' in row && { started_at: new Date(row.started_at).toISOString() }),
})

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
  for (const driver of [await talks_of('idle', 0), await talks_of('useful', 0.4)]) {
    await served.fill('conversation_metrics', driver.outputs('conversation_metrics').map(stored))
    await served.fill('lead_scores', driver.outputs('lead_scores').map(stored))
  }
}, 120_000)
afterAll(() => served.stop())

const ask = <Row extends object>(view: string) =>
  served.warehouse.query<Row & { tenant_id: string }>(
    `SELECT * FROM ${view}(as_of = '2026-03-01 00:00:00.000') WHERE rule = 'create_urgency' ORDER BY tenant_id`,
  )

it('observed, following the advice looks like everything, for both tenants', async () => {
  const rows = await ask<{ arm: string; followed: boolean; qualified_ratio: number; conversations: number }>(
    'conversation_coaching',
  )
  for (const tenant_id of ['idle', 'useful']) {
    const of = rows.filter(row => row.tenant_id === tenant_id && row.arm === 'advised')
    const ratio = (followed: boolean) => of.find(row => row.followed === followed)?.qualified_ratio
    expect([ratio(true), ratio(false)]).toEqual([1, 0])
    const all = rows.filter(row => row.tenant_id === tenant_id)
    expect(all.reduce((sum, row) => sum + row.conversations, 0)).toBe(LEADS)
  }
})

it('the held-back share shows that one advice does nothing and the other helps, by as much as was planted', async () => {
  const rows = await ask<{
    verdict: string
    difference: number
    difference_low: number
    difference_high: number
  }>('conversation_coaching_effect')
  expect(rows.map(({ tenant_id, verdict }) => [tenant_id, verdict])).toEqual([
    ['idle', 'not shown'],
    ['useful', 'helps'],
  ])
  const planted: Record<string, number> = { idle: 0, useful: 0.4 * (1 - KEEN) }
  for (const { tenant_id, difference_low, difference_high } of rows) {
    expect(difference_low).toBeLessThan(planted[tenant_id] as number)
    expect(difference_high).toBeGreaterThan(planted[tenant_id] as number)
  }
})
