/**
 * What is watched while a run goes on: no checkpoint is ahead of the log, and whether everything has been
 * taken in.
 */
import { type App, key_groups } from '../../runtime/app.ts'
import type { CheckpointHeader, TaskId } from '../../runtime/ports.ts'
import { sink_topics } from '../../runtime/sink.ts'
import { batch_log_topic } from '../../schemas/topics.ts'
import type { Batch } from '../../schemas/types.ts'
import type { Broker, Partition } from './broker.ts'
import { committed_batch, partition_rows } from './committed.ts'
import { Violation } from './violation.ts'

export interface Watch {
  saved(task: TaskId, header: CheckpointHeader): void
  /** Whatever is committed is judged, and the sink has saved that it has it. */
  caught_up(): boolean
}

export const create_watch = (app: App, broker: Broker, violate: (violation: Violation) => void): Watch => {
  const groups = key_groups(app)
  const sink = sink_topics(app)
  const last_offset = (topic: string, index: number): number => {
    const { entries } = broker.partition(topic, index)
    for (let i = entries.length - 1; i >= 0; i--) {
      const { record, transaction } = entries[i] ?? {}
      if (record && (!transaction || transaction.outcome === 'committed')) return i
    }
    return -1
  }
  const known = new Map<
    Partition,
    { readonly length: number; readonly judged: ReadonlyMap<string, number> }
  >()
  const judged_up_to = (log: Partition): ReadonlyMap<string, number> => {
    const before = known.get(log)
    if (before?.length === log.entries.length) return before.judged
    const judged = new Map<string, number>()
    for (const { row } of partition_rows<Batch>(app, log))
      for (const range of row.ranges) judged.set(range.topic, range.to)
    known.set(log, { length: log.entries.length, judged })
    return judged
  }
  return {
    saved(task, header) {
      const at = broker.partition(batch_log_topic(task.group), task.partition)
      const batch = committed_batch(at, header.seq)
      const name = `${task.group}.${task.partition}`
      if (!batch) {
        const rule = 'a checkpoint is never ahead of the log (R ≤ K)'
        return violate(new Violation(rule, `${name} checkpoints ${header.seq}, which is not committed`))
      }
      if (batch.digest !== header.digest || batch.log_id !== header.log_id) {
        const rule = 'a checkpoint is of the batch it names'
        violate(new Violation(rule, `${name} batch ${header.seq}: digest ${header.digest}/${batch.digest}`))
      }
    },
    caught_up() {
      for (const { name, inputs, partitions } of groups)
        for (let index = 0; index < partitions; index++) {
          const judged = judged_up_to(broker.partition(batch_log_topic(name), index))
          for (const topic of inputs) if ((judged.get(topic) ?? 0) <= last_offset(topic, index)) return false
        }
      for (let index = 0; index < sink.group.partitions; index++) {
        const saved = broker.saved.get(`sink.${index}`)
        const { outputs, judged } = sink.at(index)
        for (const topic of [...outputs, ...judged.flatMap(group => [group.batch_log, ...group.inputs])])
          if ((saved?.get(topic) ?? 0) <= last_offset(topic, index)) return false
      }
      return true
    },
  }
}
