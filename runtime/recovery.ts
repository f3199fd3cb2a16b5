/**
 * One path for crash, rebalance, zombie, loss or rollback of the state store: (1) fence the earlier owner, (2) commit
 * `acquired` and read the batch log until it arrives, so that K is settled, (3) compare the checkpoint with the batch
 * log, (4) re-read exactly the recorded ranges behind R, muted, (5) live.
 */
import type { Batch, BatchLeftOut } from '../schemas/types.ts'
import { acquisition, chain_crc, read_batch } from './batch-log.ts'
import type { TaskState } from './checkpoint.ts'
import { UNFINISHED } from './checkpoint-rules.ts'
import { chunks, load_cold, null_when_dirty } from './cold-keys.ts'
import { type Item, type Judgement, merge_sources, recorded_source, type Source } from './intake.ts'
import {
  type CheckpointHeader,
  DirtyCheckpoint,
  type LogRecord,
  OffsetOutOfRange,
  type Reader,
  TaskRefused,
} from './ports.ts'
import type { Processor } from './processor.ts'
import { Progress } from './progress.ts'
import { restore_snapshot } from './restore-snapshot.ts'
import type { TaskRun } from './task-run.ts'

/** Needs a person: the message names the remedy. */
export class RecoveryRefused extends Error {
  override readonly name = 'RecoveryRefused'
}

/** What the batch log says behind a checkpoint. */
interface Tail {
  readonly log_id: string
  /** Batches after the checkpointed one, up to K. */
  readonly batches: readonly { readonly batch: Batch; readonly offset: number }[]
}

/**
 * Brings the processor to K; checkpoints are tried until the signal aborts. Rejects with RecoveryRefused where a person
 * must decide; any other error is worth another try.
 */
export const recover = async (run: TaskRun, processor: Processor, signal: AbortSignal): Promise<Progress> => {
  const { task, deps, shared } = run
  await refuse_newer(run)
  await task.acquire()
  const nonce = deps.clock.nonce()
  const acquired_at = await announce(run, nonce)
  run.status.state = 'recovering'
  let header = (await usable_header(run, acquired_at)) ?? (await restore_snapshot(run))
  let tail = await read_tail(run, nonce, header)
  if (header && tail.batches.some(is_rebuilt)) {
    // Put back by a restore: what the rebuild made of the batches before it is not in it.
    run.deps.logger.warn(
      { task: run.name, batch: header.seq },
      'the checkpoint is older than a rebuild: left',
    )
    header = null
    tail = await read_tail(run, nonce, null)
  }
  const state = header ? (JSON.parse(header.task) as TaskState) : null
  // From here on we write it: nobody would take what comes.
  task.reader(run.shared.log_topic).pause()
  if (header && state) {
    processor.restore(state.processor)
    processor.digest = header.digest
    const [timers] = (await deps.store.load(run.id, ['|timers'], [header.seq])) ?? []
    if (!timers) throw new Error('the checkpoint changed while it was read')
    processor.entities.load_timers(processor.timers, timers)
  } else await deps.store.wipe(run.id)
  const positions = new Map(shared.group.inputs.map(topic => [topic, state?.positions[topic] ?? 0]))
  const log_offset = state?.log_offset ?? acquired_at
  const log_id = tail.log_id || nonce
  const standing = { log_id, nonce, header, log_offset, positions }
  const progress = new Progress(run, processor, standing, signal)
  await replay(run, processor, progress, tail, header === null)
  return progress
}

/** Asked before anybody is fenced: older code must not open what newer code wrote. */
const refuse_newer = async (run: TaskRun): Promise<void> => {
  const header = await run.deps.store.header(run.id).catch(null_when_dirty)
  if (!header) return
  const { operators = {} } = JSON.parse(header.task) as TaskState
  const newer = newer_operators(operators, run.shared.operators, run.deps.app.operators_ever)
  if (newer.length > 0)
    throw new TaskRefused(
      `${run.name}: newer code wrote its state (${newer.join(', ')}). Run that code, or drop the state: ` +
        `npm run checkpoints -- reset ${run.task.group}`,
    )
}

/** Operators of a checkpoint that are ahead of this code's, or that it has never heard of. */
const newer_operators = (
  stored: Readonly<Record<string, number>>,
  ours: Readonly<Record<string, number>>,
  ever: ReadonlySet<string> | undefined,
): string[] =>
  Object.entries(stored).flatMap(([field, version]) => {
    const own = ours[field]
    if (own !== undefined) return version > own ? [`${field} ${version}, here ${own}`] : []
    const name = field.slice(field.indexOf('/') + 1)
    return ever && !ever.has(name) ? [`${field}, unknown here`] : []
  })

const announce = async (run: TaskRun, nonce: string): Promise<number> => {
  const { task, shared, deps } = run
  const record = acquisition({
    key_group: task.group,
    partition: task.partition,
    nonce,
    wall_at: deps.clock.now(),
    code: shared.code,
  })
  const { offsets } = await task.commit([shared.log_output(task.partition, record)])
  return offsets.get(shared.log_topic) as number
}

/** The checkpoint's header, or null where the task must be rebuilt from the beginning. */
const usable_header = async (run: TaskRun, acquired_at: number): Promise<CheckpointHeader | null> => {
  let header: CheckpointHeader | null
  try {
    header = await run.deps.store.header(run.id)
  } catch (error) {
    if (!(error instanceof DirtyCheckpoint)) throw error
    run.deps.logger.warn({ task: run.name }, 'a checkpoint was cut short midway: rebuilding from the log')
    return null
  }
  if (!header || run.rebuild || run.redo || header.log_id === UNFINISHED) return null
  const state = JSON.parse(header.task) as TaskState
  const missing = run.shared.group.pipelines.filter(pipeline => !state.pipelines.includes(pipeline.name))
  if (missing.length) {
    const names = missing.map(pipeline => pipeline.name)
    run.deps.logger.warn(
      { task: run.name, pipelines: names },
      'new pipelines: rebuilding their state from the log, muted',
    )
    return null
  }
  if (state.log_offset >= acquired_at) {
    const { end } = await run.deps.log.bounds(run.shared.log_topic, run.task.partition)
    if (end > state.log_offset) throw new Error('another owner has gone on since: this one acquires anew')
    throw foreign(run, header, 'it is ahead of the log')
  }
  return header
}

const foreign = (run: TaskRun, header: CheckpointHeader, why: string) =>
  new RecoveryRefused(
    `the checkpoint of ${run.name} belongs to another log (${header.log_id}, batch ${header.seq}): ${why}. ` +
      `If this log is the right one, run: npm run checkpoints -- reset ${run.task.group}`,
  )

/** Reads the batch log from the checkpointed record on until our own acquisition arrives: what stands before it is all there is. */
const read_tail = async (run: TaskRun, nonce: string, header: CheckpointHeader | null): Promise<Tail> => {
  const from = header ? (JSON.parse(header.task) as TaskState).log_offset : 0
  const reader = run.task.reader(run.shared.log_topic)
  const { start } = await run.deps.log.bounds(run.shared.log_topic, run.task.partition)
  if (start > from)
    throw new RecoveryRefused(
      `${run.name}: the batch log begins at ${start}, behind what recovery needs. Restore a newer checkpoint, or start a new log.`,
    )
  reader.seek(from)
  const batches: { batch: Batch; offset: number }[] = []
  let log_id = ''
  let checked = header === null
  for (;;) {
    const record = await next_record(run, reader)
    const batch = read_batch(record.value as Buffer)
    if (!checked && header) {
      const same =
        batch.seq === header.seq && batch.digest === header.digest && batch.log_id === header.log_id
      if (!same)
        throw foreign(
          run,
          header,
          `the log has ${batch.log_id || 'no batch'}, batch ${batch.seq} at that place`,
        )
      checked = true
      log_id = batch.log_id
      continue
    }
    if (batch.kind === 'acquired') {
      if (!log_id) log_id = batch.nonce
      if (batch.nonce === nonce) return { log_id, batches }
      continue
    }
    const before = batches.at(-1)?.batch.seq ?? header?.seq ?? 0
    if (batch.seq !== before + 1)
      throw new RecoveryRefused(
        `${run.name}: batch ${batch.seq} follows batch ${before} in the log: two writers, or a log that was cut`,
      )
    batches.push({ batch, offset: record.offset })
  }
}

const next_record = async (run: TaskRun, reader: Reader): Promise<LogRecord> => {
  for (;;) {
    run.check_alive()
    const record = reader.shift()
    if (record) return record
    await run.task.wait(1000).catch((error: unknown) => {
      if (!(error instanceof OffsetOutOfRange)) throw error
      throw new RecoveryRefused(
        `${run.name}: the log no longer holds what recovery needs (${error.message}). ` +
          'Put a newer snapshot into the snapshot directory, or restore a backup.',
      )
    })
  }
}

const replay = async (
  run: TaskRun,
  processor: Processor,
  progress: Progress,
  tail: Tail,
  from_beginning: boolean,
): Promise<void> => {
  const { task, deps, shared } = run
  shared.decoders.forget_unknown()
  for (const [topic, position] of progress.positions) task.reader(topic).seek(position)
  let records = 0
  let skewed = false
  // What a rebuild has worked off anew is history as today's code has it: nothing set aside, nothing failed.
  const redone = run.redo ? tail.batches.length : tail.batches.findLastIndex(is_rebuilt)
  for (const [i, { batch, offset }] of tail.batches.entries()) {
    await progress.room()
    progress.evict()
    if (batch.kind === 'rebuilt') {
      processor.quarantine([])
      processor.digest = batch.digest
    } else {
      const anew = i < redone
      processor.quarantine(anew ? [] : batch.quarantined)
      const lists = await read_ranges(run, batch)
      await shared.catalog.reached(batch.catalog_offset, task.signal)
      // It may have been given up rather than reached: without its catalog the batch would come to another state.
      run.check_alive()
      const items = await merge_recorded(run, batch, lists, anew)
      if (!(await replay_batch(run, processor, batch, items, progress, anew))) skewed = true
      records += items.length
    }
    progress.advance(batch, offset)
  }
  const kind = skewed ? 'version_skew' : from_beginning ? 'rebuilt' : records ? 'replayed' : 'clean'
  deps.observe.recovery(task.group, kind, records)
}

const is_rebuilt = ({ batch }: { readonly batch: Batch }): boolean => batch.kind === 'rebuilt'

/**
 * Runs one recorded batch, muted. At equal code it must come to the recorded end, else the log or the code is not what
 * it was. Other code may fire other timers and write other outputs; it takes every record all the same. False: it differed.
 */
const replay_batch = async (
  run: TaskRun,
  processor: Processor,
  batch: Batch,
  items: readonly Item[],
  progress: Progress,
  anew: boolean,
): Promise<boolean> => {
  const same_code = batch.code === run.shared.code && !anew
  // What a batch left is fired, aloud, by the one behind it.
  const all_due = !same_code && !batch.more_due
  let rest = items
  let tick_ms = batch.tick_ms
  for (let pass = 0; ; pass++) {
    const timers_max = all_due ? TIMERS_AT_ONCE : pass === 0 ? batch.timers : 1
    const horizon_ms = batch.stream_time_ms ?? tick_ms
    // Not only of as many timers as fired: a record of the batch may have put off one that was due before them.
    for (const keys of chunks(processor.cold_keys(rest, batch.wall_at, horizon_ms, TIMERS_AT_ONCE)))
      await load_cold(run, processor, keys, progress.checkpoints.accepted())
    const { consumed, timers, digest, more_due, outputs } = processor.run({
      items: rest,
      wall_ms: batch.wall_at,
      tick_ms,
      timers_max,
      catalog_offset: batch.catalog_offset,
      stream_time_ms: batch.stream_time_ms,
      muted: true,
    })
    processor.marks(false)
    run.redo?.(outputs)
    rest = rest.slice(consumed)
    tick_ms = null
    if (!same_code && (rest.length > 0 || (all_due && more_due))) continue
    if (rest.length === 0 && timers === batch.timers && digest === batch.digest) return true
    if (same_code)
      throw new RecoveryRefused(
        `${run.name}: replay differs from the log at batch ${batch.seq} (${rest.length} records left, ` +
          `${timers}/${batch.timers} timers, digest ${digest}/${batch.digest}). Please report it.`,
      )
    processor.digest = batch.digest
    return false
  }
}
const TIMERS_AT_ONCE = 10_000

/** Exactly the recorded offsets; another count or CRC means that the log is not the one that was processed. */
const read_ranges = async (run: TaskRun, batch: Batch): Promise<Map<string, LogRecord[]>> => {
  const lists = new Map<string, LogRecord[]>()
  for (const range of batch.ranges) {
    const reader = run.task.reader(range.topic)
    const records: LogRecord[] = []
    let last = -1
    while (last < range.to - 1) {
      const record = await next_record(run, reader)
      last = record.offset
      if (last >= range.from) records.push(record)
    }
    if (records.length !== range.count || last !== range.to - 1)
      throw new RecoveryRefused(
        `${run.name}: ${range.topic} ${range.from}..${range.to} held ${range.count} records, now ${records.length}`,
      )
    lists.set(range.topic, records)
  }
  return lists
}

const merge_recorded = async (
  run: TaskRun,
  batch: Batch,
  lists: Map<string, LogRecord[]>,
  anew: boolean,
): Promise<Item[]> => {
  const crcs = new Map(batch.ranges.map(range => [range.topic, 0]))
  const left_out = offsets_by_topic(batch, left => !is_judged_again(left, anew))
  const sources: Source[] = []
  for (const lane of run.lanes) {
    const records = lists.get(lane.topic)
    if (records) sources.push(recorded_source(lane, records, judgement_of(batch, lane.topic, anew)))
  }
  const everything = {
    records: Number.POSITIVE_INFINITY,
    bytes: Number.POSITIVE_INFINITY,
    starved: () => false,
  }
  for (;;) {
    const merged = merge_sources(sources, everything)
    if (merged.fetch) {
      await run.persistently(() =>
        run.shared.decoders.fetch(merged.fetch?.topic ?? '', merged.fetch?.schema_id ?? 0),
      )
      continue
    }
    for (const item of merged.items)
      crcs.set(item.topic, chain_crc(crcs.get(item.topic) ?? 0, item.offset, item.crc))
    for (const range of batch.ranges)
      if (crcs.get(range.topic) !== range.crc)
        throw new RecoveryRefused(
          `${run.name}: the bodies of ${range.topic} ${range.from}..${range.to} are not those that were processed`,
        )
    return merged.items.filter(item => !left_out.get(item.topic)?.has(item.offset))
  }
}

/** What the batch says of single records of a topic. */
export const judgement_of = (batch: Batch, topic: string, anew: boolean): Judgement => {
  const left_out = batch.left_out.filter(left => left.topic === topic)
  return {
    unreadable: new Set(left_out.flatMap(left => (left.outcome === 'unreadable' ? [left.offset] : []))),
    failed: new Map(
      left_out.flatMap(left =>
        left.pipelines.length > 0 && is_judged_again(left, anew)
          ? [[left.offset, { pipelines: left.pipelines, anew }]]
          : [],
      ),
    ),
  }
}

/**
 * What some pipelines took although others failed, or one alone when it was driven again; and, worked off anew, dead
 * letters that could not be driven then.
 */
export const is_judged_again = ({ outcome, pipelines }: BatchLeftOut, anew: boolean): boolean =>
  outcome === 'failed' || outcome === 'redriven' || (anew && pipelines.length > 0)

export const offsets_by_topic = (
  batch: Batch,
  wanted: (left: BatchLeftOut) => boolean,
): Map<string, Set<number>> => {
  const offsets = new Map<string, Set<number>>()
  for (const left of batch.left_out)
    if (wanted(left)) offsets.set(left.topic, (offsets.get(left.topic) ?? new Set()).add(left.offset))
  return offsets
}
