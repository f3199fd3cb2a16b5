/**
 * /healthz: the process answers. /readyz: it can do its work, and if not, what is in the way. /metrics: what
 * it counts.
 */
import type { FastifyInstance } from 'fastify'
import type { ServerDeps } from './server-deps.ts'

const PATIENCE_MS = 2000
const words = { type: 'array', items: { type: 'string' } }
const READINESS = {
  type: 'object',
  required: ['ready', 'reasons', 'degraded', 'dependencies', 'tasks', 'sink'],
  properties: {
    ready: { type: 'boolean' },
    reasons: { ...words, description: 'What is in the way.' },
    degraded: { ...words, description: 'What is behind while decisions go on.' },
    dependencies: { type: 'object', additionalProperties: { type: ['string', 'null'] } },
    tasks_expected: { type: 'integer' },
    tasks: { type: 'array', items: { type: 'object' } },
    sink: { type: 'array', items: { type: 'object' } },
  },
}

export const health_routes = (server: FastifyInstance, deps: ServerDeps): void => {
  server.get(
    '/healthz',
    { config: { openapi: { summary: 'The process answers.', responses: { 200: 'Always.' }, open: true } } },
    () => ({
      status: 'ok',
    }),
  )
  server.get(
    '/readyz',
    {
      config: {
        openapi: {
          summary: 'Dependencies, tasks and sink.',
          responses: {
            200: { description: 'Events are taken and processed.', schema: READINESS },
            503: { description: 'They are not; `reasons` says why.', schema: READINESS },
          },
          open: true,
        },
      },
    },
    async (_request, reply) => {
      const state = await readiness(deps)
      return reply.code(state.ready ? 200 : 503).send(state)
    },
  )
  server.get(
    '/metrics',
    {
      config: {
        openapi: {
          summary: 'Prometheus metrics.',
          responses: { 200: { description: 'Text format.', content_type: 'text/plain' } },
          open: true,
        },
      },
    },
    async (_request, reply) => reply.type(deps.metrics.content_type).send(await deps.metrics.text()),
  )
}

const readiness = async (deps: ServerDeps) => {
  const { log, registry, store, warehouse } = deps
  const named = Object.entries({ log, registry, store, warehouse })
  const dependencies = Object.fromEntries(
    await Promise.all(named.map(async ([name, port]) => [name, await health_of(port)] as const)),
  ) as Record<'log' | 'registry' | 'store' | 'warehouse', string | null>
  const tasks = deps.worker.status()
  const sink = deps.sink.status()
  const reasons: string[] = []
  for (const name of ['log', 'registry', 'store'] as const)
    if (dependencies[name] !== null) reasons.push(`${name}: ${dependencies[name]}`)
  for (const { group, partition, state, error } of tasks)
    if (state !== 'live') reasons.push(`task ${group}/${partition} is ${state}${error ? `: ${error}` : ''}`)
  if (tasks.length < deps.tasks_expected)
    reasons.push(`${tasks.length} of ${deps.tasks_expected} tasks have started`)
  // Decisions go on while tables stand still, so the warehouse makes the process degraded, not unready.
  const degraded = sink.flatMap(({ partition, error }) => (error ? [`sink/${partition}: ${error}`] : []))
  if (dependencies.warehouse !== null) degraded.push(`warehouse: ${dependencies.warehouse}`)
  return {
    ready: reasons.length === 0,
    reasons,
    degraded,
    dependencies,
    tasks_expected: deps.tasks_expected,
    tasks,
    sink,
  }
}

const health_of = async (port: { health(): Promise<string | null> }): Promise<string | null> => {
  let timer: NodeJS.Timeout | undefined
  const silent = new Promise<string>(resolve => {
    timer = setTimeout(() => resolve(`no answer within ${PATIENCE_MS} ms`), PATIENCE_MS)
  })
  try {
    return await Promise.race([port.health(), silent])
  } catch (error) {
    return (error as Error).message
  } finally {
    clearTimeout(timer)
  }
}
