/** GET /api/v1/revenue/dashboard: the key figures of one tenant in one answer, amounts as decimals of whole units. */
import type { FastifyInstance } from 'fastify'
import { days } from '../../schemas/units.ts'
import type { Authenticate } from '../api-keys.ts'
import { ask_incidents } from '../board/alerts-panel.ts'
import { type Asking, iso } from '../board/asking.ts'
import { ask_conversations } from '../board/conversations-panel.ts'
import { ask_revenue } from '../board/revenue-panel.ts'
import { decimal_of, tenant_of_request } from './seed-shapes.ts'
import type { Answers } from './shared-answers.ts'

const TREND_DAYS = 30

/** Of the last 30 days: conversations, those whose newest tier is at least basic, what they brought, how long they took. */
const CONVERSATIONS = `SELECT
    count() AS conversations,
    countIf(ifNull(quality_tier, 'unqualified') != 'unqualified') AS qualified,
    sum(duration_ms) AS duration_ms,
    sum(paid_minor[{currency:String}]) AS paid_minor
  FROM conversation_value(as_of = {as_of:DateTime64(3, 'UTC')})
  WHERE tenant_id = {tenant:String} AND started_at >= {as_of:DateTime64(3, 'UTC')} - INTERVAL 30 DAY`

/** What buyers said their leads brought them, of the last 30 days. */
const BUYERS = `SELECT assumeNotNull(buyer_id) AS buyer, sum(ifNull(amount_minor, 0)) AS value_minor
  FROM feedback FINAL
  WHERE tenant_id = {tenant:String} AND isNotNull(buyer_id) AND currency = {currency:String}
    AND outcome IN ('accepted', 'converted')
    AND occurred_at < {as_of:DateTime64(3, 'UTC')} AND occurred_at >= {as_of:DateTime64(3, 'UTC')} - INTERVAL 30 DAY
  GROUP BY buyer ORDER BY value_minor DESC, buyer LIMIT 3`

export const DAYS = `SELECT toString(day) AS date, net_minor
  FROM revenue_daily(as_of = {as_of:DateTime64(3, 'UTC')})
  WHERE tenant_id = {tenant:String} AND currency = {currency:String}
    AND day > toDate({as_of:DateTime64(3, 'UTC')}, 'UTC') - INTERVAL ${TREND_DAYS} DAY
  ORDER BY day`

interface Totals {
  readonly conversations: number
  readonly qualified: number
  readonly duration_ms: number
  readonly paid_minor: number
}

export const dashboard_routes = (
  server: FastifyInstance,
  authenticate: Authenticate,
  answers: Answers,
): void => {
  server.get<{ Querystring: { tenant?: unknown } }>(
    '/api/v1/revenue/dashboard',
    { config: { openapi: OPERATION } },
    async (request, reply) => {
      const tenant = tenant_of_request(authenticate, request, request.query.tenant)
      const answer = await answers('dashboard', tenant, dashboard)
      return reply.header('cache-control', 'no-store').send(answer)
    },
  )
}

const dashboard = async (about: Asking) => {
  const [revenue, conversations, incidents, totals, buyers, trend] = await Promise.all([
    ask_revenue(about),
    ask_conversations(about),
    ask_incidents(about),
    about.query<Totals>(CONVERSATIONS),
    about.query<{ buyer: string; value_minor: number }>(BUYERS),
    about.query<{ date: string; net_minor: number }>(DAYS),
  ])
  const amount = (minor: number) => decimal_of(minor, about.currency)
  const { conversations: held, qualified, duration_ms, paid_minor } = totals[0] ?? NOTHING
  const { premium, standard, basic } = conversations.tiers
  return {
    tenant_id: about.tenant,
    currency: about.currency,
    as_of: new Date(about.now_ms).toISOString(),
    current_hour_revenue: amount(revenue.hour_minor),
    today_revenue: amount(revenue.today_minor),
    week_revenue: amount(revenue.week_minor),
    month_revenue: amount(revenue.month_minor),
    active_conversations: conversations.active,
    conversion_rate: ratio(qualified, held),
    avg_revenue_per_conversation: held === 0 ? 0 : amount(Math.round(paid_minor / held)),
    revenue_per_hour: duration_ms === 0 ? 0 : amount(Math.round((paid_minor * 3_600_000) / duration_ms)),
    top_performing_buyers: buyers.map(({ buyer, value_minor }) => [buyer, amount(value_minor)]),
    quality_tier_distribution: { premium, standard, basic },
    revenue_trend: every_day(trend, about.now_ms, amount),
    alerts: incidents.map(({ title }) => title),
  }
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

const NOTHING: Totals = { conversations: 0, qualified: 0, duration_ms: 0, paid_minor: 0 }

/** To four decimals; 0 of nothing. */
const ratio = (part: number, whole: number): number =>
  whole === 0 ? 0 : Math.round((part / whole) * 10_000) / 10_000

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
          current_hour_revenue: amount_schema('The last 60 minutes by the clock.'),
          today_revenue: amount_schema('Since midnight UTC.'),
          week_revenue: amount_schema('As on the page.'),
          month_revenue: amount_schema('As on the page.'),
          active_conversations: { type: 'integer' },
          conversion_rate: {
            type: 'number',
            description: 'Share of the conversations of 30 days whose lead is at least basic.',
          },
          avg_revenue_per_conversation: amount_schema('Paid within 30 days of it, over 30 days.'),
          revenue_per_hour: amount_schema('The same money per hour of conversation.'),
          top_performing_buyers: {
            type: 'array',
            items: { type: 'array', items: { type: ['string', 'number'] } },
            description: '[buyer_id, what its leads brought by its own feedback of 30 days].',
          },
          quality_tier_distribution: { type: 'object', description: 'Leads scored today by newest tier.' },
          revenue_trend: {
            type: 'array',
            items: { type: 'object' },
            description: '{date, revenue} of 30 days, today the last.',
          },
          alerts: {
            type: 'array',
            items: { type: 'string' },
            description: 'Titles of the incidents that are not over.',
          },
        },
      },
    },
    400: 'The tenant is not one name.',
    403: 'The API key belongs to another tenant.',
    503: 'The warehouse is out of reach.',
  },
}
