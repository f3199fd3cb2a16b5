/**
 * Endpoints in the shapes that the requirement documents gave: /api/v1/… answers refusals as the rest of the server does,
 * /api/revenue/… as {success: false, error}.
 */
import type { FastifyInstance } from 'fastify'
import type { Authenticate } from '../api-keys.ts'
import { Refusal } from '../refusals.ts'
import type { ServerDeps } from '../server-deps.ts'
import { conversation_routes } from './conversation.ts'
import { dashboard_routes } from './dashboard.ts'
import { insights_routes } from './insights.ts'
import { revenue_event_routes } from './revenue-event.ts'
import { tenant_currencies } from './tenant-currencies.ts'

export const seed_routes = (server: FastifyInstance, deps: ServerDeps, authenticate: Authenticate): void => {
  const currencies = tenant_currencies(deps)
  conversation_routes(server, deps, authenticate, currencies)
  dashboard_routes(server, deps, authenticate, currencies)
  server.register(async family => {
    family.setErrorHandler((error, _request, reply) => {
      if (!(error instanceof Refusal)) throw error
      const { field, reason, remedy } = error.body
      const said = field ? `${field}: ${reason}` : reason
      return reply
        .code(error.status)
        .headers(error.headers)
        .send({ success: false, error: said, ...(field && { field }), ...(remedy && { remedy }) })
    })
    insights_routes(family, deps, authenticate, currencies)
    revenue_event_routes(family, deps, authenticate, currencies)
  })
}
