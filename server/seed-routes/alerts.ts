/** GET /api/v1/alerts and POST /api/v1/bi/alerts/rules: alerts and rules in the shapes of the requirement documents. */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { ApiRow, AskRows } from '../alerts/asked.ts'
import { ALERTS, alerts_query, ask_alerts } from '../alerts/lists.ts'
import type { Rules } from '../alerts/rules.ts'
import { PUT_RULE } from '../alerts/rules-openapi.ts'
import type { Authenticate } from '../api-keys.ts'
import { refusal } from '../refusals.ts'
import type { ServerDeps } from '../server-deps.ts'
import { checked_body, decimal_of, tenant_of_request } from './seed-shapes.ts'

export const seed_alert_routes = (
  server: FastifyInstance,
  { clock }: Pick<ServerDeps, 'clock'>,
  authenticate: Authenticate,
  ask: AskRows,
  rules: Rules,
): void => {
  server.get('/api/v1/alerts', { config: { openapi: ALERTS_HERE } }, async (request, reply) => {
    const query = checked_body(alerts_query, request.query)
    const tenant = tenant_of_request(authenticate, request, query.tenant, 'tenant')
    const rows = await ask_alerts(ask, clock.now(), { ...query, tenant })
    return reply.header('cache-control', 'no-store').send({ alerts: rows.map(seed_alert) })
  })
  server.post('/api/v1/bi/alerts/rules', { config: { openapi: RULE_HERE } }, async (request, reply) => {
    const { tenant_id, dry_run, ...rule } = checked_body(rule_body, request.body)
    const tenant = tenant_of_request(authenticate, request, tenant_id)
    const { name } = rule
    if (typeof name !== 'string' || name === '')
      throw refusal(400, 'INVALID_ROW', 'is what the rule is called', { field: 'name' })
    const answer = await rules.put(tenant, name, rule, { dry_run })
    return reply.code(answer.saved ? 201 : 200).send(answer)
  })
}

const rule_body = z.looseObject({
  tenant_id: z.unknown().optional(),
  dry_run: z.boolean({ error: 'must be true or false' }).default(false),
})

/** Money as a decimal of whole units. */
const seed_alert = (row: ApiRow) => {
  const { money_at_risk_minor: minor, money_currency: currency } = row
  const known = typeof minor === 'number' && typeof currency === 'string'
  return {
    id: row.alert_event_id,
    severity: row.severity,
    status: row.status,
    rule: row.rule,
    title: row.title,
    message: row.description,
    metric: row.metric,
    dimension: row.dimension,
    value: row.value,
    expected: row.expected,
    startedAt: row.started_at,
    updatedAt: row.said_at,
    acknowledgedBy: row.acknowledged_by,
    contributor: row.contributor,
    moneyAtRisk: known ? decimal_of(minor, currency) : null,
    currency: known ? currency : null,
  }
}

const ALERTS_HERE = {
  ...ALERTS,
  responses: {
    ...ALERTS.responses,
    200: {
      description: 'Amounts are decimals of whole units.',
      schema: {
        type: 'object',
        required: ['alerts'],
        properties: { alerts: { type: 'array', items: { type: 'object', additionalProperties: true } } },
      },
    },
  },
}
const RULE_HERE = {
  summary: 'Back-test a rule and keep it: PUT /v1/alerts/rules/{name} with the name in the body.',
  body: PUT_RULE.body,
  responses: {
    ...PUT_RULE.responses,
    201: { ...PUT_RULE.responses[200], description: 'Kept. It holds within seconds.' },
    200: { ...PUT_RULE.responses[200], description: 'Back-tested only (dry_run).' },
  },
}
