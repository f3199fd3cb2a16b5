/** Splitting into requests, refused destinations, deadlines. */
import { expect, test } from 'vitest'
import { check_destinations, rounds, topic_messages, within } from '../../../runtime/kafka/send.ts'
import type { Output } from '../../../runtime/ports.ts'

const output = (topic: string, bytes: number, partition = 0): Output => ({
  topic,
  partition,
  key: null,
  value: Buffer.alloc(bytes),
})
const sizes = (outputs: Output[]): number[][] =>
  rounds(outputs).map(round => round.map(at => at.value?.length ?? -1))

test('rounds keep each partition below a record batch and the order whole', () => {
  expect(sizes([])).toEqual([])
  expect(sizes([output('a', 1), output('b', 2)])).toEqual([[1, 2]])
  expect(sizes([output('a', 500_000), output('a', 500_001), output('b', 3)])).toEqual([
    [500_000],
    [500_001, 3],
  ])
  expect(sizes([output('a', 500_000), output('a', 500_001, 1), output('b', 500_002)])).toEqual([
    [500_000, 500_001, 500_002],
  ])
})

test('what no batch can hold goes alone', () => {
  expect(sizes([output('a', 1), output('a', 2_000_000), output('a', 2)])).toEqual([[1], [2_000_000], [2]])
})

test('messages are grouped by topic, in order', () => {
  const grouped = topic_messages([
    output('a', 1),
    output('b', 2),
    { ...output('a', 3), upstream: { task: 1, stream_time_ms: 4 } },
  ])
  expect(grouped.map(({ topic, messages }) => [topic, messages.length])).toEqual([
    ['a', 2],
    ['b', 1],
  ])
  expect(grouped[0]?.messages[1]?.headers).toEqual({ u: '1,4' })
})

test('destinations that do not exist are refused by name', async () => {
  const count = async (topic: string) => (topic === 'a' ? 2 : undefined)
  await check_destinations([output('a', 1, 1)], count)
  await expect(check_destinations([output('a', 1, 2)], count)).rejects.toThrow(
    'a has 2 partitions, none is 2',
  )
  await expect(check_destinations([output('a', 1, -1)], count)).rejects.toThrow('no partition -1')
  await expect(check_destinations([output('z', 1)], count)).rejects.toThrow('no topic z')
})

test('a deadline rejects with its name, an answer in time passes', async () => {
  await expect(within(new Promise(() => {}), 20, 'the broker')).rejects.toThrow(
    'the broker had no answer in 20 ms',
  )
  expect(await within(Promise.resolve(7), 1_000, 'x')).toBe(7)
  await expect(within(Promise.reject(new Error('own')), 1_000, 'x')).rejects.toThrow('own')
})
