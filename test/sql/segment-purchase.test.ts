/** segment_purchase: given ledger rows, expected rows. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ledger_row, type Served, serve_warehouse } from './served-warehouse.ts'

let served: Served
const paid = (event_id: string, customer_id: string, day: string, amount_minor: number, more = {}) =>
  ledger_row({ event_id, customer_id, occurred_at: `${day}T12:00:00.000Z`, amount_minor, ...more })
beforeAll(async () => {
  served = await serve_warehouse()
  const rows = [
    paid('a', 'c1', '2025-01-01', 5000),
    // Twice on one day: one purchase of 7.00. The refund is no purchase and lowers none.
    paid('b', 'c1', '2025-01-15', 300),
    paid('c', 'c1', '2025-01-15', 400),
    paid('d', 'c1', '2025-01-16', -400, { type: 'refunded' }),
    paid('e', 'c1', '2025-01-22', 300),
    // Free is bought too.
    paid('f', 'c2', '2025-01-08', 0),
    paid('g', 'c2', '2025-01-09', 0),
    paid('h', 'c3', '2025-01-28', 100, { currency: 'EUR' }),
    paid('i', 'c4', '2025-01-28', -100, { type: 'chargeback' }),
    paid('j', 'c1', '2025-01-29', 900),
  ]
  await served.fill('ledger', rows.slice(4))
  // Out of order, and one twice: the ledger's key makes them one.
  await served.fill('ledger', [rows[3]!, rows[6]!, rows[0]!])
  await served.fill('ledger', [rows[2]!, rows[1]!])
})
afterAll(() => served.stop())

const purchases = (as_of: string) =>
  served.warehouse.query<Record<string, unknown>>(
    `SELECT * FROM segment_purchase(as_of = {as_of:DateTime64(3, 'UTC')}) ORDER BY currency DESC, customer_id`,
    { as_of },
  )
const row = (
  currency: string,
  customer_id: string,
  first_day: string,
  repeat_days: number[],
  age: number,
  mean = 0,
) => ({
  tenant_id: 't1',
  currency,
  customer_id,
  first_day,
  repeat_days,
  age_days: age,
  repeat_purchases: repeat_days.length,
  recency_weeks: (repeat_days.at(-1) ?? 0) / 7,
  age_weeks: age / 7,
  mean_repeat_minor: mean,
})

it('counts purchase days after the first, up to the last day before as_of', async () => {
  expect(await purchases('2025-01-29 00:00:00.000')).toEqual([
    row('USD', 'c1', '2025-01-01', [14, 21], 27, 500),
    row('USD', 'c2', '2025-01-08', [1], 20, 0),
    row('EUR', 'c3', '2025-01-28', [], 0),
  ])
})

it('takes the day of as_of as begun once a moment of it is before as_of', async () => {
  expect((await purchases('2025-01-29 00:00:00.001'))[0]).toMatchObject({ age_days: 28 })
  expect((await purchases('2025-01-30 00:00:00.000'))[0]).toEqual(
    row('USD', 'c1', '2025-01-01', [14, 21, 28], 28, 1900 / 3),
  )
})
