/**
 * GET /api/v1/revenue/recommendations: what is most below what was wanted, and what to do about it. Gaps are measured: goals
 * of the catalog against what came and is foretold, key figures of 30 days against their targets, incidents that are open.
 */
import type { FastifyInstance } from 'fastify'
import type { Targets } from '../../runtime/config.ts'
import type { Authenticate } from '../api-keys.ts'
import { ask_incidents } from '../board/alerts-panel.ts'
import type { Asking } from '../board/asking.ts'
import { ask_lead_figures, type LeadFigures, rates_of } from './lead-figures.ts'
import { decimal_of, tenant_of_request } from './seed-shapes.ts'
import type { Answers } from './shared-answers.ts'

/** Fewer say nothing of a rate. */
export const LEAST = 20
/** Goals that are less likely to be reached. */
const UNLIKELY = 0.5

const GOALS = `SELECT goal_id, metric, currency, target, came, expected, needed_per_day, reach_probability,
    toString(to_day) AS until_day
  FROM goal_gap(as_of = {as_of:DateTime64(3, 'UTC')}, warn_probability = ${UNLIKELY})
  WHERE tenant_id = {tenant:String} AND days_left > 0 AND reach_probability < ${UNLIKELY}
  ORDER BY reach_probability, goal_id
  LIMIT 5`

interface Goal {
  readonly goal_id: string
  readonly metric: string
  readonly currency: string | null
  readonly target: number
  readonly came: number | null
  readonly expected: number
  readonly needed_per_day: number
  readonly reach_probability: number
  readonly until_day: string
}

export interface Recommendation {
  readonly title: string
  readonly description: string
  readonly priority: 'high' | 'medium' | 'low'
  /** What was wanted and what is, in the unit of the figure; null of an incident. */
  readonly target: number | null
  readonly measured: number | null
}

export const recommendation_routes = (
  server: FastifyInstance,
  authenticate: Authenticate,
  answers: Answers,
  targets: Targets,
): void => {
  server.get<{ Querystring: { tenant?: unknown } }>(
    '/api/v1/revenue/recommendations',
    { config: { openapi: OPERATION } },
    async (request, reply) => {
      const tenant = tenant_of_request(authenticate, request, request.query.tenant, 'tenant')
      const answer = await answers('recommendations', tenant, about => recommendations(about, targets))
      return reply.header('cache-control', 'no-store').send(answer)
    },
  )
}

const recommendations = async (about: Asking, targets: Targets) => {
  const [incidents, goals, figures] = await Promise.all([
    ask_incidents(about),
    about.query<Goal>(GOALS),
    ask_lead_figures(about),
  ])
  const wrong = incidents
    .filter(({ severity }) => severity !== 'info')
    .slice(0, 3)
    .map(({ title, description, severity }): Recommendation => {
      const priority = severity === 'high' || severity === 'critical' ? 'high' : 'medium'
      return { title, description, priority, target: null, measured: null }
    })
  return {
    tenant_id: about.tenant,
    currency: about.currency,
    as_of: new Date(about.now_ms).toISOString(),
    recommendations: [
      ...wrong,
      ...goals.map(goal => of_goal(goal, about)),
      ...of_figures(figures, targets, about.currency),
    ],
  }
}

const of_goal = (goal: Goal, { currency }: Asking): Recommendation => {
  const unit = goal.currency
  const amount = (value: number) =>
    unit ? decimal_of(Math.round(value), unit) : Math.round(value * 100) / 100
  const said = (value: number) => `${amount(value)}${unit && unit !== currency ? ` ${unit}` : ''}`
  const chance = Math.round(goal.reach_probability * 100)
  return {
    title: `Goal ${goal.goal_id} is likely to be missed`,
    description:
      `${said(goal.came ?? 0)} of ${said(goal.target)} ${goal.metric} have come, ${said(goal.expected)} are expected ` +
      `before ${goal.until_day}: reached with ${chance} %. It takes ${said(goal.needed_per_day)} a day.`,
    priority: goal.reach_probability < 0.2 ? 'high' : 'medium',
    target: amount(goal.target),
    measured: amount(goal.expected),
  }
}

/** Figures below their targets, the widest gap first; a figure of fewer than LEAST cases is left out. */
export const of_figures = (figures: LeadFigures, targets: Targets, currency: string): Recommendation[] => {
  const rates = rates_of(figures)
  const sold = figures.buyers.reduce((sum, { leads }) => sum + leads, 0)
  const talked = figures.conversations
  const whole = (minor: number | null) => (minor === null ? null : decimal_of(Math.round(minor), currency))
  const percent = (value: number) => `${Math.round(value * 1000) / 10} %`
  const money = (value: number) => `${value} ${currency}`
  const gaps = [
    {
      of: 'conversion_rate',
      cases: talked,
      is: rates.conversion_rate,
      say: percent,
      ...ADVICE.conversion_rate,
    },
    {
      of: 'avg_lead_value',
      cases: sold,
      is: whole(rates.lead_value_minor),
      say: money,
      ...ADVICE.avg_lead_value,
    },
    {
      of: 'revenue_per_hour',
      cases: talked,
      is: whole(rates.revenue_per_hour_minor),
      say: money,
      ...ADVICE.revenue_per_hour,
    },
    {
      of: 'buyer_acceptance',
      cases: figures.accepted + figures.rejected,
      is: rates.acceptance,
      say: percent,
      ...ADVICE.buyer_acceptance,
    },
  ] as const
  return gaps
    .flatMap(({ of, cases, is, say, title, what, advice }) => {
      const target = targets[of]
      if (is === null || cases < LEAST || is >= target) return []
      const description = `${what} of the last 30 days: ${say(is)}, wanted ${say(target)}. ${advice}`
      const priority: Recommendation['priority'] = is < 0.8 * target ? 'high' : 'medium'
      return [{ gap: 1 - is / target, title, description, priority, target, measured: is }]
    })
    .sort((a, b) => b.gap - a.gap)
    .map(({ gap: _, ...recommendation }) => recommendation)
}

const ADVICE = {
  conversion_rate: {
    title: 'Qualify more conversations',
    what: 'Share of conversations that became leads',
    advice: 'Ask the next questions earlier: what is missing is listed with every score.',
  },
  avg_lead_value: {
    title: 'Sell leads for more',
    what: 'Mean price of a lead sold',
    advice: 'Raise scores before the hand-off, or win buyers of a higher tier.',
  },
  revenue_per_hour: {
    title: 'Make conversations pay sooner',
    what: 'Revenue per hour of conversation',
    advice: 'End those that stay unqualified, and hand over those that are ready.',
  },
  buyer_acceptance: {
    title: 'Send buyers what they take',
    what: 'Share of leads that buyers took',
    advice: 'Look at the reasons of refusals, and keep those leads from the buyers that name them.',
  },
} as const

const OPERATION = {
  summary: 'What is most below what was wanted: incidents, goals and key figures, with what to do.',
  parameters: { tenant: { description: 'A tenant key may leave it out.' } },
  responses: {
    200: {
      description: 'The most urgent first. Amounts are decimals of whole units, rates are fractions.',
      schema: {
        type: 'object',
        required: ['recommendations'],
        properties: {
          tenant_id: { type: 'string' },
          currency: { type: 'string' },
          as_of: { type: 'string', format: 'date-time' },
          recommendations: {
            type: 'array',
            items: {
              type: 'object',
              required: ['title', 'description', 'priority'],
              properties: {
                title: { type: 'string' },
                description: { type: 'string' },
                priority: { type: 'string', enum: ['high', 'medium', 'low'] },
                target: { type: ['number', 'null'] },
                measured: { type: ['number', 'null'] },
              },
            },
          },
        },
      },
    },
    400: 'The tenant is not one name.',
    403: 'The API key belongs to another tenant.',
    503: 'The warehouse is out of reach.',
  },
}
