/**
 * The HTTP API of one process: ingest, streams, state, health. Routes live one question per file beside this
 * one.
 */
import { type FastifyInstance, fastify } from 'fastify'
import { alert_routes } from './alerts/alerts-routes.ts'
import { authenticator } from './api-keys.ts'
import { asyncapi_routes } from './asyncapi.ts'
import { board_routes } from './board/board-routes.ts'
import { customer_routes } from './customers.ts'
import { event_streams } from './event-streams.ts'
import { events_routes } from './events.ts'
import { health_routes } from './health.ts'
import { import_routes } from './imports.ts'
import { job_routes } from './jobs.ts'
import { openapi_routes } from './openapi.ts'
import { page_routes } from './page.ts'
import { install_refusals } from './refusals.ts'
import { seed_routes } from './seed-routes/seed-routes.ts'
import type { ServerDeps } from './server-deps.ts'
import { stream_routes } from './stream.ts'

export const BODY_BYTES_MAX = 4 << 20

/**
 * The server with its routes, not listening yet. close() ends streams, lets requests finish and closes
 * connections.
 */
export const create_server = (deps: ServerDeps): FastifyInstance => {
  const server = fastify({
    bodyLimit: BODY_BYTES_MAX,
    forceCloseConnections: 'idle',
    requestTimeout: 30_000,
    routerOptions: { maxParamLength: 1024 },
    // Errors are logged where they are understood; a line per request would be a line per record.
    logger: false,
  })
  server.removeContentTypeParser('text/plain')
  server.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unknown'
    deps.metrics.request(request.method, route, reply.statusCode, reply.elapsedTime / 1000)
    done()
  })
  install_refusals(server, deps.logger, BODY_BYTES_MAX)
  openapi_routes(server, deps.app)
  asyncapi_routes(server, deps.app)
  const authenticate = authenticator(deps.api_keys)
  events_routes(server, deps, authenticate)
  import_routes(server, deps, authenticate)
  job_routes(server, deps, authenticate)
  const streams = event_streams(server, deps.stream_limits)
  stream_routes(server, deps, authenticate, streams)
  board_routes(server, deps, authenticate, streams)
  customer_routes(server, deps, authenticate)
  alert_routes(server, deps, authenticate)
  seed_routes(server, deps, authenticate)
  health_routes(server, deps)
  page_routes(server)
  return server
}
