/**
 * What every Log must do, sentence by sentence of runtime/ports.ts. An adapter's test calls log_contract with
 * a way to open it; the optional abilities (a second process, foreign transactions) are named in `has` so
 * that tests are registered only where they can run.
 */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Fetched,
  type Group,
  type Log,
  type LogRecord,
  OffsetOutOfRange,
  type Output,
  type Reader,
  type TaskLog,
} from '../../../runtime/ports.ts'

/** A transaction of some other writer, with its outputs already in the log but not yet decided. */
export interface ForeignTransaction {
  commit(): Promise<void>
  abort(): Promise<void>
}

export interface OpenLog {
  readonly log: Log
  close(): Promise<void>
  /** Another process's view of the same log; the contract closes it. */
  readonly second?: (() => Promise<Log>) | undefined
  /** Begins a transaction by a writer outside the log. */
  readonly transaction?: ((outputs: readonly Output[]) => Promise<ForeignTransaction>) | undefined
}

export interface Abilities {
  readonly second?: boolean
  readonly transaction?: boolean
}

const TIMEOUT_MS = 45_000
const unique = (name: string): string => `${name}-${randomBytes(5).toString('hex')}`
const text = (record: LogRecord | undefined): string | null | undefined => record?.value?.toString()
const output = (topic: string, value: string, partition = 0): Output => ({
  topic,
  partition,
  key: Buffer.from(`k-${value}`),
  value: Buffer.from(value),
})

/** Polls until the condition holds; fails with its name otherwise. */
export const until = async (what: string, condition: () => boolean, max_ms = 20_000): Promise<void> => {
  const deadline = Date.now() + max_ms
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited ${max_ms} ms in vain until ${what}`)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

/** Runs a group whose work just holds its tasks until they are revoked. */
export const hold = (log: Log, group: Group, on_revoked?: (task: TaskLog) => Promise<void>) => {
  const tasks = new Map<number, TaskLog>()
  const events: string[] = []
  const stopping = new AbortController()
  let failure: unknown = null
  const done = log
    .run(
      group,
      async task => {
        events.push(`start ${task.partition}`)
        tasks.set(task.partition, task)
        await new Promise<void>(resolve => {
          if (task.signal.aborted) resolve()
          else task.signal.addEventListener('abort', () => resolve(), { once: true })
        })
        await on_revoked?.(task)
        tasks.delete(task.partition)
        events.push(`end ${task.partition}`)
      },
      stopping.signal,
    )
    .catch((error: unknown) => {
      failure = error
    })
  return {
    tasks,
    events,
    task: async (partition: number): Promise<TaskLog> => {
      await until(`task ${partition} is assigned`, () => failure !== null || tasks.has(partition))
      if (failure !== null) throw failure
      return tasks.get(partition)!
    },
    stop: async (): Promise<void> => {
      stopping.abort()
      await done
      if (failure !== null) throw failure
    },
  }
}

/** Takes records from a reader until `count` have come; fails after max_ms. */
export const take = async (
  task: TaskLog,
  reader: Reader,
  count: number,
  max_ms = 15_000,
): Promise<LogRecord[]> => {
  const taken: LogRecord[] = []
  const deadline = Date.now() + max_ms
  while (taken.length < count) {
    const record = reader.shift()
    if (record) taken.push(record)
    else if (Date.now() > deadline)
      throw new Error(`only ${taken.length} of ${count} records of ${reader.topic} came`)
    else await task.wait(200)
  }
  return taken
}

/** Waits until position has reached end and end is at least `least`: no lag is left. */
const at_end = async (task: TaskLog, reader: Reader, least: number): Promise<void> => {
  const deadline = Date.now() + 15_000
  while (reader.end < least || reader.position < reader.end) {
    if (Date.now() > deadline)
      throw new Error(`position ${reader.position}, end ${reader.end}, never both at ${least}`)
    await task.wait(200)
  }
}

/** All committed values of one partition up to its last stable offset. */
const committed_values = async (
  log: Log,
  topic: string,
  partition = 0,
): Promise<(string | null | undefined)[]> => {
  const { start, end } = await log.bounds(topic, partition)
  const values: (string | null | undefined)[] = []
  if (start >= end) return values
  const stop = new AbortController()
  for await (const fetched of log.tail(topic, partition, start, stop.signal)) {
    values.push(...fetched.records.map(text))
    if (fetched.position >= end) break
  }
  stop.abort()
  return values
}

/** A commit may resolve shortly before it is visible: waits until as much is there, then compares all of it. */
const expect_committed = async (
  log: Log,
  topic: string,
  expected: readonly (string | null | undefined)[],
  partition = 0,
): Promise<void> => {
  const deadline = Date.now() + 10_000
  let values = await committed_values(log, topic, partition)
  while (values.length < expected.length && Date.now() < deadline) {
    await new Promise(resolve => setTimeout(resolve, 20))
    values = await committed_values(log, topic, partition)
  }
  expect(values).toEqual(expected)
}

/** Topics a, b (2 partitions) and c (1 partition) under fresh names. */
const fresh_topics = async (log: Log) => {
  const base = unique('contract')
  const names = { a: `${base}.a`, b: `${base}.b`, c: `${base}.c` }
  await log.ensure([
    { name: names.a, partitions: 2 },
    { name: names.b, partitions: 2 },
    { name: names.c, partitions: 1 },
  ])
  return names
}
const group_of = (topics: readonly string[], transactional = true, partitions = 2): Group => ({
  name: unique('group'),
  topics,
  partitions,
  transactional,
})

type Current = () => OpenLog

const topic_tests = (current: Current): void => {
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

const append_tests = (current: Current): void => {
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

const tail_tests = (current: Current): void => {
  test('tail begins at its offset, follows what comes and ends with its signal', async () => {
    const { log } = current()
    const { a } = await fresh_topics(log)
    await log.append(['0', '1', '2'].map(value => output(a, value)))
    const stop = new AbortController()
    const seen: string[] = []
    const fetches: Fetched[] = []
    const reading = (async () => {
      for await (const fetched of log.tail(a, 0, 1, stop.signal)) {
        fetches.push(fetched)
        for (const record of fetched.records) seen.push(`${record.offset}=${text(record)}`)
      }
    })()
    await until('the first records came', () => seen.length === 2)
    await log.append([output(a, '3')])
    await until('the later record came', () => seen.length === 3)
    stop.abort()
    await reading
    expect(seen).toEqual(['1=1', '2=2', '3=3'])
    expect(fetches.at(-1)).toMatchObject({ position: 4, end: 4 })
  })

  test('tail of an empty partition yields position and end', async () => {
    const { log } = current()
    const { a } = await fresh_topics(log)
    const stop = new AbortController()
    for await (const fetched of log.tail(a, 1, 0, stop.signal)) {
      expect(fetched).toEqual({ records: [], position: 0, end: 0 })
      break
    }
    stop.abort()
  })

  test('tail from an offset that never was fails with OffsetOutOfRange', async () => {
    const { log } = current()
    const { a } = await fresh_topics(log)
    await log.append([output(a, '0')])
    const reading = async () => {
      for await (const fetched of log.tail(a, 0, 50, new AbortController().signal))
        expect(fetched.records).toEqual([])
    }
    await expect(reading()).rejects.toBeInstanceOf(OffsetOutOfRange)
  })
}

const reader_tests = (current: Current): void => {
  test('readers deliver nothing before a seek, then everything in order', async () => {
    const { log } = current()
    const { a, b } = await fresh_topics(log)
    await log.append([...['0', '1', '2'].map(value => output(a, value)), output(b, 'b0')])
    const held = hold(log, group_of([a, b]))
    const task = await held.task(0)
    const [reader, other] = [task.reader(a), task.reader(b)]
    expect(task.reader(a)).toBe(reader)
    expect([reader.topic, reader.partition]).toEqual([a, 0])
    await task.wait(400)
    expect([reader.length, reader.end, reader.at(0), reader.shift()]).toEqual([0, -1, undefined, undefined])
    reader.seek(0)
    await until('three records are buffered', () => reader.length === 3)
    expect(text(reader.at(1))).toBe('1')
    expect((await take(task, reader, 3)).map(text)).toEqual(['0', '1', '2'])
    await at_end(task, reader, 3)
    expect([reader.position, reader.end, reader.length, other.length]).toEqual([3, 3, 0, 0])
    expect(() => task.reader(unique('none'))).toThrow()
    await held.stop()
  })

  test('seek drops what is buffered, backwards and forwards', async () => {
    const { log } = current()
    const { a } = await fresh_topics(log)
    await log.append(Array.from({ length: 10 }, (_, i) => output(a, `${i}`)))
    const held = hold(log, group_of([a]))
    const task = await held.task(0)
    const reader = task.reader(a)
    reader.seek(2)
    await until('records are buffered', () => reader.length > 0)
    expect(text(reader.at(0))).toBe('2')
    reader.seek(7)
    expect(reader.length).toBe(0)
    expect((await take(task, reader, 3)).map(text)).toEqual(['7', '8', '9'])
    reader.seek(0)
    expect((await take(task, reader, 10)).map(text)).toEqual([...'0123456789'])
    await held.stop()
  })

  test('wait ends at max_ms, or sooner with news', async () => {
    const { log } = current()
    const { a } = await fresh_topics(log)
    const held = hold(log, group_of([a]))
    const task = await held.task(0)
    const reader = task.reader(a)
    reader.seek(0)
    await at_end(task, reader, 0)
    const from = Date.now()
    await task.wait(150)
    expect(Date.now() - from).toBeLessThan(2_000)
    const waiting = take(task, reader, 1)
    await log.append([output(a, 'news')])
    expect((await waiting).map(text)).toEqual(['news'])
    await held.stop()
  })

  test('an offset that is not there fails from wait, and a later seek heals', async () => {
    const { log } = current()
    const { a } = await fresh_topics(log)
    await log.append([output(a, '0')])
    const held = hold(log, group_of([a]))
    const task = await held.task(0)
    const reader = task.reader(a)
    reader.seek(99)
    const failing = async () => {
      for (let i = 0; i < 100; i++) await task.wait(200)
    }
    await expect(failing()).rejects.toBeInstanceOf(OffsetOutOfRange)
    expect(reader.length).toBe(0)
    reader.seek(0)
    expect((await take(task, reader, 1)).map(text)).toEqual(['0'])
    await held.stop()
  })
}

const commit_tests = (current: Current): void => {
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

const group_tests = (current: Current): void => {
  test('each partition is worked once; a topic with fewer partitions joins where it has one', async () => {
    const { log } = current()
    const { a, c } = await fresh_topics(log)
    const held = hold(log, group_of([a, c]))
    await held.task(0)
    await held.task(1)
    expect(held.events.toSorted()).toEqual(['start 0', 'start 1'])
    expect(held.tasks.get(0)!.reader(c).partition).toBe(0)
    expect(() => held.tasks.get(1)!.reader(c)).toThrow()
    await held.stop()
    expect(held.events.length).toBe(4)
  })

  test('work that fails makes run reject', async () => {
    const { log } = current()
    const { a } = await fresh_topics(log)
    const work = async () => {
      throw new Error('work went wrong')
    }
    await expect(log.run(group_of([a]), work, new AbortController().signal)).rejects.toThrow(
      'work went wrong',
    )
  })

  test('run of a group whose topics are missing rejects', async () => {
    const { log } = current()
    const signal = new AbortController().signal
    await expect(log.run(group_of([unique('none')]), async () => {}, signal)).rejects.toThrow()
  })

  test('stopping aborts the signal, awaits the work, and the work may still commit', async () => {
    const { log } = current()
    const { a } = await fresh_topics(log)
    const finished: number[] = []
    const held = hold(log, group_of([a]), async task => {
      await task.commit([output(a, `last words of ${task.partition}`, task.partition)])
      finished.push(task.partition)
    })
    for (const partition of [0, 1]) await (await held.task(partition)).acquire()
    await held.stop()
    expect(finished.toSorted()).toEqual([0, 1])
    await expect_committed(log, a, ['last words of 1'], 1)
  })

  test('a group without transactions saves offsets, which the next owner reads', async () => {
    const { log } = current()
    const { a, b } = await fresh_topics(log)
    const group = group_of([a, b], false)
    const first = hold(log, group)
    const task = await first.task(1)
    expect([...(await task.committed())]).toEqual([])
    await task.save(
      new Map([
        [a, 5],
        [b, 2],
      ]),
    )
    await task.save(new Map([[a, 7]]))
    await first.stop()
    const second = hold(log, group)
    const next = await second.task(1)
    expect([...(await next.committed())].toSorted()).toEqual([
      [a, 7],
      [b, 2],
    ])
    expect([...(await second.tasks.get(0)!.committed())]).toEqual([])
    await second.stop()
  })
}

const second_tests = (current: Current): void => {
  const partitions = 4
  const setup = async (log: Log) => {
    const base = unique('contract')
    const [input, records] = [`${base}.in`, `${base}.out`]
    await log.ensure([input, records].map(name => ({ name, partitions })))
    return { input, records, group: group_of([input, records], true, partitions) }
  }

  test('a second member takes its share; kept tasks run on, revoked ones drain before the new owner starts', async () => {
    const { log, second } = current()
    const other = await second!()
    const { input, records, group } = await setup(log)
    await log.append([0, 1, 2, 3].map(partition => output(input, `in ${partition}`, partition)))
    const drained: string[] = []
    const first = hold(log, group, async task => {
      await new Promise(resolve => setTimeout(resolve, 300))
      await task.commit([output(records, 'drained', task.partition)])
      drained.push(`${task.partition} ${joined?.tasks.has(task.partition) ?? false}`)
    })
    let joined: ReturnType<typeof hold> | undefined
    for (const partition of [0, 1, 2, 3]) {
      const task = await first.task(partition)
      await task.acquire()
      task.reader(input).seek(0)
      await until('the input is buffered', () => task.reader(input).length === 1)
    }
    const before = new Map(first.tasks)
    joined = hold(other, group)
    await until('the work is shared', () => first.tasks.size === 2 && joined.tasks.size === 2, 40_000)
    expect([...first.tasks.keys(), ...joined.tasks.keys()].toSorted()).toEqual([0, 1, 2, 3])
    expect(drained.toSorted()).toEqual(
      [...joined.tasks.keys()].toSorted().map(partition => `${partition} false`),
    )
    for (const [partition, task] of first.tasks) {
      expect(task).toBe(before.get(partition))
      expect(task.signal.aborted).toBe(false)
      await task.commit([output(records, 'kept', partition)])
      await log.append([output(input, 'later', partition)])
      expect((await take(task, task.reader(input), 2)).map(text)).toEqual([`in ${partition}`, 'later'])
    }
    for (const [partition, task] of joined.tasks) {
      await task.acquire()
      await expect(before.get(partition)!.commit([output(records, 'zombie', partition)])).rejects.toThrow()
      await task.commit([output(records, 'taken', partition)])
      await expect_committed(log, records, ['drained', 'taken'], partition)
    }
    expect(first.events.filter(event => event.startsWith('start')).length).toBe(4)
    const kept = [...first.tasks.keys()]
    await joined.stop()
    await until('everything came back', () => first.tasks.size === 4, 40_000)
    for (const partition of kept) expect(first.tasks.get(partition)).toBe(before.get(partition))
    await first.stop()
    await other.close()
  }, 120_000)
}

const transaction_tests = (current: Current): void => {
  test('an open transaction holds end back; its commit shows it', async () => {
    const { log, transaction } = current()
    const { a } = await fresh_topics(log)
    const held = hold(log, group_of([a]))
    const task = await held.task(0)
    const reader = task.reader(a)
    await log.append([output(a, '0')])
    reader.seek(0)
    const open = await transaction!([output(a, '1')])
    await log.append([output(a, '2')])
    expect((await take(task, reader, 1)).map(text)).toEqual(['0'])
    await task.wait(400)
    expect([reader.length, reader.position, reader.end]).toEqual([0, 1, 1])
    expect((await log.bounds(a, 0)).end).toBe(1)
    await open.commit()
    expect((await take(task, reader, 2)).map(text)).toEqual(['1', '2'])
    await at_end(task, reader, 4)
    expect((await log.bounds(a, 0)).end).toBe(4)
    await held.stop()
  })

  test('overlapping aborted transactions are never seen, and position passes them', async () => {
    const { log, transaction } = current()
    const { a } = await fresh_topics(log)
    const held = hold(log, group_of([a]))
    const task = await held.task(0)
    const zero: Output = {
      topic: a,
      partition: 0,
      key: Buffer.from([0, 0, 0, 0]),
      value: Buffer.from('dead zero key'),
    }
    const first = await transaction!([output(a, 'dead 1'), zero])
    const second = await transaction!([output(a, 'dead 2')])
    const third = await transaction!([output(a, 'alive 3')])
    const fourth = await transaction!([zero, output(a, 'dead 4')])
    await log.append([{ ...zero, value: Buffer.from('alive zero key') }, output(a, 'alive 5')])
    await fourth.abort()
    await second.abort()
    await third.commit()
    await first.abort()
    await log.append([output(a, 'alive 6')])
    const expected = ['alive 3', 'alive zero key', 'alive 5', 'alive 6']
    await expect_committed(log, a, expected)
    const reader = task.reader(a)
    const { end } = await log.bounds(a, 0)
    for (let from = 0; from < end; from++) {
      reader.seek(from)
      await at_end(task, reader, end)
      const seen: (string | null | undefined)[] = []
      for (let record = reader.shift(); record; record = reader.shift()) seen.push(text(record))
      expect(seen).toEqual(expected.slice(expected.length - seen.length))
    }
    const last = await transaction!([output(a, 'dead 7')])
    await last.abort()
    await at_end(task, reader, end + 2)
    expect([reader.length, reader.position]).toEqual([0, end + 2])
    await held.stop()
  })
}

/**
 * Registers the contract's tests.
 * @param open a log that nobody else uses; topics and groups get fresh names
 * @param has which optional parts of OpenLog the adapter gives; their tests are registered only then
 */
export const log_contract = (name: string, open: () => Promise<OpenLog>, has: Abilities = {}): void => {
  describe(`${name} keeps the Log contract`, { timeout: TIMEOUT_MS }, () => {
    let opened: OpenLog
    beforeAll(async () => {
      opened = await open()
    }, 120_000)
    afterAll(async () => {
      await opened?.close()
    }, 60_000)
    const current: Current = () => opened
    describe('topics', () => topic_tests(current))
    describe('append', () => append_tests(current))
    describe('tail', () => tail_tests(current))
    describe('readers', () => reader_tests(current))
    describe('commit', () => commit_tests(current))
    describe('groups', () => group_tests(current))
    if (has.second) describe('two members', () => second_tests(current))
    if (has.transaction) describe('foreign transactions', () => transaction_tests(current))
  })
}
