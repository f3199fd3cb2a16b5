/** subscription_economics: given events and what was spent, the cost and worth of a subscriber. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Served, serve_warehouse } from './served-warehouse.ts'
import { subscription_event as event } from './subscription-events.ts'

const spent = (event_id: string, day: string, minor: number, more = {}) => {
  const row = { _key: 't1|x', tenant_id: 't1', occurred_at: `2025-${day}T12:00:00.000Z`, currency: 'USD' }
  return { ...row, event_id, channel: 'search', cost_minor: minor, amount_minor: minor, ...more }
}
const touch = (...given: Parameters<typeof spent>) => {
  const { amount_minor: _, ...row } = spent(...given)
  return row
}
const paid = (...given: Parameters<typeof spent>) => {
  const { cost_minor: _, ...row } = spent(...given)
  return row
}

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
  const of = (customer_id: string, mrr_minor?: number) => ({ customer_id, ...(mrr_minor && { mrr_minor }) })
  await served.fill('payments', [
    event('a', 'started', '01-10', of('c1', 1000)),
    event('b', 'started', '01-20', of('c2', 600)),
    event('c', 'started', '01-21', of('c3', 500)),
    event('d', 'started', '01-31', of('c4', 900)),
    event('e', 'started', '02-10', of('c5', 500)),
    event('f', 'cancelled', '02-11', of('c2')),
  ])
  await served.fill('touchpoints', [
    touch('t', '01-02', 300),
    touch('u', '01-30', 101),
    touch('v', '02-28', 500),
    // Of another tenant, in another currency, before anybody subscribed, after it all.
    touch('w', '01-15', 9, { tenant_id: 't2' }),
    touch('x', '01-15', 9, { currency: 'EUR' }),
    touch('y', '03-01', 9),
  ])
  // Inserted again, as after a restart of the sink.
  await served.fill('touchpoints', [touch('u', '01-30', 101)])
  await served.fill('spend', [paid('a', '02-01', 2000), paid('b', '02-20', -500)])
})
afterAll(() => served.stop())

const economics = async (margin_ratio: number, granularity = 'month') => {
  const found = await served.warehouse.query<Record<string, unknown>>(
    `SELECT * EXCEPT (tenant_id, currency)
     FROM subscription_economics(
       as_of = '2025-03-01 00:00:00.000', granularity = {granularity:String},
       margin_ratio = {margin_ratio:Float64}
     ) ORDER BY period_start`,
    { margin_ratio, granularity },
  )
  return found
}

it('shares what touches and channels cost among those who came, and asks how long one stays', async () => {
  const [january, february, ...none] = await economics(0.8)
  expect(january).toEqual({
    period_start: '2025-01-01',
    complete: 1,
    spend_minor: 401,
    new_customers: 4,
    cac_minor: 100,
    arpu_minor: 750,
    customer_churn_ratio: null,
    ltv_minor: null,
    ltv_cac_ratio: null,
    payback_months: 100.25 / (750 * 0.8),
  })
  // One of four left: a customer stays four months, and pays 725 in each.
  expect(february).toEqual({
    period_start: '2025-02-01',
    complete: 1,
    spend_minor: 2000,
    new_customers: 1,
    cac_minor: 2000,
    arpu_minor: 725,
    customer_churn_ratio: 0.25,
    ltv_minor: 2320,
    ltv_cac_ratio: 1.16,
    payback_months: expect.closeTo(2000 / 580, 10),
  })
  expect(none).toEqual([])
})

it('counts months of life whatever the period, and leaves out what has nothing below it', async () => {
  const weeks = await economics(1, 'week')
  const left = weeks.find(week => week.period_start === '2025-02-10')
  // One of four left in a week: four weeks, 48 / 52 months.
  expect(left).toMatchObject({ customer_churn_ratio: 0.25, ltv_minor: Math.round((725 * 48) / 52) })
  expect(weeks.at(-1)).toMatchObject({ new_customers: 0, spend_minor: 500, cac_minor: null, ltv_minor: null })
  expect((await economics(0))[1]).toMatchObject({ ltv_minor: 0, ltv_cac_ratio: 0, payback_months: null })
})

it('refuses a margin that is no ratio in a sentence', async () => {
  await expect(economics(1.2)).rejects.toThrow('margin_ratio must be 0 to 1')
})
