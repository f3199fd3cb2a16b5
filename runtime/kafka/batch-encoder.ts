/**
 * Record batches (format 2) as they are sent: one pass for the size, one that writes into a single buffer, where kafkajs makes four
 * buffers and a dozen objects of each record. Format: https://kafka.apache.org/documentation/#recordbatch
 */
import { crc32c_of } from '../crc32.ts'

type Bytes = Buffer | string | null | undefined

/** A record as kafkajs hands it over. */
export interface SentRecord {
  readonly offsetDelta: number
  readonly timestampDelta: number
  readonly key?: Bytes
  readonly value?: Bytes
  readonly headers?: Readonly<Record<string, Bytes | readonly Bytes[]>> | undefined
}
export interface SentBatch {
  readonly records: readonly SentRecord[]
  readonly firstTimestamp: number
  readonly maxTimestamp: number
  readonly lastOffsetDelta: number
  readonly transactional: boolean
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly firstSequence: number
  /** Number of the codec; 0: none. */
  readonly codec: number
  /** The records compressed; null: as they are. */
  readonly packed: Buffer | null
}

const HEADER_BYTES = 61
const BATCH_AT = 12
const CRC_AT = 17
const CRC_OF = 21
const TRANSACTIONAL = 0x10

/** The batch, from its base offset on. */
export const encode_batch = (batch: SentBatch): Buffer => {
  const { records, packed } = batch
  const size = HEADER_BYTES + (packed ? packed.length : bytes_of_records(records))
  const bytes = Buffer.allocUnsafe(size)
  if (packed) packed.copy(bytes, HEADER_BYTES)
  else write_records(records, bytes, HEADER_BYTES)
  bytes.fill(0, 0, HEADER_BYTES)
  bytes.writeInt32BE(size - BATCH_AT, 8)
  bytes[16] = 2
  bytes.writeInt16BE(batch.codec | (batch.transactional ? TRANSACTIONAL : 0), CRC_OF)
  bytes.writeInt32BE(batch.lastOffsetDelta, 23)
  bytes.writeBigInt64BE(BigInt(batch.firstTimestamp), 27)
  bytes.writeBigInt64BE(BigInt(batch.maxTimestamp), 35)
  bytes.writeBigInt64BE(batch.producerId, 43)
  bytes.writeInt16BE(batch.producerEpoch, 51)
  bytes.writeInt32BE(batch.firstSequence, 53)
  bytes.writeInt32BE(records.length, 57)
  bytes.writeUInt32BE(crc32c_of(bytes, CRC_OF, size), CRC_AT)
  return bytes
}

/** The records alone, as they are compressed. */
export const encode_records = (records: readonly SentRecord[]): Buffer => {
  const bytes = Buffer.allocUnsafe(bytes_of_records(records))
  write_records(records, bytes, 0)
  return bytes
}

const bytes_of_records = (records: readonly SentRecord[]): number => {
  let size = 0
  for (const record of records) {
    const body = bytes_of_body(record)
    size += varint_bytes(body) + body
  }
  return size
}

const bytes_of_body = ({ offsetDelta, timestampDelta, key, value, headers }: SentRecord): number => {
  let size =
    1 + varint_bytes(timestampDelta) + varint_bytes(offsetDelta) + sized_bytes(key) + sized_bytes(value)
  if (!headers) return size + 1
  let count = 0
  for (const name of Object.keys(headers))
    for (const of of values_of(headers[name])) {
      count++
      size += sized_bytes(name) + sized_bytes(of)
    }
  return size + varint_bytes(count)
}

const values_of = (header: Bytes | readonly Bytes[]): readonly Bytes[] =>
  Array.isArray(header) ? header : [header as Bytes]

const write_records = (records: readonly SentRecord[], bytes: Buffer, from: number): void => {
  let at = from
  for (const record of records) {
    at = write_varint(bytes, at, bytes_of_body(record))
    bytes[at++] = 0
    at = write_varint(bytes, at, record.timestampDelta)
    at = write_varint(bytes, at, record.offsetDelta)
    at = write_sized(bytes, at, record.key)
    at = write_sized(bytes, at, record.value)
    at = write_headers(bytes, at, record.headers)
  }
}

const write_headers = (bytes: Buffer, from: number, headers: SentRecord['headers']): number => {
  if (!headers) return write_varint(bytes, from, 0)
  const all = Object.keys(headers).flatMap(name =>
    values_of(headers[name]).map(value => [name, value] as const),
  )
  let at = write_varint(bytes, from, all.length)
  for (const [name, value] of all) at = write_sized(bytes, write_sized(bytes, at, name), value)
  return at
}

const length_of = (of: Bytes): number => {
  if (of === null || of === undefined) return -1
  return typeof of === 'string' ? Buffer.byteLength(of) : of.length
}
const sized_bytes = (of: Bytes): number => {
  const length = length_of(of)
  return varint_bytes(length) + Math.max(0, length)
}
const write_sized = (bytes: Buffer, from: number, of: Bytes): number => {
  const length = length_of(of)
  const at = write_varint(bytes, from, length)
  if (length <= 0) return at
  if (typeof of === 'string') bytes.write(of, at)
  else bytes.set(of as Buffer, at)
  return at + length
}

/** Of a zigzag varint. Differences of times beyond 32 bits, which nobody sends, are exact too. */
const varint_bytes = (value: number): number => {
  if (value >= -64 && value < 64) return 1
  let left = value < 0 ? -2 * value - 1 : 2 * value
  let size = 1
  for (; left >= 128; left = Math.floor(left / 128)) size++
  return size
}
const write_varint = (bytes: Buffer, from: number, value: number): number => {
  let left = value < 0 ? -2 * value - 1 : 2 * value
  let at = from
  for (; left >= 128; left = Math.floor(left / 128)) bytes[at++] = (left % 128) | 128
  bytes[at++] = left
  return at
}
