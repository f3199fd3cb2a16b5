/** Steps that the tests of the Log contract are made of: an opened log, topics of one's own, held tasks, records taken. */
import { randomBytes } from 'node:crypto'
import { expect, vi } from 'vitest'
import type { Group, Log, LogRecord, Output, Reader, TaskLog } from '../../../runtime/ports.ts'

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

/** The log under test, opened by the time a test runs. */
export type Current = () => OpenLog

/** A name that nobody else uses. */
export const unique = (name: string): string => `${name}-${randomBytes(5).toString('hex')}`
export const text = (record: LogRecord | undefined): string | null | undefined => record?.value?.toString()
export const output = (topic: string, value: string, partition = 0): Output => ({
  topic,
  partition,
  key: Buffer.from(`k-${value}`),
  value: Buffer.from(value),
})

/** Waits until the condition holds; fails with its name otherwise. */
export const until = async (what: string, condition: () => boolean, max_ms = 20_000): Promise<void> => {
  await vi.waitUntil(condition, { timeout: max_ms, interval: 10 }).catch((cause: unknown) => {
    throw new Error(`waited ${max_ms} ms in vain until ${what}`, { cause })
  })
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
export const at_end = async (task: TaskLog, reader: Reader, least: number): Promise<void> => {
  const deadline = Date.now() + 15_000
  while (reader.end < least || reader.position < reader.end) {
    if (Date.now() > deadline)
      throw new Error(`position ${reader.position}, end ${reader.end}, never both at ${least}`)
    await task.wait(200)
  }
}

/** All committed values of one partition up to its last stable offset. */
export const committed_values = async (
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
export const expect_committed = async (
  log: Log,
  topic: string,
  expected: readonly (string | null | undefined)[],
  partition = 0,
): Promise<void> => {
  let values: (string | null | undefined)[] = []
  const enough = async () => {
    values = await committed_values(log, topic, partition)
    return values.length >= expected.length
  }
  // Where too little comes, the comparison below says what did.
  await vi.waitUntil(enough, { timeout: 10_000, interval: 20 }).catch(() => {})
  expect(values).toEqual(expected)
}

/** Topics a, b (2 partitions) and c (1 partition) under fresh names. */
export const fresh_topics = async (log: Log) => {
  const base = unique('contract')
  const names = { a: `${base}.a`, b: `${base}.b`, c: `${base}.c` }
  await log.ensure([
    { name: names.a, partitions: 2 },
    { name: names.b, partitions: 2 },
    { name: names.c, partitions: 1 },
  ])
  return names
}

/** A group under a fresh name. */
export const group_of = (topics: readonly string[], transactional = true, partitions = 2): Group => ({
  name: unique('group'),
  topics,
  partitions,
  transactional,
})
