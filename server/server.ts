/**
 * The HTTP API of one process: ingest, streams, state, health. Routes live one question per file beside this
 * one.
 */
import { type FastifyInstance, fastify } from 'fastify'
import type { Logger } from 'pino'
import type { App } from '../runtime/app.ts'
import type { Emitter } from '../runtime/emit.ts'
import type { Metrics } from '../runtime/metrics.ts'
import type { Clock, Fields, Log, Registry, StateStore, Warehouse } from '../runtime/ports.ts'
import type { Running, Settings, SinkStatus, TaskStatus } from '../runtime/worker-types.ts'
import { authenticator } from './api-keys.ts'
import { customer_routes } from './customers.ts'
import { events_routes } from './events.ts'
import { health_routes } from './health.ts'
import { import_routes } from './imports.ts'
import { openapi_routes } from './openapi.ts'
import { install_refusals } from './refusals.ts'
import { type StreamLimits, stream_routes } from './stream.ts'

export interface ServerDeps {
  readonly app: App
  readonly log: Log
  readonly registry: Registry
  readonly store: StateStore
  readonly warehouse: Pick<Warehouse, 'health'>
  readonly emitter: Emitter
  readonly clock: Clock
  readonly settings: Settings
  readonly logger: Logger
  readonly metrics: Metrics
  readonly worker: Running<TaskStatus>
  readonly sink: Running<SinkStatus>
  /** Tasks this process holds when it is the only one (embedded); 0 where others share them. */
  readonly tasks_expected: number
  /** sha256 of key, hex -> tenant; null: open, which config grants on loopback only. */
  readonly api_keys: ReadonlyMap<string, string> | null
  /** Stored fields of one key, decoded for people. */
  readonly read_state: (fields: Fields) => Readonly<Record<string, unknown>>
  readonly stream_limits: StreamLimits
}

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
  const authenticate = authenticator(deps.api_keys)
  events_routes(server, deps, authenticate)
  import_routes(server, deps, authenticate)
  stream_routes(server, deps, authenticate)
  customer_routes(server, deps, authenticate)
  health_routes(server, deps)
  return server
}
