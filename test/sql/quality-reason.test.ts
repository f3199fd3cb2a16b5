/** quality_reason: given refusals of two periods, expected shares and their change. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { outcome_row } from './outcome-rows.ts'
import { type Served, serve_warehouse } from './served-warehouse.ts'

let served: Served
const refused = (
  id: string,
  at: string,
  reason_class: string | null,
  reason: string | null,
  more: object = {},
) => outcome_row(id, at, { outcome: 'rejected', reason_class, reason, ...more })
beforeAll(async () => {
  served = await serve_warehouse()
  await served.fill('route_outcomes', [
    refused('o1', '2026-01-01T00:00:00.000Z', 'contact', 'too old to count'),
    refused('a1', '2026-01-02T00:00:00.000Z', 'contact', 'wrong number'),
    refused('a2', '2026-01-03T00:00:00.000Z', 'price', 'too dear', { buyer_id: 'b2' }),
    refused('b1', '2026-01-09T00:00:00.000Z', 'contact', 'no answer'),
    refused('b2', '2026-01-10T00:00:00.000Z', 'contact', null, { outcome: 'returned' }),
    refused('b3', '2026-01-11T00:00:00.000Z', null, null),
    refused('b4', '2026-01-12T00:00:00.000Z', 'geography', 'out of area', { buyer_id: 'b2' }),
    outcome_row('b5', '2026-01-12T00:00:00.000Z'),
    refused('c1', '2026-01-16T00:00:00.000Z', 'price', 'not yet'),
  ])
})
afterAll(() => served.stop())

const reasons = (by_buyer: number) =>
  served.warehouse.query(
    `SELECT * FROM quality_reason(
       as_of = toDateTime64('2026-01-16 00:00:00', 3, 'UTC'), period_days = 7, by_buyer = {by_buyer:UInt8}
     ) WHERE tenant_id = 't1' ORDER BY buyer_id, reason_class`,
    { by_buyer: String(by_buyer) },
  )
const row = (
  reason_class: string,
  [refusals, refusals_before]: readonly number[],
  [share, share_before, change]: readonly (number | null)[],
  example: string | null,
  buyer_id = '',
) => ({
  ...{ tenant_id: 't1', buyer_id, reason_class, refusals, refusals_before },
  ...{ share, share_before, change, example },
})

it('shares of a period’s refusals, and their change against the one before', async () => {
  expect(await reasons(0)).toEqual([
    row('contact', [2, 1], [0.5, 0.5, 0], 'no answer'),
    row('geography', [1, 0], [0.25, 0, 0.25], 'out of area'),
    row('other', [1, 0], [0.25, 0, 0.25], null),
    row('price', [0, 1], [0, 0.5, -0.5], 'too dear'),
  ])
})

it('and of each buyer', async () => {
  expect(await reasons(1)).toEqual([
    row('contact', [2, 1], [0.666667, 1, -0.333333], 'no answer', 'b1'),
    row('other', [1, 0], [0.333333, 0, 0.333333], null, 'b1'),
    row('geography', [1, 0], [1, 0, 1], 'out of area', 'b2'),
    row('price', [0, 1], [0, 1, -1], 'too dear', 'b2'),
  ])
})
