/** GET /api/revenue/insights: how revenue and conversion moved against the time before, and what to do about it. */
import type { FastifyInstance } from 'fastify'
import type { Authenticate } from '../api-keys.ts'
import { ask_incidents } from '../board/alerts-panel.ts'
import type { Asking } from '../board/asking.ts'
import { ask_channels } from '../board/channels-panel.ts'
import { refusal } from '../refusals.ts'
import { decimal_of, failures, tenant_of_request } from './seed-shapes.ts'
import type { Answers } from './shared-answers.ts'

const DAYS_MAX = 365

const revenue_sql = (days: number) => `WITH {as_of:DateTime64(3, 'UTC')} AS now
  SELECT
    sumIf(amount_minor, occurred_at >= now - INTERVAL ${days} DAY) AS current_minor,
    sumIf(amount_minor, occurred_at < now - INTERVAL ${days} DAY) AS previous_minor,
    uniqExactIf(customer_id, type = 'payment_succeeded' AND occurred_at >= now - INTERVAL ${days} DAY) AS buyers
  FROM ledger FINAL
  WHERE tenant_id = {tenant:String} AND currency = {currency:String}
    AND occurred_at < now AND occurred_at >= now - INTERVAL ${2 * days} DAY`

const sessions_sql = (days: number) => `WITH {as_of:DateTime64(3, 'UTC')} AS now
  SELECT
    countIf(occurred_at >= now - INTERVAL ${days} DAY) AS current_sessions,
    countIf(occurred_at < now - INTERVAL ${days} DAY) AS previous_sessions
  FROM sessions FINAL
  WHERE tenant_id = {tenant:String} AND NOT retracted
    AND occurred_at < now AND occurred_at >= now - INTERVAL ${2 * days} DAY`

const purchases_sql = (days: number) => `WITH {as_of:DateTime64(3, 'UTC')} AS now
  SELECT
    countIf(occurred_at >= now - INTERVAL ${days} DAY) AS current_purchases,
    countIf(occurred_at < now - INTERVAL ${days} DAY) AS previous_purchases
  FROM ledger FINAL
  WHERE tenant_id = {tenant:String} AND type = 'payment_succeeded'
    AND occurred_at < now AND occurred_at >= now - INTERVAL ${2 * days} DAY`

const MONTHS = `SELECT formatDateTime(occurred_at, '%Y-%m', 'UTC') AS month, sum(amount_minor) AS net_minor
  FROM ledger FINAL
  WHERE tenant_id = {tenant:String} AND currency = {currency:String}
    AND occurred_at < {as_of:DateTime64(3, 'UTC')}
    AND occurred_at >= toStartOfMonth({as_of:DateTime64(3, 'UTC')}) - INTERVAL 11 MONTH
  GROUP BY month ORDER BY month`

export const insights_routes = (
  server: FastifyInstance,
  authenticate: Authenticate,
  answers: Answers,
): void => {
  server.get<{ Querystring: { tenant?: unknown; timeframe?: unknown } }>(
    '/api/revenue/insights',
    { config: { openapi: OPERATION } },
    async (request, reply) => {
      const tenant = tenant_of_request(authenticate, request, request.query.tenant, 'tenant')
      const days = days_of(request.query.timeframe ?? '30d')
      const insights = await answers(`insights of ${days}`, tenant, about => insights_of(about, days))
      return reply.header('cache-control', 'no-store').send({ success: true, insights })
    },
  )
}

const days_of = (timeframe: unknown): number => {
  const days = typeof timeframe === 'string' ? Number(/^(\d{1,3})d$/.exec(timeframe)?.[1] ?? 0) : 0
  if (days >= 1 && days <= DAYS_MAX) return days
  throw refusal(400, 'INVALID_ROW', `days such as 30d, from 1d to ${DAYS_MAX}d`, { field: 'timeframe' })
}

const insights_of = async (about: Asking, days: number) => {
  const [revenue] = await about.query<Record<'current_minor' | 'previous_minor' | 'buyers', number>>(
    revenue_sql(days),
  )
  const [sessions] = await about.query<Record<'current_sessions' | 'previous_sessions', number>>(
    sessions_sql(days),
  )
  const [purchases] = await about.query<Record<'current_purchases' | 'previous_purchases', number>>(
    purchases_sql(days),
  )
  const months = await about.query<{ month: string; net_minor: number }>(MONTHS)
  const amount = (minor: number) => decimal_of(minor, about.currency)
  const current = revenue?.current_minor ?? 0
  const previous = revenue?.previous_minor ?? 0
  return {
    tenantId: about.tenant,
    currency: about.currency,
    asOf: new Date(about.now_ms).toISOString(),
    timeframe: `${days}d`,
    summary: {
      revenue: { current: amount(current), previous: amount(previous), change: change(current, previous) },
      conversion: {
        rate: share(purchases?.current_purchases ?? 0, sessions?.current_sessions ?? 0),
        previousRate: share(purchases?.previous_purchases ?? 0, sessions?.previous_sessions ?? 0),
      },
      // How healthy customers are is not scored yet.
      customers: { buyers: revenue?.buyers ?? 0, healthy: null, atRisk: null },
    },
    systems: {
      analytics: {
        revenue: {
          monthlyTrend: Object.fromEntries(months.map(({ month, net_minor }) => [month, amount(net_minor)])),
        },
      },
    },
    recommendations: await recommendations_of(about),
  }
}

interface Recommendation {
  readonly priority: 'high' | 'medium' | 'low'
  readonly title: string
  readonly description: string
  readonly actions: readonly string[]
}

/** What is wrong now, then channels that cost more than they bring by every model. */
const recommendations_of = async (about: Asking): Promise<Recommendation[]> => {
  const incidents = await ask_incidents(about)
  const channels = await ask_channels(about)
  const wrong = incidents
    .filter(({ severity }) => severity !== 'info')
    .slice(0, 3)
    .map(
      ({ title, description, severity }): Recommendation => ({
        priority: severity === 'high' || severity === 'critical' ? 'high' : 'medium',
        title,
        description,
        actions: ['Find the cause', 'Watch the metric until it is normal again'],
      }),
    )
  const best = new Map<string, { credit_minor: number; cost_minor: number }>()
  for (const { channel, credit_minor, cost_minor } of channels.credits) {
    const most = Math.max(credit_minor, best.get(channel)?.credit_minor ?? Number.NEGATIVE_INFINITY)
    best.set(channel, { credit_minor: most, cost_minor })
  }
  const money = (minor: number) => `${decimal_of(minor, about.currency)} ${about.currency}`
  const losing = [...best]
    .filter(([, { credit_minor, cost_minor }]) => cost_minor > credit_minor)
    .sort(([, a], [, b]) => b.cost_minor - b.credit_minor - (a.cost_minor - a.credit_minor))
    .slice(0, 3)
    .map(
      ([channel, { credit_minor, cost_minor }]): Recommendation => ({
        priority: 'medium',
        title: `${channel} costs more than it brings`,
        description:
          `In 30 days its touches cost ${money(cost_minor)}; the attribution model kindest to it ` +
          `credits it with ${money(credit_minor)}.`,
        actions: [`Lower the spend on ${channel}`, 'Compare its campaigns'],
      }),
    )
  return [...wrong, ...losing]
}

/** Fractions to four decimals; null without anything to compare with. */
const share = (part: number, whole: number): number | null =>
  whole === 0 ? null : Math.round((part / whole) * 10_000) / 10_000
const change = (now: number, before: number): number | null =>
  before <= 0 ? null : Math.round(((now - before) / before) * 10_000) / 10_000

const OPERATION = {
  summary: 'Revenue and conversion of a timeframe against the one before, monthly trend, recommendations.',
  parameters: {
    timeframe: { description: 'Days, such as 30d (the default).' },
    tenant: { description: 'A tenant key may leave it out.' },
  },
  responses: {
    200: {
      description: 'Amounts are decimals of whole units, rates are fractions.',
      schema: {
        type: 'object',
        required: ['success', 'insights'],
        properties: {
          success: { type: 'boolean' },
          insights: {
            type: 'object',
            required: ['summary', 'systems', 'recommendations'],
            properties: {
              summary: { type: 'object' },
              systems: { type: 'object' },
              recommendations: { type: 'array', items: { type: 'object' } },
            },
          },
        },
      },
    },
    ...failures({
      400: 'The timeframe or tenant is wrong.',
      403: 'The API key belongs to another tenant.',
      503: 'The warehouse is out of reach.',
    }),
  },
}
