/** GET /v1/board, /v1/live and /v1/tenants: what the page shows of one tenant. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { exponents } from '../../schemas/currencies.ts'
import { type Authenticate, require_tenant } from '../api-keys.ts'
import type { EventStreams } from '../event-streams.ts'
import { refusal, unavailable } from '../refusals.ts'
import type { ServerDeps } from '../server-deps.ts'
import type { Board, Tenants } from './board.ts'
import { board_schema } from './board-schema.ts'
import { board_shelf } from './board-shelf.ts'
import { live_events } from './live.ts'
import { reconciliation } from './reconciliation.ts'
import { shared_tails } from './shared-tails.ts'
import { type Panels, panel_names } from './tenant-board.ts'
import { known_tenants } from './tenants.ts'

type Query = { readonly tenant?: unknown }

export const board_routes = (
  server: FastifyInstance,
  deps: ServerDeps,
  authenticate: Authenticate,
  streams: EventStreams,
): void => {
  const closing = new AbortController()
  server.addHook('preClose', async () => closing.abort())
  const reconciled = reconciliation(deps, closing.signal)
  const boards = board_shelf(deps, reconciled, closing.signal)
  const tails = shared_tails(deps)
  const tenants = known_tenants(deps)
  const tenant_asked = (request: FastifyRequest<{ Querystring: Query }>): string => {
    const caller = authenticate(request)
    const asked = request.query.tenant ?? caller.tenant
    if (typeof asked !== 'string' || !/^[^|]{1,256}$/.test(asked) || asked === '*')
      throw refusal(400, 'INVALID_TENANT', "say which tenant: ?tenant=…, one name without '|'", {
        field: 'tenant',
      })
    require_tenant(caller, asked)
    return asked
  }

  server.get<{ Querystring: Query }>('/v1/board', { config: { openapi: BOARD } }, async (request, reply) => {
    const tenant = tenant_asked(request)
    const { currency, panels } = await boards.of(tenant).read()
    const missing = panel_names.filter(name => !panels[name])
    if (currency === null || missing.length > 0)
      throw unavailable(`the warehouse has not answered yet for ${missing.join(', ') || 'the currency'}`)
    const board: Board = {
      tenant_id: tenant,
      currency,
      currency_exponent: exponents.get(currency) ?? 2,
      ...(panels as Panels),
    }
    return reply.header('cache-control', 'no-store').send(board)
  })

  server.get<{ Querystring: Query }>('/v1/live', { config: { openapi: LIVE } }, (request, reply) => {
    const tenant = tenant_asked(request)
    return streams.serve(request, reply, 'retry: 1000\n\n', stream =>
      live_events({ clock: deps.clock, board: boards.of(tenant), tails, tenant }, stream),
    )
  })

  server.get('/v1/tenants', { config: { openapi: TENANTS } }, async (request, reply) => {
    const { tenant } = authenticate(request)
    const body: Tenants = { tenants: tenant === null ? await tenants() : [tenant] }
    return reply.header('cache-control', 'no-store').send(body)
  })
}

const TENANT = {
  tenant: { description: 'Whose board; a tenant key sees only its own, and may leave it out.' },
} as const
const BOARD = {
  summary:
    'Revenue, conversations, leads, buyers, channels, forecast, alerts and trust of one tenant, as of now.',
  parameters: TENANT,
  responses: {
    200: {
      description: 'Money in minor units of `currency`.',
      schema: board_schema,
    },
    400: 'No tenant is named, or none that can be.',
    403: 'The API key belongs to another tenant.',
    503: 'The warehouse has not answered yet.',
  },
}
const LIVE = {
  summary: 'Server-sent events of one tenant: panels as they are asked anew, and what happens in between.',
  parameters: TENANT,
  responses: {
    200: {
      description:
        'Events board (panels that changed), ledger, score, price and alert. Bursts are drawn together: ledger ' +
        'amounts are summed, of scores and prices the newest of a conversation is sent.',
      content_type: 'text/event-stream',
      schema: { type: 'string' },
    },
    400: 'No tenant is named, or none that can be.',
    403: 'The API key belongs to another tenant.',
    503: 'Too many streams are open.',
  },
}
const TENANTS = {
  summary: 'The tenants of which events are known, as far as the caller may see them.',
  responses: {
    200: {
      description: 'By name.',
      schema: {
        type: 'object',
        required: ['tenants'],
        properties: { tenants: { type: 'array', items: { type: 'string' } } },
      },
    },
    503: 'The warehouse does not answer.',
  },
}
