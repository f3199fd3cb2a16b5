/** GET /api/v1/revenue/forecast: what revenue is foretold, how sure that is, and where it is going. */
import type { FastifyInstance } from 'fastify'
import type { Authenticate } from '../api-keys.ts'
import { type Asking, iso_of } from '../board/asking.ts'
import { refusal } from '../refusals.ts'
import { decimal_of, tenant_of_request } from './seed-shapes.ts'
import type { Answers } from './shared-answers.ts'

/** What jobs foretell, and how many periods a question may be about. */
const GRANULARITIES = { hourly: ['hour', 168], daily: ['day', 30] } as const
type Granularity = keyof typeof GRANULARITIES

/**
 * The newest forecast as of a moment, out of the tables: there one tenant's revenue is a stretch of the key, where the view
 * metric_forecast reads what has come since as well.
 */
const OF_REVENUE = (unit: string) =>
  `tenant_id = {tenant:String} AND startsWith(event_id, concat('revenue|', {currency:String}, '|${unit}|'))`
const OF_NEWEST = (unit: string) => `${OF_REVENUE(unit)} AND method = 'best' AND occurred_at = (
    SELECT max(occurred_at) FROM forecasts
    WHERE ${OF_REVENUE(unit)} AND occurred_at <= {as_of:DateTime64(3, 'UTC')})`

const PERIODS = (unit: string, n: number) => `SELECT
    toString(starts_at) AS at_text, toString(occurred_at) AS foretold_text, value, lo80, hi80, lo95, hi95
  FROM forecasts FINAL
  WHERE ${OF_NEWEST(unit)} AND starts_at >= date_trunc('${unit}', {as_of:DateTime64(3, 'UTC')}, 'UTC')
  ORDER BY starts_at LIMIT ${n}`

const ACCURACY = (unit: string) => `SELECT smape, coverage80, coverage95, origins
  FROM forecast_scores FINAL WHERE ${OF_NEWEST(unit)} LIMIT 1`

const TREND = (unit: string) => `SELECT slope_per_week, toString(verdict) AS judged
  FROM metric_trend(as_of = {as_of:DateTime64(3, 'UTC')}, granularity = '${unit}')
  WHERE tenant_id = {tenant:String} AND metric = 'revenue' AND currency = {currency:String}
  ORDER BY period_start DESC LIMIT 1`

interface Period {
  readonly at_text: string
  readonly foretold_text: string
  readonly value: number
  readonly lo80: number
  readonly hi80: number
  readonly lo95: number
  readonly hi95: number
}
interface Accuracy {
  readonly smape: number | null
  readonly coverage80: number
  readonly coverage95: number
  readonly origins: number
}

export const forecast_routes = (
  server: FastifyInstance,
  authenticate: Authenticate,
  answers: Answers,
): void => {
  server.get<{ Querystring: { tenant?: unknown; granularity?: unknown; n?: unknown } }>(
    '/api/v1/revenue/forecast',
    { config: { openapi: OPERATION } },
    async (request, reply) => {
      const { query } = request
      const tenant = tenant_of_request(authenticate, request, query.tenant, 'tenant')
      const granularity = granularity_of(query.granularity ?? 'daily')
      const n = periods_of(query.n ?? '7', GRANULARITIES[granularity][1])
      const name = `forecast of ${n} ${granularity}`
      const answer = await answers(name, tenant, about => forecast(about, granularity, n))
      return reply.header('cache-control', 'no-store').send(answer)
    },
  )
}

const granularity_of = (given: unknown): Granularity => {
  if (given === 'hourly' || given === 'daily') return given
  throw refusal(400, 'INVALID_ROW', 'daily or hourly', { field: 'granularity' })
}

const periods_of = (given: unknown, most: number): number => {
  const n = typeof given === 'string' && /^\d{1,4}$/.test(given) ? Number(given) : 0
  if (n >= 1 && n <= most) return n
  throw refusal(400, 'INVALID_ROW', `a whole number from 1 to ${most}`, { field: 'n' })
}

const forecast = async (about: Asking, granularity: Granularity, n: number) => {
  const [unit] = GRANULARITIES[granularity]
  const [periods, [accuracy], [trend]] = await Promise.all([
    about.query<Period>(PERIODS(unit, n)),
    about.query<Accuracy>(ACCURACY(unit)),
    about.query<{ slope_per_week: number; judged: string }>(TREND(unit)),
  ])
  const amount = (minor: number) => decimal_of(Math.round(minor), about.currency)
  return {
    tenant_id: about.tenant,
    currency: about.currency,
    as_of: new Date(about.now_ms).toISOString(),
    granularity,
    foretold_at: periods[0] ? iso_of(periods[0].foretold_text) : null,
    forecast_data: periods.map(({ at_text, value, lo80, hi80, lo95, hi95 }) => ({
      period_start: period_text(at_text, unit),
      revenue: amount(value),
      lower_80: amount(lo80),
      upper_80: amount(hi80),
      lower_95: amount(lo95),
      upper_95: amount(hi95),
    })),
    accuracy: accuracy ? accuracy_of(accuracy) : null,
    trend: trend ? { verdict: trend.judged, change_per_week: amount(trend.slope_per_week) } : null,
  }
}

/** Of a day its date, of an hour its instant. */
const period_text = (text: string, unit: string): string => {
  const instant = new Date(iso_of(text)).toISOString()
  return unit === 'day' ? instant.slice(0, 10) : instant
}

/** Of the backtest: the error as a fraction (sMAPE, 0 to 2), the shares of what came that lay in the intervals. */
const accuracy_of = ({ smape, coverage80, coverage95, origins }: Accuracy) => ({
  error_ratio: smape === null ? null : smape / 100,
  coverage_80: coverage80,
  coverage_95: coverage95,
  origins,
})

const amount = { type: 'number' }
const OPERATION = {
  summary: 'Revenue of the coming days or hours as foretold, with intervals, accuracy and trend.',
  parameters: {
    granularity: { enum: ['daily', 'hourly'], description: 'daily, if not given.' },
    n: { description: 'Periods from the current one on: 1 to 30 days (7, if not given), 1 to 168 hours.' },
    tenant: { description: 'A tenant key may leave it out.' },
  },
  responses: {
    200: {
      description: 'forecast_data is empty, and foretold_at null, before a first forecast was made.',
      schema: {
        type: 'object',
        required: ['granularity', 'foretold_at', 'forecast_data', 'accuracy', 'trend'],
        properties: {
          tenant_id: { type: 'string' },
          currency: { type: 'string' },
          as_of: { type: 'string', format: 'date-time' },
          granularity: { type: 'string' },
          foretold_at: { type: ['string', 'null'] },
          forecast_data: {
            type: 'array',
            items: {
              type: 'object',
              properties: {
                period_start: { type: 'string' },
                revenue: amount,
                lower_80: amount,
                upper_80: amount,
              },
            },
          },
          accuracy: {
            type: ['object', 'null'],
            description: 'Of the backtest; error_ratio is sMAPE as a fraction, 0 to 2.',
          },
          trend: {
            type: ['object', 'null'],
            description: '{verdict: rising, falling or flat, change_per_week}',
          },
        },
      },
    },
    400: 'granularity, n or tenant is wrong.',
    403: 'The API key belongs to another tenant.',
    503: 'The warehouse is out of reach.',
  },
}
