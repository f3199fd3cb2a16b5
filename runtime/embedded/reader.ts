/**
 * One partition's records for one task: read ahead in chunks, filled when the partition grows and when drained. A chunk
 * is taken apart when its turn comes: a record's objects weigh more than its bytes.
 */
import type { LogRecord, Reader } from '../ports.ts'
import { decode_chunk } from './chunk.ts'
import type { Partition, Partitions } from './partitions.ts'

/** News is read in while fewer records and bytes were read since the buffer was last empty; else it stays in LMDB. */
const LOW_WATER = 1000
const LOW_WATER_BYTES = 4 << 20

export class PartitionReader implements Reader {
  readonly topic: string
  readonly partition: number
  position = 0
  end = -1
  readonly #partitions: Partitions
  readonly #source: Partition
  readonly #on_news: () => void
  readonly #grown = () => this.#fill()
  /** Records taken apart; those before #head are gone. */
  #buffer: LogRecord[] = []
  #head = 0
  /** What follows them: chunks, and how many records they hold. */
  #chunks: Buffer[] = []
  #packed = 0
  /** The last seek: nothing before it is delivered. */
  #from = 0
  #bytes = 0
  #filling: NodeJS.Immediate | null = null
  #failure: unknown = null

  /** @param on_news called when there is a record, a position, an end or a failure that was not there before */
  constructor(partitions: Partitions, source: Partition, on_news: () => void) {
    this.topic = source.topic
    this.partition = source.partition
    this.#partitions = partitions
    this.#source = source
    this.#on_news = on_news
  }

  get length(): number {
    return this.#buffer.length - this.#head + this.#packed
  }

  at(i: number): LogRecord | undefined {
    if (i < 0) return undefined
    while (this.#head + i >= this.#buffer.length && this.#chunks.length > 0) this.#unpack()
    return this.#buffer[this.#head + i]
  }

  #unpack(): void {
    if (this.#head > 0) this.#buffer = this.#buffer.slice(this.#head)
    this.#head = 0
    const before = this.#buffer.length
    decode_chunk(this.#chunks.shift() as Buffer, this.#from, this.#buffer)
    this.#packed -= this.#buffer.length - before
  }

  shift(): LogRecord | undefined {
    const record = this.at(0)
    if (record === undefined) return undefined
    this.#head++
    if (this.length === 0) {
      this.#drop()
      // Drained with more to come: the next batch need not wait for it.
      if (this.position < this.#source.end) this.#fill()
    }
    return record
  }

  skip(count: number): void {
    for (let i = 0; i < count; i++) this.shift()
  }

  seek(offset: number): void {
    this.#drop()
    this.#failure = null
    this.position = offset
    this.#from = offset
    this.#source.listeners.add(this.#grown)
    this.#filling ??= setImmediate(() => {
      this.#filling = null
      this.#fill()
    })
  }

  /** What went wrong since the last seek, or null. */
  failure(): unknown {
    return this.#failure
  }

  pause(): void {
    this.stop()
    this.#drop()
    this.#failure = null
  }

  /** No more deliveries. */
  stop(): void {
    this.#source.listeners.delete(this.#grown)
    if (this.#filling) clearImmediate(this.#filling)
    this.#filling = null
  }

  #drop(): void {
    this.#buffer = []
    this.#head = 0
    this.#chunks = []
    this.#packed = 0
    this.#bytes = 0
  }

  #fill(): void {
    // After a seek the first fill is the scheduled one; a growth in between must not forestall it.
    if (this.#filling || this.#failure !== null) return
    const was_end = this.end
    const was_position = this.position
    try {
      if (this.length < LOW_WATER && this.#bytes < LOW_WATER_BYTES) {
        const { chunks, position } = this.#partitions.read_chunks(this.#source, this.position)
        for (const chunk of chunks) {
          this.#chunks.push(chunk)
          this.#bytes += chunk.length
        }
        this.#packed += position - this.position
        this.position = position
      }
      this.end = this.#source.end
    } catch (error) {
      this.#failure = error
    }
    if (this.#failure !== null || this.end !== was_end || this.position !== was_position) this.#on_news()
  }
}
