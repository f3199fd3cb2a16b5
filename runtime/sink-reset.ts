/**
 * The sink's saved offsets, looked at and set back: what is inserted again merges with what the tables hold, so that a
 * reset only costs time. For a warehouse that lost rows in a way that the sink cannot see by itself.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type App, declared_topic } from './app.ts'
import type { Log, TaskLog } from './ports.ts'
import { sink_topics } from './sink.ts'
import { BATCHES } from './sink-inserts.ts'

/** Other processes work the sink. */
export class SinkAtWork extends Error {
  override readonly name = 'SinkAtWork'
}
/** There is no table so named. */
export class NoSuchTable extends Error {
  override readonly name = 'NoSuchTable'
}

export interface Progress {
  readonly topic: string
  readonly partition: number
  readonly saved: number
  readonly end: number
}

const LOOK_EVERY_MS = 100

/**
 * Holds every partition of the sink while `act` runs. Throws SinkAtWork when others have some of them for longer than
 * that; a process that was killed is missed by its group only after its session.
 */
const holding_all = async <T>(
  { app, log }: { readonly app: App; readonly log: Log },
  within_ms: number,
  act: (tasks: readonly TaskLog[]) => Promise<T>,
): Promise<T> => {
  const { group } = sink_topics(app)
  const held = new Map<number, TaskLog>()
  const done = new AbortController()
  const hold = async (task: TaskLog): Promise<void> => {
    held.set(task.partition, task)
    await new Promise<void>(resolve => {
      if (task.signal.aborted) resolve()
      else task.signal.addEventListener('abort', () => resolve(), { once: true })
    })
    held.delete(task.partition)
  }
  let failure: unknown = null
  const running = log.run(group, hold, done.signal).catch(error => {
    failure = error
  })
  try {
    for (const deadline = Date.now() + within_ms; held.size < group.partitions; await sleep(LOOK_EVERY_MS)) {
      if (failure !== null) throw failure
      if (Date.now() > deadline)
        throw new SinkAtWork('other processes insert into the warehouse: stop them first')
    }
    return await act([...held.values()])
  } finally {
    done.abort()
    await running
  }
}

/** Topics to be read again so that a table is filled again; all without a table. Throws NoSuchTable. */
export const topics_behind = (app: App, table?: string): readonly string[] => {
  const { group, at } = sink_topics(app)
  if (table === undefined) return group.topics
  const judged = at(0).judged
  if (table === BATCHES) return judged.map(each => each.batch_log)
  // An input's rows come by way of the batches that judged it.
  const batch_logs = judged.flatMap(({ inputs, batch_log }) =>
    inputs.some(input => declared_topic(app, input) === table) ? [batch_log] : [],
  )
  const topics = group.topics.filter(topic => declared_topic(app, topic) === table)
  if (topics.length > 0) return [...topics, ...batch_logs]
  const stored = group.topics.filter(topic => app.topics[topic] !== undefined)
  const names = [...new Set(stored.map(topic => declared_topic(app, topic))), BATCHES].sort()
  throw new NoSuchTable(`there is no table ${table}; tables are ${names.join(', ')}`)
}

/** Sets the sink back to the first kept record of these topics. @returns the topics that were set back */
export const reset_sink = async (
  ports: { readonly app: App; readonly log: Log },
  table: string | undefined,
  within_ms: number,
): Promise<readonly string[]> => {
  const { app, log } = ports
  const topics = topics_behind(app, table)
  await holding_all(ports, within_ms, async tasks => {
    for (const task of tasks) {
      const offsets = new Map<string, number>()
      for (const topic of topics_at(app, task.partition).filter(each => topics.includes(each)))
        offsets.set(topic, (await log.bounds(topic, task.partition)).start)
      await task.save(offsets)
    }
  })
  return topics
}

/** What is saved of each topic and partition, while nobody else works the sink. */
export const sink_progress = (
  ports: { readonly app: App; readonly log: Log },
  within_ms: number,
): Promise<Progress[]> =>
  holding_all(ports, within_ms, async tasks => {
    const progress: Progress[] = []
    for (const task of [...tasks].sort((a, b) => a.partition - b.partition)) {
      const saved = await task.committed()
      for (const topic of topics_at(ports.app, task.partition)) {
        const { start, end } = await ports.log.bounds(topic, task.partition)
        progress.push({ topic, partition: task.partition, saved: saved.get(topic) ?? start, end })
      }
    }
    return progress
  })

const topics_at = (app: App, partition: number): readonly string[] => {
  const { outputs, judged } = sink_topics(app).at(partition)
  return [...outputs, ...judged.flatMap(({ batch_log, inputs }) => [batch_log, ...inputs])]
}
