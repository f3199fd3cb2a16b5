/** The abort filter against the cases in which kafkajs's own one lets aborted records through. */
import { expect, test } from 'vitest'
import { filter_aborted } from '../../../runtime/kafka/abort-filter.ts'
import { is_abort_marker, type RecordBatch } from '../../../runtime/kafka/record-batch.ts'
import { batch_of, marker as marker_at } from './record-bytes.ts'

const COMMIT = 'commit'
const ABORT = 'abort'
const data = (
  first: number,
  producer: number,
  key: Buffer | null = Buffer.from('k'),
  transactional = true,
): RecordBatch =>
  batch_of({ first, producer, transactional, records: [{ key, value: Buffer.from(`${first}`) }] })
const marker = (...of: Parameters<typeof marker_at>): RecordBatch => batch_of(marker_at(...of))
const offsets = (batches: RecordBatch[], aborted: [producer: number, first: number][]): number[] =>
  filter_aborted(
    batches,
    aborted.map(([producer, first]) => ({ producer: BigInt(producer), first })),
    is_abort_marker,
  )
    .filter(({ control }) => !control)
    .map(({ first }) => first)

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
  expect(filter_aborted(messages, [], is_abort_marker)).toHaveLength(3)
})

test('of a batch of several records none is delivered, and the one behind its marker is', () => {
  const many = batch_of({ first: 3, producer: 1, transactional: true, records: [{}, {}, {}] })
  expect(offsets([many, data(6, 2), marker(7, 1, ABORT), data(8, 1)], [[1, 3]])).toEqual([6, 8])
})
