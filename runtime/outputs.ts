/** What a running batch writes: rows of pipelines, dead letters, and stream time for the next stage's tasks. */
import { crc32 } from 'node:zlib'
import { rekeyed_topic, type TopicSpec } from '../schemas/topics.ts'
import { type App, type KeyGroup, partitions_of, staged_topics } from './app.ts'
import type { Item, Place } from './intake.ts'
import { key_of, partition_of, tenant_of } from './keys.ts'
import { add_to_sum, Identities, is_whole, type Partial, partial_of } from './partial-rows.ts'
import type { Output } from './ports.ts'

export type Encode = (row: object) => Buffer

/** Where a dead letter comes from: a record, or a timer (item null). */
export interface DeadLetterSource {
  readonly event_id: string
  readonly key: string
  readonly pipeline: string | null
  readonly item: Item | null
}

interface PartialTopic {
  readonly topic: string
  readonly partial: Partial
  /** By identity: a row of it has been encoded in this batch, so that others fit the schema too. */
  readonly alike: Identities<Alike>
}
/** Rows of a batch that are to be one output. */
interface Alike {
  readonly of: PartialTopic
  first: Held | null
}
/** One of them until the batch is over. */
class Held {
  readonly alike: Alike
  readonly key: string
  readonly stream_time_ms: number
  readonly row: object
  readonly value: Buffer | null
  /** What has been added up at this place; null: the row alone. */
  sum: Record<string, unknown> | null = null

  constructor(alike: Alike, row: object, value: Buffer | null, key: string, stream_time_ms: number) {
    this.alike = alike
    this.row = row
    this.value = value
    this.key = key
    this.stream_time_ms = stream_time_ms
  }

  /** To the first of its like; false: it has a place of its own. */
  add(): boolean {
    const { alike, row } = this
    const { first } = alike
    alike.first ??= this
    if (!first) return false
    first.sum ??= { ...first.row }
    return add_to_sum(alike.of.partial, first.sum, row as never)
  }
}

export class Outputs {
  #list: (Output | Held)[] = []
  /** Where what has not been added up yet begins, and whether there is anything of the kind. */
  #added_up = 0
  #held = false
  readonly #partial: ReadonlyMap<string, PartialTopic>
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
    this.#partial = partial_topics(app)
  }

  /** What there is so far stands; for take_back(). */
  mark(): number {
    if (this.#held) this.#add_up()
    return this.#list.length
  }

  /** Takes back everything since the mark. */
  take_back(mark: number): void {
    this.#list.length = mark
    this.#held = false
  }

  /** Hands the batch's outputs out and starts anew. */
  take(): readonly Output[] {
    const list = this.#settle()
    this.begin()
    return list
  }

  /** Starts a batch. */
  begin(): void {
    this.#list = []
    this.#added_up = 0
    this.#held = false
    for (const { alike } of this.#partial.values()) alike.clear()
  }

  /** Makes one row of those that only add to one another, at the place of the first. A sum that is not exact stays two rows. */
  #add_up(): void {
    const list = this.#list
    let left = this.#added_up
    for (let i = left; i < list.length; i++) {
      const one = list[i] as Output | Held
      if (!(one instanceof Held) || !one.add()) list[left++] = one
    }
    list.length = left
    this.#added_up = left
    this.#held = false
  }

  #settle(): Output[] {
    this.mark()
    if (this.#added_up > 0)
      for (const [i, one] of this.#list.entries()) if (one instanceof Held) this.#list[i] = this.#settled(one)
    return this.#list as Output[]
  }

  #settled({ alike, key, row, sum, value, stream_time_ms }: Held): Output {
    const { topic } = alike.of
    const bytes = sum || !value ? (this.#encoders.get(topic) as Encode)(sum ?? row) : value
    return this.#output(topic, row, key, stream_time_ms, bytes)
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
    const partial = this.#partial.get(topic)
    if (partial) this.#hold(partial, row, key, stream_time_ms)
    else {
      const value = (this.#encoders.get(topic) as Encode)(row)
      this.#list.push(this.#output(topic, row, key, stream_time_ms, value))
    }
  }

  /** A row that does not fit its schema fails here, where the pipeline can be undone. */
  #hold(of: PartialTopic, row: object, key: string, stream_time_ms: number): void {
    let alike = of.alike.get(row as never)
    let value: Buffer | null = null
    if (!alike || !is_whole(of.partial, row as never)) {
      key_of(this.#app.topics[of.topic] as TopicSpec, row)
      value = (this.#encoders.get(of.topic) as Encode)(row)
    }
    if (!alike) {
      alike = { of, first: null }
      of.alike.set(row as never, alike)
    }
    this.#held = true
    this.#list.push(new Held(alike, row, value, key, stream_time_ms))
  }

  #output(topic: string, row: object, key: string, stream_time_ms: number, value: Buffer): Output {
    const spec = this.#app.topics[topic] as TopicSpec
    const own = spec.keyed_by === this.#group.name && !spec.rekeyed
    const bytes = Buffer.from(own ? key : key_of(spec, row))
    const partition = own ? this.#partition : partition_of(bytes, partitions_of(this.#app, topic))
    const told_ms = Number.isFinite(stream_time_ms) ? stream_time_ms : 0
    const upstream = this.#staged.has(topic) ? { task: this.#partition, stream_time_ms: told_ms } : undefined
    return { topic, partition, key: bytes, value, upstream }
  }

  /** The record as it came, to the partition of its own key. */
  forward({ topic, record }: Item, { key, partition }: Place): void {
    const { value } = record
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
      key: item?.record.key ?? null,
      value: item?.record.value ?? null,
    })
    this.#list.push({ topic: 'dead_letters', partition: this.#partition, key: Buffer.from(key), value })
  }

  /**
   * Chains the pipelines' outputs into a digest; dead letters and copies of strays, which a replay does not write
   * again, stay out.
   */
  digest(chain: number): number {
    let digest = chain
    for (const { topic, key, value } of this.#settle()) {
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

const partial_topics = (app: App): ReadonlyMap<string, PartialTopic> =>
  new Map(
    Object.entries(app.topics).flatMap(([topic, spec]) => {
      const partial = partial_of(spec, app.schemas[spec.schema] as object)
      return partial ? [[topic, { topic, partial, alike: new Identities<Alike>(partial) }] as const] : []
    }),
  )

const DETAIL_MAX = 500
/** Registry prefix: ids differ between installations, bodies do not. */
const PREFIX_BYTES = 5
