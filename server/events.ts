/** POST /v1/events/{topic}: rows in, 202 when they are durable in the log, in the order given. */
import type { FastifyInstance } from 'fastify'
import { emitted_topics } from '../runtime/app.ts'
import { FieldError, type Row } from '../runtime/emit.ts'
import { type Authenticate, type Caller, require_tenant } from './api-keys.ts'
import { check_catalog_entry } from './catalog-bodies.ts'
import { refusal, unavailable } from './refusals.ts'
import type { ServerDeps } from './server-deps.ts'

export const ROWS_MAX = 10_000
/**
 * An append that takes longer is answered 503: whether it happened is then unclear, and event ids make a
 * repeat harmless.
 */
const APPEND_WAIT_MS = 15_000

export const events_routes = (
  server: FastifyInstance,
  deps: ServerDeps,
  authenticate: Authenticate,
): void => {
  const { app, emitter } = deps
  const inputs = emitted_topics(app)
  server.post<{ Params: { topic: string } }>(
    '/v1/events/:topic',
    { config: { openapi: operation(inputs) } },
    async (request, reply) => {
      const caller = authenticate(request)
      const { topic } = request.params
      if (!inputs.includes(topic))
        throw refusal(404, 'UNKNOWN_TOPIC', `events are taken for ${inputs.join(', ')}, not for ${topic}`)
      const rows = check_rows(emitter, caller, topic, request.body)
      await send_rows(deps, topic, rows)
      return reply.code(202).send({ accepted: rows.length, ids: rows.map(row => row.event_id) })
    },
  )
}

const check_rows = (emitter: ServerDeps['emitter'], caller: Caller, topic: string, body: unknown): Row[] => {
  const given = Array.isArray(body) ? body : [body]
  if (given.length === 0) throw refusal(400, 'INVALID_ROW', 'the array is empty')
  if (given.length > ROWS_MAX)
    throw refusal(413, 'TOO_LARGE', `${given.length} rows in one request, at most ${ROWS_MAX}; send several`)
  // All or nothing: a request that is refused for one row has written none.
  return given.map((value, index) => {
    const row = check_row(emitter, topic, value, index)
    require_tenant(caller, row.tenant_id, index)
    if (topic === 'catalog') check_catalog_entry(row, index)
    return row
  })
}

/** A valid row of the topic, defaults filled in. Throws a 400 refusal naming the field. */
export const check_row = (
  emitter: ServerDeps['emitter'],
  topic: string,
  value: unknown,
  index?: number,
): Row => {
  try {
    return emitter.check(topic, value)
  } catch (error) {
    if (!(error instanceof FieldError)) throw error
    const where = index === undefined ? {} : { index }
    throw refusal(400, 'INVALID_ROW', error.reason, { field: error.field, ...where })
  }
}

/** Durable when it resolves. Throws a 503 refusal when the log does not answer, 507 when its disk is full. */
export const send_rows = async (
  { emitter, logger }: Pick<ServerDeps, 'emitter' | 'logger'>,
  topic: string,
  rows: readonly Row[],
): Promise<void> => {
  try {
    await within(emitter.append(topic, rows), APPEND_WAIT_MS)
  } catch (error) {
    const { name, message } = error as Error
    if (name === 'DiskFull') throw refusal(507, 'DISK_FULL', message, {}, { 'retry-after': '10' })
    const told = 'an append failed, the emitter was told to send it again'
    logger.warn({ err: error, topic, rows: rows.length }, told)
    throw unavailable('the log is out of reach')
  }
}

const within = async <T>(work: Promise<T>, ms: number): Promise<T> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer from the log within ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

const operation = (inputs: readonly string[]) => ({
  summary: 'Send events. 202 means durable; the same event_id sent again counts once.',
  parameters: { topic: { enum: inputs } },
  body: { rows_of: inputs },
  responses: {
    202: {
      description: 'Durable.',
      schema: {
        type: 'object',
        required: ['accepted', 'ids'],
        properties: { accepted: { type: 'integer' }, ids: { type: 'array', items: { type: 'string' } } },
      },
    },
    400: 'A row is wrong: {error, field, reason, index}. None was taken.',
    403: 'The API key belongs to another tenant.',
    413: `More than ${ROWS_MAX} rows, or too many bytes.`,
    503: 'The log is out of reach; send the same again after Retry-After seconds.',
    507: 'The disk of the embedded log is full; none was taken.',
  },
})
