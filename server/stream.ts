/**
 * GET /v1/topics/{topic}/stream: an output topic as server-sent events, from now or from an offset per
 * partition. Each id names the next offset of all partitions, so a reader that reconnects with Last-Event-ID
 * misses and repeats nothing.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { body_reader, type ReadBody } from '../runtime/bodies.ts'
import { tenant_of } from '../runtime/keys.ts'
import type { LogRecord } from '../runtime/ports.ts'
import { type Authenticate, type Caller, require_tenant } from './api-keys.ts'
import type { EventStream, EventStreams } from './event-streams.ts'
import { refusal, unavailable } from './refusals.ts'
import type { ServerDeps, StreamLimits } from './server-deps.ts'

export const default_stream_limits: StreamLimits = {
  heartbeat_ms: 15_000,
  drain_ms: 30_000,
  streams_max: 200,
}

/** What is given more than once comes as an array. */
type Query = { readonly from?: string | string[]; readonly tenant?: string | string[] }

export const stream_routes = (
  server: FastifyInstance,
  deps: ServerDeps,
  authenticate: Authenticate,
  streams: EventStreams,
): void => {
  const { app, log } = deps
  const outputs = Object.entries(app.topics).flatMap(([topic, spec]) =>
    spec.role === 'output' ? [topic] : [],
  )
  const read = body_reader(deps.registry)
  server.get<{ Params: { topic: string }; Querystring: Query }>(
    '/v1/topics/:topic/stream',
    { config: { openapi: operation(outputs) } },
    async (request, reply) => {
      const caller = authenticate(request)
      const { topic } = request.params
      if (!outputs.includes(topic))
        throw refusal(404, 'UNKNOWN_TOPIC', `streams are ${outputs.join(', ')}, not ${topic}`)
      const tenant = tenant_filter(caller, request.query.tenant)
      const offsets = await first_offsets(log, topic, start_of(request))
      const rows = { topic, tenant, offsets, read }
      // The reader knows at once where it stands, also when the topic is silent.
      const opening = `retry: 1000\nid: ${id_of(offsets)}\nevent: open\ndata: {}\n\n`
      return streams.serve(request, reply, opening, stream => send_rows(deps, rows, stream))
    },
  )
}

const tenant_filter = (caller: Caller, asked: Query['tenant']): string | null => {
  if (Array.isArray(asked)) throw refusal(400, 'INVALID_TENANT', 'one tenant', { field: 'tenant' })
  if (asked !== undefined) require_tenant(caller, asked)
  return asked ?? caller.tenant
}

/** Next offset by partition as asked for; null: from now. */
const start_of = (
  request: FastifyRequest<{ Querystring: Query }>,
): ReadonlyMap<number, number> | 'beginning' | null => {
  const header = request.headers['last-event-id']
  const text = (typeof header === 'string' && header !== '' ? header : undefined) ?? request.query.from
  if (text === undefined) return null
  if (text === 'beginning') return text
  if (Array.isArray(text) || !/^\d+:\d+(,\d+:\d+)*$/.test(text))
    throw refusal(400, 'INVALID_OFFSETS', 'partition:offset,partition:offset,… or beginning', {
      field: 'from',
    })
  return new Map(text.split(',').map(pair => pair.split(':').map(Number) as [number, number]))
}

const first_offsets = async (
  log: ServerDeps['log'],
  topic: string,
  start: ReadonlyMap<number, number> | 'beginning' | null,
): Promise<number[]> => {
  try {
    const partitions = (await log.partitions(topic)) ?? 0
    const strange =
      start instanceof Map ? [...start.keys()].find(partition => partition >= partitions) : undefined
    if (strange !== undefined)
      throw refusal(400, 'INVALID_OFFSETS', `${topic} has no partition ${strange}`, { field: 'from' })
    return await Promise.all(
      Array.from({ length: partitions }, async (_, partition) => {
        const bounds = await log.bounds(topic, partition)
        if (start === 'beginning') return bounds.start
        const wanted = start?.get(partition) ?? bounds.end
        // Offsets that retention has passed are gone; one behind the end belongs to another life of the log.
        return Math.min(Math.max(wanted, bounds.start), bounds.end)
      }),
    )
  } catch (error) {
    if ((error as Error).name === 'Refusal') throw error
    throw unavailable('the log is out of reach')
  }
}

interface Rows {
  readonly topic: string
  readonly tenant: string | null
  /** Next offset by partition; moves as records are sent. */
  readonly offsets: number[]
  readonly read: ReadBody
}

const send_rows = async (deps: ServerDeps, rows: Rows, { signal, send }: EventStream): Promise<void> => {
  const { topic, offsets } = rows
  const send_partition = async (from: number, partition: number): Promise<void> => {
    for await (const { records, position } of deps.log.tail(topic, partition, from, signal)) {
      for (const record of records) {
        const line = await event_of(rows, record)
        offsets[partition] = record.offset + 1
        if (line !== null) await send(`id: ${id_of(offsets)}\ndata: ${line}\n\n`)
        if (signal.aborted) return
      }
      offsets[partition] = Math.max(offsets[partition]!, position)
    }
  }
  try {
    await Promise.all(offsets.map(send_partition))
  } catch (error) {
    if (!signal.aborted) deps.logger.warn({ err: error, topic }, 'a stream was cut; its reader reconnects')
  }
}

const event_of = async ({ tenant, read }: Rows, { key, value }: LogRecord): Promise<string | null> => {
  if (!value) return null
  if (tenant !== null && (!key || tenant_of(key.toString()) !== tenant)) return null
  return JSON.stringify(await read(value), (_, field: unknown) =>
    field instanceof Uint8Array ? encode(field) : field,
  )
}

const encode = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

const id_of = (offsets: readonly number[]): string =>
  offsets.map((offset, partition) => `${partition}:${offset}`).join(',')

const operation = (outputs: readonly string[]) => ({
  summary: 'Server-sent events of an output topic, one row per event.',
  parameters: {
    topic: { enum: outputs },
    from: {
      description:
        'partition:offset,… (as in event ids), or beginning; without it, from now. Last-Event-ID wins.',
    },
    tenant: { description: 'Only rows of that tenant; a tenant key sees only its own.' },
  },
  responses: {
    200: {
      description: 'Each event: id the offsets to go on from, data one row as JSON.',
      content_type: 'text/event-stream',
      schema: { type: 'string' },
    },
    400: 'The offsets are not understood.',
    404: 'No such output topic.',
  },
})
