/**
 * A key group worked off anew by today's code: history is read again in the recorded order, nothing set aside and nothing
 * failed, and what it would have written is compared with what stands in the topics. Runs while no process works the group;
 * cut short it is simply run again, since what was emitted is no difference any more.
 */
import { describe_pipeline, key_groups } from './app.ts'
import { rebuilt } from './batch-log.ts'
import { type Output, type TaskLog, TaskRefused } from './ports.ts'
import type { Progress } from './progress.ts'
import { recover } from './recovery.ts'
import { Rewritten } from './rewritten.ts'
import { type Shared, TaskRun } from './task-run.ts'
import { membership_of, open_ground } from './worker.ts'
import type { WorkerDeps } from './worker-types.ts'

/**
 * Which of the rows written anew go out: none (state only), those that differ from what stands, or all: then those that do
 * not differ, too, where the topic has versions to tell them apart by.
 */
export type Emission = 'nothing' | 'difference' | 'all'

export interface RebuildRequest {
  readonly group: string
  readonly emit: Emission
  /** Only rows of these pipelines go out; empty: of all. */
  readonly pipelines: readonly string[]
  /** How long the other processes have to leave the group, ms. */
  readonly alone_within_ms: number
}

/** What became of one topic. */
export interface Rebuilt {
  readonly topic: string
  /** Rows that went out. */
  readonly emitted: number
  /** Rows of an internal topic that today's code writes otherwise: added up already, they cannot be taken back. */
  readonly unchangeable: number
  /** Rows that stand though today's code does not write them. */
  readonly stale: number
}

/** Rows in one transaction. */
const CHUNK = 1000

/**
 * Resolves when every task of the group has been rebuilt and checkpointed.
 * @param progress told of each task when it is through: batches replayed
 * @throws Error when there is no such group or pipeline, when others work the group, or when recovery refuses
 */
export const rebuild_group = async (
  deps: WorkerDeps,
  request: RebuildRequest,
  progress: (task: string, batches: number) => void,
  signal: AbortSignal,
): Promise<readonly Rebuilt[]> => {
  const group = key_groups(deps.app).find(({ name }) => name === request.group)
  if (!group) throw new Error(`there is no key group ${request.group}`)
  for (const name of request.pipelines)
    if (!group.pipelines.some(pipeline => pipeline.name === name))
      throw new Error(`there is no pipeline ${name} keyed by ${group.name}`)
  const ending = new AbortController()
  const until = AbortSignal.any([signal, ending.signal])
  const ground = await open_ground(deps, until)
  if (!ground) throw new Error('stopped before it began')
  const shared = ground.share(group)
  const chosen = group.pipelines.filter(
    ({ name }) => request.pipelines.length === 0 || request.pipelines.includes(name),
  )
  const topics = new Set(chosen.flatMap(pipeline => [...describe_pipeline(pipeline).writes]))
  if (request.pipelines.length === 0 && deps.app.topics.dead_letters) topics.add('dead_letters')
  const rewritten = new Rewritten(deps, [...topics].sort(), request.emit)
  try {
    await work_all(deps, shared, request, rewritten, progress, until)
  } finally {
    ending.abort()
    await ground.following
  }
  return rewritten.report()
}

/** Holds all partitions, then rebuilds one after the other: only one history at a time is in memory. */
const work_all = async (
  deps: WorkerDeps,
  shared: Shared,
  request: RebuildRequest,
  rewritten: Rewritten,
  progress: (task: string, batches: number) => void,
  signal: AbortSignal,
): Promise<void> => {
  const { partitions, name } = shared.group
  const done = new AbortController()
  const all_here = Promise.withResolvers<void>()
  // Also where no task waits for it, nobody being given one.
  all_here.promise.catch(() => done.abort())
  const here = new Set<number>()
  const rebuilt = new Set<number>()
  let turn: Promise<void> = Promise.resolve()
  const late = new AbortController()
  const alone = deps.clock.sleep(request.alone_within_ms, AbortSignal.any([late.signal, signal])).then(() => {
    const why = signal.aborted
      ? 'stopped before it began'
      : `${here.size} of ${partitions} partitions are free: stop the processes that work ${name} first`
    if (here.size < partitions) all_here.reject(new Error(why))
  })
  const work = async (task: TaskLog): Promise<void> => {
    here.add(task.partition)
    if (here.size === partitions) all_here.resolve()
    await Promise.race([all_here.promise, aborted(task.signal)])
    if (task.signal.aborted) {
      // Somebody else works the group, too: it may come back.
      here.delete(task.partition)
      return
    }
    const before = turn
    const mine = before.then(async () => {
      task.signal.throwIfAborted()
      const seq = await rebuild_task(new TaskRun(task, deps, shared), request.emit, rewritten)
      progress(`${name}/${task.partition}`, seq)
    })
    turn = mine.catch(() => {})
    await mine.catch(insist)
    rebuilt.add(task.partition)
    if (rebuilt.size === partitions) done.abort()
  }
  try {
    await deps.log.run(membership_of(shared), work, AbortSignal.any([signal, done.signal]))
  } finally {
    late.abort()
    await alone
  }
  if (here.size < partitions) await all_here.promise
  const left = partitions - rebuilt.size
  if (left > 0)
    throw new Error(`stopped: ${left} of ${partitions} tasks are still to be rebuilt, run it again`)
}

/** A task refused is left to another member of its group; here there is none, and the rebuild is over. */
const insist = (error: unknown): never => {
  throw error instanceof TaskRefused ? new Error(error.message) : error
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })

/** K after it. */
const rebuild_task = async (run: TaskRun, emit: Emission, rewritten: Rewritten): Promise<number> => {
  if (emit !== 'nothing') await rewritten.begin()
  run.redo = outputs => {
    if (emit !== 'nothing') rewritten.add(outputs)
  }
  const processor = run.make_processor()
  const life = new AbortController()
  try {
    const progress = await recover(run, processor, AbortSignal.any([run.task.signal, life.signal]))
    run.redo = null
    const outputs = rewritten.difference()
    // At least one record: it says that what was set aside or had failed is history.
    for (let from = 0; from === 0 || from < outputs.length; from += CHUNK)
      await commit(run, progress, outputs.slice(from, from + CHUNK), processor)
    await progress.checkpoints.settled()
    progress.offer(true)
    await progress.checkpoints.settled()
    return progress.seq
  } finally {
    life.abort()
  }
}

const commit = async (
  run: TaskRun,
  progress: Progress,
  outputs: readonly Output[],
  processor: ReturnType<TaskRun['make_processor']>,
): Promise<void> => {
  const { shared, task, deps } = run
  const now_ms = processor.stream_time.now_ms
  const record = rebuilt({
    log_id: progress.log_id,
    key_group: task.group,
    partition: task.partition,
    seq: progress.seq + 1,
    nonce: progress.nonce,
    wall_at: deps.clock.now(),
    stream_time_ms: Number.isFinite(now_ms) ? now_ms : null,
    catalog_offset: shared.catalog.position,
    code: shared.code,
    digest: processor.digest,
    outputs: outputs.length,
  })
  const { offsets } = await task.commit([...outputs, shared.log_output(task.partition, record)])
  progress.advance(record, offsets.get(shared.log_topic) as number)
}
