/** Which channels brought the revenue of the last 30 days, by each attribution model, and what they cost. */
import { days } from '../../schemas/units.ts'
import type { Asking } from './asking.ts'
import type { ChannelsPanel, Panel } from './board.ts'

const LOOKBACK_DAYS = 30
const HALF_LIFE_DAYS = 7
/** Days of conversions shown, today among them. */
const DAYS = 30

const credits = (from_day: string, to_day: string) => `SELECT
    model, channel, sum(credit_minor) AS credit_minor, sum(conversions) AS conversions, sum(spend_minor) AS cost_minor
  FROM attribution_channel(
    as_of = {as_of:DateTime64(3, 'UTC')}, from_day = '${from_day}', to_day = '${to_day}',
    lookback_days = ${LOOKBACK_DAYS}, half_life_days = ${HALF_LIFE_DAYS}, models = [])
  WHERE tenant_id = {tenant:String} AND currency = {currency:String}
  GROUP BY model, channel
  ORDER BY model, credit_minor DESC, channel`

/** The UTC day of an instant. */
const day_of = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

export const ask_channels = async (asking: Asking): Promise<Omit<ChannelsPanel, keyof Panel>> => {
  const tomorrow = asking.now_ms + days(1)
  const rows = await asking.query<ChannelsPanel['credits'][number]>(
    credits(day_of(tomorrow - days(DAYS)), day_of(tomorrow)),
  )
  const totals = new Map<string, number>()
  for (const { model, credit_minor } of rows) totals.set(model, (totals.get(model) ?? 0) + credit_minor)
  return {
    lookback_days: LOOKBACK_DAYS,
    half_life_days: HALF_LIFE_DAYS,
    total_minor: totals.values().next().value ?? 0,
    models: [...totals.keys()],
    credits: rows,
  }
}
