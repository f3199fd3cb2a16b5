/**
 * Daily net revenue of the last weeks and what the newest forecast says of the next two. It is asked of the table, where one
 * tenant's revenue is a stretch of the key: the page asks often.
 */
import type { Asking } from './asking.ts'
import type { ForecastPanel, Panel } from './board.ts'

const HISTORY_DAYS = 60
const HORIZON_DAYS = 14
/** Beside best, those that weigh most in it. */
const OTHERS = 3
const DAY_MS = 86_400_000

const HISTORY = `SELECT toString(day) AS day_text, net_minor
  FROM revenue_daily(as_of = {as_of:DateTime64(3, 'UTC')})
  WHERE tenant_id = {tenant:String} AND currency = {currency:String}
    AND day < toDate({as_of:DateTime64(3, 'UTC')}, 'UTC')
    AND day >= toDate({as_of:DateTime64(3, 'UTC')}, 'UTC') - ${HISTORY_DAYS}
  ORDER BY day`
const OF_REVENUE = `tenant_id = {tenant:String} AND startsWith(event_id, concat('revenue|', {currency:String}, '|day|'))`
const OF_NEWEST = `${OF_REVENUE} AND occurred_at = (
    SELECT max(occurred_at) FROM forecasts WHERE ${OF_REVENUE} AND occurred_at <= {as_of:DateTime64(3, 'UTC')})`
const DAYS = `SELECT method, toString(toDate(starts_at, 'UTC')) AS day, value, lo80, hi80
  FROM forecasts FINAL
  WHERE ${OF_NEWEST} AND toDate(starts_at, 'UTC') - toDate({as_of:DateTime64(3, 'UTC')}, 'UTC')
    BETWEEN 0 AND ${HORIZON_DAYS - 1}
  ORDER BY day`
const SCORES = `SELECT method, smape / 100 AS error_ratio, weight FROM forecast_scores FINAL WHERE ${OF_NEWEST}`

interface HistoryRow {
  readonly day_text: string
  readonly net_minor: number
}
interface DayRow {
  readonly method: string
  readonly day: string
  readonly value: number
  readonly lo80: number
  readonly hi80: number
}
interface ScoreRow {
  readonly method: string
  readonly error_ratio: number | null
  readonly weight: number
}

export const ask_forecast = async (asking: Asking): Promise<Omit<ForecastPanel, keyof Panel>> => {
  const history = await asking.query<HistoryRow>(HISTORY)
  const days = Map.groupBy(await asking.query<DayRow>(DAYS), row => row.method)
  const scores = await asking.query<ScoreRow>(SCORES)
  const error_of = new Map(scores.map(({ method, error_ratio }) => [method, error_ratio]))
  const others = scores
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight || (a.method < b.method ? -1 : 1))
    .slice(0, OTHERS)
  const shown = ['best', ...others.map(({ method }) => method)].filter(method => days.has(method))
  return {
    history: every_day(history, asking.now_ms),
    methods: shown.map(method => ({
      method,
      error_ratio: error_of.get(method) ?? null,
      chosen: method === 'best',
      days: days.get(method)!.map(({ day, value, lo80, hi80 }) => ({
        day,
        value_minor: Math.round(value),
        lower_minor: Math.round(lo80),
        upper_minor: Math.round(hi80),
      })),
    })),
    interval_ratio: 0.8,
  }
}

/** A day without a movement between the first and yesterday is 0. */
const every_day = (rows: readonly HistoryRow[], now_ms: number): ForecastPanel['history'] => {
  const [first] = rows
  if (!first) return []
  const net = new Map(rows.map(row => [row.day_text, row.net_minor]))
  const first_ms = Date.parse(first.day_text)
  const days = Math.floor(now_ms / DAY_MS) - first_ms / DAY_MS
  return Array.from({ length: days }, (_, i) => {
    const day = new Date(first_ms + i * DAY_MS).toISOString().slice(0, 10)
    return { day, net_minor: net.get(day) ?? 0 }
  })
}
