/**
 * A partition's records between the fetch loop and the task: bounded by bytes, filtered, with position and
 * end.
 */
import { type LogRecord, OffsetOutOfRange, type Reader, type Redrive, type Upstream } from '../ports.ts'
import { filter_aborted, type RawRecord } from './abort-filter.ts'
import type { RawPartition } from './kafkajs.ts'

/** Fetching pauses above this many buffered bytes and resumes below half of it. */
export const MAILBOX_BYTES_MAX = 16 * 1024 * 1024
const RECORD_OVERHEAD_BYTES = 64
export const UNREADABLE_AT_ONCE = 1_000
const COMPACT_AT = 1_024

/** Header of a record between our own tasks: `task,stream_time_ms`, the second part empty for null. */
export const upstream_header = ({ task, stream_time_ms }: Upstream): string =>
  `${task},${stream_time_ms ?? ''}`
const parse_upstream = (record: RawRecord): Upstream | undefined => {
  const header = record.headers?.u
  const parts = header === undefined ? null : /^(\d+),(-?\d+)?$/.exec(String(header))
  if (!parts) return undefined
  return { task: Number(parts[1]), stream_time_ms: parts[2] === undefined ? null : Number(parts[2]) }
}

/** Header of a dead letter's record driven again: `pipeline,dead_letter_id`. */
export const redrive_header = ({ pipeline, dead_letter_id }: Redrive): string =>
  `${pipeline},${dead_letter_id}`
const parse_redrive = (record: RawRecord): Redrive | undefined => {
  const header = record.headers?.r
  const parts = header === undefined ? null : /^([^,]*),(.+)$/s.exec(String(header))
  return parts ? { pipeline: parts[1] as string, dead_letter_id: parts[2] as string } : undefined
}

/** Offset behind a record's batch: also behind what compaction or control records left of it. */
const behind = (record: RawRecord): number => {
  const context = record.batchContext
  const batch_end = context ? Number(context.firstOffset) + context.lastOffsetDelta : -1
  return Math.max(batch_end, Number(record.offset)) + 1
}

const to_record = (raw: RawRecord): LogRecord => {
  const record = { offset: Number(raw.offset), key: raw.key, value: raw.value }
  if (raw.headers === undefined) return record
  const upstream = parse_upstream(raw)
  const redrive = parse_redrive(raw)
  if (!upstream && !redrive) return record
  return { ...record, ...(upstream && { upstream }), ...(redrive && { redrive }) }
}
const bytes_of = (record: LogRecord): number =>
  (record.key?.length ?? 0) + (record.value?.length ?? 0) + RECORD_OVERHEAD_BYTES

export class Mailbox implements Reader {
  readonly topic: string
  readonly partition: number
  position = -1
  end = -1
  /** Set when the log refused the position; the next seek clears it. */
  failure: Error | null = null
  /** Counts seeks: what was fetched for an earlier position is dropped. */
  epoch = 0
  #records: LogRecord[] = []
  #head = 0
  #bytes = 0
  #paused = false
  #closed = false
  readonly #news: () => void
  readonly #wanted: () => void

  /**
   * @param news called after every change that a task may wait for
   * @param wanted called when there is something to fetch that a sleeping fetch loop does not know of
   */
  constructor(topic: string, partition: number, news: () => void, wanted: () => void) {
    this.topic = topic
    this.partition = partition
    this.#news = news
    this.#wanted = wanted
  }

  get length(): number {
    return this.#records.length - this.#head
  }

  at(i: number): LogRecord | undefined {
    return i < 0 ? undefined : this.#records[this.#head + i]
  }

  shift(): LogRecord | undefined {
    const record = this.#records[this.#head]
    if (!record) return undefined
    this.#head++
    this.#bytes -= bytes_of(record)
    if (this.#head > COMPACT_AT && this.#head * 2 > this.#records.length) {
      this.#records = this.#records.slice(this.#head)
      this.#head = 0
    }
    if (this.#paused && this.#bytes < MAILBOX_BYTES_MAX / 2) {
      this.#paused = false
      this.#wanted()
    }
    return record
  }

  seek(offset: number): void {
    if (!Number.isSafeInteger(offset) || offset < 0)
      throw new Error(`${this.topic}/${this.partition}: no offset ${offset}`)
    this.pause()
    this.position = offset
    this.#wanted()
  }

  pause(): void {
    this.epoch++
    this.#records = []
    this.#head = 0
    this.#bytes = 0
    this.#paused = false
    this.position = -1
    this.failure = null
  }

  /** Offset to fetch from, or null when nothing is to be fetched. */
  wants(): number | null {
    return this.#closed || this.#paused || this.failure !== null || this.position < 0 ? null : this.position
  }

  /** @returns whether position or end moved */
  deliver(epoch: number, fetched: RawPartition): boolean {
    if (epoch !== this.epoch || this.#closed) return false
    const { position, end } = this
    const last = fetched.messages.at(-1)
    let next = last ? Math.max(position, behind(last)) : position
    for (const raw of filter_aborted(fetched)) {
      if (raw.unreadable !== undefined) {
        const put_to = this.#put_unreadable(raw, position)
        if (put_to < behind(raw)) {
          next = put_to
          break
        }
      } else if (raw.isControlRecord !== true && Number(raw.offset) >= position) this.#put(to_record(raw))
    }
    this.position = next
    // The broker looks for its last stable offset before it reads: what was committed in between comes along behind it.
    const stable = Number(fetched.lastStableOffset)
    this.end = last ? Math.max(stable, next) : stable
    if (this.#bytes > MAILBOX_BYTES_MAX) this.#paused = true
    const moved = this.position !== position || this.end !== end
    if (moved) this.#news()
    return moved
  }

  #put(record: LogRecord): void {
    this.#records.push(record)
    this.#bytes += bytes_of(record)
  }

  /**
   * Every offset of a batch that cannot be read is a record that says so, which no decoder takes for a body.
   * @returns the offset behind the last one put: of a very large batch the rest comes with the next fetch
   */
  #put_unreadable(raw: RawRecord, position: number): number {
    const end = behind(raw)
    const from = Math.max(position, Number(raw.offset))
    const to = Math.min(end, from + UNREADABLE_AT_ONCE)
    const value = Buffer.from(`unreadable record batch ${raw.offset} to ${end - 1}, ${raw.unreadable}`)
    for (let offset = from; offset < to; offset++) this.#put({ offset, key: null, value })
    return Math.max(to, position)
  }

  out_of_range(epoch: number): void {
    if (epoch !== this.epoch || this.#closed) return
    this.failure = new OffsetOutOfRange(
      `${this.topic}/${this.partition} has no offset ${this.position}: ` +
        'retention has passed it, or the topic was deleted and created again',
    )
    this.#news()
  }

  /** Nothing is delivered any more; what is buffered stays readable. */
  close(): void {
    this.#closed = true
  }
}
