/** subscription_movement: given events, the movements of the customers' revenue, each with its cause. */
import { afterAll, beforeEach, expect, it } from 'vitest'
import { type Served, serve_warehouse } from './served-warehouse.ts'
import { subscription_event as event, LATER } from './subscription-events.ts'

const served: Served = await serve_warehouse()
afterAll(() => served.stop())
beforeEach(() => served.empty('payments'))

const movements = async (rows: readonly object[], as_of = LATER): Promise<unknown[][]> => {
  await served.fill('payments', rows)
  const found = await served.warehouse.query<Record<string, unknown>>(
    `SELECT customer_id, currency, number, event_id, movement, mrr_before_minor, amount_minor, mrr_after_minor
     FROM subscription_movement(as_of = {as_of:DateTime64(3, 'UTC')}) ORDER BY customer_id, currency, number`,
    { as_of },
  )
  return found.map(row => Object.values(row))
}
const second = { subscription_id: 's2' }

it('names the five movements of a customer with two subscriptions', async () => {
  const rows = [
    event('a', 'started', '01-01', { mrr_minor: 1000 }),
    event('b', 'renewed', '02-01', { mrr_minor: 1000 }),
    event('c', 'started', '02-05', { ...second, mrr_minor: 300 }),
    event('d', 'changed', '02-06', { mrr_minor: 800 }),
    event('e', 'cancelled', '03-01'),
    event('f', 'cancelled', '03-02', second),
    event('g', 'started', '05-01', { subscription_id: 's3', mrr_minor: 500 }),
  ]
  expect(await movements(rows)).toEqual([
    ['c1', 'USD', 1, 'a', 'new', 0, 1000, 1000],
    ['c1', 'USD', 2, 'c', 'expansion', 1000, 300, 1300],
    ['c1', 'USD', 3, 'd', 'contraction', 1300, -200, 1100],
    ['c1', 'USD', 4, 'e', 'contraction', 1100, -800, 300],
    ['c1', 'USD', 5, 'f', 'churn', 300, -300, 0],
    ['c1', 'USD', 6, 'g', 'reactivation', 0, 500, 500],
  ])
  expect(await movements([], '2025-02-05 00:00:00.000')).toHaveLength(1)
})

it('changes its mind when a start comes late: what looked new was expansion', async () => {
  expect(await movements([event('b', 'started', '02-01', { ...second, mrr_minor: 5 })])).toEqual([
    ['c1', 'USD', 1, 'b', 'new', 0, 5, 5],
  ])
  const late = [event('a', 'started', '01-01', { mrr_minor: 7 }), event('c', 'cancelled', '01-20')]
  expect(await movements(late)).toEqual([
    ['c1', 'USD', 1, 'a', 'new', 0, 7, 7],
    ['c1', 'USD', 2, 'c', 'churn', 7, -7, 0],
    ['c1', 'USD', 3, 'b', 'reactivation', 0, 5, 5],
  ])
})

it('keeps a paused or free customer; who leaves from there takes 0 away', async () => {
  const of = (customer_id: string) => ({ customer_id })
  const rows = [
    event('a', 'started', '01-01', { mrr_minor: 90 }),
    event('b', 'changed', '02-01', { properties: { paused: 'true' } }),
    event('c', 'changed', '03-01'),
    event('d', 'changed', '04-01', { mrr_minor: 0 }),
    event('e', 'cancelled', '05-01'),
    event('f', 'renewed', '06-01', { mrr_minor: 20 }),
    // Free from the start, and never more: nobody's customer.
    event('g', 'started', '01-01', of('c2')),
    event('h', 'cancelled', '02-01', of('c2')),
    // A trial beside does not keep a customer.
    event('i', 'started', '01-01', { ...of('c3'), mrr_minor: 50 }),
    event('j', 'started', '01-02', { ...of('c3'), ...second, properties: { trial: 'true' } }),
    event('k', 'cancelled', '01-03', of('c3')),
    event('l', 'renewed', '01-04', { ...of('c3'), ...second, mrr_minor: 60 }),
  ]
  expect(await movements(rows)).toEqual([
    ['c1', 'USD', 1, 'a', 'new', 0, 90, 90],
    ['c1', 'USD', 2, 'b', 'contraction', 90, -90, 0],
    ['c1', 'USD', 3, 'c', 'expansion', 0, 90, 90],
    ['c1', 'USD', 4, 'd', 'contraction', 90, -90, 0],
    ['c1', 'USD', 5, 'e', 'churn', 0, 0, 0],
    ['c1', 'USD', 6, 'f', 'reactivation', 0, 20, 20],
    ['c3', 'USD', 1, 'i', 'new', 0, 50, 50],
    ['c3', 'USD', 2, 'k', 'churn', 50, -50, 0],
    ['c3', 'USD', 3, 'l', 'reactivation', 0, 60, 60],
  ])
})

it('never adds currencies: a move to another is churn in one and new in the other', async () => {
  const rows = [
    event('a', 'started', '01-01', { mrr_minor: 100 }),
    event('b', 'changed', '02-01', { mrr_minor: 80, currency: 'EUR' }),
    event('c', 'changed', '03-01', { mrr_minor: 110 }),
  ]
  expect(await movements(rows)).toEqual([
    ['c1', 'EUR', 1, 'b', 'new', 0, 80, 80],
    ['c1', 'EUR', 2, 'c', 'churn', 80, -80, 0],
    ['c1', 'USD', 1, 'a', 'new', 0, 100, 100],
    ['c1', 'USD', 2, 'b', 'churn', 100, -100, 0],
    ['c1', 'USD', 3, 'c', 'reactivation', 0, 110, 110],
  ])
})

it('takes a plan that replaces another at the same instant for one customer who stays', async () => {
  const rows = [
    event('a', 'started', '01-01', { mrr_minor: 100 }),
    event('b', 'cancelled', '02-01T10:00'),
    event('c', 'started', '02-01T10:00', { ...second, mrr_minor: 150 }),
  ]
  expect((await movements(rows)).map(row => row.slice(3))).toEqual([
    ['a', 'new', 0, 100, 100],
    ['c', 'expansion', 100, 150, 250],
    ['b', 'contraction', 250, -100, 150],
  ])
})
