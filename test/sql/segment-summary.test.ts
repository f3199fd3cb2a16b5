/** segment_summary: given ledger rows, expected rows. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ledger_row, type Served, serve_warehouse } from './served-warehouse.ts'

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
  const bought: [customer_id: string, days: number[], amount_minor: number][] = [
    ['c1', [1], 100],
    ['c2', [1], 300],
    ['c3', [1, 10], 100],
    ['c4', [1, 2, 20], 100],
    ['c5', [1, 2, 3, 28], 75],
  ]
  const rows = bought.flatMap(([customer_id, days, amount_minor]) =>
    days.map(day =>
      ledger_row({
        event_id: `${customer_id}-${day}`,
        customer_id,
        amount_minor,
        occurred_at: new Date(Date.UTC(2025, 0, day)).toISOString(),
      }),
    ),
  )
  await served.fill('ledger', [
    ...rows,
    ledger_row({
      event_id: 'eur',
      customer_id: 'c1',
      currency: 'EUR',
      amount_minor: 0,
      occurred_at: '2025-01-29T00:00:00Z',
    }),
  ])
})
afterAll(() => served.stop())

it('adds up customers, money and who came back, by segment', async () => {
  const rows = await served.warehouse.query<Record<string, unknown>>(
    `SELECT * EXCEPT tenant_id FROM segment_summary(as_of = '2025-01-31 00:00:00.000') ORDER BY currency DESC, customers DESC, segment`,
  )
  const row = (currency: string, segment: string, numbers: readonly (number | null)[]) => {
    const names = `customers customer_ratio revenue_minor revenue_ratio repeat_ratio mean_recency_days mean_purchase_days`
    return { currency, segment, ...Object.fromEntries(names.split(' ').map((name, i) => [name, numbers[i]])) }
  }
  expect(rows).toEqual([
    row('USD', 'hibernating', [2, 0.4, 400, 0.33333333333333331, 0, 29, 1]),
    row('USD', 'champions', [1, 0.2, 300, 0.25, 1, 2, 4]),
    row('USD', 'loyal', [1, 0.2, 300, 0.25, 1, 10, 3]),
    row('USD', 'need_attention', [1, 0.2, 200, 0.16666666666666666, 1, 20, 2]),
    // A customer alone is no worse than anybody, and no better: nobody is strictly worse.
    row('EUR', 'hibernating', [1, 1, 0, null, 0, 1, 1]),
  ])
})
