/** revenue_daily: given ledger rows, expected rows. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ledger_row, type Served, serve_warehouse } from './served-warehouse.ts'

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
  await served.fill('ledger', [
    ledger_row({ event_id: 'a', occurred_at: '2025-03-01T00:00:00.000Z', amount_minor: 1999 }),
    ledger_row({ event_id: 'b', occurred_at: '2025-03-01T23:59:59.999Z', amount_minor: 0 }),
    ledger_row({ event_id: 'c', occurred_at: '2025-03-02T00:00:00.000Z', amount_minor: 500 }),
    ledger_row({
      event_id: 'd',
      occurred_at: '2025-03-02T01:00:00.000Z',
      type: 'refunded',
      amount_minor: -1999,
    }),
    ledger_row({
      event_id: 'e',
      occurred_at: '2025-03-02T02:00:00.000Z',
      type: 'chargeback',
      amount_minor: -100,
    }),
    ledger_row({
      event_id: 'f',
      occurred_at: '2025-03-02T03:00:00.000Z',
      currency: 'JPY',
      amount_minor: 300,
    }),
    ledger_row({ event_id: 'g', occurred_at: '2025-03-02T03:00:00.000Z', tenant_id: 't2', amount_minor: 7 }),
    // Inserted twice, as after a restart of the sink: one row.
    ledger_row({ event_id: 'a', occurred_at: '2025-03-01T00:00:00.000Z', amount_minor: 1999 }),
  ])
})
afterAll(() => served.stop())

const daily = (as_of: string) =>
  served.warehouse.query(
    `SELECT * FROM revenue_daily(as_of = {as_of:DateTime64(3, 'UTC')}) ORDER BY tenant_id, day, currency`,
    { as_of },
  )
const row = (tenant_id: string, day: string, currency: string, money: readonly number[]) => {
  const [gross_minor, refunds_minor, net_minor, payments] = money
  return { tenant_id, day, currency, gross_minor, refunds_minor, net_minor, payments }
}

it('sums each day, counting payments of nothing and keeping refunds positive', async () => {
  expect(await daily('2026-01-01 00:00:00.000')).toEqual([
    row('t1', '2025-03-01', 'USD', [1999, 0, 1999, 2]),
    row('t1', '2025-03-02', 'JPY', [300, 0, 300, 1]),
    row('t1', '2025-03-02', 'USD', [500, 2099, -1599, 1]),
    row('t2', '2025-03-02', 'USD', [7, 0, 7, 1]),
  ])
})

it('holds only what happened before as_of', async () => {
  expect(await daily('2025-03-01 23:59:59.999')).toEqual([row('t1', '2025-03-01', 'USD', [1999, 0, 1999, 1])])
  expect(await daily('2025-03-01 00:00:00.000')).toEqual([])
})
