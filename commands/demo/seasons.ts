/** When people come: hours of the local day, days of the local week, and slow growth. */
import { hours as hours_ms, minutes } from '../../schemas/units.ts'
import type { Tenant } from './tenants.ts'

const HOUR = hours_ms(1)
export const DAY_MS = hours_ms(24)

/** How far a zone's clocks are ahead of UTC, looked up once per hour. */
const zone_clock = (zone: string): ((at_ms: number) => number) => {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
  let hour = Number.NaN
  let ahead_ms = 0
  return at_ms => {
    const wanted = Math.floor(at_ms / HOUR)
    if (wanted !== hour) {
      hour = wanted
      const text = format.formatToParts(at_ms).find(part => part.type === 'timeZoneName')?.value ?? ''
      const found = /([+-])(\d+):(\d+)/.exec(text)
      const size = found ? hours_ms(Number(found[2])) + minutes(Number(found[3])) : 0
      ahead_ms = found?.[1] === '-' ? -size : size
    }
    return ahead_ms
  }
}

export interface Season {
  /** Visitors expected per minute, without incidents. */
  visitors_per_minute(at_ms: number): number
  /** Milliseconds since local midnight. */
  local_ms(at_ms: number): number
}

const mean = (list: readonly number[]): number => list.reduce((sum, n) => sum + n, 0) / list.length

export const season_of = (tenant: Tenant, origin_ms: number): Season => {
  const ahead = zone_clock(tenant.zone)
  const { hours, weekdays, growth_ratio } = tenant
  const per_minute = tenant.visitors_per_day / 1440 / mean(hours) / mean(weekdays)
  const local_ms = (at_ms: number): number => (((at_ms + ahead(at_ms)) % DAY_MS) + DAY_MS) % DAY_MS
  return {
    local_ms,
    visitors_per_minute(at_ms) {
      // Between two named hours the weight goes in a straight line.
      const place = (local_ms(at_ms) / DAY_MS) * hours.length
      const step = Math.floor(place)
      const [from, to] = [hours[step]!, hours[(step + 1) % hours.length]!]
      // Day 0 of the epoch was a Thursday.
      const weekday = (((Math.floor((at_ms + ahead(at_ms)) / DAY_MS) + 4) % 7) + 7) % 7
      const grown = (1 + growth_ratio) ** ((at_ms - origin_ms) / DAY_MS)
      return per_minute * (from + (to - from) * (place - step)) * weekdays[weekday]! * grown
    },
  }
}
