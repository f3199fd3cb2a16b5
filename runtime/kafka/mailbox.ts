/**
 * A partition's records between the fetch loop and the task: bounded by bytes, filtered, with position and
 * end.
 */
import { type LogRecord, OffsetOutOfRange, type Reader } from '../ports.ts'
import { filter_aborted } from './abort-filter.ts'
import { Unreadable } from './codecs.ts'
import type { FetchedPartition } from './fetch-response.ts'
import { is_abort_marker, type Places, places_of, type RecordBatch, record_at } from './record-batch.ts'

/** Fetching pauses above this many buffered bytes and resumes below half of it. */
export const MAILBOX_BYTES_MAX = 16 * 1024 * 1024
const RECORD_OVERHEAD_BYTES = 64
export const UNREADABLE_AT_ONCE = 1_000
const COMPACT_AT = 1_024

const bytes_of = (record: LogRecord): number => {
  const { in_place } = record
  if (!in_place) return (record.value?.length ?? 0) + RECORD_OVERHEAD_BYTES
  const { key_at, key_end, value_at, value_end } = in_place
  return Math.max(0, key_end - key_at) + Math.max(0, value_end - value_at) + RECORD_OVERHEAD_BYTES
}

/** What a fetch brought of a partition. */
export type Delivery = Pick<FetchedPartition, 'last_stable' | 'aborted' | 'batches'>

export class Mailbox implements Reader {
  readonly topic: string
  readonly partition: number
  position = -1
  end = -1
  /** Set when the log refused the position; the next seek clears it. */
  failure: Error | null = null
  /** Counts seeks: what was fetched for an earlier position is dropped. */
  epoch = 0
  /** What is about to be read; behind it, in order, what need not be records yet. */
  #records: LogRecord[] = []
  #head = 0
  #later: (Places | LogRecord)[] = []
  #later_count = 0
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
    return this.#records.length - this.#head + this.#later_count
  }

  at(i: number): LogRecord | undefined {
    if (i < 0) return undefined
    if (this.#head + i >= this.#records.length) this.#make_records(this.#head + i)
    return this.#records[this.#head + i]
  }

  /** Until there is one of that index, or nothing left to make. */
  #make_records(index: number): void {
    let made = 0
    while (this.#records.length <= index && made < this.#later.length) {
      const next = this.#later[made++] as Places | LogRecord
      if ('numbers' in next) {
        for (let i = 0; i < next.count; i++) this.#records.push(record_at(next, i))
        this.#later_count -= next.count
      } else {
        this.#records.push(next)
        this.#later_count--
      }
    }
    this.#later.splice(0, made)
  }

  shift(): LogRecord | undefined {
    const record = this.at(0)
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
    this.#later = []
    this.#later_count = 0
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
  deliver(epoch: number, fetched: Delivery): boolean {
    if (epoch !== this.epoch || this.#closed) return false
    const { position, end } = this
    const last = fetched.batches.at(-1)
    let next = last ? Math.max(position, last.end) : position
    for (const batch of filter_aborted(fetched.batches, fetched.aborted, is_abort_marker)) {
      if (batch.control) continue
      const put_to = this.#put_batch(batch, position)
      if (put_to < batch.end) {
        next = put_to
        break
      }
    }
    this.position = next
    // The broker looks for its last stable offset before it reads: what was committed in between comes along behind it.
    this.end = last ? Math.max(fetched.last_stable, next) : fetched.last_stable
    if (this.#bytes > MAILBOX_BYTES_MAX) this.#paused = true
    const moved = this.position !== position || this.end !== end
    if (moved) this.#news()
    return moved
  }

  /** @returns the offset behind what was put */
  #put_batch(batch: RecordBatch, position: number): number {
    if (batch.unreadable !== null) return this.#put_unreadable(batch, batch.unreadable, position)
    try {
      const places = places_of(batch, position)
      this.#later.push(places)
      this.#later_count += places.count
      this.#bytes += places.bytes + places.count * RECORD_OVERHEAD_BYTES
      return batch.end
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error
      return this.#put_unreadable(batch, error.message, position)
    }
  }

  #put(record: LogRecord): void {
    this.#later.push(record)
    this.#later_count++
    this.#bytes += bytes_of(record)
  }

  /**
   * Every offset of a batch that cannot be read is a record that says so, which no decoder takes for a body.
   * @returns the offset behind the last one put: of a very large batch the rest comes with the next fetch
   */
  #put_unreadable({ first, end }: RecordBatch, reason: string, position: number): number {
    const from = Math.max(position, first)
    const to = Math.min(end, from + UNREADABLE_AT_ONCE)
    const value = Buffer.from(`unreadable record batch ${first} to ${end - 1}, ${reason}`)
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
