/** revenue_cohort: given ledger rows, expected rows. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ledger_row, type Served, serve_warehouse } from './served-warehouse.ts'

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
  await served.fill('ledger', [
    ledger_row({
      event_id: 'a',
      customer_id: 'c1',
      occurred_at: '2025-01-31T23:00:00.000Z',
      amount_minor: 1000,
    }),
    ledger_row({
      event_id: 'b',
      customer_id: 'c1',
      occurred_at: '2025-01-31T23:30:00.000Z',
      amount_minor: 0,
    }),
    ledger_row({
      event_id: 'c',
      customer_id: 'c2',
      occurred_at: '2025-01-05T00:00:00.000Z',
      amount_minor: 200,
    }),
    ledger_row({
      event_id: 'd',
      customer_id: 'c1',
      occurred_at: '2025-03-01T00:00:00.000Z',
      amount_minor: 300,
    }),
    ledger_row({
      event_id: 'e',
      customer_id: 'c1',
      type: 'refunded',
      occurred_at: '2025-03-02T00:00:00.000Z',
      amount_minor: -500,
    }),
    ledger_row({
      event_id: 'f',
      customer_id: 'c3',
      occurred_at: '2025-03-09T00:00:00.000Z',
      amount_minor: 40,
    }),
    // A chargeback by somebody who never bought belongs to no cohort.
    ledger_row({
      event_id: 'g',
      customer_id: 'c4',
      type: 'chargeback',
      occurred_at: '2025-03-09T00:00:00.000Z',
      amount_minor: -9,
    }),
    // Another currency is another cohort, and its months end with its own last movement.
    ledger_row({
      event_id: 'h',
      customer_id: 'c1',
      currency: 'EUR',
      occurred_at: '2025-02-01T00:00:00.000Z',
    }),
  ])
})
afterAll(() => served.stop())

const cohorts = (as_of: string) =>
  served.warehouse.query<Record<string, unknown>>(
    `SELECT * FROM revenue_cohort(as_of = {as_of:DateTime64(3, 'UTC')})
     ORDER BY tenant_id, currency, cohort_month, months_since`,
    { as_of },
  )
const row = (currency: string, cohort_month: string, numbers: readonly number[]) => {
  const [months_since, customers, active_customers, purchase_days, payments, revenue_minor] = numbers
  return {
    tenant_id: 't1',
    currency,
    cohort_month,
    months_since,
    customers,
    active_customers,
    purchase_days,
    payments,
    revenue_minor,
  }
}

it('follows each cohort month by month, with zeros where nothing happened', async () => {
  expect(await cohorts('2026-01-01 00:00:00.000')).toEqual([
    row('EUR', '2025-02-01', [0, 1, 1, 1, 1, 1000]),
    row('USD', '2025-01-01', [0, 2, 2, 2, 3, 1200]),
    row('USD', '2025-01-01', [1, 2, 0, 0, 0, 0]),
    row('USD', '2025-01-01', [2, 2, 1, 1, 1, -200]),
    row('USD', '2025-03-01', [0, 1, 1, 1, 1, 40]),
  ])
})

it('knows nothing of what happens from as_of on', async () => {
  expect(await cohorts('2025-03-01 00:00:00.000')).toEqual([
    row('EUR', '2025-02-01', [0, 1, 1, 1, 1, 1000]),
    row('USD', '2025-01-01', [0, 2, 2, 2, 3, 1200]),
  ])
})
