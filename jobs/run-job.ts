/** Runs one job: asks its views as of the moment, lets it compute, checks what it says and appends it to its topics. */
import type { Emitter, Row } from '../runtime/emit.ts'
import type { Warehouse } from '../runtime/ports.ts'
import type { Job, JobOutput, JobRow } from './job.ts'

export interface JobPorts {
  readonly warehouse: Pick<Warehouse, 'query'>
  readonly emitter: Emitter
}

/** What `job.run` does, here or in another thread. */
export type Compute = (
  job: Job,
  rows: Readonly<Record<string, readonly JobRow[]>>,
  as_of: number,
) => Promise<readonly JobOutput[]>

/** Rows in one append. */
const CHUNK = 1000

/**
 * `as_of`: epoch milliseconds. Resolves with the rows written per topic, durable then. Rejects when a port is out of
 * reach, when a row does not fit its topic (nothing is written then), or when the job itself throws.
 */
export const run_job = async (
  job: Job,
  as_of: number,
  { warehouse, emitter }: JobPorts,
  compute: Compute,
): Promise<Readonly<Record<string, number>>> => {
  const rows: Record<string, readonly JobRow[]> = {}
  const params = { as_of: new Date(as_of).toISOString().replace('T', ' ').replace('Z', '') }
  for (const [name, sql] of Object.entries(job.reads)) rows[name] = await warehouse.query(sql, params)
  const written = new Map(job.writes.map(topic => [topic, [] as Row[]]))
  for (const { topic, row } of await compute(job, rows, as_of)) {
    const of_topic = written.get(topic)
    if (!of_topic) throw new Error(`job ${job.name} does not say that it writes ${topic}`)
    of_topic.push(emitter.check(topic, row))
  }
  for (const [topic, of_topic] of written)
    for (let at = 0; at < of_topic.length; at += CHUNK)
      await emitter.append(topic, of_topic.slice(at, at + CHUNK))
  return Object.fromEntries([...written].map(([topic, of_topic]) => [topic, of_topic.length]))
}
