/** A mailbox: bounded, in order, deaf to what was fetched for an earlier position. */
import { expect, test } from 'vitest'
import {
  type Delivery,
  MAILBOX_BYTES_MAX,
  Mailbox,
  UNREADABLE_AT_ONCE,
} from '../../../runtime/kafka/mailbox.ts'
import { type RecordBatch, upstream_header } from '../../../runtime/kafka/record-batch.ts'
import { OffsetOutOfRange } from '../../../runtime/ports.ts'
import { batch_of, marker, type Record } from './record-bytes.ts'

/** A batch of one record. */
const raw = (first: number, record: Record = {}): RecordBatch =>
  batch_of({ first, records: [{ value: Buffer.from(`${first}`), ...record }] })
const unreadable = (first: number, count: number, reason: string): RecordBatch => ({
  ...batch_of({ first, records: [], last_delta: count - 1 }),
  unreadable: reason,
})
const fetched = (batches: RecordBatch[], end: number): Delivery => ({
  last_stable: end,
  aborted: [],
  batches,
})
const open = () => {
  const seen = { news: 0, wanted: 0 }
  const mailbox = new Mailbox(
    't',
    0,
    () => seen.news++,
    () => seen.wanted++,
  )
  return { mailbox, seen }
}

test('wants nothing before the first seek', () => {
  const { mailbox } = open()
  expect(mailbox.wants()).toBeNull()
  mailbox.seek(5)
  expect(mailbox.wants()).toBe(5)
  expect(() => mailbox.seek(-1)).toThrow()
  expect(() => mailbox.seek(1.5)).toThrow()
})

test('ends behind what it was given, where the broker looked for the end before it read; without records it believes it', () => {
  const { mailbox } = open()
  mailbox.seek(2)
  mailbox.deliver(mailbox.epoch, fetched([raw(2), raw(3)], 3))
  expect([mailbox.position, mailbox.end]).toEqual([4, 4])
  mailbox.deliver(mailbox.epoch, fetched([], 3))
  expect([mailbox.position, mailbox.end]).toEqual([4, 3])
})

test('drops records before its position, and whole fetches for an earlier seek', () => {
  const { mailbox, seen } = open()
  mailbox.seek(1)
  const stale = mailbox.epoch
  mailbox.seek(2)
  mailbox.deliver(stale, fetched([raw(1)], 4))
  expect([mailbox.length, mailbox.end, seen.news]).toEqual([0, -1, 0])
  mailbox.deliver(mailbox.epoch, fetched([raw(1), raw(2), raw(3)], 4))
  expect([mailbox.at(0)?.offset, mailbox.length, mailbox.position, mailbox.end, seen.news]).toEqual([
    2, 2, 4, 4, 1,
  ])
  expect(mailbox.at(-1)).toBeUndefined()
})

test('position passes control records and what is missing at the end of a batch', () => {
  const { mailbox, seen } = open()
  mailbox.seek(0)
  mailbox.deliver(mailbox.epoch, fetched([raw(0), batch_of(marker(1, 7, 'commit'))], 2))
  expect([mailbox.length, mailbox.position, mailbox.end]).toEqual([1, 2, 2])
  const gap = batch_of({ first: 2, records: [{ value: Buffer.from('2') }], last_delta: 7 })
  mailbox.deliver(mailbox.epoch, fetched([gap], 10))
  expect([mailbox.position, seen.news]).toEqual([10, 2])
  mailbox.deliver(mailbox.epoch, fetched([], 10))
  expect(seen.news).toBe(2)
})

test('pauses above its bytes and wants again below half of them', () => {
  const { mailbox, seen } = open()
  mailbox.seek(0)
  const value = Buffer.alloc(1024 * 1024)
  const count = MAILBOX_BYTES_MAX / value.length
  mailbox.deliver(
    mailbox.epoch,
    fetched(
      Array.from({ length: count }, (_, i) => raw(i, { value })),
      count,
    ),
  )
  expect(mailbox.wants()).toBeNull()
  const wanted = seen.wanted
  for (let i = 0; i < count / 2; i++) mailbox.shift()
  expect(mailbox.wants()).toBeNull()
  mailbox.shift()
  expect([mailbox.wants(), seen.wanted]).toEqual([count, wanted + 1])
})

test('keeps its order through many shifts', () => {
  const { mailbox } = open()
  mailbox.seek(0)
  let next = 0
  for (let round = 0; round < 50; round++) {
    mailbox.deliver(
      mailbox.epoch,
      fetched(
        Array.from({ length: 100 }, (_, i) => raw(round * 100 + i)),
        5_000,
      ),
    )
    for (let i = 0; i < 90; i++) expect(mailbox.shift()?.offset).toBe(next++)
  }
  expect([mailbox.length, mailbox.at(0)?.offset]).toEqual([500, 4_500])
})

test('an offset out of range stays a failure until the next seek', () => {
  const { mailbox, seen } = open()
  mailbox.seek(9)
  mailbox.out_of_range(mailbox.epoch)
  expect(mailbox.failure).toBeInstanceOf(OffsetOutOfRange)
  expect([mailbox.wants(), seen.news]).toEqual([null, 1])
  mailbox.seek(0)
  expect([mailbox.failure, mailbox.wants()]).toEqual([null, 0])
})

test('upstream travels as a header; what is no such header is none', () => {
  expect(upstream_header({ task: 3, stream_time_ms: -7 })).toBe('3,-7')
  expect(upstream_header({ task: 3, stream_time_ms: null })).toBe('3,')
  const { mailbox } = open()
  mailbox.seek(0)
  const headers = ['3,-7', '3,', 'x,1', '1', '1,2x', ''].map((u, i) =>
    raw(i, { headers: [['u', Buffer.from(u)]] }),
  )
  mailbox.deliver(mailbox.epoch, fetched(headers, 6))
  expect(headers.map((_, i) => mailbox.at(i)?.upstream)).toEqual([
    { task: 3, stream_time_ms: -7 },
    { task: 3, stream_time_ms: null },
    undefined,
    undefined,
    undefined,
    undefined,
  ])
})

test('every offset of an unreadable batch is a record that says so, a thousand at a time', () => {
  const { mailbox } = open()
  mailbox.seek(3)
  mailbox.deliver(mailbox.epoch, fetched([unreadable(1, 4, 'lz4: cut short'), raw(5)], 6))
  const told = 'unreadable record batch 1 to 4, lz4: cut short'
  expect([0, 1].map(i => [mailbox.at(i)?.offset, mailbox.at(i)?.key, `${mailbox.at(i)?.value}`])).toEqual([
    [3, null, told],
    [4, null, told],
  ])
  expect(mailbox.position).toBe(6)

  mailbox.seek(0)
  const large = fetched([unreadable(0, 2 * UNREADABLE_AT_ONCE + 1, 'a bomb'), raw(2_001)], 2_002)
  const lengths = [0, 1, 2].map(() => {
    mailbox.deliver(mailbox.epoch, large)
    return [mailbox.length, mailbox.position]
  })
  expect(lengths).toEqual([
    [1_000, 1_000],
    [2_000, 2_000],
    [2_002, 2_002],
  ])
  expect(Array.from({ length: 2_002 }, () => mailbox.shift()?.offset)).toEqual(
    Array.from({ length: 2_002 }, (_, i) => i),
  )
})

test('an unreadable batch of an aborted transaction is nothing', () => {
  const { mailbox } = open()
  mailbox.seek(0)
  const bad = { ...unreadable(0, 4, 'a bomb'), producer: 9n, transactional: true }
  mailbox.deliver(mailbox.epoch, { ...fetched([bad], 4), aborted: [{ producer: 9n, first: 0 }] })
  expect([mailbox.length, mailbox.position]).toEqual([0, 4])
})

test('a batch whose lengths contradict each other is unreadable, and those around it are read', () => {
  const { mailbox } = open()
  mailbox.seek(0)
  const whole = batch_of({ first: 1, records: [{ value: Buffer.from('1') }, { value: Buffer.from('2') }] })
  const cut = { ...whole, bytes: whole.bytes.subarray(0, -1) }
  mailbox.deliver(mailbox.epoch, fetched([raw(0), cut, raw(3)], 4))
  expect([0, 1, 2, 3].map(i => `${mailbox.at(i)?.value}`)).toEqual([
    '0',
    'unreadable record batch 1 to 2, cut short',
    'unreadable record batch 1 to 2, cut short',
    '3',
  ])
})
