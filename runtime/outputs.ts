/** What a running batch writes: rows of pipelines, dead letters, and stream time for the next stage's tasks. */
import { crc32 } from 'node:zlib'
import { rekeyed_topic } from '../schemas/topics.ts'
import { type App, type KeyGroup, partitions_of, staged_topics } from './app.ts'
import type { Item, Place } from './intake.ts'
import { key_of, partition_of, tenant_of } from './keys.ts'
import type { Output } from './ports.ts'

export type Encode = (row: object) => Buffer

/** Where a dead letter comes from: a record, or a timer (item null). */
export interface DeadLetterSource {
  readonly event_id: string
  readonly key: string
  readonly pipeline: string | null
  readonly item: Item | null
}

export class Outputs {
  #list: Output[] = []
  readonly #app: App
  readonly #group: KeyGroup
  readonly #partition: number
  readonly #encoders: ReadonlyMap<string, Encode>
  readonly #staged: ReadonlySet<string>

  constructor(app: App, group: KeyGroup, partition: number, encoders: ReadonlyMap<string, Encode>) {
    this.#app = app
    this.#group = group
    this.#partition = partition
    this.#encoders = encoders
    this.#staged = staged_topics(app)
  }

  get length(): number {
    return this.#list.length
  }

  /** Takes back everything behind the first `length`. */
  truncate(length: number): void {
    this.#list.length = length
  }

  /** Hands the batch's outputs out and starts anew. */
  take(): readonly Output[] {
    const list = this.#list
    this.#list = []
    return list
  }

  /** A pipeline's row. Keyed like the task it stays in the task's partition; otherwise it goes where its key belongs. */
  emit(topic: string, row: object, key: string, stream_time_ms: number): void {
    const spec = this.#app.topics[topic]
    if (!spec) throw new Error(`no topic ${topic}`)
    if (spec.encode) {
      const encoded = spec.encode(row as never)
      this.#list.push({
        topic,
        partition: this.#partition,
        key: Buffer.from(encoded.key),
        value: encoded.value,
      })
      return
    }
    const encode = this.#encoders.get(topic) as Encode
    const own = spec.keyed_by === this.#group.name && !spec.rekeyed
    const bytes = Buffer.from(own ? key : key_of(spec, row))
    const partition = own ? this.#partition : partition_of(bytes, partitions_of(this.#app, topic))
    const told_ms = Number.isFinite(stream_time_ms) ? stream_time_ms : 0
    const upstream = this.#staged.has(topic) ? { task: this.#partition, stream_time_ms: told_ms } : undefined
    this.#list.push({ topic, partition, key: bytes, value: encode(row), upstream })
  }

  /** The record as it came, to the partition of its own key. */
  forward({ topic, value }: Item, { key, partition }: Place): void {
    this.#list.push({ topic: rekeyed_topic(topic), partition, key: Buffer.from(key), value })
  }

  /** The original bytes and why they were refused; wall_ms is the batch's recorded clock. */
  dead_letter(from: DeadLetterSource, reason: string, detail: string, wall_ms: number): void {
    const { event_id, key, pipeline, item } = from
    const encode = this.#encoders.get('dead_letters') as Encode
    const value = encode({
      event_id,
      tenant_id: tenant_of(key),
      occurred_at: wall_ms,
      reason,
      detail: detail.slice(0, DETAIL_MAX),
      topic: item?.topic ?? '',
      partition: this.#partition,
      offset: item?.offset ?? -1,
      pipeline,
      schema_id: item?.schema_id ?? null,
      key: item?.raw_key ?? null,
      value: item?.value ?? null,
    })
    this.#list.push({ topic: 'dead_letters', partition: this.#partition, key: Buffer.from(key), value })
  }

  /**
   * Chains the pipelines' outputs into a digest; dead letters and copies of strays, which a replay does not write
   * again, stay out.
   */
  digest(chain: number): number {
    let digest = chain
    for (const { topic, key, value } of this.#list) {
      if (topic === 'dead_letters' || this.#app.topics[topic]?.of !== undefined) continue
      digest = crc32(topic, digest)
      if (key) digest = crc32(key, digest)
      if (value) digest = crc32(value.subarray(PREFIX_BYTES), digest)
    }
    return digest
  }

  /** A record without a body on every partition of the topics: this task's stream time, null when it has nothing to read. */
  marks(topics: readonly string[], stream_time_ms: number | null): Output[] {
    const upstream = { task: this.#partition, stream_time_ms }
    return topics.flatMap(topic =>
      Array.from({ length: partitions_of(this.#app, topic) }, (_, partition) => ({
        topic,
        partition,
        key: null,
        value: null,
        upstream,
      })),
    )
  }
}

const DETAIL_MAX = 500
/** Registry prefix: ids differ between installations, bodies do not. */
const PREFIX_BYTES = 5
