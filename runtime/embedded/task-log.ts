/** One task's hold on its partition in the embedded log: readers, fencing, commits, saved offsets. */
import type { Group, Output, TaskLog } from '../ports.ts'
import type { Environment } from './environment.ts'
import type { Partitions } from './partitions.ts'
import { PartitionReader } from './reader.ts'
import type { Writer } from './writer.ts'

/** Another owner has acquired the task since, or its assignment has ended. */
export class Fenced extends Error {
  override readonly name = 'Fenced'
}

/** What the tasks of one open log share. */
export interface LogParts {
  readonly environment: Environment
  readonly partitions: Partitions
  readonly writer: Writer
  readonly offsets: ReturnType<typeof offset_store>
  /**
   * Who acquired each task last. In memory: it lives as long as the right to write at all, which the environment's
   * generation, checked inside every transaction, takes from a process that was replaced.
   */
  readonly epochs: Map<string, number>
}

/** Saved progress under [group, partition, topic]. */
export const offset_store = (environment: Environment) => environment.values<number>('offsets')

const MAX_TIMER_MS = 2 ** 31 - 1

export class EmbeddedTask implements TaskLog {
  readonly group: string
  readonly partition: number
  readonly signal: AbortSignal
  readonly #topics: ReadonlySet<string>
  readonly #parts: LogParts
  readonly #readers = new Map<string, PartitionReader>()
  /** What acquire() gave; null before, and after a commit that failed. */
  #epoch: number | null = null
  #ended = false
  #news = false
  #wake: (() => void) | null = null

  constructor(group: Group, partition: number, signal: AbortSignal, parts: LogParts) {
    this.group = group.name
    this.partition = partition
    this.signal = signal
    this.#topics = new Set(group.topics)
    this.#parts = parts
    signal.addEventListener('abort', () => this.#wake?.(), { once: true })
  }

  get #name(): string {
    return `${this.group}/${this.partition}`
  }

  reader(topic: string): PartitionReader {
    const known = this.#readers.get(topic)
    if (known) return known
    if (!this.#topics.has(topic)) throw new Error(`group ${this.group} does not read topic ${topic}`)
    const { partitions } = this.#parts
    const reader = new PartitionReader(partitions, partitions.find(topic, this.partition), () => {
      this.#news = true
      this.#wake?.()
    })
    this.#readers.set(topic, reader)
    return reader
  }

  async wait(max_ms: number): Promise<void> {
    if (!this.#news && !this.signal.aborted) await this.#sleep(max_ms)
    // One turn of the event loop even when there is news: a backlog must not starve timers and sockets.
    else await new Promise(resolve => setImmediate(resolve))
    this.#news = false
    for (const reader of this.#readers.values()) {
      const failure = reader.failure()
      if (failure !== null) throw failure
    }
  }

  #sleep(max_ms: number): Promise<void> {
    return new Promise(resolve => {
      const previous = this.#wake
      const wake = () => {
        clearTimeout(timer)
        if (this.#wake === wake) this.#wake = null
        previous?.()
        resolve()
      }
      const timer = setTimeout(wake, Math.min(Math.max(0, max_ms), MAX_TIMER_MS))
      this.#wake = wake
    })
  }

  async acquire(): Promise<void> {
    // Takes its turn among the commits: when it is admitted, every earlier one is decided.
    await this.#parts.writer.append([], () => {
      if (this.#ended) throw new Fenced(`the assignment of ${this.#name} has ended`)
      this.#epoch = (this.#parts.epochs.get(this.#name) ?? 0) + 1
      this.#parts.epochs.set(this.#name, this.#epoch)
    })
  }

  async commit(outputs: readonly Output[]): Promise<{ readonly offsets: ReadonlyMap<string, number> }> {
    const epoch = this.#epoch
    if (epoch === null) throw new Fenced(`${this.#name} must acquire its task before it commits`)
    try {
      const written = await this.#parts.writer.append(outputs, () => this.#admit(epoch))
      const offsets = new Map<string, number>()
      outputs.forEach(({ topic, partition }, i) => {
        if (partition === this.partition && !offsets.has(topic)) offsets.set(topic, written[i]!)
      })
      return { offsets }
    } catch (error) {
      // As with a transactional producer: after any error the task is acquired anew, and the log read.
      if (this.#epoch === epoch) this.#epoch = null
      throw error
    }
  }

  #admit(epoch: number): void {
    if (this.#ended) throw new Fenced(`the assignment of ${this.#name} has ended; nothing was committed`)
    if (this.#epoch !== epoch) throw new Fenced(`${this.#name} had an error since; nothing was committed`)
    if (this.#parts.epochs.get(this.#name) !== epoch)
      throw new Fenced(`${this.#name} belongs to another owner now; nothing was committed`)
  }

  async committed(): Promise<ReadonlyMap<string, number>> {
    const offsets = new Map<string, number>()
    for (const topic of this.#topics) {
      const offset = this.#parts.offsets.get([this.group, this.partition, topic])
      if (offset !== undefined) offsets.set(topic, offset)
    }
    return offsets
  }

  async save(offsets: ReadonlyMap<string, number>): Promise<void> {
    for (const [topic, offset] of offsets) {
      if (!this.#topics.has(topic)) throw new Error(`group ${this.group} does not read topic ${topic}`)
      if (!Number.isSafeInteger(offset) || offset < 0)
        throw new Error(`${offset} is no offset (topic ${topic})`)
    }
    await this.#parts.environment.write(() => {
      for (const [topic, offset] of offsets)
        void this.#parts.offsets.put([this.group, this.partition, topic], offset)
    })
  }

  /** After the work has ended: nothing is delivered any more and a leftover commit is refused. */
  end(): void {
    for (const reader of this.#readers.values()) reader.stop()
    this.#ended = true
  }
}
