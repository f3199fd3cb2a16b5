/** Which channels brought the revenue of the last 30 days, by each attribution model, and what they cost. */
import type { Asking } from './asking.ts'
import type { ChannelsPanel, Panel } from './board.ts'

const LOOKBACK_DAYS = 30
const HALF_LIFE_DAYS = 7
/** Days of conversions shown, today among them. */
const DAYS = 30

const CREDITS = `SELECT model, channel, sum(credit_minor) AS credit_minor, sum(conversions) AS conversions
  FROM attribution_credit(
    as_of = {as_of:DateTime64(3, 'UTC')}, lookback_days = ${LOOKBACK_DAYS}, half_life_days = ${HALF_LIFE_DAYS})
  WHERE tenant_id = {tenant:String} AND currency = {currency:String}
    AND day > toDate({as_of:DateTime64(3, 'UTC')}, 'UTC') - ${DAYS}
  GROUP BY model, channel
  ORDER BY model, credit_minor DESC, channel`

const COSTS = `SELECT channel, sum(cost_minor) AS cost_minor
  FROM touchpoints FINAL
  WHERE tenant_id = {tenant:String} AND currency = {currency:String}
    AND occurred_at < {as_of:DateTime64(3, 'UTC')}
    AND toDate(occurred_at, 'UTC') > toDate({as_of:DateTime64(3, 'UTC')}, 'UTC') - ${DAYS}
  GROUP BY channel ORDER BY channel`

type Credit = Omit<ChannelsPanel['credits'][number], 'cost_minor'>

export const ask_channels = async (asking: Asking): Promise<Omit<ChannelsPanel, keyof Panel>> => {
  const credits = await asking.query<Credit>(CREDITS)
  const costs = await asking.query<{ channel: string; cost_minor: number }>(COSTS)
  const cost = new Map(costs.map(row => [row.channel, row.cost_minor]))
  const totals = new Map<string, number>()
  for (const { model, credit_minor } of credits) totals.set(model, (totals.get(model) ?? 0) + credit_minor)
  // A channel that is credited with nothing has cost what it has cost, under every model.
  const idle = [...totals.keys()].flatMap(model => {
    const credited = new Set(credits.flatMap(row => (row.model === model ? [row.channel] : [])))
    const rest = costs.filter(({ channel, cost_minor }) => cost_minor > 0 && !credited.has(channel))
    return rest.map(({ channel }) => ({ model, channel, credit_minor: 0, conversions: 0 }))
  })
  return {
    lookback_days: LOOKBACK_DAYS,
    half_life_days: HALF_LIFE_DAYS,
    total_minor: totals.values().next().value ?? 0,
    models: [...totals.keys()],
    credits: [...credits, ...idle].map(row => ({ ...row, cost_minor: cost.get(row.channel) ?? 0 })),
  }
}
