/** subscription_step: given events, the state and revenue that each leaves its subscription in. */
import { afterAll, beforeEach, expect, it } from 'vitest'
import { type Served, serve_warehouse } from './served-warehouse.ts'
import { subscription_event as event, LATER } from './subscription-events.ts'

const served: Served = await serve_warehouse()
afterAll(() => served.stop())
beforeEach(() => served.empty('payments'))

/** What each event leaves: id, state, source of the price, price a month, revenue before and after. */
const steps = async (rows: readonly object[], as_of = LATER): Promise<unknown[][]> => {
  await served.fill('payments', rows)
  const found = await served.warehouse.query<Record<string, unknown>>(
    `SELECT event_id, state, price_source, price_minor, mrr_before_minor, mrr_minor
     FROM subscription_step(as_of = {as_of:DateTime64(3, 'UTC')}) ORDER BY subscription_id, step`,
    { as_of },
  )
  return found.map(row => Object.values(row))
}

it('takes events in the order of their time, however they came, each once', async () => {
  const rows = [
    event('d', 'cancelled', '04-01'),
    event('b', 'changed', '02-01', { mrr_minor: 9900 }),
    event('c', 'renewed', '03-01'),
    event('a', 'started', '01-01', { mrr_minor: 4900 }),
    event('e', 'renewed', '05-01'),
  ]
  expect(await steps(rows)).toEqual([
    ['a', 'active', 'mrr', 4900, 0, 4900],
    ['b', 'active', 'mrr', 9900, 4900, 9900],
    ['c', 'active', 'carried', 9900, 9900, 9900],
    ['d', 'cancelled', 'carried', 9900, 9900, 0],
    ['e', 'active', 'carried', 9900, 0, 9900],
  ])
  // Inserted again, as after a restart of the sink.
  expect(await steps(rows.slice(3, 4), '2025-02-01 00:00:00.000')).toEqual([
    ['a', 'active', 'mrr', 4900, 0, 4900],
  ])
})

it('takes what happens at one instant as started, changed, renewed, cancelled', async () => {
  const at = '01-01T10:00'
  const rows = [
    event('a', 'cancelled', at),
    event('b', 'renewed', at, { mrr_minor: 300 }),
    event('d', 'changed', at, { mrr_minor: 200 }),
    event('c', 'changed', at, { mrr_minor: 250 }),
    event('e', 'started', at, { mrr_minor: 100 }),
  ]
  expect((await steps(rows)).map(([id, , , , , mrr]) => [id, mrr])).toEqual([
    ['e', 100],
    ['c', 250],
    ['d', 200],
    ['b', 300],
    ['a', 0],
  ])
})

it.each([
  ['a month, when nothing is said', 4999, {}, 'amount', 4999],
  ['a day', 100, { interval: 'day' }, 'amount', 3042],
  ['a week', 100, { interval: 'week' }, 'amount', 433],
  ['two weeks', 100, { interval: 'week', interval_count: '2' }, 'amount', 217],
  ['a quarter, half a cent upward', 1000, { interval: 'quarter', interval_count: '2' }, 'amount', 167],
  ['six months of 9 cents: 1.5', 9, { interval: 'month', interval_count: '6' }, 'amount', 2],
  ['a year', 12_000, { interval: 'year' }, 'amount', 1000],
  ['a year with a discount', 12_000, { interval: 'year', discount_minor: '1200' }, 'amount', 900],
  ['a discount of more than all', 500, { discount_minor: '501' }, 'amount', 0],
  ['the largest amount', 2 ** 53 - 1, { interval: 'year' }, 'amount', 750_599_937_895_083],
  ['an interval nobody knows', 500, { interval: 'fortnight' }, 'unreadable', 0],
  ['a count of nothing', 500, { interval_count: '0' }, 'unreadable', 0],
  ['a discount in words', 500, { discount_minor: 'half' }, 'unreadable', 0],
  ['a prorated part', 500, { prorated: 'true' }, 'carried', 0],
])('spreads an amount over its interval: %s', async (_, amount_minor, properties, source, price) => {
  const [row] = await steps([event('a', 'started', '01-01', { amount_minor, properties })])
  expect(row!.slice(2, 4)).toEqual([source, price])
})

it('takes an amount for all of its quantity, and keeps the price where none is told', async () => {
  const rows = [
    event('a', 'started', '01-01', { amount_minor: 3000, quantity: 3 }),
    event('b', 'changed', '01-02', {
      amount_minor: 700,
      mrr_minor: 2500,
      properties: { discount_minor: '9' },
    }),
    event('c', 'changed', '01-03', { amount_minor: 431, properties: { prorated: 'true' } }),
    event('d', 'changed', '01-04', { amount_minor: 800, properties: { interval: 'aeon' } }),
    event('e', 'changed', '01-05', { mrr_minor: 0 }),
  ]
  expect((await steps(rows)).map(([id, state, source, , , mrr]) => [id, state, source, mrr])).toEqual([
    ['a', 'active', 'amount', 3000],
    ['b', 'active', 'mrr', 2500],
    ['c', 'active', 'carried', 2500],
    ['d', 'active', 'unreadable', 2500],
    ['e', 'free', 'mrr', 0],
  ])
})

it('earns nothing in a trial, which ends with a renewal or its end, and nothing in a pause', async () => {
  const trial_ends_at = '2025-01-15T00:00:00Z'
  const rows = [
    event('a', 'started', '01-01', { amount_minor: 500, properties: { trial_ends_at } }),
    event('b', 'changed', '01-02', { amount_minor: 700 }),
    event('c', 'changed', '01-15'),
    event('d', 'changed', '02-01', { properties: { paused: 'true' } }),
    event('e', 'renewed', '02-09'),
    event('f', 'started', '01-01', {
      subscription_id: 's2',
      properties: { trial_ends_at: String(Date.UTC(2025, 0, 15)) },
    }),
    event('g', 'renewed', '01-02', { subscription_id: 's2', mrr_minor: 900 }),
    event('h', 'changed', '01-03', { subscription_id: 's2', mrr_minor: 950 }),
    event('i', 'started', '01-01', { subscription_id: 's3', mrr_minor: 60, properties: { trial: 'true' } }),
    event('j', 'changed', '01-05', { subscription_id: 's3' }),
    event('k', 'started', '01-01', { subscription_id: 's4', mrr_minor: 70, properties: { trial_ends_at } }),
    event('l', 'changed', '01-03', { subscription_id: 's4', properties: { trial: 'false' } }),
    event('m', 'changed', '01-04', { subscription_id: 's4' }),
  ]
  expect((await steps(rows)).map(([id, state, , , , mrr]) => [id, state, mrr])).toEqual([
    ['a', 'trial', 0],
    ['b', 'trial', 0],
    ['c', 'active', 700],
    ['d', 'paused', 0],
    ['e', 'active', 700],
    ['f', 'trial', 0],
    ['g', 'active', 900],
    ['h', 'active', 950],
    ['i', 'trial', 0],
    ['j', 'active', 60],
    ['k', 'trial', 0],
    ['l', 'active', 70],
    ['m', 'active', 70],
  ])
})

it('keeps customers and unnamed subscriptions apart, and knows the currency of the last price', async () => {
  await served.fill('payments', [
    event('a', 'started', '01-01', { subscription_id: null, mrr_minor: 1 }),
    event('b', 'changed', '01-02', { subscription_id: null, mrr_minor: 2, currency: 'EUR' }),
    event('c', 'cancelled', '01-03', { subscription_id: '', currency: 'USD' }),
    event('d', 'started', '01-01', { customer_id: 'c2', subscription_id: null, mrr_minor: 4 }),
    event('e', 'succeeded', '01-04', { mrr_minor: 8 }),
  ])
  const found = await served.warehouse.query(
    `SELECT event_id, subscription_id, currency_before, currency, mrr_before_minor, mrr_minor
     FROM subscription_step(as_of = '${LATER}') ORDER BY event_id`,
  )
  expect(found.map(row => Object.values(row as object))).toEqual([
    ['a', '', '', 'USD', 0, 1],
    ['b', '', 'USD', 'EUR', 1, 2],
    ['c', '', 'EUR', 'EUR', 2, 0],
    ['d', '', '', 'USD', 0, 4],
  ])
})
