/** The Log contract: topics are made, events are appended, tasks commit. */
import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import type { LogRecord } from '../../../runtime/ports.ts'
import {
  at_end,
  type Current,
  committed_values,
  expect_committed,
  fresh_topics,
  group_of,
  hold,
  output,
  take,
  text,
  unique,
} from './log-steps.ts'

export const topic_tests = (current: Current): void => {
  test('ensure creates what is missing and accepts what is there', async () => {
    const { log } = current()
    const name = unique('ensure')
    expect(await log.partitions(name)).toBeUndefined()
    await log.ensure([{ name, partitions: 3, config: { 'retention.ms': '-1', 'cleanup.policy': 'delete' } }])
    expect(await log.partitions(name)).toBe(3)
    await log.ensure([{ name, partitions: 3 }])
    expect(await log.bounds(name, 2)).toEqual({ start: 0, end: 0 })
  })

  test('ensure refuses another partition count', async () => {
    const { log } = current()
    const name = unique('ensure')
    await log.ensure([{ name, partitions: 2 }])
    await expect(log.ensure([{ name, partitions: 3 }])).rejects.toThrow(name)
    expect(await log.partitions(name)).toBe(2)
  })

  test('ensure refuses a compacted topic', async () => {
    const { log } = current()
    const name = unique('ensure')
    await expect(
      log.ensure([{ name, partitions: 1, config: { 'cleanup.policy': 'compact,delete' } }]),
    ).rejects.toThrow(/compact/)
  })

  test('health is null while reachable', async () => {
    expect(await current().log.health()).toBeNull()
  })

  test('bounds of an unknown topic or partition are an error', async () => {
    const { log } = current()
    const { a } = await fresh_topics(log)
    await expect(log.bounds(unique('none'), 0)).rejects.toThrow()
    await expect(log.bounds(a, 2)).rejects.toThrow()
  })
}

export const append_tests = (current: Current): void => {
  test('append answers the offsets in the order given and moves bounds', async () => {
    const { log } = current()
    const { a, b } = await fresh_topics(log)
    expect(await log.append([])).toEqual([])
    expect(
      await log.append([
        output(a, '1'),
        output(b, '2', 1),
        output(a, '3'),
        output(a, '4', 1),
        output(b, '5', 1),
      ]),
    ).toEqual([0, 0, 1, 0, 1])
    expect(await log.append([output(a, '6')])).toEqual([2])
    expect(await log.bounds(a, 0)).toEqual({ start: 0, end: 3 })
    await expect_committed(log, b, ['2', '5'], 1)
  })

  test('concurrent appends each get their own offsets', async () => {
    const { log } = current()
    const { a } = await fresh_topics(log)
    const calls = Array.from({ length: 40 }, (_, i) => log.append([output(a, `${i}.0`), output(a, `${i}.1`)]))
    const offsets = await Promise.all(calls)
    const values = await committed_values(log, a)
    for (const [i, pair] of offsets.entries())
      expect(pair.map(at => values[at])).toEqual([`${i}.0`, `${i}.1`])
    expect(new Set(offsets.flat()).size).toBe(80)
  })

  test('append to an unknown topic or partition is refused and harms no neighbour', async () => {
    const { log } = current()
    const { a } = await fresh_topics(log)
    const calls = [
      log.append([output(unique('none'), 'x')]),
      log.append([output(a, 'y', 2)]),
      log.append([output(a, 'z')]),
    ]
    const results = await Promise.allSettled(calls)
    expect(results.map(result => result.status)).toEqual(['rejected', 'rejected', 'fulfilled'])
    await expect_committed(log, a, ['z'])
  })

  test('keys, values, nulls, empty buffers and upstream come back as written', async () => {
    const { log } = current()
    const { a } = await fresh_topics(log)
    const body = randomBytes(300)
    await log.append([
      { topic: a, partition: 0, key: Buffer.from([0, 0, 0, 0]), value: body },
      { topic: a, partition: 0, key: null, value: null, upstream: { task: 3, stream_time_ms: 852076800000 } },
      {
        topic: a,
        partition: 0,
        key: Buffer.alloc(0),
        value: Buffer.alloc(0),
        upstream: { task: 0, stream_time_ms: null },
      },
      {
        topic: a,
        partition: 0,
        key: Buffer.from('k'),
        value: Buffer.from('v'),
        upstream: { task: 12, stream_time_ms: -5 },
      },
    ])
    const stop = new AbortController()
    const records: LogRecord[] = []
    for await (const fetched of log.tail(a, 0, 0, stop.signal)) {
      records.push(...fetched.records)
      if (records.length >= 4) break
    }
    stop.abort()
    expect(records.map(record => record.offset)).toEqual([0, 1, 2, 3])
    expect(records.map(record => record.key && [...record.key])).toEqual([[0, 0, 0, 0], null, [], [107]])
    expect(records[0]?.value?.equals(body)).toBe(true)
    expect(records[1]?.value).toBeNull()
    expect(records[2]?.value?.length).toBe(0)
    expect(records.map(record => record.upstream)).toEqual([
      undefined,
      { task: 3, stream_time_ms: 852076800000 },
      { task: 0, stream_time_ms: null },
      { task: 12, stream_time_ms: -5 },
    ])
  })
}

export const commit_tests = (current: Current): void => {
  test('commit makes all outputs visible, answers first offsets, and leaves no lag behind', async () => {
    const { log } = current()
    const { a, b, c } = await fresh_topics(log)
    const held = hold(log, group_of([a, b]))
    const task = await held.task(0)
    await task.acquire()
    const reader = task.reader(b)
    reader.seek(0)
    const upstream = { task: 0, stream_time_ms: 7 }
    const first = await task.commit([
      output(b, 'x'),
      { ...output(b, 'y'), upstream },
      output(c, 'z'),
      output(b, 'far', 1),
    ])
    expect([...first.offsets].sort()).toEqual([
      [b, 0],
      [c, 0],
    ])
    const records = await take(task, reader, 2)
    expect(records.map(text)).toEqual(['x', 'y'])
    expect(records.map(record => record.upstream)).toEqual([undefined, upstream])
    await at_end(task, reader, 2)
    const second = await task.commit([output(b, 'w')])
    const [record] = await take(task, reader, 1)
    expect(second.offsets.get(b)).toBe(record?.offset)
    await at_end(task, reader, record!.offset + 1)
    expect(reader.length).toBe(0)
    await expect_committed(log, b, ['x', 'y', 'w'])
    await expect_committed(log, b, ['far'], 1)
    await expect_committed(log, c, ['z'])
    await held.stop()
  })

  test('commit before acquire is refused', async () => {
    const { log } = current()
    const { a } = await fresh_topics(log)
    const held = hold(log, group_of([a]))
    const task = await held.task(0)
    await expect(task.commit([output(a, 'x')])).rejects.toThrow()
    await expect_committed(log, a, [])
    await held.stop()
  })

  test('a failed commit shows nothing, and the task commits again after acquire only', async () => {
    const { log } = current()
    const { a, b } = await fresh_topics(log)
    const held = hold(log, group_of([a]))
    const task = await held.task(0)
    await task.acquire()
    await expect(task.commit([output(a, 'lost'), output(b, 'lost', 9)])).rejects.toThrow()
    await expect(task.commit([output(a, 'too early')])).rejects.toThrow()
    await task.acquire()
    await task.commit([output(a, 'kept')])
    await expect_committed(log, a, ['kept'])
    await held.stop()
  })

  test('a revoked owner cannot commit, whatever it does', async () => {
    const { log } = current()
    const { a } = await fresh_topics(log)
    const group = group_of([a])
    const first = hold(log, group)
    const old = await first.task(0)
    await old.acquire()
    await old.commit([output(a, 'old')])
    await first.stop()
    expect(old.signal.aborted).toBe(true)
    const second = hold(log, group)
    const task = await second.task(0)
    await task.acquire()
    await expect(old.commit([output(a, 'zombie')])).rejects.toThrow()
    await expect(old.acquire()).rejects.toThrow()
    await task.commit([output(a, 'new')])
    await expect_committed(log, a, ['old', 'new'])
    await second.stop()
  })

  test('an acquire in the middle of a commit settles it: all or nothing, and for good', async () => {
    const { log } = current()
    const { a, b } = await fresh_topics(log)
    const held = hold(log, group_of([a, b]))
    const task = await held.task(0)
    await task.acquire()
    await task.commit([output(a, 'first'), output(b, 'first')])
    for (let round = 0; round < 3; round++) {
      const unclear = task.commit([output(a, `r${round}`), output(b, `r${round}`)]).then(
        () => true,
        () => false,
      )
      await task.acquire()
      const committed = await unclear
      const seen = await committed_values(log, a)
      if (committed) expect(seen).toContain(`r${round}`)
      expect(await committed_values(log, b)).toEqual(seen)
      await task.commit([output(a, `after${round}`), output(b, `after${round}`)])
      await expect_committed(log, a, [...seen, `after${round}`])
    }
    await held.stop()
  })
}
