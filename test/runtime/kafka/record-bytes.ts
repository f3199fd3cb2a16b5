/** Records and record batches as bytes, by the format's description: an encoder of its own, for what decoders are tested on. */
import type { RecordBatch } from '../../../runtime/kafka/record-batch.ts'

export interface Record {
  /** From the batch's first offset; its place among the records where it is missing. */
  readonly delta?: number
  readonly key?: Buffer | null
  readonly value?: Buffer | null
  readonly headers?: readonly (readonly [name: string, value: Buffer | null])[]
}

export const varint = (value: number): Buffer => {
  const bytes: number[] = []
  let left = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n))
  for (; left > 0x7fn; left >>= 7n) bytes.push(Number(left & 0x7fn) | 0x80)
  return Buffer.from([...bytes, Number(left)])
}
const sized = (bytes: Buffer | null | undefined): Buffer =>
  bytes ? Buffer.concat([varint(bytes.length), bytes]) : varint(-1)

export const record_bytes = ({ delta = 0, key, value, headers = [] }: Record): Buffer => {
  const named = headers.map(([name, of]) => Buffer.concat([sized(Buffer.from(name)), sized(of)]))
  const time = varint(1_700_000_000_000)
  return sized(
    Buffer.concat([
      Buffer.from([0]),
      time,
      varint(delta),
      sized(key),
      sized(value),
      varint(named.length),
      ...named,
    ]),
  )
}
const all_bytes = (records: readonly Record[]): Buffer =>
  Buffer.concat(records.map((record, i) => record_bytes({ delta: i, ...record })))

export interface Batch {
  readonly first: number
  readonly records: readonly Record[]
  readonly producer?: number
  readonly transactional?: boolean
  readonly control?: boolean
  /** Of the last offset from the first, where that is not the last record's. */
  readonly last_delta?: number
}

/** A batch as it comes out of a fetch response. */
export const batch_of = ({ first, records, ...more }: Batch): RecordBatch => ({
  first,
  end: first + (more.last_delta ?? records.length - 1) + 1,
  producer: BigInt(more.producer ?? -1),
  transactional: more.transactional ?? false,
  control: more.control ?? false,
  count: records.length,
  bytes: all_bytes(records),
  at: 0,
  unreadable: null,
})

/** The same as it is sent, with its header; `codec` and `packed` where its records are compressed. */
export const batch_bytes = (
  { first, records, ...more }: Batch,
  codec = 0,
  packed: Buffer = all_bytes(records),
): Buffer => {
  const header = Buffer.alloc(61)
  header.writeBigInt64BE(BigInt(first), 0)
  header.writeInt32BE(header.length + packed.length - 12, 8)
  header[16] = 2
  header.writeInt16BE(codec | (more.transactional ? 0x10 : 0) | (more.control ? 0x20 : 0), 21)
  header.writeInt32BE(more.last_delta ?? records.length - 1, 23)
  header.writeBigInt64BE(BigInt(more.producer ?? -1), 43)
  header.writeInt32BE(records.length, 57)
  return Buffer.concat([header, packed])
}

/** The control batch that ends a producer's transaction. */
export const marker = (first: number, producer: number, type: 'abort' | 'commit'): Batch => ({
  first,
  producer,
  transactional: true,
  control: true,
  records: [{ key: Buffer.from([0, 0, 0, type === 'abort' ? 0 : 1]), value: Buffer.alloc(6) }],
})
