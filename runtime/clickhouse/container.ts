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
const NO_BYTES = Buffer.alloc(0)

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

/** Writes containers of one writer schema, of the rows from one index up to another; the header is made once. */
export const container_writer = (
  writer: object,
): ((rows: ContainerRows, from?: number, to?: number) => Buffer) => {
  const schema = Buffer.from(JSON.stringify(prefixed_schema(writer), without_defaults))
  // A marker that follows from the schema, so that the same rows make the same bytes.
  const sync = createHash('md5').update(schema).digest()
  const header = container_header(schema, sync)
  return (rows, from = 0, to = rows.length) => {
    const bytes = rows.size(from, to)
    const out = Buffer.allocUnsafe(header.length + 2 * VARINT_MAX + bytes + sync.length)
    let at = header.copy(out)
    if (to > from) {
      at = write_long(out, at, to - from)
      at = write_long(out, at, bytes)
      at = rows.write(out, at, from, to)
      at += sync.copy(out, at)
    }
    return out.subarray(0, at)
  }
}

const PIECE_BYTES = 256 << 10
/** Pieces that are kept for the next rows: 32 MiB. */
const FREE_MAX = 128
const free: Buffer[] = []
const take_memory = (at_least: number): Buffer =>
  (at_least <= PIECE_BYTES ? free.pop() : undefined) ??
  Buffer.allocUnsafeSlow(Math.max(PIECE_BYTES, at_least))

interface Piece {
  readonly memory: Buffer
  used: number
  readonly start: number
}

/**
 * Rows as the bytes they are in a container, whatever their writer: nothing of the records they came from is held. Their memory comes
 * in pieces, and goes back with release(): memory that is new to the process costs more than what is written into it.
 */
export class ContainerRows {
  readonly #pieces: Piece[] = []
  /** Where each row ends, as if the pieces were one. */
  readonly #ends: number[] = []
  #end = 0
  /** The last row's: rows of one log come together. */
  #log_id = ''
  #log_bytes = NO_BYTES

  get length(): number {
    return this.#ends.length
  }

  /**
   * Adds a row; what it is made of may be reused.
   * @returns how many bytes it takes
   * @throws Error when partition or offset are none
   */
  add(row: ContainerRow): number {
    const { log_id, key, partition, offset, value } = row
    if (log_id !== this.#log_id) {
      this.#log_id = log_id
      this.#log_bytes = Buffer.from(log_id)
    }
    const most = 4 * VARINT_MAX + this.#log_bytes.length + (key === null ? 0 : key.length) + value.length
    let piece = this.#pieces.at(-1)
    if (piece === undefined || piece.used + most > piece.memory.length) {
      piece = { memory: take_memory(most), used: 0, start: this.#end }
      this.#pieces.push(piece)
    }
    const out = piece.memory
    let at = write_bytes(out, piece.used, this.#log_bytes)
    at = write_bytes(out, at, key ?? NO_BYTES)
    at = write_long(out, at, partition)
    at = write_long(out, at, offset)
    at = copy(out, at, value, BODY_AT)
    const bytes = at - piece.used
    piece.used = at
    this.#end += bytes
    this.#ends.push(this.#end)
    return bytes
  }

  /** Bytes of the rows from one index up to another. */
  size(from: number, to: number): number {
    return this.#start(to) - this.#start(from)
  }

  /** Copies those rows. @returns where they end */
  write(out: Buffer, at: number, from: number, to: number): number {
    const [first, end] = [this.#start(from), this.#start(to)]
    let written = at
    for (const { memory, used, start } of this.#pieces)
      if (start < end && start + used > first)
        written += memory.copy(out, written, Math.max(0, first - start), Math.min(used, end - start))
    return written
  }

  /** The end of the run of rows from an index on that takes at most so many bytes: at least one row. */
  run(from: number, bytes_max: number): number {
    let to = from + 1
    while (to < this.length && this.size(from, to + 1) <= bytes_max) to++
    return to
  }

  /** Gives the memory back: there are no rows any more. */
  release(): void {
    for (const { memory } of this.#pieces)
      if (memory.length === PIECE_BYTES && free.length < FREE_MAX) free.push(memory)
    this.#pieces.length = 0
    this.#ends.length = 0
    this.#end = 0
  }

  /** A row as it was added, with the id of its schema; an empty key was perhaps none. */
  row(index: number, schema_id: number): ContainerRow {
    const bytes = Buffer.allocUnsafe(this.size(index, index + 1))
    this.write(bytes, 0, index, index + 1)
    let at = 0
    const long = (): number => {
      let value = 0
      for (let factor = 1; ; factor *= 0x80) {
        const byte = bytes[at++] as number
        value += (byte & 0x7f) * factor
        if (byte < 0x80) return value / 2
      }
    }
    const text = (): Buffer => {
      const end = long() + at
      const part = Buffer.from(bytes.subarray(at, end))
      at = end
      return part
    }
    const [log_id, key, partition, offset] = [`${text()}`, text(), long(), long()]
    const head = Buffer.alloc(BODY_AT)
    head.writeInt32BE(schema_id, 1)
    return {
      log_id,
      key: key.length ? key : null,
      partition,
      offset,
      value: Buffer.concat([head, bytes.subarray(at)]),
    }
  }

  #start(index: number): number {
    return index === 0 ? 0 : (this.#ends[index - 1] as number)
  }
}

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
