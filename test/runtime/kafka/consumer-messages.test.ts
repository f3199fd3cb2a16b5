/** The abort filter against the cases in which kafkajs's own one lets aborted records through. */
import { expect, test } from 'vitest'
import { committed_messages, type RawRecord } from '../../../runtime/kafka/consumer-messages.ts'

const COMMIT = 1
const ABORT = 0
const data = (
  offset: number,
  producer: number,
  key: Buffer | null = Buffer.from('k'),
  in_transaction = true,
): RawRecord => ({
  offset: `${offset}`,
  key,
  value: Buffer.from(`${offset}`),
  isControlRecord: false,
  batchContext: {
    producerId: `${producer}`,
    inTransaction: in_transaction,
    firstOffset: `${offset}`,
    lastOffsetDelta: 0,
  },
})
const marker = (offset: number, producer: number, type: number): RawRecord => ({
  ...data(offset, producer, Buffer.from([0, 0, 0, type])),
  isControlRecord: true,
})
const offsets = (messages: RawRecord[], aborted: [producer: number, first: number][]): number[] =>
  committed_messages({
    messages,
    abortedTransactions: aborted.map(([producer, first]) => ({
      producerId: `${producer}`,
      firstOffset: `${first}`,
    })),
  })
    .filter(record => record.isControlRecord !== true)
    .map(record => Number(record.offset))

test('two overlapping aborted transactions, listed in the order of their markers', () => {
  const messages = [
    data(0, 1),
    data(1, 2),
    data(2, 1),
    marker(3, 2, ABORT),
    data(4, 1),
    marker(5, 1, ABORT),
    data(6, 1),
  ]
  expect(
    offsets(messages, [
      [2, 1],
      [1, 0],
    ]),
  ).toEqual([6])
})

test('two that began before the first record fetched', () => {
  const messages = [data(10, 1), data(11, 2), data(12, 3), marker(13, 1, ABORT), marker(14, 2, ABORT)]
  expect(
    offsets(messages, [
      [1, 3],
      [2, 7],
    ]),
  ).toEqual([12])
})

test('a list that is not sorted', () => {
  const messages = [data(0, 1), marker(1, 1, ABORT), data(2, 2), marker(3, 2, ABORT), data(4, 3)]
  expect(
    offsets(messages, [
      [2, 2],
      [1, 0],
    ]),
  ).toEqual([4])
})

test('a key of four zero bytes is no marker, neither inside nor outside of an aborted transaction', () => {
  const zero = Buffer.from([0, 0, 0, 0])
  const messages = [data(0, 1, zero), data(1, 1), data(2, 2, zero), data(3, 1, zero), marker(4, 1, ABORT)]
  expect(offsets(messages, [[1, 0]])).toEqual([2])
})

test('the same producer aborts, commits and aborts again', () => {
  const messages = [
    data(0, 1),
    marker(1, 1, ABORT),
    data(2, 1),
    marker(3, 1, COMMIT),
    data(4, 1),
    marker(5, 1, ABORT),
    data(6, 1),
    marker(7, 1, COMMIT),
  ]
  expect(
    offsets(messages, [
      [1, 0],
      [1, 4],
    ]),
  ).toEqual([2, 6])
})

test('records outside of transactions stay, whatever their producer aborted', () => {
  const messages = [data(0, 1), data(1, 1, null, false), data(2, -1, null, false), marker(3, 1, ABORT)]
  expect(offsets(messages, [[1, 0]])).toEqual([1, 2])
})

test('without aborted transactions everything stays', () => {
  const messages = [data(0, 1), marker(1, 1, COMMIT), data(2, 2)]
  expect(offsets(messages, [])).toEqual([0, 2])
  expect(committed_messages({ messages, abortedTransactions: null })).toHaveLength(3)
})

test('records of formats without transactions stay', () => {
  const messages: RawRecord[] = [{ offset: '5', key: null, value: null }]
  expect(offsets(messages, [[1, 0]])).toEqual([5])
})
