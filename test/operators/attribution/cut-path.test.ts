import { expect, test } from 'vitest'
import {
  cut_path,
  first_payment,
  holds,
  new_conversion,
  sort_out,
  touch_id,
  touches_of,
} from '../../../operators/attribution/cut-path.ts'
import type { KeptConversion, KeptTouch } from '../../../schemas/types.ts'

const touch = (event_id: string, touched_at: number): KeptTouch => ({
  event_id,
  touched_at,
  channel: 'search',
  campaign: null,
  content_id: null,
  cost_minor: 0,
  cost_currency: 'EUR',
  anonymous: false,
})
const conversion = (
  event_id: string,
  path_ends_at: number,
  more: Partial<KeptConversion> = {},
): KeptConversion => ({
  event_id,
  occurred_at: path_ends_at,
  revision: 0,
  type: 'payment_succeeded',
  payment_id: null,
  amount_minor: 100,
  currency: 'EUR',
  path_ends_at,
  ...more,
})

test('a path holds its last instant, not the one lookback before it', () => {
  expect([90, 91, 100, 101].map(at => holds(100, at, 10))).toEqual([false, true, true, false])
})

test('a path is cut to its newest touches, and the rest of it counted', () => {
  const touches = [touch('a', 1), touch('b', 5), touch('c', 6), touch('d', 7), touch('e', 99)]
  const ids = (most: number) => {
    const path = cut_path(touches, 10, { lookback_ms: 6, most })
    return [path.touches.map(({ event_id }) => event_id).join(''), path.left_out]
  }
  expect([ids(2), ids(3), ids(4)]).toEqual([
    ['cd', 1],
    ['bcd', 0],
    ['bcd', 0],
  ])
})

test('touches are sorted by time, then event_id; ids tell visitors apart whatever is in their names', () => {
  const parts = [touch('b', 5), touch('a', 5), touch('z', -9)].map(
    t => [touch_id(t, ''), { touch: t, conversion: null }] as const,
  )
  expect(touches_of(parts).map(({ event_id }) => event_id)).toEqual(['z', 'a', 'b'])
  expect(touch_id(touch('b|c', 0), 'a')).not.toBe(touch_id(touch('c', 0), 'a|b'))
  expect(touch_id(touch('a', -2_208_988_800_000), '') < touch_id(touch('a', 10_413_791_999_999), '')).toBe(
    true,
  )
})

test('the first payment is the earliest, and no refund', () => {
  const refund = conversion('r', 1, { type: 'refunded' })
  expect(first_payment([refund])).toBeUndefined()
  expect(first_payment([conversion('b', 5), conversion('a', 5), refund])?.event_id).toBe('a')
})

test('money has the sign of the ledger, and nothing else is a conversion', () => {
  const payment = {
    event_id: 'e',
    tenant_id: 'acme',
    occurred_at: 7,
    payment_id: 'p',
    amount_minor: 5,
    currency: 'JPY',
  }
  const signed = (['payment_succeeded', 'refunded', 'chargeback', 'payment_failed'] as const).map(
    type => new_conversion({ ...payment, type })?.amount_minor,
  )
  expect(signed).toEqual([5, -5, -5, undefined])
  expect(Object.is(new_conversion({ ...payment, type: 'refunded', amount_minor: 0 })?.amount_minor, 0)).toBe(
    true,
  )
})

test('a touch stays as long as a payment may come or a kept path holds it', () => {
  const policy = { lookback_ms: 10, keep_ms: 20 }
  const parts = [
    ['c|1', { touch: null, conversion: conversion('1', 15) }],
    ['t|a', { touch: touch('a', 5), conversion: null }],
    ['t|b', { touch: touch('b', 6), conversion: null }],
    ['t|c', { touch: touch('c', 25), conversion: null }],
  ] as const
  expect(sort_out(parts, 34, policy)).toEqual({ gone: ['t|a'], touches: 2, ends: [15], over_ms: 35 })
  expect(sort_out(parts, 35, policy)).toEqual({
    gone: ['c|1', 't|a', 't|b', 't|c'],
    touches: 0,
    ends: [],
    over_ms: null,
  })
})
