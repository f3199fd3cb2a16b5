/** segment_lifetime: given ledger rows and predictions, expected rows. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ledger_row, type Served, serve_warehouse } from './served-warehouse.ts'

let served: Served
const foretold = (customer_id: string, day: string, expected_value_minor: number, more = {}) => ({
  _key: `t1|${customer_id}`,
  event_id: 'USD',
  tenant_id: 't1',
  customer_id,
  occurred_at: `${day}T00:00:00.000Z`,
  revision: Date.parse(day),
  currency: 'USD',
  model: 'pareto_nbd',
  horizon_weeks: 52,
  p_alive: 0.5,
  expected_purchases: 2,
  expected_value_minor,
  ...more,
})
/** What a run said of the models as of a day. */
const ran = (day: string, chosen: 'pareto_nbd' | 'bg_nbd' | null) =>
  served.fill(
    'lifetime_models',
    ['pareto_nbd', 'bg_nbd'].map(model => ({
      _key: 't1',
      event_id: `${model}|USD|${Date.parse(day)}`,
      tenant_id: 't1',
      occurred_at: `${day}T00:00:00.000Z`,
      currency: 'USD',
      model,
      customers: 2,
      parameters: [],
      log_likelihood: null,
      refused: chosen === null ? 'too few customers' : null,
      chosen: model === chosen,
    })),
  )
beforeAll(async () => {
  served = await serve_warehouse()
  await ran('2025-01-03', 'pareto_nbd')
  await ran('2025-01-21', 'pareto_nbd')
  await served.fill('ledger', [
    ledger_row({ event_id: 'a', customer_id: 'c1', occurred_at: '2025-01-01T00:00:00.000Z' }),
    ledger_row({ event_id: 'b', customer_id: 'c2', occurred_at: '2025-01-20T00:00:00.000Z' }),
    ledger_row({ event_id: 'c', customer_id: 'c3', occurred_at: '2025-01-21T00:00:00.000Z' }),
    ledger_row({
      event_id: 'd',
      customer_id: 'c1',
      occurred_at: '2025-01-01T00:00:00.000Z',
      currency: 'EUR',
    }),
  ])
  await served.fill('lifetime_values', [foretold('c1', '2025-01-03', 700)])
  await served.fill('lifetime_values', [foretold('c1', '2025-01-21', 300)])
  await served.fill('lifetime_values', [foretold('c2', '2025-01-21', 900), foretold('c9', '2025-01-21', 1)])
})
afterAll(() => served.stop())

const lifetime = (as_of: string) =>
  served.warehouse.query<Record<string, unknown>>(
    `SELECT customer_id, currency, segment, recency_days, purchase_days, money_minor, toDate(foretold_at) AS day,
       model, horizon_weeks, p_alive, expected_purchases, expected_value_minor
     FROM segment_lifetime(as_of = {as_of:DateTime64(3, 'UTC')}) ORDER BY customer_id`,
    { as_of },
  )

it('gives the newest prediction of each customer, with the segment of as_of', async () => {
  const said = { currency: 'USD', purchase_days: 1, money_minor: 1000, day: '2025-01-21' }
  const model = { model: 'pareto_nbd', horizon_weeks: 52, p_alive: 0.5, expected_purchases: 2 }
  expect(await lifetime('2025-01-22 00:00:00.000')).toEqual([
    {
      customer_id: 'c1',
      segment: 'hibernating',
      recency_days: 20,
      expected_value_minor: 300,
      ...said,
      ...model,
    },
    {
      customer_id: 'c2',
      segment: 'hibernating',
      recency_days: 1,
      expected_value_minor: 900,
      ...said,
      ...model,
    },
  ])
})

it('has no row for a moment before the newest run', async () => {
  expect(await lifetime('2025-01-20 23:59:59.999')).toEqual([])
})

it('has no row of a run that was done again and says otherwise', async () => {
  await ran('2025-01-21', 'bg_nbd')
  expect(await lifetime('2025-01-22 00:00:00.000')).toEqual([])
  await served.fill('lifetime_values', [foretold('c2', '2025-01-21', 800, { model: 'bg_nbd' })])
  expect(await lifetime('2025-01-22 00:00:00.000')).toMatchObject([
    { customer_id: 'c2', model: 'bg_nbd', expected_value_minor: 800 },
  ])
  await ran('2025-01-21', null)
  expect(await lifetime('2025-01-22 00:00:00.000')).toEqual([])
})
