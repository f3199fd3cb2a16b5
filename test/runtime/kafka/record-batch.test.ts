/** Record batches cut out of a fetch: whole ones read, unreadable ones named, the last one possibly cut short. */
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Unreadable } from '../../../runtime/kafka/codecs.ts'
import {
  BATCH_RECORDS_MAX,
  is_abort_marker,
  read_batches,
  records_of,
  redrive_header,
  upstream_header,
} from '../../../runtime/kafka/record-batch.ts'
import { type Batch, batch_bytes, batch_of, type Record, record_bytes } from './record-bytes.ts'

const some = (first: number, count: number): Batch => ({
  first,
  records: Array.from({ length: count }, (_, i) => ({ value: Buffer.from(`${first + i}`) })),
})
const offsets = async (bytes: Buffer) =>
  (await read_batches(bytes)).flatMap(batch => records_of(batch, 0).map(({ offset }) => offset))

test('batches follow each other, and one cut short is left for the next fetch', async () => {
  const bytes = Buffer.concat([some(5, 2), some(7, 3), some(10, 2)].map(batch => batch_bytes(batch)))
  expect(await offsets(bytes)).toEqual([5, 6, 7, 8, 9, 10, 11])
  expect(await offsets(bytes.subarray(0, -1))).toEqual([5, 6, 7, 8, 9])
  expect(await read_batches(bytes.subarray(0, 30))).toEqual([])
})

test('what stands in the header', async () => {
  const of = { ...some(9, 2), producer: 77, transactional: true, last_delta: 6 }
  const [batch] = await read_batches(Buffer.concat([batch_bytes(of)]))
  expect(batch).toMatchObject({
    first: 9,
    end: 16,
    producer: 77n,
    transactional: true,
    control: false,
    count: 2,
    unreadable: null,
  })
})

test('very many records do not overflow the stack; more than fit a process are not even begun', async () => {
  const records = Array.from({ length: 100_000 }, (): Record => ({}))
  const bytes = batch_bytes({ first: 0, records })
  expect((await offsets(bytes)).length).toBe(100_000)
  bytes.writeInt32BE(BATCH_RECORDS_MAX + 1, 57)
  const [batch] = await read_batches(bytes)
  expect(batch?.unreadable).toContain(`${BATCH_RECORDS_MAX + 1} records`)
})

test('an unreadable batch says why and what it stands for, and those around it are read', async () => {
  const ZSTD = 4
  const UNKNOWN = 6
  const bytes = Buffer.concat([
    batch_bytes(some(0, 1)),
    batch_bytes(
      { ...some(1, 4), producer: 77, transactional: true },
      ZSTD,
      Buffer.from('nothing of the kind'),
    ),
    batch_bytes(some(5, 1), UNKNOWN),
    batch_bytes(some(6, 1)),
  ])
  const [first, bad, unknown, last] = await read_batches(bytes)
  expect([first, last].map(batch => batch?.unreadable)).toEqual([null, null])
  expect(bad).toMatchObject({ first: 1, end: 5, producer: 77n, transactional: true })
  expect(bad?.unreadable).toMatch(/^zstd: /)
  expect(unknown?.unreadable).toMatch(/^no known codec: /)
})

test('a message of the formats before 2017 is one that cannot be read', async () => {
  const bytes = batch_bytes(some(4, 1))
  bytes[16] = 1
  bytes.writeInt32BE(1_000, 23)
  expect(await read_batches(bytes)).toMatchObject([
    { first: 4, end: 5, unreadable: 'no known codec: format 1' },
  ])
})

test('numbers that cannot be are no reason to stand still', async () => {
  const bytes = batch_bytes({ ...some(7, 1), last_delta: -5 })
  bytes.writeInt32BE(-1, 57)
  expect(await read_batches(bytes)).toMatchObject([
    { first: 7, end: 8, unreadable: 'no known codec: -1 records' },
  ])
})

test('a control batch that cannot be read ends nothing', () => {
  const control = { ...batch_of(some(0, 1)), control: true }
  expect(is_abort_marker({ ...control, bytes: control.bytes.subarray(0, 3) })).toBe(false)
  expect(is_abort_marker({ ...control, unreadable: 'zstd: nothing' })).toBe(false)
})

test('compressed records are read like others', async () => {
  const records = [{ key: Buffer.from('k'), value: Buffer.from('v'.repeat(100)) }, {}]
  const packed = gzipSync(Buffer.concat(records.map((record, i) => record_bytes({ delta: i, ...record }))))
  const [batch] = await read_batches(batch_bytes({ first: 3, records }, 1, packed))
  expect(
    records_of(batch!, 0).map(({ offset, key, value }) => [offset, key && `${key}`, value && `${value}`]),
  ).toEqual([
    [3, 'k', 'v'.repeat(100)],
    [4, null, null],
  ])
})

test('from an offset on', () => {
  expect(records_of(batch_of(some(5, 4)), 7).map(({ offset }) => offset)).toEqual([7, 8])
})

test('headers of ours among others; of two of one name the last', () => {
  const upstream = { task: 3, stream_time_ms: -7 }
  const redrive = { pipeline: 'p', dead_letter_id: 'a,b' }
  const headers = [
    ['x', Buffer.from('other')],
    ['u', Buffer.from('9,9')],
    ['trace', null],
    ['u', Buffer.from(upstream_header(upstream))],
    ['r', Buffer.from(redrive_header(redrive))],
  ] as const
  const [record, bare] = records_of(batch_of({ first: 0, records: [{ headers }, {}] }), 0)
  expect([record?.upstream, record?.redrive]).toEqual([upstream, redrive])
  expect([bare?.upstream, bare?.redrive]).toEqual([undefined, undefined])
})

const bytes = fc.option(fc.uint8Array({ maxLength: 300 }).map(of => Buffer.from(of)))
const record = fc.record({
  key: bytes,
  value: bytes,
  headers: fc.array(fc.tuple(fc.string({ minLength: 2, maxLength: 9 }), bytes), { maxLength: 3 }),
})

test('whatever is written is read, in place and as buffers', () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 20 }), fc.nat(2 ** 40), (records, first) => {
      const read = records_of(batch_of({ first, records }), 0)
      expect(read.map(({ offset, key, value }) => ({ offset, key, value }))).toEqual(
        records.map(({ key, value }, i) => ({ offset: first + i, key, value })),
      )
      for (const { in_place: at, key, value } of read) {
        expect(at.key_end < 0 ? null : at.bytes.subarray(at.key_at, at.key_end)).toEqual(key)
        expect(at.value_end < 0 ? null : at.bytes.subarray(at.value_at, at.value_end)).toEqual(value)
      }
    }),
  )
})

test('of bytes that were cut or changed nothing else is thrown than that they cannot be read', () => {
  fc.assert(
    fc.property(
      fc.array(record, { minLength: 1, maxLength: 5 }),
      fc.nat(),
      fc.nat(255),
      fc.nat(),
      (records, at, byte, cut) => {
        const batch = batch_of({ first: 0, records })
        const changed = Buffer.from(batch.bytes)
        changed[at % changed.length] = byte
        const left = changed.subarray(0, changed.length - (cut % 3 ? 0 : cut % changed.length))
        try {
          for (const { key, value } of records_of({ ...batch, bytes: left }, 0))
            expect((key?.length ?? 0) + (value?.length ?? 0)).toBeLessThanOrEqual(left.length)
        } catch (error) {
          if (!(error instanceof Unreadable)) throw error
        }
      },
    ),
    { numRuns: 2000 },
  )
})
