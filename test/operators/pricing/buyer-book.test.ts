/** Caps of an hour and a day, the buffer, demand with hysteresis, pacing, and clocks that are set back. */
import { expect, it } from 'vitest'
import { local_time } from '../../../operators/core/zone-clock.ts'
import {
  type Book,
  EMPTY_BOOK,
  give_back,
  sellable,
  take,
  usage_of,
} from '../../../operators/pricing/buyer-book.ts'
import { default_pricing } from '../../../operators/pricing/pricing-policy.ts'
import { type Buyer, buyers_of } from '../../../operators/pricing/read-buyers.ts'
import { default_routing, type RoutingPolicy } from '../../../operators/pricing/routing-policy.ts'
import { hours, minutes } from '../../../schemas/units.ts'

const T = Date.UTC(2026, 0, 5)
const buyer = (more: object): Buyer =>
  (buyers_of({ buyers: [{ buyer_id: 'a', tier: 'premium', ...more }] }) as readonly Buyer[])[0] as Buyer
const sold = (book: Book, of: Buyer, at_ms: number, n = 1, stream_time_ms = at_ms, zone = 'UTC'): Book =>
  Array.from({ length: n }).reduce<Book>(
    sofar =>
      take(sofar, of, { zone, at_ms, stream_time_ms, level_minor: 100, currency: 'USD' }, default_pricing),
    book,
  )
const usage = (book: Book, of: Buyer, at_ms: number, more: Partial<RoutingPolicy> = {}, zone = 'UTC') =>
  usage_of(book, of, local_time(zone, at_ms), at_ms, {
    pricing: default_pricing,
    routing: { ...default_routing, ...more },
  })

it('sells nine tenths of a cap, rounded down, but one of one', () => {
  expect([0, 1, 2, 5, 9, 10, 100].map(cap => sellable(cap, default_routing))).toEqual([0, 1, 1, 4, 8, 9, 90])
  expect(sellable(10, { ...default_routing, capacity_buffer: 0 })).toBe(10)
})

it('has room until the hour or the day is sold, and tells the fuller of both', () => {
  const of = buyer({ hourly_cap: 10, daily_cap: 20 })
  const nine = sold(EMPTY_BOOK, of, T, 9)
  expect(usage(EMPTY_BOOK, of, T)).toEqual({ utilization_ratio: 0, room: true, surging: false })
  expect(usage(sold(EMPTY_BOOK, of, T, 8), of, T)).toMatchObject({ utilization_ratio: 0.8, room: true })
  expect(usage(nine, of, T)).toMatchObject({ utilization_ratio: 0.9, room: false })
  expect(usage(nine, of, T + hours(1))).toMatchObject({ utilization_ratio: 0.45, room: true })
  const eighteen = sold(nine, of, T + hours(1), 9)
  expect(usage(eighteen, of, T + hours(2))).toMatchObject({ utilization_ratio: 0.9, room: false })
  expect(usage(eighteen, of, T + hours(24))).toMatchObject({ utilization_ratio: 0, room: true })
})

it('is free without caps, full with a cap of none', () => {
  expect(usage(EMPTY_BOOK, buyer({}), T)).toEqual({ utilization_ratio: null, room: true, surging: false })
  expect(usage(EMPTY_BOOK, buyer({ daily_cap: 0 }), T)).toEqual({
    utilization_ratio: 1,
    room: false,
    surging: false,
  })
})

it('is in demand from 80 % on, until it is below 70 %', () => {
  const of = buyer({ daily_cap: 10 })
  const surging = (book: Book) => usage(book, of, T).surging
  const { hour_number, day_number } = local_time('UTC', T)
  const back = (book: Book) => give_back(book, of, hour_number, day_number, default_pricing)
  const eight = sold(EMPTY_BOOK, of, T, 8)
  expect([surging(sold(EMPTY_BOOK, of, T, 7)), surging(eight)]).toEqual([false, true])
  const seven = back(eight)
  expect([surging(seven), surging(back(seven)), surging(sold(back(seven), of, T))]).toEqual([
    true,
    false,
    false,
  ])
})

it('spreads the day where it is paced: its share and an hour’s worth', () => {
  const of = buyer({ daily_cap: 80 })
  const room = (n: number, at_ms: number) =>
    usage(sold(EMPTY_BOOK, of, at_ms, n), of, at_ms, { pacing: true }).room
  // Of 72: 3 in the first hour, 39 by noon, all in the last hour.
  expect([room(2, T), room(3, T)]).toEqual([true, false])
  expect([room(38, T + hours(12)), room(39, T + hours(12))]).toEqual([true, false])
  expect([room(71, T + hours(23.5)), room(72, T + hours(23.5))]).toEqual([true, false])
  expect(usage(sold(EMPTY_BOOK, of, T, 3), of, T).room).toBe(true)
})

it('gives back to the hour and day that it was taken in, and nothing to those that are gone', () => {
  const of = buyer({ hourly_cap: 10, daily_cap: 10 })
  const { hour_number, day_number } = local_time('UTC', T)
  const later = sold(sold(EMPTY_BOOK, of, T, 2), of, T + hours(1), 1)
  const back = give_back(later, of, hour_number, day_number, default_pricing)
  expect(back.hours.map(({ taken_count }) => taken_count)).toEqual([1, 1])
  expect(back.days.map(({ taken_count }) => taken_count)).toEqual([2])
  const days_later = sold(later, of, T + hours(72), 1)
  expect(give_back(days_later, of, hour_number, day_number, default_pricing)).toEqual(days_later)
})

it('keeps a day behind stream time, and sells nothing before', () => {
  const of = buyer({ hourly_cap: 10 })
  const book = sold(sold(EMPTY_BOOK, of, T), of, T + hours(40))
  expect(book.hours).toHaveLength(1)
  expect(book.counted_from_ms).toBe(T + hours(16))
  expect([usage(book, of, T + hours(16)).room, usage(book, of, T + hours(16) - 1).room]).toEqual([
    true,
    false,
  ])
  // A late one moves nothing back.
  expect(sold(book, of, T + hours(20), 1, T + hours(40)).counted_from_ms).toBe(T + hours(16))
})

it('counts the hour that comes twice once', () => {
  const zone = 'America/New_York'
  const of = buyer({ hourly_cap: 2, zone })
  // 1 November 2026, 05:30 and 06:30 UTC: both are 1:30.
  const first = Date.UTC(2026, 10, 1, 5, 30)
  const book = sold(EMPTY_BOOK, of, first, 1, first, zone)
  expect(usage(book, of, first + hours(1), {}, zone).room).toBe(false)
  expect(usage(book, of, first + hours(2), {}, zone).room).toBe(true)
  // Also when the counters of the day before have just gone.
  const next = sold(book, of, first + hours(25) - minutes(1), 1, first + hours(25) - minutes(1), zone)
  expect(usage(next, of, first + hours(1), {}, zone).room).toBe(false)
})
