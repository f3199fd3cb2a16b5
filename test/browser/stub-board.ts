/** A server with the real page and made-up numbers: boards by tenant, live events when the test says so. */
import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { type FastifyInstance, fastify } from 'fastify'
import { create_logger } from '../../runtime/logger.ts'
import { authenticator } from '../../server/api-keys.ts'
import type { Board, LiveEvents } from '../../server/board/board.ts'
import { page_routes } from '../../server/page.ts'
import { install_refusals } from '../../server/refusals.ts'

export interface StubBoard {
  readonly url: string
  /** By tenant; what is put here is what GET /v1/board answers. */
  readonly boards: Map<string, Board>
  readonly push: <Name extends keyof LiveEvents>(tenant: string, name: Name, data: LiveEvents[Name]) => void
  /** What was said to alerts, in order: path and body. */
  readonly said: readonly (readonly [path: string, body: unknown])[]
  /** The next thing that is said is refused with this reason. */
  refuse(reason: string): void
  /** Streams open now. */
  readonly streams: () => number
  /** Connections break and the port refuses, until `up`. */
  readonly down: () => Promise<void>
  readonly up: () => Promise<void>
}

interface Options {
  readonly boards: readonly Board[]
  /** API key that is asked for; none: open. */
  readonly key?: string
}

interface State {
  readonly boards: Map<string, Board>
  readonly open: Map<ServerResponse, string>
  readonly said: (readonly [path: string, body: unknown])[]
  refusing: string | null
}

/** Answers as the real routes do; nothing here is about the page but page_routes. */
const create = (stub: State, key: string | undefined) => {
  const server = fastify({ forceCloseConnections: true })
  install_refusals(server, create_logger('silent'), 1 << 20)
  page_routes(server)
  const keys = key === undefined ? null : new Map([[createHash('sha256').update(key).digest('hex'), '*']])
  const authenticate = authenticator(keys)
  server.get('/v1/tenants', request => {
    authenticate(request)
    return { tenants: [...stub.boards.keys()] }
  })
  server.get<{ Querystring: { tenant: string } }>('/v1/board', request => {
    authenticate(request)
    return stub.boards.get(request.query.tenant)
  })
  server.get<{ Querystring: { tenant: string } }>('/v1/live', (request, reply) => {
    authenticate(request)
    reply.hijack()
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    reply.raw.write(': hello\n\n')
    stub.open.set(reply.raw, request.query.tenant)
    reply.raw.on('close', () => stub.open.delete(reply.raw))
  })
  for (const path of ['/v1/alerts/acknowledgements', '/v1/alerts/silences'])
    server.post(path, (request, reply) => {
      authenticate(request)
      const { refusing } = stub
      stub.refusing = null
      if (refusing !== null) return reply.code(409).send({ error: 'RESOLVED', reason: refusing })
      stub.said.push([path, request.body])
      return reply.code(202).send({})
    })
  return server
}

export const start_stub = async ({ boards, key }: Options): Promise<StubBoard> => {
  const state: State = {
    boards: new Map(boards.map(board => [board.tenant_id, board])),
    open: new Map(),
    said: [],
    refusing: null,
  }
  let server: FastifyInstance = create(state, key)
  const url = await server.listen({ host: '127.0.0.1', port: 0 })
  const port = Number(new URL(url).port)
  let sent = 0
  return {
    url,
    boards: state.boards,
    said: state.said,
    refuse: reason => {
      state.refusing = reason
    },
    streams: () => state.open.size,
    push: (tenant, name, data) => {
      sent += 1
      for (const [response, of] of state.open)
        if (of === tenant) response.write(`id: ${sent}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`)
    },
    down: async () => {
      for (const response of state.open.keys()) response.destroy()
      await server.close()
    },
    up: async () => {
      server = create(state, key)
      await server.listen({ host: '127.0.0.1', port })
    },
  }
}
