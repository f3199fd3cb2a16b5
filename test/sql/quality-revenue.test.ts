/** quality_revenue: given answers, expected revenue by tier of buyers. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { decision_row, outcome_row } from './outcome-rows.ts'
import { type Served, serve_warehouse } from './served-warehouse.ts'

let served: Served
const DAY = { decided_at: '2026-01-05T23:59:59.999Z' }
beforeAll(async () => {
  served = await serve_warehouse()
  await served.fill('routes', [
    ...['d1', 'd2', 'd3', 'd4'].map(id => decision_row(id)),
    decision_row('d5', 'EUR'),
  ])
  await served.fill('route_outcomes', [
    outcome_row('f1', '2026-01-06T10:00:00.000Z', { decision_id: 'd1', ...DAY }),
    outcome_row('f2', '2026-01-06T10:00:00.000Z', { decision_id: 'd2', ...DAY, outcome: 'rejected' }),
    outcome_row('f3', '2026-01-06T10:00:00.000Z', { decision_id: 'd3', ...DAY, price_minor: 20_005 }),
    outcome_row('f4', '2026-01-08T10:00:00.000Z', {
      ...{ decision_id: 'd3', ...DAY, price_minor: 20_005, outcome: 'converted', value_minor: 999_999 },
    }),
    outcome_row('f5', '2026-01-06T10:00:00.000Z', {
      decision_id: 'd4',
      buyer_tier: 'volume',
      outcome: 'rejected',
    }),
    outcome_row('f6', '2026-01-06T10:00:00.000Z', {
      decision_id: 'd5',
      buyer_tier: 'volume',
      price_minor: 7_500,
    }),
    outcome_row('f7', '2026-01-06T10:00:00.000Z', { decision_id: 'lost', decided_at: null }),
  ])
})
afterAll(() => served.stop())

const revenue = (as_of: string) =>
  served.warehouse.query(
    `SELECT * FROM quality_revenue(as_of = {as_of:DateTime64(3, 'UTC')}) WHERE tenant_id = 't1'
     ORDER BY day, buyer_tier, currency`,
    { as_of },
  )
const row = (
  [day, buyer_tier, currency]: readonly string[],
  [leads, accepted, converted, revenue_minor, revenue_per_lead_minor]: readonly number[],
  revenue_per_accepted_minor: number | null,
) => ({
  ...{ tenant_id: 't1', day, buyer_tier, currency, leads, accepted, converted, revenue_minor },
  ...{ revenue_per_lead_minor, revenue_per_accepted_minor },
})

it('the price of what stands accepted, on the day and in the tier of its decision', async () => {
  expect(await revenue('2026-02-01 00:00:00.000')).toEqual([
    row(['2026-01-05', 'premium', 'USD'], [3, 2, 1, 45_005, 15_002], 22_503),
    row(['2026-01-06', 'volume', 'EUR'], [1, 1, 0, 7_500, 7_500], 7_500),
    row(['2026-01-06', 'volume', 'USD'], [1, 0, 0, 0, 0], null),
  ])
})

it('as it was known then', async () => {
  const [premium] = await revenue('2026-01-08 10:00:00.000')
  expect(premium).toMatchObject({ leads: 3, accepted: 2, converted: 0, revenue_minor: 45_005 })
  expect(await revenue('2026-01-06 10:00:00.000')).toEqual([])
})
