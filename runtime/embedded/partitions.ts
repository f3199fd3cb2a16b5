/** Topics, their partitions and what lies in them: the part of the embedded log that reads LMDB. */
import type { Fetched, LogRecord, TopicSettings } from '../ports.ts'
import { OffsetOutOfRange } from '../ports.ts'
import { chunk_range, decode_chunk } from './chunk.ts'
import type { Environment } from './environment.ts'

interface StoredTopic {
  readonly id: number
  readonly partitions: number
  readonly config: Readonly<Record<string, string>>
}

export interface Partition {
  readonly topic: string
  readonly topic_id: number
  readonly partition: number
  /** Offset behind the last record that is on disk: nothing is shown before. */
  end: number
  /** Called after `end` has moved. */
  readonly listeners: Set<() => void>
}

/** One read goes so far ahead at most; a chunk is never split. */
const READ_RECORDS = 2000
const READ_BYTES = 1 << 20

/** Keys order as [topic, partition, offset]; without an offset, the key before all of the partition's. */
export const chunk_key = ({ topic_id, partition }: Partition, offset?: number): Buffer => {
  const key = Buffer.allocUnsafe(offset === undefined ? 8 : 16)
  key.writeUInt32BE(topic_id, 0)
  key.writeUInt32BE(partition, 4)
  if (offset !== undefined) {
    key.writeUInt32BE(Math.floor(offset / 2 ** 32), 8)
    key.writeUInt32BE(offset >>> 0, 12)
  }
  return key
}

const check_settings = ({ name, partitions, config }: TopicSettings): void => {
  if (name === '' || name.length > 249) throw new Error(`a topic's name has 1 to 249 characters: '${name}'`)
  if (!Number.isInteger(partitions) || partitions < 1)
    throw new Error(`topic ${name} needs at least one partition, not ${partitions}`)
  if (config?.['cleanup.policy']?.split(',').some(policy => policy.trim() === 'compact'))
    throw new Error(`topic ${name} must not be compacted: its superseded records are needed for replay`)
}

/**
 * Copies of the chunks that one read takes (LMDB reuses its memory at the next), in one allocation of their exact size:
 * a record keeps alive what was read with it, not a slab of Node's that others fill.
 */
class Slab {
  #scratch = Buffer.allocUnsafeSlow(READ_BYTES)
  #ends: number[] = []
  bytes = 0

  clear(): void {
    this.#ends = []
    this.bytes = 0
  }

  add(chunk: Buffer): void {
    const { length } = chunk
    if (this.bytes + length > this.#scratch.length) {
      const grown = Buffer.allocUnsafeSlow(this.bytes + length)
      this.#scratch.copy(grown, 0, 0, this.bytes)
      this.#scratch = grown
    }
    chunk.copy(this.#scratch, this.bytes, 0, length)
    this.bytes += length
    this.#ends.push(this.bytes)
  }

  /** The chunks added since the last time. */
  take(): Buffer[] {
    const taken = Buffer.allocUnsafeSlow(this.bytes)
    this.#scratch.copy(taken, 0, 0, this.bytes)
    const chunks = this.#ends.map((end, i) => taken.subarray(this.#ends[i - 1] ?? 0, end))
    if (this.#scratch.length > 2 * READ_BYTES) this.#scratch = Buffer.allocUnsafeSlow(READ_BYTES)
    this.clear()
    return chunks
  }
}

/** All topics of one environment. */
export class Partitions {
  readonly #environment: Environment
  readonly #topics
  readonly #records
  readonly #open = new Map<string, Partition[]>()
  readonly #slab = new Slab()

  constructor(environment: Environment) {
    this.#environment = environment
    this.#topics = environment.values<StoredTopic>('topics')
    this.#records = environment.bytes('records')
    if (!environment.read_only)
      for (const { key, value } of this.#topics.getRange()) this.#add(key as string, value)
  }

  get chunks() {
    return this.#records
  }

  #add(topic: string, { id, partitions }: StoredTopic): Partition[] {
    const list = Array.from({ length: partitions }, (_, partition) => {
      const one: Partition = { topic, topic_id: id, partition, end: 0, listeners: new Set() }
      this.reload(one)
      return one
    })
    this.#open.set(topic, list)
    return list
  }

  /** Sets `end` to what is stored: after a write that may have failed, or for another process's writes. */
  reload(partition: Partition): void {
    const last = this.#chunk_at(partition, Number.MAX_SAFE_INTEGER)
    partition.end = last ? chunk_range(last).end : 0
  }

  /** The chunk with the greatest base ≤ offset. */
  #chunk_at(partition: Partition, offset: number): Buffer | undefined {
    const range = { start: chunk_key(partition, offset), end: chunk_key(partition), reverse: true, limit: 1 }
    for (const { value } of this.#records.getRange(range)) return value
    return undefined
  }

  async ensure(topics: readonly TopicSettings[]): Promise<void> {
    for (const settings of topics) check_settings(settings)
    const missing = new Map<string, StoredTopic>()
    let id = Math.max(0, ...[...this.#open.values()].map(([first]) => first!.topic_id))
    for (const { name, partitions, config } of topics) {
      const there = this.#open.get(name)?.length ?? missing.get(name)?.partitions
      if (there === undefined) missing.set(name, { id: ++id, partitions, config: config ?? {} })
      else if (there !== partitions)
        throw new Error(`topic ${name} exists with ${there} partitions, not ${partitions}`)
    }
    if (missing.size === 0) return
    // Added before the write: a second call must not give the same ids away.
    for (const [name, topic] of missing) this.#add(name, topic)
    try {
      await this.#environment.write(() => {
        for (const [name, topic] of missing) void this.#topics.put(name, topic)
      })
    } catch (error) {
      for (const name of missing.keys()) this.#open.delete(name)
      throw error
    }
  }

  count(topic: string): number | undefined {
    this.#environment.check_open()
    if (!this.#environment.read_only) return this.#open.get(topic)?.length
    this.#environment.refresh()
    return this.#topics.get(topic)?.partitions
  }

  /** @throws Error naming the topic or partition that does not exist */
  find(topic: string, partition: number): Partition {
    const count = this.count(topic)
    if (count === undefined) throw new Error(`there is no topic ${topic}`)
    if (this.#environment.read_only && !this.#open.has(topic)) this.#add(topic, this.#topics.get(topic)!)
    const found = this.#open.get(topic)?.[partition]
    if (!found) throw new Error(`topic ${topic} has partitions 0 to ${count - 1}, not ${partition}`)
    if (this.#environment.read_only) this.reload(found)
    return found
  }

  /**
   * Records from an offset on, some thousands at most.
   * @throws OffsetOutOfRange when the log never had the offset
   */
  read(partition: Partition, from: number): Fetched {
    const records: LogRecord[] = []
    const { chunks, position } = this.read_chunks(partition, from)
    for (const chunk of chunks) decode_chunk(chunk, from, records)
    return { records, position, end: partition.end }
  }

  /** The same, not yet taken apart; the first chunk may begin before the offset. */
  read_chunks(
    partition: Partition,
    from: number,
  ): { readonly chunks: readonly Buffer[]; readonly position: number } {
    const { end } = partition
    if (!Number.isSafeInteger(from) || from < 0 || from > end)
      throw new OffsetOutOfRange(
        `${partition.topic}/${partition.partition} has offsets 0 to ${end}, not ${from}`,
      )
    if (from === end) return { chunks: [], position: end }
    const slab = this.#slab
    slab.clear()
    let position = from
    do {
      // A chunk begins where the one before ended; only a seek may lead into the middle of one.
      const exact = this.#records.getBinaryFast(chunk_key(partition, position))
      const chunk = exact ?? (position === from ? this.#chunk_at(partition, from) : undefined)
      if (!chunk || chunk_range(chunk).end <= position) break
      slab.add(chunk)
      position = chunk_range(chunk).end
    } while (position < end && position - from < READ_RECORDS && slab.bytes < READ_BYTES)
    if (position === from)
      throw new Error(`${partition.topic}/${partition.partition} lost its record ${from}`)
    return { chunks: slab.take(), position }
  }
}
