/**
 * Where the sink begins: at the offsets it has saved, unless the warehouse holds less than they say. ClickHouse confirms
 * inserts that a power loss can still take, and a warehouse can be emptied or restored from an old copy; then everything
 * is inserted again, which its tables merge with what they have.
 */
import type { Logger } from 'pino'
import { batch_log_topic } from '../schemas/topics.ts'
import type { Log, TaskLog, Warehouse } from './ports.ts'
import type { PartitionTopics } from './sink-partition.ts'

/** The newest batch-log record that the warehouse holds of each key group, in one partition. */
export const NEWEST_BATCHES = `SELECT key_group, max(_offset) AS newest FROM batches
WHERE partition = {partition:Int64} GROUP BY key_group`

interface Deps {
  readonly log: Log
  readonly warehouse: Warehouse
  readonly logger: Logger
}

/** Rejects while the log or the warehouse is away: what the warehouse holds must be known before anything is read. */
export const first_offsets = async (
  deps: Deps,
  task: TaskLog,
  topics: PartitionTopics,
): Promise<Map<string, number>> => {
  const saved = await task.committed()
  const lost = await lost_batches(deps.warehouse, task.partition, topics, saved)
  const offsets = new Map(lost === null ? saved : [])
  const all = [...topics.outputs, ...topics.judged.flatMap(group => [group.batch_log, ...group.inputs])]
  for (const topic of all)
    if (!offsets.has(topic)) offsets.set(topic, (await deps.log.bounds(topic, task.partition)).start)
  if (lost !== null) {
    deps.logger.warn({ partition: task.partition, ...lost }, LOST)
    // At once: a crash midway must not find the old offsets with the newest batches inserted again.
    await task.save(offsets)
  }
  return offsets
}
const LOST =
  'the warehouse holds less than was inserted (emptied, restored or lost): everything is inserted again'

/** A batch log of which the warehouse lacks the end, or null. Batches are inserted last: where they are, their rows are. */
const lost_batches = async (
  warehouse: Warehouse,
  partition: number,
  { judged }: PartitionTopics,
  saved: ReadonlyMap<string, number>,
) => {
  const inserted = judged.map(({ batch_log }) => ({ batch_log, next: saved.get(batch_log) ?? 0 }))
  if (inserted.every(({ next }) => next === 0)) return null
  const rows = await warehouse.query<{ key_group: string; newest: number }>(NEWEST_BATCHES, { partition })
  const newest = new Map(rows.map(row => [batch_log_topic(row.key_group), row.newest]))
  for (const { batch_log, next } of inserted) {
    const held = newest.get(batch_log) ?? -1
    if (next > held + 1) return { batch_log, inserted_to: next - 1, held_to: held }
  }
  return null
}
