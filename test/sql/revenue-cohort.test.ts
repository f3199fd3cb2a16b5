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

const cohorts = (as_of: string, granularity = 'month') =>
  served.warehouse.query<Record<string, unknown>>(
    `SELECT * FROM revenue_cohort(as_of = {as_of:DateTime64(3, 'UTC')}, granularity = {granularity:String})
     ORDER BY tenant_id, currency, cohort_start, periods_since`,
    { as_of, granularity },
  )
const NAMES = `periods_since customers active_customers retention_ratio purchase_days payments units
  revenue_minor cumulative_revenue_minor`.split(/\s+/)
const row = (currency: string, cohort_start: string, numbers: readonly number[]) => ({
  tenant_id: 't1',
  currency,
  cohort_start,
  ...Object.fromEntries(NAMES.map((name, i) => [name, numbers[i]])),
})

it('follows each cohort month by month, with zeros where nothing happened', async () => {
  expect(await cohorts('2026-01-01 00:00:00.000')).toEqual([
    row('EUR', '2025-02-01', [0, 1, 1, 1, 1, 1, 1, 1000, 1000]),
    row('USD', '2025-01-01', [0, 2, 2, 1, 2, 3, 3, 1200, 1200]),
    row('USD', '2025-01-01', [1, 2, 0, 0, 0, 0, 0, 0, 1200]),
    row('USD', '2025-01-01', [2, 2, 1, 0.5, 1, 1, 1, -200, 1000]),
    row('USD', '2025-03-01', [0, 1, 1, 1, 1, 1, 1, 40, 40]),
  ])
})

it('begins weeks on Monday: Sunday 9 March ends the week of 3 March', async () => {
  const weeks = await cohorts('2026-01-01 00:00:00.000', 'week')
  const moved = weeks.filter(week => week.revenue_minor !== 0 && week.currency === 'USD')
  expect(moved).toEqual([
    row('USD', '2024-12-30', [0, 1, 1, 1, 1, 1, 1, 200, 200]),
    row('USD', '2025-01-27', [0, 1, 1, 1, 1, 2, 2, 1000, 1000]),
    // 1 March is a Saturday, 2 March a Sunday: the fifth week, -500 in it.
    row('USD', '2025-01-27', [4, 1, 1, 1, 1, 1, 1, -200, 800]),
    row('USD', '2025-03-03', [0, 1, 1, 1, 1, 1, 1, 40, 40]),
  ])
  expect(weeks).toHaveLength(1 + 10 + 6 + 1)
})

it('goes day by day, up to the last day with money', async () => {
  const days = await cohorts('2026-01-01 00:00:00.000', 'day')
  expect(days.filter(day => day.cohort_start === '2025-01-31' && day.revenue_minor !== 0)).toEqual([
    row('USD', '2025-01-31', [0, 1, 1, 1, 1, 2, 2, 1000, 1000]),
    row('USD', '2025-01-31', [29, 1, 1, 1, 1, 1, 1, 300, 1300]),
    row('USD', '2025-01-31', [30, 1, 0, 0, 0, 0, 0, -500, 800]),
  ])
  expect(days.filter(day => day.cohort_start === '2025-01-31')).toHaveLength(38)
})

it('knows nothing of what happens from as_of on', async () => {
  expect(await cohorts('2025-03-01 00:00:00.000')).toEqual([
    row('EUR', '2025-02-01', [0, 1, 1, 1, 1, 1, 1, 1000, 1000]),
    row('USD', '2025-01-01', [0, 2, 2, 1, 2, 3, 3, 1200, 1200]),
  ])
})

it('refuses another granularity with a sentence', async () => {
  await expect(cohorts('2026-01-01 00:00:00.000', 'quarter')).rejects.toThrow(
    'granularity must be day, week or month',
  )
})
