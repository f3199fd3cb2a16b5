/** quality_acceptance: given answers of buyers, expected rates. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { decision_row, outcome_row } from './outcome-rows.ts'
import { type Served, serve_warehouse } from './served-warehouse.ts'

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
  await served.fill('routes', [
    ...['d1', 'd2', 'd3', 'd4', 'd6'].map(id => decision_row(id)),
    decision_row('d5', 'EUR'),
  ])
  await served.fill('route_outcomes', [
    outcome_row('f1', '2026-01-03T00:00:00.000Z', { decision_id: 'd1', trusted_ratio: 0.25 }),
    outcome_row('f2', '2026-01-05T00:00:00.000Z', { decision_id: 'd2', outcome: 'rejected' }),
    // Taken, sold on, and given back: the last word counts, though it came in before the others.
    outcome_row('f5', '2026-01-05T02:00:00.000Z', { decision_id: 'd3', outcome: 'returned', _offset: 0 }),
    outcome_row('f3', '2026-01-05T00:00:00.000Z', { decision_id: 'd3', _offset: 1 }),
    outcome_row('f4', '2026-01-05T01:00:00.000Z', { decision_id: 'd3', outcome: 'converted', _offset: 2 }),
    outcome_row('f6', '2026-01-05T03:00:00.000Z', {
      ...{ decision_id: 'd4', outcome: 'converted', quality_tier: 'basic', price_minor: 7_500 },
      ...{ currency: 'EUR', value_minor: 9, trusted_ratio: 0.5 },
    }),
    outcome_row('f7', '2026-01-05T00:00:00.000Z', { decision_id: 'd5', buyer_id: 'b2' }),
    // The same lead's decision, offered to another buyer.
    outcome_row('f8', '2026-01-05T00:00:00.000Z', { decision_id: 'd1', buyer_id: 'b3' }),
    outcome_row('f9', '2026-01-05T00:00:00.000Z', { decision_id: 'nowhere', decided_at: null }),
  ])
})
afterAll(() => served.stop())

const acceptance = (as_of: string, half_life_days: number) =>
  served.warehouse.query(
    `SELECT buyer_id, quality_tier, currency, answers, accepted, converted, weight, rate, value_per_lead_minor, trusted_ratio
     FROM quality_acceptance(as_of = {as_of:DateTime64(3, 'UTC')}, half_life_days = {half_life_days:Float64})
     WHERE tenant_id = 't1' ORDER BY buyer_id, quality_tier`,
    { as_of, half_life_days: String(half_life_days) },
  )
const row = (
  [buyer_id, quality_tier, currency]: readonly string[],
  [answers, accepted, converted, weight, rate, value_per_lead_minor, trusted_ratio]: readonly number[],
) => ({
  ...{ buyer_id, quality_tier, currency, answers, accepted, converted, weight, rate },
  ...{ value_per_lead_minor, trusted_ratio },
})

it('counts each offer by its buyer’s last word, in the currency of its price', async () => {
  expect(await acceptance('2026-02-01 00:00:00.000', 0)).toEqual([
    row(['b1', 'basic', 'USD'], [1, 1, 1, 1, 1, 7_500, 0.5]),
    row(['b1', 'premium', 'USD'], [3, 1, 0, 3, 0.333333, 8_333, 1]),
    row(['b2', 'premium', 'EUR'], [1, 1, 0, 1, 1, 25_000, 1]),
    row(['b3', 'premium', 'USD'], [1, 1, 0, 1, 1, 25_000, 1]),
  ])
})

it('halves an answer by its half-life', async () => {
  // Before the return: the acceptance is two half-lives old, the refusal and the other acceptance none.
  const rows = await acceptance('2026-01-05 00:00:00.001', 1)
  expect(rows.slice(0, 1)).toEqual([row(['b1', 'premium', 'USD'], [3, 2, 0, 2.25, 0.555556, 13_889, 1])])
})

it('knows nothing before it was said', async () => {
  expect(await acceptance('2026-01-03 00:00:00.000', 7)).toEqual([])
})
