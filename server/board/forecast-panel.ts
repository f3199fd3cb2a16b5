/** Daily net revenue of the last weeks and what each method says of the next two. */
import type { Asking } from './asking.ts'
import type { ForecastPanel, Panel } from './board.ts'

const HISTORY_DAYS = 60
const HORIZON_DAYS = 14
const INTERVAL_RATIO = 0.8
const DAY_MS = 86_400_000

const OF_TENANT = `WHERE tenant_id = {tenant:String} AND currency = {currency:String}`
const HISTORY = `SELECT toString(day) AS day_text, net_minor
  FROM revenue_daily(as_of = {as_of:DateTime64(3, 'UTC')})
  ${OF_TENANT} AND day < toDate({as_of:DateTime64(3, 'UTC')}, 'UTC')
    AND day >= toDate({as_of:DateTime64(3, 'UTC')}, 'UTC') - ${HISTORY_DAYS}
  ORDER BY day`
const METHODS = `SELECT method, toString(day) AS day_text, value_minor, lower_minor, upper_minor, mae, mape
  FROM revenue_forecast(
    as_of = {as_of:DateTime64(3, 'UTC')}, horizon_days = ${HORIZON_DAYS}, interval_ratio = ${INTERVAL_RATIO})
  ${OF_TENANT}
  ORDER BY method, day`

interface DayRow {
  readonly day_text: string
  readonly net_minor: number
}
interface MethodRow {
  readonly method: string
  readonly day_text: string
  readonly value_minor: number
  readonly lower_minor: number
  readonly upper_minor: number
  readonly mae: number
  readonly mape: number | null
}

export const ask_forecast = async (asking: Asking): Promise<Omit<ForecastPanel, keyof Panel>> => {
  const history = await asking.query<DayRow>(HISTORY)
  const rows = await asking.query<MethodRow>(METHODS)
  const methods = Map.groupBy(rows, row => row.method)
  const error_of = (of_method: readonly MethodRow[]): number => of_method[0]!.mae
  const least = Math.min(...[...methods.values()].map(error_of))
  const best = [...methods].find(([, of_method]) => error_of(of_method) === least)?.[0]
  return {
    history: every_day(history, asking.now_ms),
    methods: [...methods].map(([method, of_method]) => ({
      method,
      mape: of_method[0]!.mape,
      chosen: method === best,
      days: of_method.map(({ day_text, value_minor, lower_minor, upper_minor }) => ({
        day: day_text,
        value_minor,
        lower_minor,
        upper_minor,
      })),
    })),
    interval_ratio: INTERVAL_RATIO,
  }
}

/** A day without a movement between the first and yesterday is 0. */
const every_day = (rows: readonly DayRow[], now_ms: number): ForecastPanel['history'] => {
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
