/** GET /api/v1/revenue/dashboard: the key figures of one tenant in one answer, amounts as decimals of whole units. */
import type { FastifyInstance } from 'fastify'
import type { Targets } from '../../runtime/config.ts'
import { days } from '../../schemas/units.ts'
import type { Authenticate } from '../api-keys.ts'
import { ask_incidents } from '../board/alerts-panel.ts'
import { type Asking, iso } from '../board/asking.ts'
import { ask_conversations } from '../board/conversations-panel.ts'
import { ask_revenue } from '../board/revenue-panel.ts'
import { ask_lead_figures, type LeadFigures, rates_of } from './lead-figures.ts'
import { LEAST } from './recommendations.ts'
import { decimal_of, tenant_of_request } from './seed-shapes.ts'
import type { Answers } from './shared-answers.ts'

const TREND_DAYS = 30
const TOP_BUYERS = 3
/** So many times what is usual is worth a word. */
const HIGH_RATIO = 1.25

export const DAYS = `SELECT toString(day) AS date, net_minor
  FROM revenue_daily(as_of = {as_of:DateTime64(3, 'UTC')})
  WHERE tenant_id = {tenant:String} AND currency = {currency:String}
    AND day > toDate({as_of:DateTime64(3, 'UTC')}, 'UTC') - INTERVAL ${TREND_DAYS} DAY
  ORDER BY day`

export const dashboard_routes = (
  server: FastifyInstance,
  authenticate: Authenticate,
  answers: Answers,
  targets: Targets,
): void => {
  server.get<{ Querystring: { tenant?: unknown } }>(
    '/api/v1/revenue/dashboard',
    { config: { openapi: OPERATION } },
    async (request, reply) => {
      const tenant = tenant_of_request(authenticate, request, request.query.tenant, 'tenant')
      const answer = await answers('dashboard', tenant, about => dashboard(about, targets))
      return reply.header('cache-control', 'no-store').send(answer)
    },
  )
}

const dashboard = async (about: Asking, targets: Targets) => {
  const [revenue, conversations, incidents, figures, trend] = await Promise.all([
    ask_revenue(about),
    ask_conversations(about),
    ask_incidents(about),
    ask_lead_figures(about),
    about.query<{ date: string; net_minor: number }>(DAYS),
  ])
  const amount = (minor: number) => decimal_of(minor, about.currency)
  const { conversations: held, paid_minor, buyers } = figures
  const { premium, standard, basic } = conversations.tiers
  type Sums = 'revenue_minor' | 'sold_week_minor' | 'sold_today_minor' | 'sold_hour_minor'
  const sold = (name: Sums) => amount(buyers.reduce((sum, buyer) => sum + buyer[name], 0))
  const rates = rates_of(figures)
  const per_hour = amount(Math.round(rates.revenue_per_hour_minor ?? 0))
  return {
    tenant_id: about.tenant,
    currency: about.currency,
    as_of: new Date(about.now_ms).toISOString(),
    current_hour_revenue: amount(revenue.hour_minor),
    today_revenue: amount(revenue.today_minor),
    week_revenue: amount(revenue.week_minor),
    month_revenue: amount(revenue.month_minor),
    lead_sales_last_clock_hour: sold('sold_hour_minor'),
    lead_sales_today: sold('sold_today_minor'),
    lead_sales_week: sold('sold_week_minor'),
    lead_sales_month: sold('revenue_minor'),
    active_conversations: conversations.active,
    conversion_rate: to_four_digits(rates.conversion_rate ?? 0),
    avg_revenue_per_conversation: held === 0 ? 0 : amount(Math.round(paid_minor / held)),
    revenue_per_hour: per_hour,
    // The requirements' two readings of it, by name: an hour of talking, an hour by the clock.
    revenue_per_conversation_hour: per_hour,
    revenue_last_clock_hour: amount(revenue.hour_minor),
    top_performing_buyers: buyers
      .slice(0, TOP_BUYERS)
      .map(({ buyer, revenue_minor }) => [buyer, amount(revenue_minor)]),
    quality_tier_distribution: { premium, standard, basic },
    revenue_trend: every_day(trend, about.now_ms, amount),
    alerts: [
      ...incidents.map(({ title }) => title),
      ...good_news(figures, { revenue, now_ms: about.now_ms, hour: amount(revenue.hour_minor), targets }),
    ],
  }
}

interface Hour {
  readonly revenue: Awaited<ReturnType<typeof ask_revenue>>
  readonly now_ms: number
  /** In whole units. */
  readonly hour: number
  readonly targets: Targets
}

/** What goes better than wanted, in the words of the requirements. */
export const good_news = (figures: LeadFigures, { revenue, now_ms, hour, targets }: Hour): string[] => {
  const usual_minor = usual_of_hour(revenue.hours, now_ms)
  const high =
    usual_minor === null ? hour > targets.revenue_per_hour : revenue.hour_minor > HIGH_RATIO * usual_minor
  const { conversion_rate } = rates_of(figures)
  const converts =
    figures.conversations >= LEAST && conversion_rate !== null && conversion_rate > targets.conversion_rate
  return [
    ...(high && revenue.hour_minor > 0 ? ['High revenue this hour - excellent performance!'] : []),
    ...(converts ? ['Conversion rate above target - maintain current approach'] : []),
  ]
}

/** What usually comes in 60 minutes that end now: of the hour that is not over, and of the one before. */
const usual_of_hour = (hours: Hour['revenue']['hours'], now_ms: number): number | null => {
  const now = new Date(now_ms)
  const over = (now_ms % 3_600_000) / 3_600_000
  const usual = (hour: number) => hours[(hour + 24) % 24]?.usual_minor ?? null
  const [here, before] = [usual(now.getUTCHours()), usual(now.getUTCHours() - 1)]
  return here === null || before === null ? null : here * over + before * (1 - over)
}

/** Oldest first, today the last; a day without a movement is 0. */
const every_day = (
  rows: readonly { readonly date: string; readonly net_minor: number }[],
  now_ms: number,
  amount: (minor: number) => number,
) => {
  const net = new Map(rows.map(row => [row.date, row.net_minor]))
  return Array.from({ length: TREND_DAYS }, (_, i) => {
    const date = iso(now_ms - days(TREND_DAYS - 1 - i)).slice(0, 10)
    return { date, revenue: amount(net.get(date) ?? 0) }
  })
}

const to_four_digits = (ratio: number): number => Math.round(ratio * 10_000) / 10_000

/** Whose money it is. */
const PAID = 'What the tenant’s customers paid, less what they got back (the ledger),'
const SOLD = 'What buyers owe the tenant for leads: prices of those that they took and have not given back,'
const amount_schema = (description: string) => ({ type: 'number', description })
const OPERATION = {
  summary: 'Revenue, conversations, buyers and alerts of one tenant.',
  parameters: { tenant: { description: 'A tenant key may leave it out.' } },
  responses: {
    200: {
      description: 'Amounts are decimals of whole units of `currency`.',
      schema: {
        type: 'object',
        required: ['today_revenue', 'active_conversations', 'conversion_rate', 'revenue_trend', 'alerts'],
        properties: {
          tenant_id: { type: 'string' },
          currency: { type: 'string' },
          as_of: { type: 'string', format: 'date-time' },
          current_hour_revenue: amount_schema(`${PAID} in the last 60 minutes by the clock.`),
          today_revenue: amount_schema(`${PAID} since midnight UTC.`),
          week_revenue: amount_schema(`${PAID} in 7 days UTC, today the last.`),
          month_revenue: amount_schema(`${PAID} in 30 days UTC, today the last.`),
          lead_sales_last_clock_hour: amount_schema(`${SOLD} in the last 60 minutes by the clock.`),
          lead_sales_today: amount_schema(`${SOLD} since midnight UTC.`),
          lead_sales_week: amount_schema(`${SOLD} in 7 days UTC, today the last.`),
          lead_sales_month: amount_schema(`${SOLD} in 30 days UTC, today the last.`),
          active_conversations: { type: 'integer' },
          conversion_rate: {
            type: 'number',
            description: 'Share of the conversations of 30 days whose lead is at least basic.',
          },
          avg_revenue_per_conversation: amount_schema(
            'Paid by its customer within 30 days of it, over the conversations of 30 days; no lead sales.',
          ),
          revenue_per_hour: amount_schema('The same money per hour of conversation.'),
          revenue_per_conversation_hour: amount_schema('revenue_per_hour by its full name.'),
          revenue_last_clock_hour: amount_schema('current_hour_revenue by its full name.'),
          top_performing_buyers: {
            type: 'array',
            items: { type: 'array', items: { type: ['string', 'number'] } },
            description: '[buyer_id, prices of the leads of 30 days that it took and has not given back].',
          },
          quality_tier_distribution: { type: 'object', description: 'Leads scored today by newest tier.' },
          revenue_trend: {
            type: 'array',
            items: { type: 'object' },
            description: `{date, revenue} of 30 days, today the last. ${PAID} that day.`,
          },
          alerts: {
            type: 'array',
            items: { type: 'string' },
            description: 'Titles of the incidents that are not over, then what goes better than wanted.',
          },
        },
      },
    },
    400: 'The tenant is not one name.',
    403: 'The API key belongs to another tenant.',
    503: 'The warehouse is out of reach.',
  },
}
