/**
 * /healthz: the process answers. /readyz: it can do its work, and if not, what is in the way. /metrics: what
 * it counts.
 */
import type { FastifyInstance } from 'fastify'
import type { SinkStatus, Standstill, TaskStatus } from '../runtime/worker-types.ts'
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
    workers: { type: 'array', items: { type: 'object' }, description: 'Processes that do the tasks.' },
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
    async (_request, reply) => {
      await dependencies_of(deps)
      return reply.type(deps.metrics.content_type).send(await deps.metrics.text())
    },
  )
}

type Dependency = 'log' | 'registry' | 'store' | 'warehouse'

/** What each says of itself, null when it is well; shown in the metrics too. */
const dependencies_of = async (deps: ServerDeps): Promise<Record<Dependency, string | null>> => {
  const { log, registry, store, warehouse, metrics } = deps
  const named = Object.entries({ log, registry, store, warehouse })
  const asked = await Promise.all(named.map(async ([name, port]) => [name, await health_of(port)] as const))
  for (const [name, reason] of asked) metrics.dependency(name, reason === null)
  return Object.fromEntries(asked) as Record<Dependency, string | null>
}

const readiness = async (deps: ServerDeps) => {
  const dependencies = await dependencies_of(deps)
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
  const degraded = sink_words(sink)
  for (const { group, partition, state, error } of tasks)
    if (state === 'live' && error) degraded.push(`task ${group}/${partition}: ${error}`)
  for (const [words, partitions] of set_aside(tasks))
    degraded.push(`${words} in ${partitions} partitions: mend it, then npm run rebuild`)
  if (dependencies.warehouse !== null) degraded.push(`warehouse: ${dependencies.warehouse}`)
  const workers = deps.workers?.()
  // The tasks of one that is down are taken over; with nobody left nothing is processed.
  const down = workers?.flatMap(({ worker, error }) => (error ? [`worker ${worker}: ${error}`] : [])) ?? []
  const none_left = down.length === workers?.length
  ;(none_left ? reasons : degraded).push(...down)
  return {
    ready: reasons.length === 0,
    reasons,
    degraded,
    dependencies,
    tasks_expected: deps.tasks_expected,
    tasks,
    sink,
    ...(workers && { workers }),
  }
}

/** Pipelines that failed too often, and in how many partitions. */
const set_aside = (tasks: readonly TaskStatus[]): Map<string, number> => {
  const pipelines = new Map<string, number>()
  for (const { group, quarantined } of tasks)
    for (const name of quarantined) {
      const words = `pipeline ${group}/${name} is set aside`
      pipelines.set(words, (pipelines.get(words) ?? 0) + 1)
    }
  return pipelines
}

/** What keeps rows out of the warehouse; what is in the way of all partitions is said once, with its beginning. */
const sink_words = (sink: readonly SinkStatus[]): string[] => {
  const partitions = new Map<string, number[]>()
  for (const { partition, error, standstill } of sink) {
    const since = standstill && standstill.error === error ? since_words(standstill) : ''
    if (error) partitions.set(error + since, [...(partitions.get(error + since) ?? []), partition])
  }
  return [...partitions].map(([words, which]) => `sink/${which.join(',')}: ${words}`)
}
const since_words = ({ since, tries }: Standstill): string =>
  ` (since ${new Date(since).toISOString()}, tried ${tries} times)`

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
