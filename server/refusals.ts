/** Requests that are not granted: every 4xx and 5xx answer has the same shape and says what to do. */
import type { FastifyError, FastifyInstance } from 'fastify'
import type { Logger } from 'pino'

export interface RefusalBody {
  readonly error: string
  readonly reason: string
  readonly field?: string
  readonly index?: number
  readonly remedy?: string
}

export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: number
  readonly body: RefusalBody
  readonly headers: Readonly<Record<string, string>>
  constructor(status: number, body: RefusalBody, headers: Readonly<Record<string, string>>) {
    super(body.reason)
    this.status = status
    this.body = body
    this.headers = headers
  }
}

export const refusal = (
  status: number,
  error: string,
  reason: string,
  more: Partial<RefusalBody> = {},
  headers: Readonly<Record<string, string>> = {},
): Refusal => new Refusal(status, { error, reason, ...more }, headers)

/** 503: nothing is known to be wrong with the request, it may be sent again. */
export const unavailable = (reason: string): Refusal =>
  refusal(
    503,
    'UNAVAILABLE',
    reason,
    { remedy: 'send the same request again; event ids make that safe' },
    { 'retry-after': '1' },
  )

const MEANINGS: Readonly<Record<string, readonly [error: string, reason: string]>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['UNSUPPORTED_MEDIA_TYPE', 'send Content-Type: application/json'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['INVALID_JSON', 'the body is empty'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['INVALID_JSON', 'the body is not JSON'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['INVALID_JSON', 'the body is not as long as Content-Length says'],
}

/** Installs the answers for thrown refusals, bodies that cannot be read, unknown paths and wrong methods. */
export const install_refusals = (server: FastifyInstance, logger: Logger, limit_bytes: number): void => {
  server.setErrorHandler((error: FastifyError | Refusal, request, reply) => {
    if (error instanceof Refusal) return reply.code(error.status).headers(error.headers).send(error.body)
    if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE')
      return reply
        .code(413)
        .send({ error: 'TOO_LARGE', reason: `a body has at most ${limit_bytes} bytes; send several` })
    const known = MEANINGS[error.code]
    if (known) return reply.code(error.statusCode ?? 400).send({ error: known[0], reason: known[1] })
    if (error instanceof SyntaxError || (error.statusCode && error.statusCode < 500))
      return reply.code(error.statusCode ?? 400).send({ error: 'BAD_REQUEST', reason: error.message })
    logger.error({ err: error, method: request.method, url: request.url }, 'a request failed')
    return reply.code(500).send({ error: 'INTERNAL', reason: 'the request failed; the process log says why' })
  })
  const methods = new Map<string, Set<string>>()
  server.addHook('onRoute', ({ url, method }) => {
    const known = methods.get(url) ?? new Set()
    for (const each of [method].flat()) known.add(each)
    methods.set(url, known)
  })
  server.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0]!
    const allowed = [...methods].find(([pattern]) => matches(pattern, path))?.[1]
    if (!allowed)
      return reply
        .code(404)
        .send({ error: 'NOT_FOUND', reason: `there is nothing at ${path}; see /openapi.json` })
    const allow = [...allowed].join(', ')
    const reason = `${request.method} is not possible at ${path}, ${allow} is`
    return reply.code(405).header('allow', allow).send({ error: 'METHOD_NOT_ALLOWED', reason })
  })
}

const matches = (pattern: string, path: string): boolean => {
  const [wanted, given] = [pattern.split('/'), path.split('/')]
  return (
    wanted.length === given.length && wanted.every((part, i) => part.startsWith(':') || part === given[i])
  )
}
