/**
 * One partition of the sink: reads the batch logs and, as they allow, the inputs; reads the outputs as they come.
 * `next` only ever covers rows that were handed to the inserts, so that saving it after an insert is always right.
 */
import avsc from 'avsc'
import { rekeyed_topic } from '../schemas/topics.ts'
import type { Batch } from '../schemas/types.ts'
import type { LogRecord, Reader, Registry, TaskLog } from './ports.ts'
import { BATCHES, type SinkRow } from './sink-inserts.ts'

/** What this partition reads. */
export interface PartitionTopics {
  /** Topics inserted as they are: written by our own tasks, read committed. */
  readonly outputs: readonly string[]
  /** Batch logs and the inputs that their key group judges. */
  readonly judged: readonly { readonly batch_log: string; readonly inputs: readonly string[] }[]
  /** The topic, and table, whose rows an input holds: its own, or that of which it is the sister. */
  declared(topic: string): string
}

export interface PartitionSource {
  /**
   * Hands on what is there, as long as `full()` is false. Resolves true when it moved. An error leaves everything
   * that was not handed on where it is.
   */
  take(full: () => boolean): Promise<boolean>
  /** Topic -> next offset, of everything handed on. */
  readonly next: ReadonlyMap<string, number>
  lag(): Record<string, number>
}

/** Reads a batch-log record's body. */
export type ReadBatch = (value: Buffer) => Promise<Batch>

const BODY_AT = 5

/** Decodes by the writer's schema into today's. Throws on a body that is none. */
export const batch_reader = (registry: Registry, schema: object): ReadBatch => {
  const type = avsc.Type.forSchema(schema as avsc.Schema)
  const resolvers = new Map<number, avsc.Resolver>()
  return async value => {
    if (value.length < BODY_AT || value[0] !== 0)
      throw new Error('a batch-log record is no schema id and Avro body')
    const id = value.readInt32BE(1)
    let resolver = resolvers.get(id)
    if (!resolver) {
      const writer = (await registry.schema(id)) as avsc.Schema
      resolver = type.createResolver(avsc.Type.forSchema(writer, { registry: {} }))
      resolvers.set(id, resolver)
    }
    return type.fromBuffer(value.subarray(BODY_AT), resolver) as Batch
  }
}

/** The batch being worked off: its record stays in the reader until all of its ranges are through. */
interface Current {
  readonly offset: number
  readonly batch: Batch
  readonly left_out: ReadonlyMap<string, ReadonlySet<number>>
}

/** Begins at `saved`, where nothing is saved at the start of what the log holds. */
export const open_partition = (
  task: TaskLog,
  topics: PartitionTopics,
  saved: ReadonlyMap<string, number>,
  read_batch: ReadBatch,
  add: (table: string, row: SinkRow) => void,
): PartitionSource => {
  const next = new Map<string, number>()
  const readers = new Map<string, Reader>()
  for (const topic of [
    ...topics.outputs,
    ...topics.judged.flatMap(group => [group.batch_log, ...group.inputs]),
  ]) {
    const reader = task.reader(topic)
    reader.seek(saved.get(topic) ?? 0)
    readers.set(topic, reader)
  }
  const reader_of = (topic: string): Reader => {
    const reader = readers.get(topic)
    if (!reader) throw new Error(`a batch names ${topic}, which is no input of its key group`)
    return reader
  }
  // The offsets of two topics meet in one table; its log tells them apart.
  const log_of = (topic: string, log_id: string): string =>
    topics.declared(topic) === topic ? log_id : rekeyed_topic(log_id)
  const hand_on = (table: string, topic: string, log_id: string, record: LogRecord) => {
    const { key, value, offset } = record
    // A record without a value is a tombstone or was refused by the task: no row.
    if (value === null) return
    add(table, { topic, log_id, partition: task.partition, offset, key, value })
  }

  const take_output = (topic: string, full: () => boolean): boolean => {
    const reader = reader_of(topic)
    let moved = false
    while (reader.length > 0 && !full()) {
      const record = reader.shift()
      if (!record) break
      hand_on(topic, topic, '', record)
      next.set(topic, record.offset + 1)
      moved = true
    }
    return moved
  }

  /** Hands on one range as far as it has arrived; true when it is through. */
  const take_range = (
    current: Current,
    topic: string,
    from: number,
    to: number,
    full: () => boolean,
  ): boolean => {
    const reader = reader_of(topic)
    const left_out = current.left_out.get(topic)
    for (let first = reader.at(0); first && first.offset < to; first = reader.at(0)) {
      if (full()) return false
      reader.shift()
      // Below the range lies only what an earlier batch judged (a restart) or nobody did: no row either way.
      if (first.offset >= from && !left_out?.has(first.offset))
        hand_on(topics.declared(topic), topic, log_of(topic, current.batch.log_id), first)
      next.set(topic, first.offset + 1)
    }
    return reader.length > 0 || reader.position >= to
  }

  const currents = new Map<string, Current>()
  const current_of = async (batch_log: string, record: LogRecord): Promise<Current | null> => {
    const known = currents.get(batch_log)
    if (known?.offset === record.offset) return known
    if (record.value === null) return null
    const { offset } = record
    const batch = await read_batch(record.value)
    const left_out = new Map<string, Set<number>>()
    for (const one of batch.left_out) {
      // A record that failed in some pipeline was judged and kept all the same.
      if (one.outcome === 'failed') continue
      const set = left_out.get(one.topic) ?? new Set<number>()
      left_out.set(one.topic, set.add(one.offset))
    }
    const current = { offset, batch, left_out }
    currents.set(batch_log, current)
    return current
  }

  const take_batches = async (
    batch_log: string,
    inputs: readonly string[],
    full: () => boolean,
  ): Promise<boolean> => {
    const reader = reader_of(batch_log)
    let moved = false
    for (let record = reader.at(0); record && !full(); record = reader.at(0)) {
      const current = await current_of(batch_log, record)
      if (current) {
        let through = true
        // Inputs without a table are judged too, and are nothing to us.
        for (const { topic, from, to } of current.batch.ranges)
          if (inputs.includes(topic)) through = take_range(current, topic, from, to, full) && through
        if (!through) return moved
        hand_on(BATCHES, batch_log, current.batch.log_id, record)
      }
      reader.shift()
      next.set(batch_log, record.offset + 1)
      moved = true
    }
    return moved
  }

  return {
    next,
    take: async full => {
      const before = sum(next)
      for (const topic of topics.outputs) take_output(topic, full)
      for (const { batch_log, inputs } of topics.judged) await take_batches(batch_log, inputs, full)
      return sum(next) !== before
    },
    lag: () => {
      const lag: Record<string, number> = {}
      for (const [topic, reader] of readers)
        lag[topic] = Math.max(0, reader.end - (reader.at(0)?.offset ?? reader.position))
      return lag
    },
  }
}

const sum = (offsets: ReadonlyMap<string, number>): number => {
  let total = 0
  for (const offset of offsets.values()) total += offset
  return total
}
