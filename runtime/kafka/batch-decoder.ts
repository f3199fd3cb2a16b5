/**
 * Record batches of one partition out of a fetch response, with kafkajs's decoder inside but not its ends: a
 * batch that cannot be read is one entry that says so, instead of an error that would come again with every
 * fetch; and batches of very many records do not overflow the stack.
 */
import type { RawRecord } from './abort-filter.ts'
import { codecs, Unreadable } from './codecs.ts'

/** Offset, length, leader epoch, magic, CRC, attributes and the rest up to the records' count. */
const HEADER_BYTES = 61
const BATCH_AT = 12
const CODEC_MASK = 7
const TRANSACTIONAL = 0x10
/** Records are objects many times their size in bytes: more of them than this do not fit a process. */
export const BATCH_RECORDS_MAX = 250_000

interface Header {
  readonly first: bigint
  readonly attributes: number
  readonly last_delta: number
  readonly producer_id: bigint
  readonly count: number
}

const header_of = (batch: Buffer): Header => ({
  first: batch.readBigInt64BE(0),
  attributes: batch.readInt16BE(21),
  last_delta: batch.readInt32BE(23),
  producer_id: batch.readBigInt64BE(43),
  count: batch.readInt32BE(57),
})

/** Stands for all offsets of the batch; mailboxes give each its turn. */
const unreadable = (header: Header, reason: string): RawRecord => ({
  offset: `${header.first}`,
  key: null,
  value: null,
  unreadable: `${codecs.get(header.attributes & CODEC_MASK)?.name ?? 'no known codec'}: ${reason}`,
  batchContext: {
    producerId: `${header.producer_id}`,
    inTransaction: (header.attributes & TRANSACTIONAL) !== 0,
    firstOffset: `${header.first}`,
    lastOffsetDelta: header.last_delta,
  },
})

/** kafkajs's decoder of one batch, which is given the bytes of that batch alone. */
export type DecodeBatch = (batch: Buffer) => Promise<readonly RawRecord[]>

/** Lengths inside that contradict each other are read behind the end, which is a RangeError, or no numbers. */
const is_of_the_bytes = (error: unknown): boolean =>
  error instanceof Unreadable ||
  error instanceof RangeError ||
  (error instanceof Error && /^KafkaJSInvalid(VarInt|Long)Error$/.test(error.name))

const read_batch = async (batch: Buffer, decode: DecodeBatch): Promise<readonly RawRecord[]> => {
  const header = header_of(batch)
  if (header.count > BATCH_RECORDS_MAX)
    return [unreadable(header, `${header.count} records, more than ${BATCH_RECORDS_MAX}`)]
  try {
    return await decode(batch)
  } catch (error) {
    if (is_of_the_bytes(error)) return [unreadable(header, (error as Error).message)]
    throw error
  }
}

/** @param bytes record batches of format 2, the last one possibly cut short by the fetch's limits */
export const decode_batches = async (bytes: Buffer, decode: DecodeBatch): Promise<RawRecord[]> => {
  const records: RawRecord[] = []
  for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
    const end = at + BATCH_AT + bytes.readInt32BE(at + 8)
    if (end > bytes.length) break
    for (const record of await read_batch(bytes.subarray(at, end), decode)) records.push(record)
    at = end
  }
  return records
}
