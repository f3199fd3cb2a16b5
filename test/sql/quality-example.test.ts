/** quality_example: given answers, expected offers with what they became. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { outcome_row } from './outcome-rows.ts'
import { type Served, serve_warehouse } from './served-warehouse.ts'

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
  await served.fill('route_outcomes', [
    outcome_row('f1', '2026-01-05T10:00:00.000Z', {
      decision_id: 'd1',
      decided_at: '2026-01-05T09:00:00.000Z',
    }),
    outcome_row('f2', '2026-01-06T10:00:00.000Z', {
      ...{
        decision_id: 'd1',
        decided_at: '2026-01-05T09:00:00.000Z',
        outcome: 'converted',
        trusted_ratio: 0.9,
      },
    }),
    outcome_row('f3', '2026-01-05T10:00:00.000Z', { decision_id: 'd1', buyer_id: 'b2', outcome: 'rejected' }),
    outcome_row('f4', '2026-01-05T10:00:00.000Z', { decision_id: 'd2', base_points: null, decided_at: null }),
    outcome_row('f5', '2026-01-05T10:00:00.000Z', { decision_id: null }),
  ])
})
afterAll(() => served.stop())

const examples = (as_of: string) =>
  served.warehouse.query(
    `SELECT * EXCEPT (tenant_id, customer_id, buyer_tier, quality_tier, total_score)
     FROM quality_example(as_of = {as_of:DateTime64(3, 'UTC')}) ORDER BY decision_id, buyer_id`,
    { as_of },
  )
const scored = {
  ...{ base_points: 35, behavior_points: 25, timing_points: 18, market_points: 9 },
  ...{
    price_minor: 25_000,
    conversion_probability: 0.82,
    lead_policy_version: 'lead-1',
    decided_at: '2026-01-05 09:00:00.000',
  },
}
const first = { decision_id: 'd1', buyer_id: 'b1', accepted: 1, converted: 0, trusted_ratio: 1, ...scored }
const refused = { ...first, buyer_id: 'b2', accepted: 0, answered_at: '2026-01-05 10:00:00.000' }

it('one row an offer, by the buyer’s newest word', async () => {
  expect(await examples('2026-02-01 00:00:00.000')).toEqual([
    { ...first, converted: 1, trusted_ratio: 0.9, answered_at: '2026-01-06 10:00:00.000' },
    refused,
  ])
})

it('as it was known then', async () => {
  expect(await examples('2026-01-06 10:00:00.000')).toEqual([
    { ...first, answered_at: '2026-01-05 10:00:00.000' },
    refused,
  ])
  expect(await examples('2026-01-05 10:00:00.000')).toEqual([])
})
