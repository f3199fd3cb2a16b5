/** Batches as they are sent: read back, and byte by byte as an encoder made from the format's description writes them. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { crc32c_of } from '../../../runtime/crc32.ts'
import { encode_batch, encode_records, type SentRecord } from '../../../runtime/kafka/batch-encoder.ts'
import { read_batches, records_of } from '../../../runtime/kafka/record-batch.ts'
import { record_bytes } from './record-bytes.ts'

const TIME = 1_700_000_000_000
const sent = (records: readonly SentRecord[], more: object = {}) => ({
  records,
  firstTimestamp: TIME,
  maxTimestamp: TIME + 5,
  lastOffsetDelta: records.length - 1,
  transactional: true,
  producerId: 2n ** 40n,
  producerEpoch: 7,
  firstSequence: 2 ** 31 - 1,
  codec: 0,
  packed: null,
  ...more,
})
const bytes = fc.option(fc.uint8Array({ maxLength: 300 }).map(of => Buffer.from(of)))
const records = fc
  .array(
    fc.record({
      key: bytes,
      value: bytes,
      headers: fc.option(fc.dictionary(fc.string(), bytes, { noNullPrototype: true })),
    }),
    {
      maxLength: 20,
    },
  )
  .map(all =>
    all.map(
      ({ headers, ...record }, i): SentRecord => ({
        ...record,
        ...(headers ? { headers } : {}),
        offsetDelta: i,
        timestampDelta: TIME,
      }),
    ),
  )

test('records are what the format says', () => {
  fc.assert(
    fc.property(records, of => {
      const wanted = of.map(({ offsetDelta: delta, key = null, value = null, headers = {} }) =>
        record_bytes({
          delta,
          key: key as Buffer | null,
          value: value as Buffer | null,
          headers: Object.entries(headers) as [string, Buffer | null][],
        }),
      )
      expect(encode_records(of)).toEqual(Buffer.concat(wanted))
    }),
  )
})

test('what is written is read, with its place, its producer and its checksum', async () => {
  await fc.assert(
    fc.asyncProperty(records, async of => {
      const batch = encode_batch(sent(of))
      expect(batch.readUInt32BE(17)).toBe(crc32c_of(batch, 21, batch.length))
      expect([batch.readBigInt64BE(27), batch.readBigInt64BE(35)]).toEqual([BigInt(TIME), BigInt(TIME + 5)])
      expect([batch.readInt16BE(51), batch.readInt32BE(53)]).toEqual([7, 2 ** 31 - 1])
      const [read] = await read_batches(batch)
      expect(read).toMatchObject({ first: 0, producer: 2n ** 40n, transactional: true, control: false })
      expect(records_of(read!, 0).map(({ offset, key, value }) => [offset, key, value])).toEqual(
        of.map(({ offsetDelta, key, value }) => [offsetDelta, key, value]),
      )
    }),
  )
})

test('texts, headers that come more than once, and times that go back', () => {
  const headers = { u: '3,-7', many: ['a', Buffer.from('b')] }
  const record = { offsetDelta: 3, timestampDelta: -70_000, key: 'schlüssel', value: undefined, headers }
  const wanted = record_bytes({
    delta: 3,
    key: Buffer.from('schlüssel'),
    headers: [
      ['u', Buffer.from('3,-7')],
      ['many', Buffer.from('a')],
      ['many', Buffer.from('b')],
    ],
  })
  const written = encode_records([record])
  const [time, at] = [Buffer.from([0xdf, 0xc5, 0x08]), 2]
  expect(written.subarray(at, at + 3)).toEqual(time)
  expect(written.subarray(at + 3)).toEqual(wanted.subarray(wanted.indexOf(Buffer.from('schlüssel')) - 2))
})

test('compressed records go in as they are given', async () => {
  const batch = encode_batch(
    sent([{ offsetDelta: 0, timestampDelta: 0 }], { codec: 3, packed: Buffer.from('lz4') }),
  )
  expect([batch.readInt16BE(21) & 7, batch.readInt32BE(57), `${batch.subarray(61)}`]).toEqual([3, 1, 'lz4'])
})
