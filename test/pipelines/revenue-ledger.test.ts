import { expect } from 'vitest'
import { days, hours } from '../../schemas/units.ts'
import { scenario } from '../driver/scenario.ts'

const T = Date.UTC(2026, 0, 5)
const pay = (
  event_id: string,
  at: number,
  amount_minor: number,
  type = 'payment_succeeded',
  customer_id = 'ada',
) =>
  ({
    event_id,
    tenant_id: 'acme',
    customer_id,
    occurred_at: T + at,
    type,
    amount_minor,
    currency: 'EUR',
    quantity: 1,
  }) as never
const touch = (event_id: string, at: number, channel: string, more: object = {}) =>
  ({
    event_id,
    tenant_id: 'acme',
    customer_id: 'ada',
    occurred_at: T + at,
    channel,
    interaction: 'click',
    currency: 'EUR',
    ...more,
  }) as never

scenario('payments, refunds and chargebacks become signed rows; other events move nothing', 'customer', d => {
  d.send('payments', [
    pay('p1', 0, 1999),
    pay('p2', 10, 0),
    pay('a1', 20, 1999, 'payment_attempted'),
    pay('r1', 30, 500, 'refunded'),
    pay('c1', 40, 1499, 'chargeback'),
  ])
  d.run()
  expect(d.outputs('ledger').map(row => [row.cause_event_id, row.type, row.amount_minor])).toEqual([
    ['p1', 'payment_succeeded', 1999],
    ['p2', 'payment_succeeded', 0],
    ['r1', 'refunded', -500],
    ['c1', 'chargeback', -1499],
  ])
  expect(d.outputs('movements')).toHaveLength(4)
  expect(d.outcomes.processed).toBe(5)
})

scenario('the row carries channel, campaign and content of the latest touch before it', 'customer', d => {
  d.send('payments', [pay('p0', 0, 100)])
  d.send('touchpoints', [
    touch('t1', 100, 'ads', { campaign: 'spring', content_id: 'teaser' }),
    touch('t0', 50, 'mail'),
  ])
  d.send('payments', [pay('p1', 200, 100), pay('old', 60, 100)])
  d.run()
  expect(d.outputs('ledger').map(row => [row.channel, row.campaign, row.content_id])).toEqual([
    [null, null, null],
    ['ads', 'spring', 'teaser'],
    [null, null, null],
  ])
  expect(d.outputs('movements').map(row => row.channel)).toEqual(['none', 'ads', 'none'])
})

scenario('a movement counts however late it comes', 'customer', d => {
  d.send('payments', [pay('p1', days(400), 100), pay('p2', 0, 250)])
  d.run()
  expect(d.outputs('ledger').map(row => row.amount_minor)).toEqual([100, 250])
  expect(d.outcomes.late).toBe(0)
})

scenario('an id used again with another body is a dead letter, and the first stands', 'customer', d => {
  d.send('payments', [pay('p1', 0, 100), pay('p1', 0, 900), pay('p2', hours(1), 5)])
  d.run()
  expect(d.outputs('ledger').map(row => row.amount_minor)).toEqual([100, 5])
  const letters = d.outputs('dead_letters')
  expect(new Set(letters.map(letter => letter.reason))).toEqual(new Set(['CONFLICT']))
  expect(letters.every(letter => letter.value && letter.value.length > 10)).toBe(true)
})
