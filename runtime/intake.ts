/**
 * From bytes to items: registry prefix, guard and projection, key and time checks, and the merge of a task's inputs by
 * event time. A record that may not be processed becomes a refused item, in its place.
 */
import { rekeyed_topic, type TopicSpec } from '../schemas/topics.ts'
import type { App } from './app.ts'
import { partitions_of } from './app.ts'
import { text_of } from './avro/cursor.ts'
import { Refused } from './avro/decoder.ts'
import { body_schema_id, PREFIX_BYTES } from './avro/encoder.ts'
import { crc32_of } from './crc32.ts'
import type { Decoders } from './decoders.ts'
import { key_of, partition_of } from './keys.ts'
import type { InPlace, LogRecord, Reader, Redrive, Upstream } from './ports.ts'

export type Row = Record<string, unknown>

/** One record as the processor takes it. */
export interface Item {
  readonly topic: string
  readonly offset: number
  /** Entity key; '' for a mark between tasks, and the raw key where the body could not be read. */
  readonly key: string
  readonly event_id: string
  /** Event time. */
  readonly at_ms: number
  /** CRC-32 of the body behind the registry prefix. */
  readonly crc: number
  readonly row: Row | null
  readonly refused: { readonly reason: string; readonly detail: string } | null
  /** Where it belongs, when that is another partition or key than it came with. */
  readonly stray: Place | null
  readonly upstream: Upstream | undefined
  /** A dead letter's record, for one pipeline only. */
  readonly redrive: Redrive | undefined
  /** Replayed: what failed on it then. */
  readonly failed?: Failed
  readonly record: LogRecord
  readonly schema_id: number | null
}

/** Pipelines that failed on a record when it was live, or to which it could not be driven. */
export interface Failed {
  readonly pipelines: readonly string[]
  /** They get it all the same; a dead letter of what they take now is not to be driven again. */
  readonly anew: boolean
}

/** A key and its partition. */
export interface Place {
  readonly key: string
  readonly partition: number
}

/** Fields that identity, key and time are read from, before any pipeline asks for its own. */
export const base_fields = (app: App, topic: string): readonly string[] => {
  const spec = app.topics[topic] as TopicSpec
  const identity = [spec.event_id ?? 'event_id', spec.occurred_at ?? 'occurred_at']
  const schema = app.schemas[spec.schema] as { fields: readonly { name: string }[] } | undefined
  if (!schema) return []
  const wanted = new Set([...identity, ...KEY_FIELDS, ...(MORE_KEY_FIELDS[spec.keyed_by] ?? [])])
  return schema.fields.map(field => field.name).filter(name => wanted.has(name))
}
const KEY_FIELDS = ['tenant_id', 'customer_id', 'anonymous_id']
const SERIES_FIELDS = ['metric', 'currency', 'dimension']
const CATALOG_FIELDS = ['kind', 'id', 'effective_at', 'revision', 'body']
/** By what the topic is keyed by. */
const MORE_KEY_FIELDS: Readonly<Record<string, readonly string[]>> = {
  series: SERIES_FIELDS,
  catalog: CATALOG_FIELDS,
}

/** One input of a task. Peeks decoded heads; a head whose schema must be fetched first stops the merge. */
export class Lane {
  readonly topic: string
  readonly spec: TopicSpec
  readonly order: number
  readonly #app: App
  readonly #partition: number
  readonly #decoders: Decoders
  /** Strays are copied to their own partition. */
  readonly #returns: boolean
  readonly #id_field: string
  readonly #time_field: string

  constructor(app: App, topic: string, order: number, partition: number, decoders: Decoders) {
    this.topic = topic
    this.spec = app.topics[topic] as TopicSpec
    this.order = order
    this.#app = app
    this.#partition = partition
    this.#decoders = decoders
    this.#returns = app.topics[rekeyed_topic(topic)] !== undefined
    this.#id_field = this.spec.event_id ?? 'event_id'
    this.#time_field = this.spec.occurred_at ?? 'occurred_at'
  }

  /** The record as an item, or the schema id that must be fetched first. */
  item(record: LogRecord): Item | number {
    const at = value_of(record)
    const { bytes, value_at, value_end } = at
    if (record.upstream && value_end < 0) return this.#make(record, '', '', 0, 0, null, null, null, null)
    let schema_id: number | null = null
    let crc = 0
    try {
      if (value_end < 0) throw new Refused('EMPTY', 'a record without a body')
      crc = body_crc(at)
      schema_id = body_schema_id(bytes, value_at, value_end)
      const decoder = this.#decoders.get(this.topic, schema_id)
      if (decoder === undefined) return schema_id
      if (decoder instanceof Refused) throw decoder
      const row = decoder(bytes, value_at + PREFIX_BYTES, value_end)
      const place = this.#place(record, row)
      const event_id = row[this.#id_field] as string
      const at_ms = row[this.#time_field] as number
      // A stray passes through at once: neither its time nor its row is this task's business.
      if (typeof place !== 'string')
        return this.#make(record, '', event_id, Number.NEGATIVE_INFINITY, crc, null, schema_id, null, place)
      return this.#make(record, place, event_id, at_ms, crc, row, schema_id, null, null)
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      const key = record.key ? record.key.toString('utf8') : ''
      return this.#make(record, key, '', Number.NEGATIVE_INFINITY, crc, null, schema_id, error, null)
    }
  }

  /** A record that was refused when it was first read: its place and its body's CRC, nothing else. */
  unreadable(record: LogRecord): Item {
    const refused = new Refused('INVALID', 'refused before')
    return this.#make(
      record,
      '',
      '',
      Number.NEGATIVE_INFINITY,
      body_crc(value_of(record)),
      null,
      null,
      refused,
      null,
    )
  }

  /** Its key, or where it belongs if that is not here. What came to a sister topic was put there by us. */
  #place(record: LogRecord, row: Row): string | Place {
    const given = key_text(record)
    if (this.spec.partitioner === 'trusted') {
      if (given === null) throw new Refused('MISSING_KEY', 'a record without a key')
      return given
    }
    const expected = expected_key(this.spec, row)
    const partitions = partitions_of(this.#app, this.topic)
    const { in_place } = record
    const partition =
      given === expected && in_place
        ? partition_of(in_place.bytes, partitions, in_place.key_at, in_place.key_end)
        : partition_of(Buffer.from(expected), partitions)
    if (given === expected && partition === this.#partition) return expected
    if (!this.#returns) throw new Refused('KEY_MISMATCH', `key or partition of a body that is ${expected}`)
    return { key: expected, partition }
  }

  #make(
    record: LogRecord,
    key: string,
    event_id: string,
    at_ms: number,
    crc: number,
    row: Row | null,
    schema_id: number | null,
    refused: Refused | null,
    stray: Place | null,
  ): Item {
    return {
      topic: this.topic,
      offset: record.offset,
      key,
      event_id,
      at_ms,
      crc,
      row,
      refused,
      stray,
      upstream: record.upstream,
      redrive: this.spec.of === undefined ? undefined : record.redrive,
      record,
      schema_id,
    }
  }
}

/** Where a record's value lies. */
const value_of = (record: LogRecord): Pick<InPlace, 'bytes' | 'value_at' | 'value_end'> => {
  const { in_place } = record
  if (in_place) return in_place
  const { value } = record
  return { bytes: value ?? NO_BYTES, value_at: 0, value_end: value ? value.length : -1 }
}
const NO_BYTES = Buffer.alloc(0)

const key_text = (record: LogRecord): string | null => {
  const { in_place } = record
  if (!in_place) return record.key?.toString('utf8') ?? null
  const { bytes, key_at, key_end } = in_place
  return key_end < 0 ? null : text_of(bytes, key_at, key_end)
}

const body_crc = ({
  bytes,
  value_at,
  value_end,
}: Pick<InPlace, 'bytes' | 'value_at' | 'value_end'>): number => {
  if (value_end < 0) return 0
  return crc32_of(bytes, value_end - value_at > PREFIX_BYTES ? value_at + PREFIX_BYTES : value_at, value_end)
}

/** CRC-32 of the body behind the registry prefix. */
export const crc_of = (value: Buffer | null): number =>
  value ? body_crc({ bytes: value, value_at: 0, value_end: value.length }) : 0

const expected_key = (spec: TopicSpec, row: Row): string => {
  try {
    return key_of(spec, row)
  } catch (error) {
    throw new Refused('MISSING_KEY', (error as Error).message)
  }
}

/**
 * A record too far ahead of the batch's clock, refused. It sorts first, like a body that cannot be read: a head that
 * waited for its own time would let the other inputs run ahead of the records behind it.
 */
export const check_future = (item: Item, limit_ms: number): Item => {
  if (item.refused || item.stray || item.upstream || item.at_ms <= limit_ms) return item
  const detail = `occurred_at ${new Date(item.at_ms).toISOString()}`
  return { ...item, at_ms: Number.NEGATIVE_INFINITY, refused: { reason: 'FUTURE_TIME', detail } }
}

/** Anything that holds one input's next records, in offset order. */
export interface Source {
  readonly topic: string
  at(i: number): LogRecord | undefined
  /** The record as an item, or the schema id that must be fetched first. */
  item(record: LogRecord): Item | number
}

export interface Merged {
  readonly items: Item[]
  /** Records taken per source, in the order of the sources. */
  readonly taken: number[]
  readonly bytes: number
  /** The merge stopped at a record whose schema is not known yet. */
  readonly fetch: { readonly topic: string; readonly schema_id: number } | null
}

/**
 * k-way merge over the sources' heads by (event time, topic order): within a partition offset order always holds. Stops
 * at the bounds, where `starved` says a source has more to come but nothing at hand, and at an unknown schema. With
 * `span_ms` emitters' records later than that after the first of them are for the next batch.
 */
export const merge_sources = (
  sources: readonly Source[],
  bounds: {
    readonly records: number
    readonly bytes: number
    readonly span_ms?: number
    readonly starved: (source: number, taken: number) => boolean
  },
): Merged => {
  const heads: (Item | null)[] = sources.map(() => null)
  const taken: number[] = sources.map(() => 0)
  const items: Item[] = []
  const span_ms = bounds.span_ms ?? Number.POSITIVE_INFINITY
  let until_ms = Number.POSITIVE_INFINITY
  let bytes = 0
  while (items.length < bounds.records && bytes < bounds.bytes) {
    let best = -1
    for (let i = 0; i < sources.length; i++) {
      let head = heads[i] as Item | null
      if (!head) {
        const source = sources[i] as Source
        const record = source.at(taken[i] as number)
        if (!record) {
          if (bounds.starved(i, taken[i] as number)) return { items, taken, bytes, fetch: null }
          continue
        }
        const item = source.item(record)
        if (typeof item === 'number')
          return { items, taken, bytes, fetch: { topic: source.topic, schema_id: item } }
        head = item
        heads[i] = head
      }
      if (best < 0 || head.at_ms < (heads[best] as Item).at_ms) best = i
    }
    if (best < 0) break
    const item = heads[best] as Item
    if (!item.upstream && !item.refused && !item.stray) {
      if (item.at_ms > until_ms) break
      if (until_ms === Number.POSITIVE_INFINITY) until_ms = item.at_ms + span_ms
    }
    items.push(item)
    const { value_at, value_end } = value_of(item.record)
    bytes += Math.max(0, value_end - value_at)
    heads[best] = null
    taken[best] = (taken[best] as number) + 1
  }
  return { items, taken, bytes, fetch: null }
}

/** A live input; what lies beyond future_ms is refused. */
export const reader_source = (lane: Lane, reader: Reader, future_ms: number): Source => ({
  topic: lane.topic,
  at: i => reader.at(i),
  item: record => {
    const item = lane.item(record)
    return typeof item === 'number' ? item : check_future(item, future_ms)
  },
})

/** What a batch recorded of single records of one topic, by offset. */
export interface Judgement {
  readonly unreadable: ReadonlySet<number>
  readonly failed: ReadonlyMap<number, Failed>
}

/**
 * A recorded range; what could not be read then is not read now, whatever the registry has learned since, and pipelines
 * that failed on a record stay without it, unless they are rebuilt.
 */
export const recorded_source = (
  lane: Lane,
  records: readonly LogRecord[],
  { unreadable, failed }: Judgement,
): Source => ({
  topic: lane.topic,
  at: i => records[i],
  item: record => {
    if (unreadable.has(record.offset)) return lane.unreadable(record)
    const item = lane.item(record)
    const then = failed.get(record.offset)
    return then && typeof item !== 'number' ? { ...item, failed: then } : item
  },
})
