/** Record batches cut out of a fetch: whole ones decoded, unreadable ones named, the last one possibly cut short. */
import { expect, test } from 'vitest'
import type { RawRecord } from '../../../runtime/kafka/abort-filter.ts'
import { BATCH_RECORDS_MAX, decode_batches } from '../../../runtime/kafka/batch-decoder.ts'
import { Unreadable } from '../../../runtime/kafka/codecs.ts'

const HEADER_BYTES = 61
const batch = (first: number, records: number, attributes = 0): Buffer => {
  const bytes = Buffer.alloc(HEADER_BYTES + records)
  bytes.writeBigInt64BE(BigInt(first), 0)
  bytes.writeInt32BE(bytes.length - 12, 8)
  bytes[16] = 2
  bytes.writeInt16BE(attributes, 21)
  bytes.writeInt32BE(records - 1, 23)
  bytes.writeBigInt64BE(77n, 43)
  bytes.writeInt32BE(records, 57)
  return bytes
}
/** One record for each byte behind the header. */
const decode = async (bytes: Buffer): Promise<RawRecord[]> =>
  Array.from({ length: bytes.length - HEADER_BYTES }, (_, i) => ({
    offset: `${Number(bytes.readBigInt64BE(0)) + i}`,
    key: null,
    value: null,
  }))
const offsets = (records: RawRecord[]) => records.map(({ offset }) => offset)

test('batches follow each other, and one cut short is left for the next fetch', async () => {
  const bytes = Buffer.concat([batch(5, 2), batch(7, 3), batch(10, 2)])
  expect(offsets(await decode_batches(bytes, decode))).toEqual(['5', '6', '7', '8', '9', '10', '11'])
  expect(offsets(await decode_batches(bytes.subarray(0, -1), decode))).toEqual(['5', '6', '7', '8', '9'])
  expect(await decode_batches(bytes.subarray(0, 30), decode)).toEqual([])
})

test('very many records do not overflow the stack', async () => {
  const many = await decode_batches(batch(0, BATCH_RECORDS_MAX), decode)
  expect(many.length).toBe(BATCH_RECORDS_MAX)
})

test('an unreadable batch is one entry with its place, and those around it are read', async () => {
  const TRANSACTIONAL_ZSTD = 0x14
  const bytes = Buffer.concat([batch(0, 1), batch(1, 4, TRANSACTIONAL_ZSTD), batch(5, 1)])
  const fail = (error: Error) => async (part: Buffer) => {
    if (part.readBigInt64BE(0) === 1n) throw error
    return decode(part)
  }
  const entry = (reason: string) => ({
    offset: '1',
    key: null,
    value: null,
    unreadable: `zstd: ${reason}`,
    batchContext: { producerId: '77', inTransaction: true, firstOffset: '1', lastOffsetDelta: 3 },
  })
  const read = (error: Error) => decode_batches(bytes, fail(error))
  expect((await read(new Unreadable('a bomb')))[1]).toEqual(entry('a bomb'))
  expect((await read(new RangeError('behind the end')))[1]).toEqual(entry('behind the end'))
  expect(offsets(await read(new Unreadable('a bomb')))).toEqual(['0', '1', '5'])
})

test('a batch of more records than fit a process is not even begun', async () => {
  const bytes = batch(0, 1)
  bytes.writeInt32BE(BATCH_RECORDS_MAX + 1, 57)
  const [entry] = await decode_batches(bytes, () => expect.fail('must not be decoded'))
  expect(entry?.unreadable).toContain(`${BATCH_RECORDS_MAX + 1} records`)
})

test('errors that may pass are thrown: the fetch comes again', async () => {
  const passing = async () => {
    throw new Error('no memory at present')
  }
  await expect(decode_batches(batch(0, 1), passing)).rejects.toThrow('no memory at present')
})
