/** What came in today, this hour, this week and month, and whether that is usual. */
import type { Asking } from './asking.ts'
import { iso } from './asking.ts'
import type { Panel, RevenuePanel } from './board.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000
const BUCKET_MS = 300_000
const BUCKETS = 12
/** Same weekdays before today that say what is usual. */
const WEEKS = 4

const ROWS = `FROM ledger FINAL
  WHERE tenant_id = {tenant:String} AND currency = {currency:String} AND occurred_at < {as_of:DateTime64(3, 'UTC')}`

const SUMS = `WITH {as_of:DateTime64(3, 'UTC')} AS now, toStartOfDay(now) AS today
  SELECT
    sumIf(amount_minor, occurred_at >= today) AS today_minor,
    sumIf(amount_minor, occurred_at >= today - INTERVAL 1 DAY AND occurred_at < now - INTERVAL 1 DAY)
      AS yesterday_so_far_minor,
    sumIf(amount_minor, occurred_at >= now - INTERVAL 1 HOUR) AS hour_minor,
    sumIf(amount_minor, occurred_at >= today - INTERVAL 6 DAY) AS week_minor,
    sum(amount_minor) AS month_minor,
    countIf(type = 'payment_succeeded' AND occurred_at >= today) AS payments_today
  ${ROWS} AND occurred_at >= today - INTERVAL 29 DAY`

const MINUTES = `SELECT toUnixTimestamp(toStartOfFiveMinutes(occurred_at)) AS at_s, sum(amount_minor) AS net_minor
  ${ROWS} AND occurred_at >= toStartOfFiveMinutes({as_of:DateTime64(3, 'UTC')}) - INTERVAL ${5 * (BUCKETS - 1)} MINUTE
  GROUP BY at_s`

const HOURS = `WITH toDate({as_of:DateTime64(3, 'UTC')}, 'UTC') AS today
  SELECT
    toUInt32(dateDiff('day', toDate(occurred_at, 'UTC'), today)) AS days_ago,
    toHour(occurred_at) AS hour,
    sum(amount_minor) AS net_minor
  ${ROWS} AND toDate(occurred_at) IN (today, ${Array.from({ length: WEEKS }, (_, i) => `today - ${7 * (i + 1)}`).join(', ')})
  GROUP BY days_ago, hour`

/** Of the first day; the table is sorted by day. */
const FIRST = `SELECT toUnixTimestamp64Milli(occurred_at) AS first_ms FROM ledger
  WHERE tenant_id = {tenant:String} AND currency = {currency:String} ORDER BY tenant_id, toDate(occurred_at) LIMIT 1`

interface HourRow {
  readonly days_ago: number
  readonly hour: number
  readonly net_minor: number
}

export const ask_revenue = async (asking: Asking): Promise<Omit<RevenuePanel, keyof Panel>> => {
  type Sums = Omit<RevenuePanel, keyof Panel | 'minutes' | 'hours'>
  const [sums] = await asking.query<Sums>(SUMS)
  const minutes = await asking.query<{ at_s: number; net_minor: number }>(MINUTES)
  const hours = await asking.query<HourRow>(HOURS)
  const [first] = await asking.query<{ first_ms: number }>(FIRST)
  const none: Sums = {
    today_minor: 0,
    yesterday_so_far_minor: 0,
    hour_minor: 0,
    week_minor: 0,
    month_minor: 0,
    payments_today: 0,
  }
  return {
    ...(sums ?? none),
    minutes: buckets_of(minutes, asking.now_ms),
    hours: hours_of(hours, asking.now_ms, first?.first_ms ?? null),
  }
}

const buckets_of = (rows: readonly { at_s: number; net_minor: number }[], now_ms: number) => {
  const net = new Map(rows.map(row => [row.at_s * 1000, row.net_minor]))
  const last = Math.floor(now_ms / BUCKET_MS) * BUCKET_MS
  return Array.from({ length: BUCKETS }, (_, i) => {
    const at_ms = last - (BUCKETS - 1 - i) * BUCKET_MS
    return { at: iso(at_ms), net_minor: net.get(at_ms) ?? 0 }
  })
}

/** A day counts as usual when the tenant had moved money on it or before. */
const hours_of = (rows: readonly HourRow[], now_ms: number, first_ms: number | null) => {
  const net = new Map(rows.map(row => [`${row.days_ago}|${row.hour}`, row.net_minor]))
  const today = Math.floor(now_ms / DAY_MS)
  const first_day = first_ms === null ? Number.POSITIVE_INFINITY : Math.floor(first_ms / DAY_MS)
  const usual_days = Array.from({ length: WEEKS }, (_, i) => 7 * (i + 1)).filter(
    days_ago => today - days_ago >= first_day,
  )
  const hour_now = Math.floor((now_ms - today * DAY_MS) / HOUR_MS)
  return Array.from({ length: 24 }, (_, hour) => {
    const of_day = (days_ago: number): number => net.get(`${days_ago}|${hour}`) ?? 0
    const sum = usual_days.reduce((total, days_ago) => total + of_day(days_ago), 0)
    return {
      hour,
      net_minor: hour <= hour_now ? of_day(0) : null,
      usual_minor: usual_days.length === 0 ? null : Math.floor(sum / usual_days.length + 0.5),
    }
  })
}
