/**
 * History in a file, NDJSON or CSV, in the order of its events. One pass checks every row and keeps only its
 * time and place (24 bytes a row); rows are read again, sorted, when they are sent.
 */
import { createHash } from 'node:crypto'
import { closeSync, createReadStream, openSync, readSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import { FieldError, type Row, type RowChecks } from '../runtime/emit.ts'

export interface BadRow {
  /** As in an editor, from 1; the line a CSV record begins on. */
  readonly line: number
  readonly field: string
  readonly reason: string
}

export interface History {
  /** sha256 of the file, hex. */
  readonly hash: string
  /** Good rows. */
  readonly rows: number
  readonly bad_rows: number
  /** Event time of the i-th row in order of time, epoch ms. */
  occurred_at(i: number): number
  /** The i-th to (i+n)-th row in order of time; equal times keep the order of the file. */
  read(i: number, n: number): Row[]
  close(): void
}

export interface HistoryOptions {
  readonly path: string
  readonly format: 'ndjson' | 'csv'
  readonly checks: RowChecks
  /** For rows that name no tenant. */
  readonly tenant: string | undefined
  readonly on_bad: (bad: BadRow) => void
  /** Bytes read so far. */
  readonly on_read?: (bytes: number) => void
}

/** Reads the file once. Rejects when it cannot be read, or when a CSV has no header. */
export const open_history = async (options: HistoryOptions): Promise<History> => {
  const { path, format, on_bad } = options
  const hash = createHash('sha256')
  const index = new Index()
  const reader = new RowReader(options)
  let bad_rows = 0
  const fd = openSync(path, 'r')
  try {
    for await (const record of records_of(
      path,
      format === 'csv',
      chunk => hash.update(chunk),
      options.on_read,
    )) {
      try {
        const row = reader.row(record.text, record.line, 'unknown')
        if (row) index.add(row.occurred_at, record)
      } catch (error) {
        if (!(error instanceof FieldError)) throw error
        bad_rows++
        on_bad({ line: record.line, field: error.field, reason: error.reason })
      }
    }
  } catch (error) {
    closeSync(fd)
    throw error
  }
  const digest = hash.digest('hex')
  const order = index.sorted()
  const at = (i: number): number => order?.[i] ?? i
  return {
    hash: digest,
    rows: index.length,
    bad_rows,
    occurred_at: i => index.occurred_at[at(i)]!,
    read: (i, n) =>
      Array.from({ length: Math.max(0, Math.min(n, index.length - i)) }, (_, k) => {
        const place = index.place(at(i + k))
        return reader.row(read_text(fd, place), place.line, digest.slice(0, 16))!
      }),
    close: () => closeSync(fd),
  }
}

interface Place {
  readonly offset: number
  readonly bytes: number
  readonly line: number
}
interface TextRecord extends Place {
  readonly text: string
}

const read_text = (fd: number, { offset, bytes }: Place): string => {
  const buffer = Buffer.allocUnsafe(bytes)
  if (readSync(fd, buffer, 0, bytes, offset) !== bytes)
    throw new Error('the file became shorter while it was read')
  return buffer.toString('utf8')
}

/** Columns of numbers that grow, instead of an object per row. */
class Index {
  length = 0
  occurred_at = new Float64Array(1024)
  #offset = new Float64Array(1024)
  #bytes = new Uint32Array(1024)
  #line = new Uint32Array(1024)
  #in_order = true

  add(occurred_at: number, { offset, bytes, line }: Place): void {
    const i = this.length
    if (i === this.occurred_at.length) this.#grow()
    if (i > 0 && occurred_at < this.occurred_at[i - 1]!) this.#in_order = false
    this.occurred_at[i] = occurred_at
    this.#offset[i] = offset
    this.#bytes[i] = bytes
    this.#line[i] = line
    this.length++
  }

  place(i: number): Place {
    return { offset: this.#offset[i]!, bytes: this.#bytes[i]!, line: this.#line[i]! }
  }

  /** Row numbers by time, stable; null when the file is in order already. */
  sorted(): Uint32Array | null {
    if (this.#in_order) return null
    const at = this.occurred_at
    return Uint32Array.from({ length: this.length }, (_, i) => i).sort((a, b) => at[a]! - at[b]! || a - b)
  }

  #grow(): void {
    const size = this.length * 2
    const larger = <A extends Float64Array | Uint32Array>(made: A, from: A): A => {
      made.set(from)
      return made
    }
    this.occurred_at = larger(new Float64Array(size), this.occurred_at)
    this.#offset = larger(new Float64Array(size), this.#offset)
    this.#bytes = larger(new Uint32Array(size), this.#bytes)
    this.#line = larger(new Uint32Array(size), this.#line)
  }
}

/** Text of one record to a checked row; remembers the header of a CSV. */
class RowReader {
  readonly #options: HistoryOptions
  #columns: string[] | null = null

  constructor(options: HistoryOptions) {
    this.#options = options
  }

  /** null: not a row (empty, or the header). Throws FieldError. */
  row(text: string, line: number, hash: string): Row | null {
    const { checks, tenant, format } = this.#options
    const defaults = { event_id: `${hash}:${line}`, ...(tenant !== undefined && { tenant_id: tenant }) }
    if (text.trim() === '') return null
    if (format === 'ndjson') return checks.check(with_defaults(parse_json(text), defaults))
    const cells = parse_cells(text)
    if (!this.#columns) {
      this.#columns = cells.map(cell => cell.trim())
      return null
    }
    if (cells.length !== this.#columns.length)
      throw new FieldError('', `has ${cells.length} cells, the header has ${this.#columns.length}`)
    const named = Object.fromEntries(this.#columns.map((column, i) => [column, cells[i]!]))
    for (const [field, value] of Object.entries(defaults)) named[field] ||= value
    return checks.check_cells(named)
  }
}

const parse_json = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new FieldError('', `is not JSON: ${(error as Error).message}`)
  }
}

const with_defaults = (value: unknown, defaults: Readonly<Record<string, string>>): unknown => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const row: Record<string, unknown> = { ...value }
  for (const [field, text] of Object.entries(defaults)) row[field] ??= text
  return row
}

const parse_cells = (text: string): string[] => {
  const line = text.replace(/\r?\n$|\r$/, '')
  if (!line.includes('"')) return line.split(',')
  try {
    return (parse(line, { relax_column_count: true }) as string[][])[0] ?? []
  } catch (error) {
    throw new FieldError('', `is not CSV: ${(error as Error).message}`)
  }
}

const [QUOTE, COMMA, NEWLINE] = [0x22, 0x2c, 0x0a]
const BOM_BYTES = 3
/** Longest record; a quote that is never closed must not swallow the file. */
const RECORD_BYTES_MAX = 4 << 20

/** Records with their places. In a CSV a newline within quotes belongs to the record. */
async function* records_of(
  path: string,
  quoted: boolean,
  on_chunk: (chunk: Buffer) => void,
  on_read: ((bytes: number) => void) | undefined,
): AsyncGenerator<TextRecord> {
  const splitter = new Splitter(quoted)
  let bytes = 0
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    on_chunk(chunk as Buffer)
    bytes += (chunk as Buffer).length
    yield* splitter.push(chunk as Buffer)
    on_read?.(bytes)
  }
  yield* splitter.end()
}

class Splitter {
  readonly #quoted: boolean
  #rest: Buffer = Buffer.alloc(0)
  /** Place of the first byte of #rest. */
  #offset = 0
  #line = 1

  constructor(quoted: boolean) {
    this.#quoted = quoted
  }

  *push(chunk: Buffer): Generator<TextRecord> {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    for (let end = this.#end(); end >= 0; end = this.#end()) yield this.#take(end + 1)
    if (this.#rest.length > RECORD_BYTES_MAX)
      throw new Error(
        `line ${this.#line}: a record of more than ${RECORD_BYTES_MAX} bytes (an unclosed quote?)`,
      )
  }

  *end(): Generator<TextRecord> {
    if (this.#rest.length > 0) yield this.#take(this.#rest.length)
  }

  /** Position of the newline that ends the first record of #rest, or -1. */
  #end(): number {
    const bytes = this.#rest
    if (!this.#quoted) return bytes.indexOf(NEWLINE)
    const newline = bytes.indexOf(NEWLINE)
    if (newline >= 0 && !bytes.subarray(0, newline).includes(QUOTE)) return newline
    let inside = false
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i]
      if (byte === NEWLINE && !inside) return i
      if (byte !== QUOTE) continue
      // A quote within an unquoted cell opens nothing: that record is refused, not its neighbours.
      const opens = i === 0 || bytes[i - 1] === COMMA
      if (inside && bytes[i + 1] === QUOTE) i++
      else if (inside || opens) inside = !inside
    }
    return -1
  }

  #take(length: number): TextRecord {
    const whole = this.#rest.subarray(0, length)
    const skip = this.#offset === 0 && whole.subarray(0, BOM_BYTES).equals(BOM) ? BOM_BYTES : 0
    const text = whole.subarray(skip).toString('utf8')
    const record = { offset: this.#offset + skip, bytes: length - skip, line: this.#line, text }
    for (const byte of whole) if (byte === NEWLINE) this.#line++
    this.#offset += length
    this.#rest = this.#rest.subarray(length)
    return record
  }
}
const BOM = Buffer.from([0xef, 0xbb, 0xbf])
