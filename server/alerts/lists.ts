/** GET /v1/alerts, /v1/alerts/history and /v1/alerts/deliveries: what is wrong, what was, and who was told of it. */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Authenticate } from '../api-keys.ts'
import { checked_body } from '../seed-routes/seed-shapes.ts'
import type { ServerDeps } from '../server-deps.ts'
import {
  type ApiRow,
  type AskRows,
  as_of,
  asked_tenant,
  instant,
  limit_of,
  severity_names,
  TENANT_PARAMETER,
  USUAL_RESPONSES,
  words_of,
} from './asked.ts'

const statuses = ['firing', 'acknowledged', 'pending', 'resolved'] as const
const tenant = z.unknown().optional()
const text = z.string().min(1)

export const alerts_query = z.strictObject({
  tenant,
  severity: words_of(severity_names).optional(),
  status: words_of(statuses).default(['firing', 'acknowledged']),
  rule: text.optional(),
  metric: text.optional(),
  fingerprint: text.optional(),
  limit: limit_of(100),
})
const history_query = z.strictObject({
  tenant,
  severity: words_of(severity_names).optional(),
  rule: text.optional(),
  fingerprint: text.optional(),
  from: instant.optional(),
  to: instant.optional(),
  limit: limit_of(100),
})
const outcomes = ['delivered', 'retrying', 'failed', 'expired'] as const
const deliveries_query = z.strictObject({
  tenant,
  receiver: text.optional(),
  outcome: words_of(outcomes).optional(),
  notification_id: text.optional(),
  limit: limit_of(100),
})

type Filters = Readonly<Record<string, string | readonly string[] | undefined>>
/** Conditions on the columns that are named, and their parameters; a list is any of its words. */
const where_of = (filters: Filters) => {
  const said = Object.entries(filters).filter(([, value]) => value !== undefined)
  return {
    sql: said.map(([column, value]) =>
      Array.isArray(value)
        ? `AND toString(${column}) IN {${column}:Array(String)}`
        : `AND ${column} = {${column}:String}`,
    ),
    params: Object.fromEntries(said),
  }
}

/** A premium lead is told once and never over: it is no open alert unless its rule is asked for. */
export const ask_alerts = async (
  ask: AskRows,
  now_ms: number,
  { tenant, limit, ...filters }: Omit<z.infer<typeof alerts_query>, 'tenant'> & { readonly tenant: string },
): Promise<ApiRow[]> => {
  const where = where_of(filters)
  const rows = await ask(
    `SELECT * FROM alert_current(as_of = {as_of:DateTime64(3, 'UTC')})
     WHERE tenant_id = {tenant:String} ${where.sql.join(' ')} ${filters.rule ? '' : "AND rule != 'premium_lead'"}
     ORDER BY indexOf(['info', 'low', 'medium', 'high', 'critical'], toString(severity)) DESC, started_at DESC, fingerprint
     LIMIT {limit:UInt32}`,
    { tenant, limit, ...as_of(now_ms), ...where.params },
  )
  return rows
}

const ask_history = (
  ask: AskRows,
  now_ms: number,
  {
    tenant,
    limit,
    from,
    to,
    ...filters
  }: Omit<z.infer<typeof history_query>, 'tenant'> & { readonly tenant: string },
): Promise<ApiRow[]> => {
  const where = where_of(filters)
  const stretch = {
    from: as_of(from ?? 0).as_of,
    to: as_of(to ?? now_ms + 1).as_of,
  }
  return ask(
    `SELECT * FROM alert_history(as_of = {as_of:DateTime64(3, 'UTC')})
     WHERE tenant_id = {tenant:String} ${where.sql.join(' ')}
       AND started_at >= {from:DateTime64(3, 'UTC')} AND started_at < {to:DateTime64(3, 'UTC')}
     ORDER BY started_at DESC, fingerprint LIMIT {limit:UInt32}`,
    { tenant, limit, ...as_of(now_ms), ...stretch, ...where.params },
  )
}

const DELIVERY_COLUMNS = `event_id, occurred_at, notification_id, receiver, channel, group_key, attempt, outcome, status_code,
    error, duration_ms`

const ask_deliveries = (
  ask: AskRows,
  {
    tenant,
    limit,
    ...filters
  }: Omit<z.infer<typeof deliveries_query>, 'tenant'> & { readonly tenant: string },
): Promise<ApiRow[]> => {
  const where = where_of(filters)
  return ask(
    `SELECT ${DELIVERY_COLUMNS} FROM deliveries FINAL
     WHERE tenant_id = {tenant:String} ${where.sql.join(' ')}
     ORDER BY deliveries.occurred_at DESC, event_id DESC LIMIT {limit:UInt32}`,
    { tenant, limit, ...where.params },
  )
}

export const list_routes = (
  server: FastifyInstance,
  { clock }: Pick<ServerDeps, 'clock'>,
  authenticate: Authenticate,
  ask: AskRows,
): void => {
  const no_store = { 'cache-control': 'no-store' }
  server.get('/v1/alerts', { config: { openapi: ALERTS } }, async (request, reply) => {
    const query = checked_body(alerts_query, request.query)
    const tenant = asked_tenant(authenticate, request, query.tenant)
    return reply.headers(no_store).send({ alerts: await ask_alerts(ask, clock.now(), { ...query, tenant }) })
  })
  server.get('/v1/alerts/history', { config: { openapi: HISTORY } }, async (request, reply) => {
    const query = checked_body(history_query, request.query)
    const tenant = asked_tenant(authenticate, request, query.tenant)
    return reply
      .headers(no_store)
      .send({ incidents: await ask_history(ask, clock.now(), { ...query, tenant }) })
  })
  server.get('/v1/alerts/deliveries', { config: { openapi: DELIVERIES } }, async (request, reply) => {
    const query = checked_body(deliveries_query, request.query)
    const tenant = asked_tenant(authenticate, request, query.tenant)
    return reply.headers(no_store).send({ deliveries: await ask_deliveries(ask, { ...query, tenant }) })
  })
}

const list_of = (name: string) => ({
  type: 'object',
  required: [name],
  properties: { [name]: { type: 'array', items: { type: 'object', additionalProperties: true } } },
})
const SEVERITY = { description: `${severity_names.join(', ')}; several with commas between.` }
const LIMIT = { description: 'At most so many; 100 without, 1000 at most.' }

export const ALERTS = {
  summary: 'Open alerts, the worst first: the newest word on each trouble.',
  parameters: {
    tenant: TENANT_PARAMETER,
    severity: SEVERITY,
    status: { description: `${statuses.join(', ')}; firing,acknowledged without.` },
    rule: {},
    metric: {},
    fingerprint: {},
    limit: LIMIT,
  },
  responses: {
    200: { description: 'Columns of the view alert_current.', schema: list_of('alerts') },
    ...USUAL_RESPONSES,
  },
}
const HISTORY = {
  summary: 'Incidents that were and are, the newest first.',
  parameters: {
    tenant: TENANT_PARAMETER,
    severity: { description: `The highest of the incident: ${severity_names.join(', ')}.` },
    rule: {},
    fingerprint: {},
    from: { description: 'Those that began at or after it, ISO 8601.' },
    to: { description: 'Those that began before it, ISO 8601.' },
    limit: LIMIT,
  },
  responses: {
    200: { description: 'Columns of the view alert_history.', schema: list_of('incidents') },
    ...USUAL_RESPONSES,
  },
}
const DELIVERIES = {
  summary: 'Attempts to tell receivers, the newest first.',
  parameters: {
    tenant: TENANT_PARAMETER,
    receiver: {},
    outcome: { description: `${outcomes.join(', ')}; several with commas between.` },
    notification_id: {},
    limit: LIMIT,
  },
  responses: {
    200: { description: 'Rows of the table deliveries.', schema: list_of('deliveries') },
    ...USUAL_RESPONSES,
  },
}
