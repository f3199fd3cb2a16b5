/** Runs one job: asks its views as of the moment, lets it compute, checks what it says and appends it to its topics. */
import type { Emitter, Row } from '../runtime/emit.ts'
import type { Clock, Warehouse } from '../runtime/ports.ts'
import { type TopicSpec, topics } from '../schemas/topics.ts'
import type { Job, JobRow } from './job.ts'
import type { Computed } from './run-apart.ts'

export interface JobPorts {
  readonly warehouse: Pick<Warehouse, 'query'>
  readonly emitter: Emitter
  readonly clock: Pick<Clock, 'now'>
}

/** What `run_apart` does, here or in another thread. */
export type Compute = (
  job: Job,
  rows: Readonly<Record<string, readonly JobRow[]>>,
  as_of: number,
) => Promise<Computed>

export interface JobRun {
  /** Rows per topic, durable. */
  readonly written: Readonly<Record<string, number>>
  /** Tenants of whom nothing was written, since the job cannot compute them or a row of theirs does not fit its topic: why. */
  readonly failed: ReadonlyMap<string, string>
}

/** Rows in one append. */
const CHUNK = 1000

/**
 * `as_of`: epoch milliseconds. Rejects when a port is out of reach, when the job throws for everybody, and when the signal
 * aborts.
 */
export const run_job = async (
  job: Job,
  as_of: number,
  { warehouse, emitter, clock }: JobPorts,
  compute: Compute,
  signal?: AbortSignal,
): Promise<JobRun> => {
  const rows: Record<string, readonly JobRow[]> = {}
  const began_at = clock.now()
  const params = { as_of: new Date(as_of).toISOString().replace('T', ' ').replace('Z', '') }
  for (const [name, sql] of Object.entries(job.reads)) {
    signal?.throwIfAborted()
    rows[name] = await warehouse.query(sql, params)
  }
  const checked = new Map(job.writes.map(topic => [topic, [] as Row[]]))
  const { outputs, failed: not_computed } = await compute(job, rows, as_of)
  const failed = new Map(not_computed)
  for (const { topic, row } of outputs) {
    const of_topic = checked.get(topic)
    if (!of_topic) throw new Error(`job ${job.name} does not say that it writes ${topic}`)
    try {
      of_topic.push(emitter.check(topic, is_versioned(topic) ? { revision: began_at, ...row } : row))
    } catch (error) {
      // One tenant's odd data keep nobody else from an answer.
      failed.set(String(row.tenant_id), `${topic}: ${(error as Error).message}`)
    }
  }
  const written: Record<string, number> = {}
  for (const [topic, all] of checked) {
    const good = all.filter(({ tenant_id }) => !failed.has(tenant_id))
    for (let at = 0; at < good.length; at += CHUNK) {
      signal?.throwIfAborted()
      await emitter.append(topic, good.slice(at, at + CHUNK))
    }
    written[topic] = good.length
  }
  return { written, failed }
}

/**
 * A row that names no revision of its own has the time of the run: where a run as of the same moment writes fewer rows
 * than the one before, readers know those that are left by it.
 */
const is_versioned = (topic: string): boolean =>
  (topics as Readonly<Record<string, TopicSpec>>)[topic]?.table?.version === 'revision'

/** What a person is told of tenants that failed; null when none did. */
export const told_failures = ({ failed }: JobRun): string | null =>
  failed.size === 0
    ? null
    : `nothing was written of ${[...failed].map(([tenant, why]) => `tenant ${tenant} (${why})`).join(', ')}`
