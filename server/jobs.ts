/** GET /v1/jobs: how the jobs of this process stand. POST /v1/jobs/{name}: runs one now, as of now or an earlier moment. */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { type Authenticate, require_tenant } from './api-keys.ts'
import { object_of } from './openapi.ts'
import { refusal } from './refusals.ts'
import type { Jobs, ServerDeps } from './server-deps.ts'

const run_body = z.strictObject({
  as_of: z.iso
    .datetime({ offset: true })
    .optional()
    .describe('only what happened before it is known; now without'),
})

const REASON = 'as many runs as may wait are waiting'
const REMEDY = 'ask again when one has begun: GET /v1/jobs says which runs and how often each has'

const JOB_SCHEMA = {
  type: 'object',
  required: ['name', 'every_ms', 'done_at', 'running', 'runs', 'error'],
  properties: {
    name: { type: 'string' },
    every_ms: { type: 'integer' },
    done_at: { type: ['integer', 'null'] },
    running: { type: 'boolean' },
    runs: { type: 'integer' },
    error: { type: ['string', 'null'] },
  },
}

export const job_routes = (server: FastifyInstance, deps: ServerDeps, authenticate: Authenticate): void => {
  const jobs_here = (): Jobs => {
    if (!deps.jobs) throw refusal(404, 'NOT_FOUND', 'this process runs no jobs')
    return deps.jobs
  }
  server.get(
    '/v1/jobs',
    {
      config: {
        openapi: {
          summary: 'Jobs of this process: as of when each ran last, and whether that failed.',
          responses: { 200: { description: 'Jobs.', schema: { type: 'array', items: JOB_SCHEMA } } },
        },
      },
    },
    async request => {
      require_tenant(authenticate(request), '*')
      return jobs_here().status()
    },
  )
  server.post<{ Params: { name: string } }>(
    '/v1/jobs/:name',
    {
      config: {
        openapi: {
          summary:
            'Run a job now, behind those that run; it is through once `runs` of GET /v1/jobs is `run`. Asked for ' +
            'as of a moment that waits already, it is that run.',
          body: { schema: z.toJSONSchema(run_body) },
          responses: {
            202: {
              description: 'It will run.',
              schema: object_of({ name: 'string', as_of: 'string', run: 'integer' }),
            },
            404: 'There is no such job.',
            429: 'Too many runs wait: ask again when one of them has begun.',
          },
        },
      },
    },
    async (request, reply) => {
      require_tenant(authenticate(request), '*')
      const jobs = jobs_here()
      const { name } = request.params
      const parsed = run_body.safeParse(request.body ?? {})
      if (!parsed.success) {
        const issue = parsed.error.issues[0]!
        throw refusal(400, 'INVALID_ROW', issue.message, { field: issue.path.join('.') })
      }
      const now = deps.clock.now()
      const as_of = parsed.data.as_of === undefined ? now : Date.parse(parsed.data.as_of)
      if (as_of > now)
        throw refusal(400, 'INVALID_ROW', 'is still to come: nothing is known of it', { field: 'as_of' })
      const known = jobs.status().map(job => job.name)
      if (!known.includes(name))
        throw refusal(404, 'NOT_FOUND', `there is no job ${name}: ${known.join(', ') || 'none'}`)
      const asked = jobs.run(name, as_of)
      if (!asked) throw refusal(429, 'TOO_MANY_RUNS', REASON, { remedy: REMEDY }, { 'retry-after': '10' })
      const { run, ended } = asked
      ended.catch(error => deps.logger.warn({ job: name, err: error }, 'a job that was asked for failed'))
      return reply.code(202).send({ name, as_of: new Date(as_of).toISOString(), run })
    },
  )
}
