/** subscription_mrr: given events, recurring revenue and what moved it, by month, week and day. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Served, serve_warehouse } from './served-warehouse.ts'
import { subscription_event as event } from './subscription-events.ts'

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
  const of = (customer_id: string, mrr_minor?: number) => ({ customer_id, ...(mrr_minor && { mrr_minor }) })
  await served.fill('payments', [
    // January: three come. March: c1 grows, c2 shrinks, c3 leaves and comes back for less, c4 comes and goes.
    event('a', 'started', '01-10', of('c1', 1000)),
    event('b', 'started', '01-20', of('c2', 600)),
    event('c', 'started', '01-31T23:59', of('c3', 400)),
    event('d', 'changed', '03-01', of('c1', 1500)),
    event('e', 'changed', '03-02', of('c2', 500)),
    event('f', 'cancelled', '03-03', of('c3')),
    event('g', 'started', '03-04', of('c3', 100)),
    event('h', 'started', '03-05', of('c4', 50)),
    event('i', 'cancelled', '03-06', of('c4')),
    // April: c2 pauses and stays, c3 leaves.
    event('j', 'changed', '04-01', { ...of('c2'), properties: { paused: 'true' } }),
    event('k', 'cancelled', '04-02', of('c3')),
    event('l', 'started', '04-30', { ...of('c1', 5), subscription_id: 's9', currency: 'JPY' }),
  ])
})
afterAll(() => served.stop())

const MONEY = `start_minor, new_minor, expansion_minor, contraction_minor, churn_minor, reactivation_minor,
  end_minor`
const PEOPLE = 'customers_start, new_customers, reactivated_customers, churned_customers, customers_end'
const RATIOS = 'growth_ratio, quick_ratio, net_retention_ratio, gross_retention_ratio, customer_churn_ratio'

const mrr = async (columns: string, granularity: string, as_of: string, currency = 'USD') => {
  const found = await served.warehouse.query<Record<string, unknown>>(
    `SELECT period_start, ${columns}
     FROM subscription_mrr(as_of = {as_of:DateTime64(3, 'UTC')}, granularity = {granularity:String})
     WHERE currency = {currency:String} ORDER BY period_start`,
    { as_of, granularity, currency },
  )
  return found.map(row => Object.values(row))
}
const MAY = '2025-05-01 00:00:00.000'

it('starts each month where the last one ended, and moves by the five movements', async () => {
  expect(await mrr(MONEY, 'month', MAY)).toEqual([
    ['2025-01-01', 0, 2000, 0, 0, 0, 0, 2000],
    ['2025-02-01', 2000, 0, 0, 0, 0, 0, 2000],
    ['2025-03-01', 2000, 50, 500, -100, -450, 100, 2100],
    ['2025-04-01', 2100, 0, 0, -500, -100, 0, 1500],
  ])
  expect(await mrr(MONEY, 'month', MAY, 'JPY')).toEqual([['2025-04-01', 0, 5, 0, 0, 0, 0, 5]])
})

it('counts customers, of whom a paused one is one', async () => {
  expect(await mrr(`${PEOPLE}, arr_minor, arpu_minor`, 'month', MAY)).toEqual([
    ['2025-01-01', 0, 3, 0, 0, 3, 24_000, 667],
    ['2025-02-01', 3, 0, 0, 0, 3, 24_000, 667],
    ['2025-03-01', 3, 1, 1, 2, 3, 25_200, 700],
    ['2025-04-01', 3, 0, 0, 1, 2, 18_000, 750],
  ])
})

it('compares with the start: who came later is in no retention, and no ratio has 0 below it', async () => {
  expect(await mrr(RATIOS, 'month', MAY)).toEqual([
    ['2025-01-01', null, null, null, null, null],
    ['2025-02-01', 0, null, 1, 1, 0],
    ['2025-03-01', 100 / 2000, 650 / 550, 2100 / 2000, 1600 / 2000, 0],
    ['2025-04-01', -600 / 2100, 0, 1500 / 2100, 1500 / 2100, 1 / 3],
  ])
})

it('says which period still runs, and knows nothing from as_of on', async () => {
  expect(await mrr('complete, end_minor', 'month', '2025-03-03 00:00:00.000')).toEqual([
    ['2025-01-01', 1, 2000],
    ['2025-02-01', 1, 2000],
    ['2025-03-01', 0, 2400],
  ])
  expect(await mrr('complete', 'month', '2025-01-10 00:00:00.000')).toEqual([])
})

it('has weeks from Monday on, and every day', async () => {
  const weeks = await mrr('start_minor, end_minor, complete', 'week', '2025-01-27 00:00:00.001')
  expect(weeks).toEqual([
    ['2025-01-06', 0, 1000, 1],
    ['2025-01-13', 1000, 1000, 1],
    ['2025-01-20', 1000, 1600, 1],
    ['2025-01-27', 1600, 1600, 0],
  ])
  const days = await mrr('start_minor, end_minor, complete', 'day', '2025-03-05 00:00:00.000')
  expect(days).toHaveLength(54)
  expect(days.slice(-3)).toEqual([
    ['2025-03-02', 2500, 2400, 1],
    ['2025-03-03', 2400, 2000, 1],
    ['2025-03-04', 2000, 2100, 1],
  ])
})

it('refuses another granularity in a sentence', async () => {
  await expect(mrr('complete', 'year', MAY)).rejects.toThrow('granularity must be day, week or month')
})
