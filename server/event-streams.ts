/**
 * What all server-sent event streams share: a limit on how many are open, heartbeats, the cut of readers that take
 * nothing, and an end when the server closes.
 */
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { unavailable } from './refusals.ts'
import type { StreamLimits } from './server-deps.ts'

export interface EventStream {
  /** Aborted when the reader has left or was too slow, or the server closes. */
  readonly signal: AbortSignal
  /** Resolves when the reader has taken enough for more to be sent. */
  send(text: string): Promise<void>
}

export interface EventStreams {
  /** Takes the response over, sends `opening`, and ends it when `work` is done. Throws a 503 refusal when too many are open. */
  serve(
    request: FastifyRequest,
    reply: FastifyReply,
    opening: string,
    work: (stream: EventStream) => Promise<void>,
  ): Promise<FastifyReply>
}

export const event_streams = (server: FastifyInstance, limits: StreamLimits): EventStreams => {
  const open = new Set<AbortController>()
  let closing = false
  // Before close, not on it: fastify waits for open responses first.
  server.addHook('preClose', async () => {
    closing = true
    for (const stream of open) stream.abort()
  })
  return {
    serve: async (request, reply, opening, work) => {
      // Streams that begin now would be ended by nobody.
      if (closing) throw unavailable('the server is closing')
      if (open.size >= limits.streams_max) throw unavailable(`${open.size} streams are open already`)
      const stop = new AbortController()
      open.add(stop)
      reply.hijack()
      reply.raw.once('close', () => stop.abort())
      // Left while its request was looked at: it closes no more.
      if (request.raw.socket.destroyed) stop.abort()
      try {
        await write_stream(reply.raw, limits, stop, opening, work)
      } finally {
        open.delete(stop)
      }
      return reply
    },
  }
}

const write_stream = async (
  out: ServerResponse,
  limits: StreamLimits,
  stop: AbortController,
  opening: string,
  work: (stream: EventStream) => Promise<void>,
): Promise<void> => {
  out.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  })
  const send = async (text: string): Promise<void> => {
    if (stop.signal.aborted || out.write(text)) return
    const slow = AbortSignal.any([stop.signal, AbortSignal.timeout(limits.drain_ms)])
    await once(out, 'drain', { signal: slow }).catch(() => stop.abort())
  }
  await send(opening)
  const heartbeat = setInterval(() => {
    if (!out.writableNeedDrain) out.write(`: heartbeat\n\n`)
  }, limits.heartbeat_ms)
  try {
    await work({ signal: stop.signal, send })
  } finally {
    clearInterval(heartbeat)
    stop.abort()
    // What a stalled reader has not taken would hold the connection, and the shutdown, for ever.
    if (out.writableNeedDrain) out.destroy()
    else out.end()
  }
}
