/** quality_market: given steps of decisions, expected use of caps, surge and revenue by day and week. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Served, serve_warehouse } from './served-warehouse.ts'

let offset = 0
const step = (decision_id: string, status: string, occurred_at: string, more: object = {}): object => ({
  ...{
    _key: 't1',
    _offset: offset++,
    tenant_id: 't1',
    event_id: `${decision_id}|${status}`,
    decision_id,
    status,
  },
  ...{ occurred_at, customer_id: 'c1', conversation_id: decision_id, buyer_id: 'b1', currency: 'USD' },
  ...{ price_minor: 10_000, utilization_ratio: null, ...more },
})
const surge = (ratio: number) => ({
  price_terms: [
    { term: 'base', ratio: 10_000 },
    { term: 'surge', ratio },
  ],
})

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
  await served.fill('routes', [
    // Monday: one that is sold days later, one that surged and was given back, one whose buyer has no cap.
    step('d1', 'reserved', '2026-01-05T00:00:00.000Z', { ...surge(1), utilization_ratio: 0.5 }),
    step('d1', 'confirmed', '2026-01-08T10:00:00.000Z'),
    step('d2', 'reserved', '2026-01-05T12:00:00.000Z', {
      ...surge(1.5),
      utilization_ratio: 0.8,
      price_minor: 15_001,
    }),
    step('d2', 'confirmed', '2026-01-05T13:00:00.000Z', { price_minor: 15_001 }),
    step('d2', 'released', '2026-01-06T13:00:00.000Z', { price_minor: 15_001 }),
    step('d3', 'reserved', '2026-01-05T23:59:59.999Z', { buyer_id: 'b2', price_minor: 20_001 }),
    step('d3', 'confirmed', '2026-01-06T00:00:00.000Z', { buyer_id: 'b2', price_minor: 20_001 }),
    // The lead of d2 again, on another day, to the next buyer: open.
    step('d4', 'reserved', '2026-01-06T13:00:00.000Z', {
      conversation_id: 'd2',
      buyer_id: 'b2',
      ...surge(1.5),
    }),
    // No offers.
    step('d1', 'quoted', '2026-01-05T14:00:00.000Z', surge(1.5)),
    step('d5', 'unsold', '2026-01-05T14:00:00.000Z', { decision_id: null }),
    step('d6', 'reserved', '2026-01-12T00:00:00.000Z', {
      currency: 'EUR',
      ...surge(1),
      utilization_ratio: 0.2,
    }),
  ])
})
afterAll(() => served.stop())

const market = (as_of: string, granularity = 'day', by_buyer = 0) =>
  served.warehouse.query(
    `SELECT * FROM quality_market(
       as_of = {as_of:DateTime64(3, 'UTC')}, granularity = {granularity:String}, by_buyer = {by_buyer:UInt8}
     ) WHERE tenant_id = 't1' ORDER BY period, buyer_id, currency`,
    { as_of, granularity, by_buyer },
  )
const row = (
  [period, buyer_id, currency]: readonly string[],
  [offers, surged, surge_ratio, mean_utilization]: readonly (number | null)[],
  [leads, sold, revenue_minor, revenue_per_lead_minor]: readonly number[],
) => ({
  ...{ tenant_id: 't1', buyer_id, period, currency, offers, surged, surge_ratio, mean_utilization },
  ...{ leads, sold, revenue_minor, revenue_per_lead_minor },
})

it('offers of a day, how full their buyers were, and what stands confirmed of them', async () => {
  expect(await market('2026-02-01 00:00:00.000')).toEqual([
    row(['2026-01-05', '', 'USD'], [3, 1, 0.333333, 0.65], [3, 2, 30_001, 10_000]),
    row(['2026-01-06', '', 'USD'], [1, 1, 1, null], [1, 0, 0, 0]),
    row(['2026-01-12', '', 'EUR'], [1, 0, 0, 0.2], [1, 0, 0, 0]),
  ])
})

it('by week a lead counts once, by buyer each for itself', async () => {
  const [week] = await market('2026-02-01 00:00:00.000', 'week')
  expect(week).toEqual(row(['2026-01-05', '', 'USD'], [4, 2, 0.5, 0.65], [3, 2, 30_001, 10_000]))
  expect((await market('2026-02-01 00:00:00.000', 'week', 1)).slice(0, 2)).toEqual([
    row(['2026-01-05', 'b1', 'USD'], [2, 1, 0.5, 0.65], [2, 1, 10_000, 5_000]),
    row(['2026-01-05', 'b2', 'USD'], [2, 1, 0.5, null], [2, 1, 20_001, 10_001]),
  ])
})

it('as it was known then', async () => {
  expect(await market('2026-01-05 13:00:00.001')).toEqual([
    row(['2026-01-05', '', 'USD'], [2, 1, 0.5, 0.65], [2, 1, 15_001, 7_501]),
  ])
  expect(await market('2026-01-05 00:00:00.000')).toEqual([])
})

it('refuses what it does not know, whatever there is', async () => {
  await expect(market('2026-02-01 00:00:00.000', 'month')).rejects.toThrow('granularity is day or week')
  await expect(market('2020-01-01 00:00:00.000', 'day', 2)).rejects.toThrow('by_buyer is 0 or 1')
})
