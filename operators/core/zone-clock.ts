/**
 * Decides: which hour, day and weekday it is in a zone, whether that is within opening hours, and when they begin again.
 * Because: zone rules are the runtime's (IANA data through Intl), asked once per zone and quarter of an hour: a formatter
 *   costs 2 µs a call and more, and rules change on quarters.
 * Keeps: nothing of an operator; what was asked is remembered for speed and follows from the question.
 * When late, twice, missing: an unknown zone is UTC.
 * Limits: where a local hour comes twice (clocks set back) it is one window: less is sold then, never more.
 */
import { days, hours, minutes } from '../../schemas/units.ts'

const HOUR_MS = hours(1)
const DAY_MS = days(1)
const QUARTER_MS = minutes(15)
/** 1 January 1970 was a Thursday: the days since the epoch by weekday, 1 = Monday. */
const EPOCH_WEEKDAY = 4
const REMEMBERED = 20_000

const formats = new Map<string, Intl.DateTimeFormat | null>()
const offsets = new Map<string, Map<number, number>>()

/** Local time − UTC in ms at an instant; 0 for a zone that is not known. */
export const zone_offset_ms = (zone: string, at_ms: number): number => {
  if (zone === 'UTC') return 0
  let known = offsets.get(zone)
  if (!known) {
    known = new Map()
    offsets.set(zone, known)
  }
  const quarter = Math.floor(at_ms / QUARTER_MS)
  let offset_ms = known.get(quarter)
  if (offset_ms === undefined) {
    offset_ms = ask(zone, quarter * QUARTER_MS)
    if (known.size >= REMEMBERED) known.clear()
    known.set(quarter, offset_ms)
  }
  return offset_ms
}

const format_of = (zone: string): Intl.DateTimeFormat | null => {
  let format = formats.get(zone)
  if (format === undefined) {
    try {
      format = new Intl.DateTimeFormat('en-US-u-ca-gregory-nu-latn', {
        timeZone: zone,
        hourCycle: 'h23',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
        era: 'short',
      })
    } catch {
      format = null
    }
    formats.set(zone, format)
  }
  return format
}

export const is_zone = (zone: string): boolean => format_of(zone) !== null

const ask = (zone: string, at_ms: number): number => {
  const format = format_of(zone)
  if (!format) return 0
  const read: Record<string, number> = {}
  for (const { type, value } of format.formatToParts(at_ms)) read[type] = Number(value)
  const { year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = read
  return Math.round((utc_ms(year, month, day, hour, minute, second) - at_ms) / 1000) * 1000
}

/** Milliseconds since the epoch of a date of the Gregorian calendar (days_from_civil, Howard Hinnant). */
const utc_ms = (
  y: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number => {
  const year = month <= 2 ? y - 1 : y
  const era = Math.floor(year / 400)
  const of_era = year - era * 400
  const of_year = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const day_number =
    era * 146_097 + of_era * 365 + Math.floor(of_era / 4) - Math.floor(of_era / 100) + of_year
  return (day_number - 719_468) * DAY_MS + hour * HOUR_MS + minute * minutes(1) + second * 1000
}

/** The day of an instant in a zone (IANA name): 2026-01-05. In UTC without one, or where the name is none. */
export const day_in = (at_ms: number, zone: unknown): string => {
  const { day_number } = local_time(typeof zone === 'string' ? zone : 'UTC', at_ms)
  const [year, month, day] = date_of(day_number)
  const two = (n: number): string => String(n).padStart(2, '0')
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`
}

/** Year, month and day of days since the epoch (civil_from_days, Howard Hinnant). */
const date_of = (day_number: number): [year: number, month: number, day: number] => {
  const shifted = day_number + 719_468
  const era = Math.floor(shifted / 146_097)
  const of_era = shifted - era * 146_097
  const year_of_era = Math.floor(
    (of_era - Math.floor(of_era / 1460) + Math.floor(of_era / 36_524) - Math.floor(of_era / 146_096)) / 365,
  )
  const of_year = of_era - (365 * year_of_era + Math.floor(year_of_era / 4) - Math.floor(year_of_era / 100))
  const from_march = Math.floor((5 * of_year + 2) / 153)
  const month = from_march + (from_march < 10 ? 3 : -9)
  const day = of_year - Math.floor((153 * from_march + 2) / 5) + 1
  return [year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day]
}

export interface LocalTime {
  /** Whole hours and days of local time since the epoch. */
  readonly hour_number: number
  readonly day_number: number
  /** 0 to 23, and 1 (Monday) to 7. */
  readonly hour: number
  readonly weekday: number
  /** 0 to 1. */
  readonly day_share: number
}

export const local_time = (zone: string, at_ms: number): LocalTime => {
  const local_ms = at_ms + zone_offset_ms(zone, at_ms)
  const hour_number = Math.floor(local_ms / HOUR_MS)
  const day_number = Math.floor(local_ms / DAY_MS)
  return {
    hour_number,
    day_number,
    hour: hour_number - day_number * 24,
    weekday: weekday_of(day_number),
    day_share: local_ms / DAY_MS - day_number,
  }
}

const weekday_of = (day_number: number): number => ((((day_number + EPOCH_WEEKDAY - 1) % 7) + 7) % 7) + 1

/** Hours of the day from `from` on and before `to`, on days of the week; over midnight where `to` is not behind `from`. */
export interface Opening {
  readonly from: number
  readonly to: number
  readonly days: readonly number[]
}

export const is_open = ({ from, to, days: on }: Opening, { hour, weekday }: LocalTime): boolean =>
  on.includes(weekday) && (from < to ? hour >= from && hour < to : hour >= from || hour < to)

interface Found {
  readonly zone: string
  readonly since_ms: number
  readonly opens_ms: number
}
/** What was found last: at night every lead asks the same. */
const found = new WeakMap<Opening, Found>()

/** The first instant after at_ms, at the beginning of a local hour, at which it is open; null when never within 8 days. */
export const next_opening_ms = (opening: Opening, zone: string, at_ms: number): number | null => {
  const last = found.get(opening)
  if (last && last.zone === zone && at_ms >= last.since_ms && at_ms < last.opens_ms) return last.opens_ms
  const end_ms = at_ms + 8 * DAY_MS
  for (let next_ms = next_hour_ms(zone, at_ms); next_ms <= end_ms; next_ms = next_hour_ms(zone, next_ms)) {
    if (!is_open(opening, local_time(zone, next_ms))) continue
    found.set(opening, { zone, since_ms: at_ms, opens_ms: next_ms })
    return next_ms
  }
  return null
}

/** Where the next local hour begins; zones change by quarters, so it is one of the next quarters that hold it. */
const next_hour_ms = (zone: string, at_ms: number): number => {
  const local_ms = at_ms + zone_offset_ms(zone, at_ms)
  return at_ms + HOUR_MS - (((local_ms % HOUR_MS) + HOUR_MS) % HOUR_MS)
}
