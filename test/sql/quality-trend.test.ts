/** quality_trend: given answers, expected acceptance by day and week. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { outcome_row } from './outcome-rows.ts'
import { type Served, serve_warehouse } from './served-warehouse.ts'

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
  await served.fill('route_outcomes', [
    // Monday; taken back a week later, which is no answer of that day.
    outcome_row('f1', '2026-01-05T00:00:00.000Z', { decision_id: 'd1' }),
    outcome_row('f2', '2026-01-13T00:00:00.000Z', { decision_id: 'd1', outcome: 'returned' }),
    outcome_row('f3', '2026-01-05T23:59:59.999Z', { decision_id: 'd2', acceptance_probability: 0.6 }),
    outcome_row('f4', '2026-01-11T12:00:00.000Z', {
      ...{ decision_id: 'd3', acceptance_probability: null, outcome: 'converted' },
    }),
    outcome_row('f5', '2026-01-12T00:00:00.000Z', { decision_id: 'd4', buyer_id: 'b2', outcome: 'rejected' }),
    // No known decision; and what is still to come.
    outcome_row('f6', '2026-01-12T01:00:00.000Z', { decision_id: 'lost', decided_at: null }),
    outcome_row('f7', '2026-02-01T00:00:00.000Z', { decision_id: 'd5' }),
  ])
})
afterAll(() => served.stop())

const trend = (granularity: string, by_buyer = 0) =>
  served.warehouse.query(
    `SELECT * FROM quality_trend(
       as_of = toDateTime64('2026-02-01 00:00:00', 3, 'UTC'), granularity = {granularity:String},
       by_buyer = {by_buyer:UInt8}
     ) WHERE tenant_id = 't1' ORDER BY buyer_id, period`,
    { granularity, by_buyer: String(by_buyer) },
  )
const row = (
  period: string,
  [answers, accepted, rate]: readonly number[],
  [expected_rate, change]: readonly (number | null)[],
  buyer_id = '',
) => ({ ...{ tenant_id: 't1', buyer_id, period, answers, accepted, rate, expected_rate, change } })

it('by day of the first word, by what was said last', async () => {
  expect(await trend('day')).toEqual([
    row('2026-01-05', [2, 1, 0.5], [0.7, null]),
    row('2026-01-11', [1, 1, 1], [null, 0.5]),
    row('2026-01-12', [1, 0, 0], [0.8, -1]),
  ])
})

it('by week and buyer', async () => {
  expect(await trend('week', 1)).toEqual([
    row('2026-01-05', [3, 2, 0.666667], [0.7, null], 'b1'),
    row('2026-01-12', [1, 0, 0], [0.8, null], 'b2'),
  ])
})

it('refuses another granularity', async () => {
  await expect(trend('month')).rejects.toThrow('granularity is day or week')
})
