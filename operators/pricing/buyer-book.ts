/**
 * Decides: how much of a buyer's hour and day is sold, whether there is room for one more, and whether demand is high.
 * Because: counters by local hour and day, changed only by a reservation or its release, are what caps are about. Of a
 *   cap one part (the buffer) is never sold. Demand is high from 80 % until it is below 70 % (hysteresis).
 * Keeps: per buyer a slot with the counters of the last day or so, the level of its last price and its answers (acceptance.ts).
 * When late: a lead is counted in the hour and day of its event time; before those that are kept nothing is sold.
 *   Twice: the router takes a lead once. Missing: without a cap there is always room.
 * Limits: when a buyer's zone is changed its running hour and day begin anew.
 */
import type { RoutingSlot } from '../../schemas/types.ts'
import { hours } from '../../schemas/units.ts'
import { type LocalTime, local_time } from '../core/zone-clock.ts'
import { NO_ANSWERS } from './answer-shares.ts'
import type { PricingPolicy } from './pricing-policy.ts'
import type { Buyer } from './read-buyers.ts'
import type { Policies } from './read-policies.ts'
import type { RoutingPolicy } from './routing-policy.ts'

export type Book = NonNullable<RoutingSlot['buyer']>
type Window = Book['hours'][number]

/** Counters stay so long behind stream time. */
export const COUNTED_MS = hours(24)
/** Where clocks are set back a later instant can lie in an earlier hour. */
const HOURS_SPARED = 2

export const EMPTY_BOOK: Book = {
  // 1900: events are not older.
  counted_from_ms: -2_208_988_800_000,
  hours: [],
  days: [],
  last_level_minor: 0,
  last_currency: '',
  last_sold_ms: 0,
  ...NO_ANSWERS,
  source: null,
}

/** What of a cap may be sold: all but the buffer, but one of a cap of one. */
export const sellable = (cap: number, { capacity_buffer }: RoutingPolicy): number =>
  cap === 0 ? 0 : Math.max(1, Math.floor((cap * (100 - capacity_buffer)) / 100))

export interface Usage {
  /** Of the fuller of hour and day; null without a cap. */
  readonly utilization_ratio: number | null
  readonly room: boolean
  readonly surging: boolean
}

const FREE: Usage = { utilization_ratio: null, room: true, surging: false }

export const usage_of = (
  book: Book,
  buyer: Buyer,
  time: LocalTime,
  at_ms: number,
  { pricing, routing }: Policies,
): Usage => {
  const { hourly_cap, daily_cap } = buyer
  if (hourly_cap === null && daily_cap === null) return FREE
  let utilization_ratio = 0
  let room = at_ms >= book.counted_from_ms
  let surging = false
  if (hourly_cap !== null) {
    const hour = window_of(book.hours, time.hour_number)
    const taken = hour?.taken_count ?? 0
    utilization_ratio = hourly_cap === 0 ? 1 : taken / hourly_cap
    room &&= taken < sellable(hourly_cap, routing)
    surging = is_high(hour, hourly_cap, pricing)
  }
  if (daily_cap !== null) {
    const day = window_of(book.days, time.day_number)
    const taken = day?.taken_count ?? 0
    utilization_ratio = Math.max(utilization_ratio, daily_cap === 0 ? 1 : taken / daily_cap)
    room &&= taken < paced(sellable(daily_cap, routing), time, routing)
    surging ||= is_high(day, daily_cap, pricing)
  }
  return { utilization_ratio, room, surging }
}

/** What of the day's leads may be sold by now: all, or its share of the day and an hour's worth. */
const paced = (leads: number, { day_share }: LocalTime, { pacing }: RoutingPolicy): number =>
  pacing ? Math.min(leads, Math.floor(leads * (day_share + 1 / 24))) : leads

const is_high = (window: Window | undefined, cap: number, { surge_on, surge_off }: PricingPolicy): boolean =>
  window !== undefined && cap > 0 && window.taken_count * 100 >= cap * (window.surging ? surge_off : surge_on)

/** The newest is at the end, and is asked for most. */
const window_of = (windows: readonly Window[], number: number): Window | undefined => {
  for (let i = windows.length - 1; i >= 0; i--) if (windows[i]?.number === number) return windows[i]
  return undefined
}

export interface Sale {
  readonly zone: string
  readonly at_ms: number
  readonly stream_time_ms: number
  /** Of its price: what the step of the next one is held against (price-terms.ts). */
  readonly level_minor: number
  readonly currency: string
}

/** The book with one more lead taken. */
export const take = (book: Book, buyer: Buyer, sale: Sale, pricing: PricingPolicy): Book => {
  const { zone, at_ms, level_minor, currency } = sale
  const time = local_time(zone, at_ms)
  const counted_from_ms = Math.max(book.counted_from_ms, Math.min(at_ms, sale.stream_time_ms) - COUNTED_MS)
  const from = local_time(zone, counted_from_ms)
  const kept = (windows: readonly Window[], least: number) => windows.filter(({ number }) => number >= least)
  return {
    ...book,
    counted_from_ms,
    hours: counted(
      kept(book.hours, from.hour_number - HOURS_SPARED),
      time.hour_number,
      1,
      buyer.hourly_cap,
      pricing,
    ),
    days: counted(kept(book.days, from.day_number - 1), time.day_number, 1, buyer.daily_cap, pricing),
    last_level_minor: level_minor,
    last_currency: currency,
    last_sold_ms: at_ms,
  }
}

/** The book with a lead given back to the hour and day that it was counted in, as far as they are kept. */
export const give_back = (
  book: Book,
  buyer: Pick<Buyer, 'hourly_cap' | 'daily_cap'>,
  hour: number,
  day: number,
  pricing: PricingPolicy,
): Book => ({
  ...book,
  hours: window_of(book.hours, hour) ? counted(book.hours, hour, -1, buyer.hourly_cap, pricing) : book.hours,
  days: window_of(book.days, day) ? counted(book.days, day, -1, buyer.daily_cap, pricing) : book.days,
})

/** The windows, in order, with one changed; whether its demand is high is judged by what it was and is. */
const counted = (
  windows: readonly Window[],
  number: number,
  by: 1 | -1,
  cap: number | null,
  pricing: PricingPolicy,
): readonly Window[] => {
  const old = window_of(windows, number)
  const changed = {
    number,
    taken_count: Math.max(0, (old?.taken_count ?? 0) + by),
    surging: old?.surging ?? false,
  }
  const next = { ...changed, surging: cap !== null && is_high(changed, cap, pricing) }
  if (old) return windows.map(window => (window === old ? next : window))
  return [...windows, next].sort((a, b) => a.number - b.number)
}
