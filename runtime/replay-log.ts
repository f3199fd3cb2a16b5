/** The batch log as a replay reads it: batches in the recorded order, each with exactly the records that it took. */
import { setImmediate } from 'node:timers/promises'
import type { Batch, BatchRange } from '../schemas/types.ts'
import { chain_crc, read_batch } from './batch-log.ts'
import type { Decoders } from './decoders.ts'
import { type Item, type Lane, merge_sources, recorded_source, type Source } from './intake.ts'
import { type Log, type LogRecord, OffsetOutOfRange } from './ports.ts'
import { is_judged_again, judgement_of, offsets_by_topic } from './recovery.ts'
import type { Place } from './scan.ts'

/** The log cannot tell: the message says why, and what would help. */
export class ReplayRefused extends Error {
  override readonly name = 'ReplayRefused'
}

export interface Recorded {
  readonly batch: Batch
  /** Of its record in the batch log. */
  readonly offset: number
}

/** What one task's batch log holds. */
export interface Survey {
  /** As it stood: what comes later is for the next replay. */
  readonly end: number
  readonly records: number
  /** Place of the last rebuild, -1: none. What stands before it was worked off anew then. */
  readonly rebuilt_at: number
}

/** Records of one place from an offset on, up to `end`, in order. Yields to the rest of the process now and then. */
export async function* read_place(
  log: Log,
  { topic, partition }: Place,
  from: number,
  end: number,
  signal: AbortSignal,
): AsyncGenerator<LogRecord> {
  if (from >= end) return
  const stop = new AbortController()
  try {
    for await (const { records, position } of log.tail(
      topic,
      partition,
      from,
      AbortSignal.any([signal, stop.signal]),
    )) {
      for (const record of records) if (record.offset < end) yield record
      if (position >= end) return
      await setImmediate()
    }
  } catch (error) {
    if (!(error instanceof OffsetOutOfRange)) throw error
    throw new ReplayRefused(`the log does not hold ${topic}/${partition} from ${from} on any more`)
  } finally {
    stop.abort()
  }
  signal.throwIfAborted()
}

/** Of the batches from an offset on. */
export const survey = async (log: Log, place: Place, from: number, signal: AbortSignal): Promise<Survey> => {
  const { end } = await log.bounds(place.topic, place.partition)
  let records = 0
  let rebuilt_at = -1
  for await (const { batch, offset } of batches(log, place, from, end, signal)) {
    for (const range of batch.ranges) records += range.count
    if (batch.kind === 'rebuilt') rebuilt_at = offset
  }
  return { end, records, rebuilt_at }
}

/** Batches and rebuilds, without acquisitions. Throws ReplayRefused where one does not follow the other. */
export async function* batches(
  log: Log,
  place: Place,
  from: number,
  end: number,
  signal: AbortSignal,
): AsyncGenerator<Recorded> {
  let before: number | null = null
  for await (const { value, offset } of read_place(log, place, from, end, signal)) {
    const batch = read_batch(value as Buffer)
    if (batch.kind === 'acquired') continue
    if (before !== null && batch.seq !== before + 1)
      throw new ReplayRefused(`${place.topic}/${place.partition}: batch ${batch.seq} follows batch ${before}`)
    before = batch.seq
    yield { batch, offset }
  }
}

/** Reads one input's ranges one after the other. */
export class RangeReader {
  readonly #place: Place
  readonly #log: Log
  readonly #end = new AbortController()
  readonly #signal: AbortSignal
  #records: AsyncGenerator<LogRecord> | null = null
  #ahead: LogRecord | null = null

  constructor(log: Log, place: Place, signal: AbortSignal) {
    this.#log = log
    this.#place = place
    this.#signal = AbortSignal.any([signal, this.#end.signal])
  }

  /** Exactly the recorded offsets. Throws ReplayRefused where the log holds others. */
  async take({ from, to, count }: BatchRange): Promise<LogRecord[]> {
    const { topic, partition } = this.#place
    if (!this.#records) {
      const { end } = await this.#log.bounds(topic, partition)
      this.#records = read_place(this.#log, this.#place, from, end, this.#signal)
    }
    const taken: LogRecord[] = []
    let last = -1
    while (last < to - 1) {
      const record = this.#ahead ?? (await this.#records.next()).value
      this.#ahead = null
      if (!record) break
      if (record.offset >= to) {
        this.#ahead = record
        break
      }
      last = record.offset
      if (last >= from) taken.push(record)
    }
    if (taken.length === count && last === to - 1) return taken
    throw new ReplayRefused(
      `${topic}/${partition} ${from}..${to} held ${count} records, now ${taken.length}: the log is not the one that was processed`,
    )
  }

  close(): void {
    this.#end.abort()
    this.#records?.return(undefined).catch(() => {})
  }
}

/**
 * A batch's records in the order in which they were taken, without those that were left out of it. Throws ReplayRefused
 * where a body is not the one that was processed.
 * @param anew a rebuild has worked the batch off anew since: nothing failed, nothing was set aside
 */
export const merge_batch = async (
  batch: Batch,
  lanes: readonly Lane[],
  lists: ReadonlyMap<string, readonly LogRecord[]>,
  decoders: Decoders,
  anew: boolean,
): Promise<readonly Item[]> => {
  const left_out = offsets_by_topic(batch, left => !is_judged_again(left, anew))
  const sources: Source[] = []
  for (const lane of lanes) {
    const records = lists.get(lane.topic)
    if (records) sources.push(recorded_source(lane, records, judgement_of(batch, lane.topic, anew)))
  }
  const bounds = { records: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY, starved: () => false }
  for (;;) {
    const { items, fetch } = merge_sources(sources, bounds)
    if (fetch) {
      await decoders.fetch(fetch.topic, fetch.schema_id)
      continue
    }
    const crcs = new Map<string, number>()
    for (const { topic, offset, crc } of items) crcs.set(topic, chain_crc(crcs.get(topic) ?? 0, offset, crc))
    for (const { topic, from, to, crc } of batch.ranges)
      if ((crcs.get(topic) ?? 0) !== crc)
        throw new ReplayRefused(
          `the bodies of ${topic}/${batch.partition} ${from}..${to} are not those that were processed`,
        )
    return items.filter(({ topic, offset }) => !left_out.get(topic)?.has(offset))
  }
}
