/**
 * Avro object container files made of Kafka bodies that are never decoded: each row is a prefix (where the record came
 * from) followed by the body as it lies in the log, under a writer schema of the prefix fields and the writer's own.
 */
import { createHash } from 'node:crypto'

export interface ContainerRow {
  readonly log_id: string
  readonly key: Buffer | null
  readonly partition: number
  readonly offset: number
  /** Confluent wire format: its first five bytes (0, schema id) are left away. */
  readonly value: Buffer
}

interface RecordSchema {
  readonly type: 'record'
  readonly name: string
  readonly fields: readonly { readonly name: string }[]
}

const PREFIX_FIELDS = [
  { name: '_log_id', type: 'string' },
  { name: '_key', type: 'string' },
  { name: '_partition', type: 'int' },
  { name: '_offset', type: 'long' },
]
const MAGIC = Buffer.from('Obj\x01', 'latin1')
const BODY_AT = 5
/** Longest varint. */
const VARINT_MAX = 10
const NO_KEY = Buffer.alloc(0)

/** The prefix fields followed by the writer's. Throws when the schema is no record or uses a name of the prefix. */
export const prefixed_schema = (writer: object): object => {
  const record = writer as RecordSchema
  if (record.type !== 'record') throw new Error('a table is filled from records only')
  const taken = record.fields.find(field => PREFIX_FIELDS.some(prefix => prefix.name === field.name))
  if (taken)
    throw new Error(`the schema ${record.name} has a field ${taken.name}, which is the warehouse's own`)
  return { ...record, fields: [...PREFIX_FIELDS, ...record.fields] }
}

/** Columns a container by this writer brings. */
export const container_columns = (writer: object): string[] =>
  (prefixed_schema(writer) as RecordSchema).fields.map(field => field.name)

/** What was written holds every field: defaults are for readers, and ClickHouse's parser refuses those of records. */
const without_defaults = (attribute: string, value: unknown): unknown =>
  attribute === 'default' ? undefined : value

/** Writes containers of one writer schema; the header is made once. */
export const container_writer = (writer: object): ((rows: readonly ContainerRow[]) => Buffer) => {
  const schema = Buffer.from(JSON.stringify(prefixed_schema(writer), without_defaults))
  // A marker that follows from the schema, so that the same rows make the same bytes.
  const sync = createHash('md5').update(schema).digest()
  const header = container_header(schema, sync)
  return rows => {
    let bytes = 0
    for (const row of rows) bytes += row_bytes_max(row)
    const out = Buffer.allocUnsafe(header.length + bytes + 2 * VARINT_MAX + sync.length)
    const body = Buffer.allocUnsafe(bytes)
    let body_end = 0
    let log_id = ''
    let log_bytes = NO_KEY
    for (const row of rows) {
      if (row.log_id !== log_id) {
        log_id = row.log_id
        log_bytes = Buffer.from(log_id)
      }
      body_end = write_row(body, body_end, row, log_bytes)
    }
    let at = header.copy(out)
    if (rows.length > 0) {
      at = write_long(out, at, rows.length)
      at = write_long(out, at, body_end)
      at += body.copy(out, at, 0, body_end)
      at += sync.copy(out, at)
    }
    return out.subarray(0, at)
  }
}

/** Bytes a row takes at most. */
export const row_bytes_max = (row: ContainerRow): number =>
  5 * VARINT_MAX + 3 * row.log_id.length + (row.key?.length ?? 0) + row.value.length

const container_header = (schema: Buffer, sync: Buffer): Buffer => {
  const codec = Buffer.from('null')
  const entries: readonly (readonly [Buffer, Buffer])[] = [
    [Buffer.from('avro.schema'), schema],
    [Buffer.from('avro.codec'), codec],
  ]
  const out = Buffer.allocUnsafe(schema.length + 256)
  let at = MAGIC.copy(out)
  at = write_long(out, at, entries.length)
  for (const [name, value] of entries) {
    at = write_bytes(out, at, name)
    at = write_bytes(out, at, value)
  }
  at = write_long(out, at, 0)
  at += sync.copy(out, at)
  return out.subarray(0, at)
}

/** @param log_id the row's, as bytes: rows of one log come together */
const write_row = (out: Buffer, start: number, row: ContainerRow, log_id: Buffer): number => {
  let at = write_bytes(out, start, log_id)
  at = write_bytes(out, at, row.key ?? NO_KEY)
  at = write_long(out, at, row.partition)
  at = write_long(out, at, row.offset)
  return copy(out, at, row.value, BODY_AT)
}

const write_bytes = (out: Buffer, start: number, bytes: Buffer): number =>
  copy(out, write_long(out, start, bytes.length), bytes, 0)

/** Up to so many bytes are copied sooner here than by a call out of JavaScript. */
const SHORT_MAX = 32

const copy = (out: Buffer, at: number, bytes: Buffer, from: number): number => {
  const { length } = bytes
  if (length - from > SHORT_MAX) return at + bytes.copy(out, at, from)
  let end = at
  for (let i = from; i < length; i++) out[end++] = bytes[i] as number
  return end
}

/** Zigzag varint of a safe integer ≥ 0 (everything the prefix holds is). */
const write_long = (out: Buffer, start: number, value: number): number => {
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`not an offset or length: ${value}`)
  let at = start
  if (value < 0x4000_0000) {
    let small = value << 1
    for (; small >= 0x80; small >>>= 7) out[at++] = (small & 0x7f) | 0x80
    out[at++] = small
    return at
  }
  let rest = value * 2
  while (rest >= 0x80) {
    out[at++] = (rest % 0x80) | 0x80
    rest = Math.floor(rest / 0x80)
  }
  out[at++] = rest
  return at
}
