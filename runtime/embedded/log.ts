/**
 * The Log on LMDB: topics, groups and transactions of one process in one directory.
 *
 * There is one writer, so a transaction is decided when it is written: no control records, no aborted ones, and the last
 * stable offset is the end. A commit resolves, and its records are shown to readers, once they are on disk.
 */
import type { Fetched, Group, Log, Output, TaskLog, TopicSettings } from '../ports.ts'
import { type Environment, type EnvironmentOptions, open_environment } from './environment.ts'
import { type Partition, Partitions } from './partitions.ts'
import { EmbeddedTask, type LogParts, offset_store } from './task-log.ts'
import { Writer } from './writer.ts'

export interface EmbeddedLog extends Log {
  /** The registry lives in the same environment. close() closes it. */
  readonly environment: Environment
}

/** How often a reader beside the writing process looks for news: there is nobody to tell it. */
const LOOK_EVERY_MS = 100

/**
 * Opens `<directory>/log`, creating it when missing.
 * @param options read_only: beside a living writer, for reading only; takes no lock
 * @throws DirectoryInUse while another living process has the directory open for writing
 */
export const open_log = async (directory: string, options: EnvironmentOptions = {}): Promise<EmbeddedLog> => {
  const environment = await open_environment(`${directory}/log`, `${directory}/lock`, options)
  const partitions = new Partitions(environment)
  const writer = new Writer(environment, partitions)
  const closing = new AbortController()
  const parts: LogParts = {
    environment,
    partitions,
    writer,
    offsets: offset_store(environment),
    epochs: new Map(),
  }
  const running = new Set<Promise<void>>()

  return {
    environment,
    ensure: async (topics: readonly TopicSettings[]) => partitions.ensure(topics),
    partitions: async topic => partitions.count(topic),
    run(group, work, signal) {
      const run = run_group(group, work, AbortSignal.any([signal, closing.signal]), parts)
      running.add(run)
      const done = () => running.delete(run)
      run.then(done, done)
      return run
    },
    append: (outputs: readonly Output[]) => writer.append(outputs),
    tail: (topic, partition, from, signal) =>
      tail(parts, topic, partition, from, AbortSignal.any([signal, closing.signal])),
    async bounds(topic, partition) {
      return { start: 0, end: partitions.find(topic, partition).end }
    },
    health: async () => environment.failure(),
    async close() {
      closing.abort()
      await Promise.allSettled(running)
      await writer.drain()
      await environment.close()
    },
  }
}

const check_group = ({ name, topics, partitions }: Group, parts: LogParts): void => {
  if (parts.environment.read_only)
    throw new Error(`group ${name} cannot run on a log opened for reading only`)
  for (const topic of topics) {
    const count = parts.partitions.count(topic)
    if (count === undefined) throw new Error(`group ${name} reads topic ${topic}, which does not exist`)
    if (count > partitions)
      throw new Error(
        `group ${name} has ${partitions} partitions, but topic ${topic} has ${count}: some would be unread`,
      )
  }
}

/** All tasks at once: this process is the whole group. A work that fails stops the others and fails the run. */
const run_group = async (
  group: Group,
  work: (task: TaskLog) => Promise<void>,
  signal: AbortSignal,
  parts: LogParts,
): Promise<void> => {
  check_group(group, parts)
  const failing = new AbortController()
  const stop = AbortSignal.any([signal, failing.signal])
  const stopped = new Promise<void>(resolve => {
    if (stop.aborted) resolve()
    else stop.addEventListener('abort', () => resolve(), { once: true })
  })
  const hold = async (partition: number): Promise<void> => {
    const task = new EmbeddedTask(group, partition, stop, parts)
    try {
      await work(task)
    } catch (error) {
      failing.abort()
      throw error
    } finally {
      task.end()
    }
  }
  if (stop.aborted) return
  const held = Array.from({ length: group.partitions }, (_, partition) => hold(partition))
  const results = await Promise.allSettled([...held, stopped])
  const failed = results.find(result => result.status === 'rejected')
  if (failed) throw failed.reason
}

async function* tail(
  parts: LogParts,
  topic: string,
  partition: number,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<Fetched> {
  let position = from
  let end = -1
  while (!signal.aborted) {
    const source = parts.partitions.find(topic, partition)
    if (source.end !== end || position < end) {
      const fetched = parts.partitions.read(source, position)
      position = fetched.position
      end = fetched.end
      yield fetched
    } else await news(source, signal, parts.environment.read_only)
  }
}

/** Resolves when the partition has grown, or may have (read only), or the signal aborts. */
const news = (source: Partition, signal: AbortSignal, looking: boolean): Promise<void> =>
  new Promise(resolve => {
    const done = () => {
      clearTimeout(timer)
      source.listeners.delete(done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = looking ? setTimeout(done, LOOK_EVERY_MS) : undefined
    source.listeners.add(done)
    signal.addEventListener('abort', done, { once: true })
  })
