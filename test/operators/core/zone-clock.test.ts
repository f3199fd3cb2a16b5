import fc from 'fast-check'
import { expect, it, test } from 'vitest'
import {
  day_in,
  is_open,
  is_zone,
  local_time,
  next_opening_ms,
  zone_offset_ms,
} from '../../../operators/core/zone-clock.ts'
import { hours, minutes } from '../../../schemas/units.ts'

it('knows the offset of a zone, in summer and winter, in halves of an hour, and of days long gone', () => {
  const at = (zone: string, ms: number) => zone_offset_ms(zone, ms) / hours(1)
  const [winter, summer] = [Date.UTC(2026, 0, 5), Date.UTC(2026, 6, 5)]
  expect([at('America/New_York', winter), at('America/New_York', summer)]).toEqual([-5, -4])
  expect([at('Asia/Kolkata', winter), at('Australia/Lord_Howe', summer)]).toEqual([5.5, 10.5])
  expect([at('UTC', winter), at('Nowhere/Else', winter)]).toEqual([0, 0])
  expect([is_zone('Europe/Paris'), is_zone('Nowhere/Else'), is_zone('')]).toEqual([true, false, false])
})

it('changes with the clocks, to the quarter of an hour', () => {
  // 8 March 2026, 07:00 UTC: 2:00 becomes 3:00 in New York.
  const spring = Date.UTC(2026, 2, 8, 7)
  expect(local_time('America/New_York', spring - 1).hour).toBe(1)
  expect(local_time('America/New_York', spring).hour).toBe(3)
  // 1 November, 06:00 UTC: the hour from 1 to 2 comes a second time, as one hour.
  const autumn = Date.UTC(2026, 10, 1, 6)
  const [first, second] = [local_time('America/New_York', autumn - 1), local_time('America/New_York', autumn)]
  expect([first.hour, second.hour]).toEqual([1, 1])
  expect(first.hour_number).toBe(second.hour_number)
})

test('the calendar is that of the runtime', () => {
  const zones = ['America/Sao_Paulo', 'Asia/Kathmandu', 'Pacific/Apia', 'Europe/Dublin']
  const days = ['', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
  fc.assert(
    fc.property(fc.constantFrom(...zones), fc.integer({ min: 0, max: 4_000_000_000 }), (zone, second) => {
      const text = new Intl.DateTimeFormat('en-GB', {
        timeZone: zone,
        weekday: 'short',
        hour: '2-digit',
        hourCycle: 'h23',
      }).format(second * 1000)
      const { weekday, hour, day_number, hour_number } = local_time(zone, second * 1000)
      expect(`${days[weekday]} ${String(hour).padStart(2, '0')}`).toBe(text.replace(',', ''))
      expect(Math.floor(hour_number / 24)).toBe(day_number)
    }),
    { numRuns: 200 },
  )
})

it('is open from an hour on and before another, over midnight too', () => {
  const at = (day: number, hour: number) => local_time('UTC', Date.UTC(2026, 0, day, hour))
  const office = { from: 9, to: 17, days: [1, 2, 3, 4, 5] }
  expect([at(5, 8), at(5, 9), at(5, 16), at(5, 17), at(10, 12)].map(time => is_open(office, time))).toEqual([
    ...[false, true, true, false],
    false,
  ])
  const night = { from: 22, to: 6, days: [1, 2] }
  expect([at(5, 21), at(5, 22), at(6, 5), at(6, 6), at(7, 1)].map(time => is_open(night, time))).toEqual([
    ...[false, true, true, false],
    false,
  ])
  expect([0, 23].map(hour => is_open({ from: 0, to: 24, days: [1] }, at(5, hour)))).toEqual([true, true])
})

it('opens next at the beginning of its hour, over weekends and changes of the clocks; never without days', () => {
  const office = { from: 9, to: 17, days: [1, 2, 3, 4, 5] }
  const friday = Date.UTC(2026, 0, 9, 22, 30)
  expect(next_opening_ms(office, 'America/New_York', friday)).toBe(Date.UTC(2026, 0, 12, 14))
  expect(next_opening_ms(office, 'Asia/Kolkata', friday)).toBe(Date.UTC(2026, 0, 12, 3, 30))
  // Clocks go forward on Sunday, 8 March.
  expect(next_opening_ms(office, 'America/New_York', Date.UTC(2026, 2, 7))).toBe(Date.UTC(2026, 2, 9, 13))
  expect(next_opening_ms(office, 'Australia/Lord_Howe', Date.UTC(2026, 3, 4))).toBe(
    Date.UTC(2026, 3, 5, 22, 30),
  )
  expect(next_opening_ms({ ...office, days: [] }, 'UTC', friday)).toBeNull()
  // While it is open: the next hour.
  expect(next_opening_ms(office, 'UTC', Date.UTC(2026, 0, 5, 10, 59))).toBe(Date.UTC(2026, 0, 5, 11))
  expect(next_opening_ms(office, 'UTC', friday + minutes(1))).toBeGreaterThan(friday)
})

test('what was found before changes no answer', () => {
  const hour = fc.integer({ min: 0, max: 24 })
  const week = fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 })
  const asked = fc.array(
    fc.tuple(fc.constantFrom('America/New_York', 'Asia/Kolkata'), fc.integer({ min: 0, max: 20_000 })),
    { maxLength: 12 },
  )
  fc.assert(
    fc.property(hour, hour, week, asked, (from, to, on, list) => {
      const opening = { from, to, days: on }
      for (const [zone, minute] of list) {
        const at_ms = Date.UTC(2026, 2, 1) + minutes(minute)
        expect(next_opening_ms(opening, zone, at_ms)).toBe(next_opening_ms({ ...opening }, zone, at_ms))
      }
    }),
    { numRuns: 50 },
  )
})

it('the day is the zone’s, UTC where there is none', () => {
  const new_year = Date.UTC(2026, 0, 1, 0, 30)
  const days = ['America/New_York', 'Europe/Madrid', 'UTC', undefined, 'Nowhere/Land', 7]
  expect(days.map(zone => day_in(new_year, zone))).toEqual([
    '2025-12-31',
    '2026-01-01',
    '2026-01-01',
    '2026-01-01',
    '2026-01-01',
    '2026-01-01',
  ])
  expect(day_in(Date.UTC(2026, 6, 31, 22, 30), 'Europe/Madrid')).toBe('2026-08-01')
})

test('the day is that of the calendar, from 1900 on', () => {
  const second = fc.integer({ min: -2_208_988_800, max: 10_413_791_999 })
  fc.assert(
    fc.property(second, at => {
      expect(day_in(at * 1000, 'UTC')).toBe(new Date(at * 1000).toISOString().slice(0, 10))
    }),
    { numRuns: 2000 },
  )
})
