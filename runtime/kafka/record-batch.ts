/**
 * Record batches of one partition out of a fetch response (format 2): headers at once, records where they lie, so that what
 * nobody looks at is never copied. A batch that cannot be read says so, instead of an error that would come again with every
 * fetch.
 * Format: https://kafka.apache.org/documentation/#recordbatch
 */
import type { InPlace, LogRecord, Redrive, Upstream } from '../ports.ts'
import { is_abort } from './abort-filter.ts'
import { codecs, Unreadable } from './codecs.ts'

/** Offset, length, leader epoch, magic, CRC, attributes and the rest up to the records' count. */
const HEADER_BYTES = 61
const BATCH_AT = 12
const MAGIC_AT = 16
const CODEC_MASK = 7
const TRANSACTIONAL = 0x10
const CONTROL = 0x20
/** Records are objects many times their size in bytes: more of them than this do not fit a process. */
export const BATCH_RECORDS_MAX = 250_000

export interface RecordBatch {
  readonly first: number
  /** Behind its last offset, also behind what compaction left of it. */
  readonly end: number
  readonly producer: bigint
  readonly transactional: boolean
  /** Its one record ends a transaction. */
  readonly control: boolean
  readonly count: number
  /** Uncompressed records begin at `at`. */
  readonly bytes: Buffer
  readonly at: number
  /** Why nothing of it can be read. */
  readonly unreadable: string | null
}

/** @param bytes record batches, the last one possibly cut short by the fetch's limits */
export const read_batches = async (bytes: Buffer): Promise<RecordBatch[]> => {
  const batches: RecordBatch[] = []
  for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
    const end = at + BATCH_AT + bytes.readInt32BE(at + 8)
    if (end > bytes.length || end < at + HEADER_BYTES) break
    batches.push(await read_batch(bytes, at, end))
    at = end
  }
  return batches
}

const read_batch = async (bytes: Buffer, at: number, end: number): Promise<RecordBatch> => {
  const first = Number(bytes.readBigInt64BE(at))
  const attributes = bytes.readInt16BE(at + 21)
  const count = bytes.readInt32BE(at + 57)
  const batch = {
    first,
    // A fetch must come further, whatever stands there.
    end: first + Math.max(0, bytes.readInt32BE(at + 23)) + 1,
    producer: bytes.readBigInt64BE(at + 43),
    transactional: (attributes & TRANSACTIONAL) !== 0,
    control: (attributes & CONTROL) !== 0,
    count,
    bytes: bytes.subarray(0, end),
    at: at + HEADER_BYTES,
    unreadable: null,
  }
  const codec = codecs.get(attributes & CODEC_MASK)
  const unreadable = (reason: string) => ({
    ...batch,
    unreadable: `${codec?.name ?? 'no known codec'}: ${reason}`,
  })
  // What stands there from before 2017: each of its messages is looked at by itself.
  if (bytes[at + MAGIC_AT] !== 2) return { ...unreadable(`format ${bytes[at + MAGIC_AT]}`), end: first + 1 }
  if (count < 0) return unreadable(`${count} records`)
  if (count > BATCH_RECORDS_MAX) return unreadable(`${count} records, more than ${BATCH_RECORDS_MAX}`)
  if ((attributes & CODEC_MASK) === 0) return batch
  if (!codec) return unreadable('cannot be decompressed')
  try {
    return { ...batch, bytes: await codec.decompress(bytes.subarray(at + HEADER_BYTES, end)), at: 0 }
  } catch (error) {
    if (error instanceof Unreadable || error instanceof RangeError) return unreadable(error.message)
    throw error
  }
}

/** Position behind the varint that was read last. */
let behind = 0

/** Zigzag varint of a record's lengths and deltas (at most 5 bytes). @throws Unreadable at the end of the batch */
const read_varint = (bytes: Buffer, from: number): number => {
  let at = from
  let value = 0
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = bytes[at++]
    if (byte === undefined) throw new Unreadable('cut short')
    value |= (byte & 0x7f) << shift
    if (byte < 0x80) {
      behind = at
      return (value >>> 1) ^ -(value & 1)
    }
  }
  throw new Unreadable('a length of more than 32 bits')
}

/** Steps over a varint of up to 10 bytes. */
const skip_varlong = (bytes: Buffer, from: number): number => {
  for (let at = from; at < from + 10; at++) {
    const byte = bytes[at]
    if (byte === undefined) throw new Unreadable('cut short')
    if (byte < 0x80) return at + 1
  }
  throw new Unreadable('a time of more than 64 bits')
}

/** A record where it lies in its batch; key and value become buffers when they are asked for. */
class BatchRecord implements LogRecord, InPlace {
  readonly #places: Places
  readonly #i: number

  constructor(places: Places, i: number) {
    this.#places = places
    this.#i = i
  }

  get offset(): number {
    return this.#places.batch.first + this.#number(0)
  }
  get bytes(): Buffer {
    return this.#places.batch.bytes
  }
  get key_at(): number {
    return this.#number(1)
  }
  get key_end(): number {
    return this.#number(2)
  }
  get value_at(): number {
    return this.#number(3)
  }
  get value_end(): number {
    return this.#number(4)
  }
  #number(n: number): number {
    return this.#places.numbers[this.#i * NUMBERS + n] as number
  }
  get upstream(): Upstream | undefined {
    return this.#places.headers?.get(this.#i)?.upstream
  }
  get redrive(): Redrive | undefined {
    return this.#places.headers?.get(this.#i)?.redrive
  }
  get in_place(): InPlace {
    return this
  }
  get key(): Buffer | null {
    return this.key_end < 0 ? null : this.bytes.subarray(this.key_at, this.key_end)
  }
  get value(): Buffer | null {
    return this.value_end < 0 ? null : this.bytes.subarray(this.value_at, this.value_end)
  }
}

/** Where the records of a batch lie: five numbers for each, so that a full mailbox is no load for the garbage collector. */
export interface Places {
  readonly batch: RecordBatch
  readonly count: number
  /** Of keys and values together. */
  readonly bytes: number
  /** Offset from the batch's first, then as InPlace. */
  readonly numbers: Int32Array
  readonly headers: ReadonlyMap<number, Headers> | null
}
const NUMBERS = 5

/** Places of the batch's records from an offset on, in order. @throws Unreadable where its lengths contradict each other */
export const places_of = (batch: RecordBatch, from: number): Places => {
  const { bytes, first } = batch
  const numbers = new Int32Array(batch.count * NUMBERS)
  let headers: Map<number, Headers> | null = null
  let count = 0
  let sum = 0
  let at = batch.at
  for (let i = 0; i < batch.count; i++) {
    const length = read_varint(bytes, at)
    const end = behind + length
    if (length < 0 || end > bytes.length) throw new Unreadable('cut short')
    // One byte of attributes, of which none is in use.
    const delta = read_varint(bytes, skip_varlong(bytes, behind + 1))
    const key_bytes = read_varint(bytes, behind)
    const key_at = behind
    const key_end = key_bytes < 0 ? -1 : key_at + key_bytes
    const value_bytes = read_varint(bytes, key_bytes < 0 ? key_at : key_end)
    const value_at = behind
    const value_end = value_bytes < 0 ? -1 : value_at + value_bytes
    const header_count = read_varint(bytes, value_bytes < 0 ? value_at : value_end)
    if (behind > end) throw new Unreadable('a record that is longer than it says')
    at = end
    if (first + delta < from) continue
    if (header_count > 0) {
      headers ??= new Map()
      headers.set(count, read_headers(bytes, behind, end, header_count))
    }
    const place = count * NUMBERS
    numbers[place] = delta
    numbers[place + 1] = key_at
    numbers[place + 2] = key_end
    numbers[place + 3] = value_at
    numbers[place + 4] = value_end
    count++
    sum += Math.max(0, key_bytes) + Math.max(0, value_bytes)
  }
  return { batch, count, bytes: sum, numbers, headers }
}

export const record_at = (places: Places, i: number): BatchRecord => new BatchRecord(places, i)

/** Bytes of the record's key and value. */
export const bytes_at = ({ numbers }: Places, i: number): number => {
  const place = i * NUMBERS
  const of = (n: number) => Math.max(0, (numbers[place + n + 1] as number) - (numbers[place + n] as number))
  return of(1) + of(3)
}

/** As places_of, the records themselves. */
export const records_of = (batch: RecordBatch, from: number): BatchRecord[] => {
  const places = places_of(batch, from)
  return Array.from({ length: places.count }, (_, i) => record_at(places, i))
}

interface Headers {
  readonly upstream: Upstream | undefined
  readonly redrive: Redrive | undefined
}

/** The two that are ours; of those that come more than once the last one. */
const read_headers = (bytes: Buffer, from: number, end: number, count: number): Headers => {
  let [upstream, redrive]: [Upstream | undefined, Redrive | undefined] = [undefined, undefined]
  let at = from
  for (let i = 0; i < count; i++) {
    const name_bytes = read_varint(bytes, at)
    const name_at = behind
    if (name_bytes < 0) throw new Unreadable('a header without a name')
    const value_bytes = read_varint(bytes, name_at + name_bytes)
    const value_at = behind
    at = value_at + Math.max(0, value_bytes)
    if (at > end) throw new Unreadable('a header that is longer than its record')
    if (name_bytes !== 1) continue
    const text = bytes.toString('utf8', value_at, at)
    if (bytes[name_at] === UPSTREAM) upstream = parse_upstream(text)
    else if (bytes[name_at] === REDRIVE) redrive = parse_redrive(text)
  }
  return { upstream, redrive }
}
const UPSTREAM = 0x75
const REDRIVE = 0x72

/** Header `u` of a record between our own tasks: `task,stream_time_ms`, the second part empty for null. */
export const upstream_header = ({ task, stream_time_ms }: Upstream): string =>
  `${task},${stream_time_ms ?? ''}`
const parse_upstream = (text: string): Upstream | undefined => {
  const parts = /^(\d+),(-?\d+)?$/.exec(text)
  if (!parts) return undefined
  return { task: Number(parts[1]), stream_time_ms: parts[2] === undefined ? null : Number(parts[2]) }
}

/** Header `r` of a dead letter's record driven again: `pipeline,dead_letter_id`. */
export const redrive_header = ({ pipeline, dead_letter_id }: Redrive): string =>
  `${pipeline},${dead_letter_id}`
const parse_redrive = (text: string): Redrive | undefined => {
  const parts = /^([^,]*),(.+)$/s.exec(text)
  return parts ? { pipeline: parts[1] as string, dead_letter_id: parts[2] as string } : undefined
}

/** Whether a control batch ends its transaction as aborted. */
export const is_abort_marker = (batch: RecordBatch): boolean => {
  if (!batch.control || batch.unreadable !== null) return false
  try {
    return is_abort(records_of(batch, 0)[0]?.key)
  } catch (error) {
    if (error instanceof Unreadable) return false
    throw error
  }
}
