/** Puts a task's newest snapshot that fits the log into the state store, where its checkpoint is lost. */
import { read_batch } from './batch-log.ts'
import type { TaskState } from './checkpoint.ts'
import { UNFINISHED } from './checkpoint-rules.ts'
import type { CheckpointHeader, LogRecord } from './ports.ts'
import type { Snapshot } from './snapshots.ts'
import type { TaskRun } from './task-run.ts'

/** The header that now stands in the store, or null: no snapshot is of use, everything is to be replayed. */
export const restore_snapshot = async (run: TaskRun): Promise<CheckpointHeader | null> => {
  const { snapshots, logger } = run.deps
  // State that this code cannot read, or is to work off anew, is no better in a file.
  if (!snapshots || run.rebuild || run.redo) return null
  for (const snapshot of await snapshots.list(run.id)) {
    const { seq } = snapshot.header
    if (!(await fits(run, snapshot.header))) {
      logger.warn({ task: run.name, batch: seq }, 'a snapshot does not fit the log or the pipelines: left')
      continue
    }
    try {
      await load(run, snapshot)
      logger.info({ task: run.name, batch: seq }, 'the checkpoint was lost: a snapshot takes its place')
      return snapshot.header
    } catch (error) {
      run.check_alive()
      logger.warn({ task: run.name, batch: seq, err: error }, 'a snapshot cannot be used: left')
    }
  }
  return null
}

/** Whether the log has its batch at its place, and every pipeline of today has its state in it. */
const fits = async (run: TaskRun, header: CheckpointHeader): Promise<boolean> => {
  const { log_offset, pipelines } = JSON.parse(header.task) as TaskState
  if (run.shared.group.pipelines.some(({ name }) => !pipelines.includes(name))) return false
  const record = await record_at(run, log_offset)
  if (record?.offset !== log_offset || !record.value) return false
  const { seq, digest, log_id } = read_batch(record.value)
  return seq === header.seq && digest === header.digest && log_id === header.log_id
}

const record_at = async (run: TaskRun, offset: number): Promise<LogRecord | null> => {
  const { log } = run.deps
  const { log_topic } = run.shared
  const { start, end } = await log.bounds(log_topic, run.task.partition)
  if (offset < start || offset >= end) return null
  for await (const { records, position } of log.tail(
    log_topic,
    run.task.partition,
    offset,
    run.task.signal,
  )) {
    if (records[0]) return records[0]
    if (position >= end) return null
  }
  return null
}

/** In parts, each a checkpoint that names no log until the last one: cut short it is seen, and wiped. */
const load = async (run: TaskRun, { header, entities }: Snapshot): Promise<void> => {
  const { store } = run.deps
  await store.wipe(run.id)
  let from: number | null = null
  let part = 0
  const save = async (to: CheckpointHeader, writes: Parameters<typeof store.save>[3]) => {
    if ((await store.save(run.id, from, to, writes)) === 'conflict')
      throw new Error('somebody else writes here')
    from = to.seq
  }
  for await (const writes of entities()) {
    run.check_alive()
    await save({ ...header, log_id: UNFINISHED, nonce: UNFINISHED, seq: part++ }, writes)
  }
  await save(header, [])
}
