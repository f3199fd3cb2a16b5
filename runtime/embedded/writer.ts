/**
 * All appends and commits of the process, one LMDB transaction after the other: what arrives while one is being written
 * goes into the next together, so that many small callers share one flush.
 */
import type { Output } from '../ports.ts'
import { encode_chunk, record_bytes } from './chunk.ts'
import type { Environment } from './environment.ts'
import { chunk_key, type Partition, type Partitions } from './partitions.ts'

interface Job {
  readonly outputs: readonly Output[]
  /** Throws when the job must not be written; called when its turn has come, with all earlier ones decided. */
  readonly admit: () => void
  readonly resolve: (offsets: number[]) => void
  readonly reject: (error: unknown) => void
}

/** Bounds of one transaction (a larger job has one of its own), and of one stored chunk. */
const TRANSACTION_BYTES = 8 << 20
const CHUNK_BYTES = 128 << 10
const CHUNK_RECORDS = 1000

/** What one transaction adds to one partition. */
class Addition {
  readonly partition: Partition
  readonly records: Output[] = []
  next: number

  constructor(partition: Partition) {
    this.partition = partition
    this.next = partition.end
  }

  add(output: Output): number {
    this.records.push(output)
    return this.next++
  }

  /** Chunks with their keys. */
  encode(): [key: Buffer, chunk: Buffer][] {
    const chunks: [Buffer, Buffer][] = []
    const { partition, records } = this
    let from = 0
    let bytes = 0
    for (let i = 0; i < records.length; i++) {
      bytes += record_bytes(records[i]!)
      if (bytes < CHUNK_BYTES && i + 1 - from < CHUNK_RECORDS && i + 1 < records.length) continue
      const base = partition.end + from
      chunks.push([chunk_key(partition, base), encode_chunk(records, from, i + 1, base)])
      from = i + 1
      bytes = 0
    }
    return chunks
  }
}

export class Writer {
  readonly #environment: Environment
  readonly #partitions: Partitions
  #queue: Job[] = []
  #running: Promise<void> | null = null

  constructor(environment: Environment, partitions: Partitions) {
    this.#environment = environment
    this.#partitions = partitions
  }

  /**
   * Adds the outputs to the log, all in one transaction; buffers are copied when it begins.
   * @param admit the last word before the transaction: throws to refuse
   * @returns offsets in the order given, when they are on disk
   * @throws Error at once for an unknown topic or partition or a wrong upstream; what admit or the disk says
   */
  async append(outputs: readonly Output[], admit: () => void = () => {}): Promise<number[]> {
    this.#environment.check_open()
    for (const { topic, partition, upstream } of outputs) {
      this.#partitions.find(topic, partition)
      if (upstream && !(upstream.task >= 0 && upstream.task < 2 ** 32))
        throw new Error(
          `upstream task ${upstream.task} of an output to ${topic} is not an unsigned 32-bit integer`,
        )
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ outputs, admit, resolve, reject })
      // One microtask later, so that callers of the same moment share the first transaction too.
      this.#running ??= Promise.resolve().then(() => this.#run())
    })
  }

  /** Resolves when everything handed in so far is decided. */
  async drain(): Promise<void> {
    while (this.#running) await this.#running
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) await this.#transaction(this.#take())
    this.#running = null
  }

  #take(): Job[] {
    let bytes = 0
    let count = 0
    while (count < this.#queue.length && bytes < TRANSACTION_BYTES)
      for (const output of this.#queue[count++]!.outputs) bytes += record_bytes(output)
    const taken = this.#queue.slice(0, count)
    this.#queue = this.#queue.slice(count)
    return taken
  }

  async #transaction(jobs: readonly Job[]): Promise<void> {
    const additions = new Map<Partition, Addition>()
    const admitted: [Job, number[]][] = []
    for (const job of jobs) {
      try {
        job.admit()
        admitted.push([job, job.outputs.map(output => this.#add(additions, output))])
      } catch (error) {
        job.reject(error)
      }
    }
    try {
      await this.#write([...additions.values()])
    } catch (error) {
      for (const partition of additions.keys()) this.#partitions.reload(partition)
      for (const [job] of admitted) job.reject(error)
      return
    }
    for (const [partition, addition] of additions) {
      partition.end = addition.next
      for (const listener of [...partition.listeners]) listener()
    }
    for (const [job, offsets] of admitted) job.resolve(offsets)
  }

  #add(additions: Map<Partition, Addition>, output: Output): number {
    const partition = this.#partitions.find(output.topic, output.partition)
    let addition = additions.get(partition)
    if (!addition) {
      addition = new Addition(partition)
      additions.set(partition, addition)
    }
    return addition.add(output)
  }

  async #write(additions: readonly Addition[]): Promise<void> {
    if (additions.length === 0) return
    const chunks = additions.flatMap(addition => addition.encode())
    await this.#environment.write(() => {
      for (const [key, chunk] of chunks) void this.#partitions.chunks.put(key, chunk)
    })
  }
}
