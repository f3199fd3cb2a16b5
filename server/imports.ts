/**
 * POST /v1/imports: opens, renews and closes the lease under which history is loaded (see
 * runtime/import-lease.ts).
 */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { emitted_topics } from '../runtime/app.ts'
import { type Backlog, open_backlog } from '../runtime/backlog.ts'
import { close_lease, ImportRefused, open_lease, renew_lease } from '../runtime/import-lease.ts'
import { type Authenticate, require_tenant } from './api-keys.ts'
import { object_of } from './openapi.ts'
import { refusal, unavailable } from './refusals.ts'
import type { ServerDeps } from './server-deps.ts'

const lease_body = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{16,64}$/, 'hash of the file, hex'),
  topic: z.string(),
  action: z.enum(['open', 'renew', 'close']),
  first_occurred_at: z.int().optional(),
  accept_late: z.boolean().default(false),
  at_once: z.boolean().default(false).describe('close although records are still to be processed'),
})

export const import_routes = (
  server: FastifyInstance,
  deps: ServerDeps,
  authenticate: Authenticate,
): void => {
  const stream_times = (group: string) =>
    deps.worker.status().flatMap(task => (task.group === group ? [task.stream_time_ms] : []))
  const lease = { ...deps, grace_ms: deps.settings.grace_ms, stream_times }
  /** What the imports that are to be closed wait for, by their id. */
  const closing = new Map<string, Backlog>()
  const left_of = (id: string, topic: string): Promise<number> => {
    const backlog = closing.get(id) ?? open_backlog(deps, [topic])
    closing.set(id, backlog)
    return backlog.left()
  }
  server.post(
    '/v1/imports',
    {
      config: {
        openapi: {
          summary: 'Open, renew or close an import: no tick moves time while one is open.',
          body: { schema: z.toJSONSchema(lease_body) },
          responses: {
            201: { description: 'Open.', schema: object_of({ id: 'string', known: 'boolean' }) },
            200: { description: 'Renewed or closed.', schema: object_of({ id: 'string' }) },
            202: {
              description: 'Not closed yet, so many records are to be processed: ask again.',
              schema: object_of({ id: 'string', left: 'integer' }),
            },
            409: 'Tasks are past that history: {reason, remedy}.',
          },
        },
      },
    },
    async (request, reply) => {
      // A lease holds time still for every tenant.
      require_tenant(authenticate(request), '*')
      const parsed = lease_body.safeParse(request.body)
      if (!parsed.success) {
        const issue = parsed.error.issues[0]!
        throw refusal(400, 'INVALID_ROW', issue.message, { field: issue.path.join('.') })
      }
      const { id, topic, action, first_occurred_at, accept_late, at_once } = parsed.data
      if (!emitted_topics(deps.app).includes(topic))
        throw refusal(404, 'UNKNOWN_TOPIC', `${topic} is not a topic that takes events`)
      try {
        if (action === 'renew') await renew_lease(lease, { id, topic })
        if (action === 'close') {
          const left = at_once ? 0 : await left_of(id, topic)
          if (left > 0) return reply.code(202).send({ id, left })
          await close_lease(lease, { id, topic })
        }
        if (action !== 'renew') closing.delete(id)
        if (action !== 'open') return reply.send({ id })
        if (first_occurred_at === undefined)
          throw refusal(400, 'INVALID_ROW', 'is needed to open an import', { field: 'first_occurred_at' })
        return reply
          .code(201)
          .send({ id, ...(await open_lease(lease, { id, topic, first_occurred_at, accept_late })) })
      } catch (error) {
        if (error instanceof ImportRefused)
          throw refusal(409, 'IMPORT_REFUSED', error.message, { remedy: error.remedy })
        if ((error as Error).name === 'Refusal') throw error
        deps.logger.warn({ err: error }, 'an import lease could not be written')
        throw unavailable('the log is out of reach')
      }
    },
  )
}
