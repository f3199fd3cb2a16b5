/**
 * A partition's records between the fetch loop and the task: bounded by bytes, filtered, with position and
 * end.
 */
import { type LogRecord, OffsetOutOfRange, type Reader } from '../ports.ts'
import { filter_aborted } from './abort-filter.ts'
import { Unreadable } from './codecs.ts'
import type { FetchedPartition } from './fetch-response.ts'
import { is_abort_marker, places_of, type RecordBatch } from './record-batch.ts'
import { WaitingRecords } from './waiting-records.ts'

/** Fetching pauses above this many buffered bytes and resumes below half of it. */
export const MAILBOX_BYTES_MAX = 16 * 1024 * 1024
export const UNREADABLE_AT_ONCE = 1_000

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
  readonly #waiting = new WaitingRecords()
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
    return this.#waiting.length
  }

  at(i: number): LogRecord | undefined {
    return this.#waiting.at(i)
  }

  shift(): LogRecord | undefined {
    const record = this.at(0)
    this.skip(1)
    return record
  }

  skip(count: number): void {
    this.#waiting.skip(count)
    if (this.#paused && this.#waiting.bytes < MAILBOX_BYTES_MAX / 2) {
      this.#paused = false
      this.#wanted()
    }
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
    this.#waiting.clear()
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
    if (this.#waiting.bytes > MAILBOX_BYTES_MAX) this.#paused = true
    const moved = this.position !== position || this.end !== end
    if (moved) this.#news()
    return moved
  }

  /** @returns the offset behind what was put */
  #put_batch(batch: RecordBatch, position: number): number {
    if (batch.unreadable !== null) return this.#put_unreadable(batch, batch.unreadable, position)
    try {
      this.#waiting.add(places_of(batch, position))
      return batch.end
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error
      return this.#put_unreadable(batch, error.message, position)
    }
  }

  /**
   * Every offset of a batch that cannot be read is a record that says so, which no decoder takes for a body.
   * @returns the offset behind the last one put: of a very large batch the rest comes with the next fetch
   */
  #put_unreadable({ first, end }: RecordBatch, reason: string, position: number): number {
    const from = Math.max(position, first)
    const to = Math.min(end, from + UNREADABLE_AT_ONCE)
    const value = Buffer.from(`unreadable record batch ${first} to ${end - 1}, ${reason}`)
    const records = Array.from({ length: Math.max(0, to - from) }, (_, i) => ({
      offset: from + i,
      key: null,
      value,
    }))
    this.#waiting.add(records)
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
