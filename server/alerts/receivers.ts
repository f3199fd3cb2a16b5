/** GET and PUT /v1/alerts/routes: who is told of a tenant's alerts. */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { read_routes } from '../../operators/alert/read-routes.ts'
import type { AlertRoutes } from '../../schemas/catalog-kinds.ts'
import type { Authenticate } from '../api-keys.ts'
import { refusal } from '../refusals.ts'
import { checked_body } from '../seed-routes/seed-shapes.ts'
import { asked_tenant, TENANT_PARAMETER, USUAL_RESPONSES } from './asked.ts'
import type { CatalogEntries } from './catalog-entries.ts'
import { check_revision, REVISION_PARAMETER, revision_asked } from './revision.ts'

const query_schema = z.strictObject({ tenant: z.unknown().optional(), revision: revision_asked })

export const receiver_routes = (
  server: FastifyInstance,
  authenticate: Authenticate,
  entries: CatalogEntries,
): void => {
  server.get('/v1/alerts/routes', { config: { openapi: ROUTES } }, async (request, reply) => {
    const query = checked_body(z.strictObject({ tenant: z.unknown().optional() }), request.query)
    const tenant = asked_tenant(authenticate, request, query.tenant)
    const { body, revision } = await entries.holding({ kind: 'alert_routes', id: tenant, tenant })
    return reply
      .header('cache-control', 'no-store')
      .send({ receivers: [], routes: [], mute_times: {}, ...body, revision })
  })
  server.put('/v1/alerts/routes', { config: { openapi: PUT_ROUTES } }, async request => {
    const query = checked_body(query_schema, request.query)
    const tenant = asked_tenant(authenticate, request, query.tenant)
    const routes = believed_routes(request.body)
    const { revision } = await entries.change({ kind: 'alert_routes', id: tenant, tenant }, held => {
      check_revision(query.revision, held.revision)
      return routes
    })
    return { ...routes, revision }
  })
}

/** Throws a 400 refusal in the words of the operator that reads them; they begin with the field. */
const believed_routes = (body: unknown): AlertRoutes => {
  const { routes, problem } = read_routes(body)
  if (routes) return routes
  const field = /^(?:receivers|routes|mute_times)[\w.[\]]*/.exec(problem ?? '')?.[0]
  throw refusal(400, 'INVALID_ROW', problem ?? 'is not believed', field ? { field } : {})
}

const SCHEMA = {
  type: 'object',
  required: ['receivers', 'routes'],
  properties: {
    receivers: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name', 'channel', 'to'],
        properties: {
          name: { type: 'string' },
          channel: { type: 'string', enum: ['webhook', 'slack', 'email', 'sms'] },
          to: { type: 'string' },
          secret: { type: 'string', description: 'Of a webhook: operators set TRIBUTARY_SECRET_<NAME>.' },
        },
      },
    },
    routes: {
      type: 'array',
      items: {
        type: 'object',
        required: ['receivers'],
        properties: {
          receivers: { type: 'array', items: { type: 'string' } },
          matchers: { type: 'object', additionalProperties: { type: 'string' } },
          group_by: { type: 'array', items: { type: 'string' } },
          group_wait_ms: { type: 'integer' },
          group_interval_ms: { type: 'integer' },
          repeat_interval_ms: { type: 'integer' },
          mute_times: { type: 'array', items: { type: 'string' } },
          continue: { type: 'boolean' },
        },
      },
    },
    mute_times: { type: 'object', additionalProperties: true },
    revision: { type: 'integer' },
  },
}
const ROUTES = {
  summary: 'Receivers and routes of a tenant, or those for all where it has none of its own.',
  parameters: { tenant: TENANT_PARAMETER },
  responses: { 200: { description: 'As they hold now.', schema: SCHEMA }, ...USUAL_RESPONSES },
}
const PUT_ROUTES = {
  summary: 'Say who is told, as a whole: routes in order, the first that matches tells.',
  parameters: { tenant: TENANT_PARAMETER, revision: REVISION_PARAMETER },
  body: { schema: SCHEMA },
  responses: {
    200: { description: 'As they hold from now on.', schema: SCHEMA },
    409: 'Somebody has changed them since that revision.',
    ...USUAL_RESPONSES,
  },
}
