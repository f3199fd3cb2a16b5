import fc from 'fast-check'
import { expect, test } from 'vitest'
import { check_future, type Item, merge_sources, type Source } from '../../runtime/intake.ts'
import type { LogRecord } from '../../runtime/ports.ts'

const item = (topic: string, offset: number, at_ms: number): Item => ({
  topic,
  offset,
  key: 'k',
  event_id: `${topic}${offset}`,
  at_ms,
  crc: 0,
  row: {},
  refused: null,
  stray: null,
  upstream: undefined,
  redrive: undefined,
  record: { offset, key: null, value: null },
  schema_id: 1,
})
const source = (topic: string, times: readonly number[]): Source => ({
  topic,
  at: i => (i < times.length ? ({ offset: i } as LogRecord) : undefined),
  item: record => item(topic, record.offset, times[record.offset] as number),
})
const all = { records: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY, starved: () => false }
const names = (items: readonly Item[]) => items.map(({ topic, offset }) => `${topic}${offset}`)
const partitions = fc.array(fc.array(fc.nat({ max: 30 }), { maxLength: 12 }), { minLength: 1, maxLength: 3 })

test('keeps each partition in its order and takes the least head, the earlier topic first', () => {
  const { items, taken } = merge_sources([source('a', [5, 1, 9]), source('b', [5, 6])], all)
  expect(names(items)).toEqual(['a0', 'a1', 'b0', 'b1', 'a2'])
  expect(taken).toEqual([3, 2])
})

test('what a batch took merges to the same order again: a recorded range is enough to replay it', () => {
  fc.assert(
    fc.property(partitions, fc.nat({ max: 40 }), (lists, cut) => {
      const sources = lists.map((times, i) => source('abc'[i] as string, times))
      const { items } = merge_sources(sources, { ...all, records: cut })
      const again = lists.map((times, i) => {
        const count = items.filter(({ topic }) => topic === 'abc'[i]).length
        return source('abc'[i] as string, times.slice(0, count))
      })
      expect(names(merge_sources(again, all).items)).toEqual(names(items))
    }),
  )
})

test('stops where an input has more to come but nothing at hand, and at an unknown schema', () => {
  const starved = merge_sources([source('a', [1, 8]), source('b', [3])], { ...all, starved: i => i === 1 })
  expect(names(starved.items)).toEqual(['a0', 'b0'])
  const unknown: Source = { topic: 'c', at: () => ({ offset: 0 }) as LogRecord, item: () => 77 }
  const stopped = merge_sources([source('a', [1]), unknown], all)
  expect([names(stopped.items), stopped.fetch]).toEqual([[], { topic: 'c', schema_id: 77 }])
})

test('a record from the future is refused in its place and holds up nobody behind it', () => {
  const times = [1000, 2]
  const a: Source = {
    ...source('a', times),
    item: r => check_future(item('a', r.offset, times[r.offset] as number), 100),
  }
  const { items } = merge_sources([a, source('b', [1, 3])], all)
  expect(names(items)).toEqual(['a0', 'b0', 'a1', 'b1'])
  expect(items[0]?.refused?.reason).toBe('FUTURE_TIME')
})

test('with a span what is later waits for the next batch; what our own tasks wrote neither counts nor waits', () => {
  const own: Source = {
    ...source('own', [1, 100]),
    item: r => ({
      ...item('own', r.offset, [1, 100][r.offset] as number),
      upstream: { task: 0, stream_time_ms: 7 },
    }),
  }
  const emitted = [10, 20, 3, 21, 22]
  const span = (sources: Source[]) => names(merge_sources(sources, { ...all, span_ms: 10 }).items)
  expect(span([source('a', emitted), own])).toEqual(['own0', 'a0', 'a1', 'a2'])
  expect(span([source('a', [10, 15]), own])).toEqual(['own0', 'a0', 'a1', 'own1'])
  expect(span([source('a', [30]), source('b', [45])])).toEqual(['a0'])
})
