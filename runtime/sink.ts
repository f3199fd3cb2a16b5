/**
 * The log into the warehouse. Driven by the batch logs: of the inputs only what a task judged and kept becomes a row;
 * outputs are read committed. Insert, then save the offsets: a restart inserts the unsaved tail again, and the tables
 * merge a row written twice into one.
 */
import { batch_log_topic } from '../schemas/topics.ts'
import type { DeadLetter } from '../schemas/types.ts'
import { type App, declared_topic, key_groups, partitions_of } from './app.ts'
import { compile_encoder, type Encoder } from './avro/encoder.ts'
import { tables_of } from './clickhouse/tables.ts'
import type { Group, TaskLog } from './ports.ts'
import { keep_erasing } from './sink-erasures.ts'
import { create_inserts, type Inserts, type Refused } from './sink-inserts.ts'
import { first_offsets } from './sink-offsets.ts'
import {
  batch_reader,
  open_partition,
  type PartitionSource,
  type PartitionTopics,
  type ReadBatch,
} from './sink-partition.ts'
import type { Running, SinkDeps, SinkStatus } from './worker-types.ts'

const DEAD_LETTERS = 'dead_letters'
const REASON = 'SINK_REJECTED'
/** Longest wait for news of the log: also how late a changed `end` is seen in the status. */
const NEWS_MS = 1000
const PAUSE_MAX = 30

/** What the sink does with each topic, by partition. */
export const sink_topics = (app: App) => {
  const groups = key_groups(app)
  const stored = (topic: string) => app.topics[topic]?.table !== undefined
  const outputs = Object.keys(app.topics).filter(
    topic => stored(topic) && app.topics[topic]?.role !== 'input',
  )
  const judged = groups.map(group => ({
    batch_log: batch_log_topic(group.name),
    partitions: group.partitions,
    inputs: group.inputs.filter(
      topic => stored(declared_topic(app, topic)) && app.topics[topic]?.role === 'input',
    ),
  }))
  const inputs = judged.flatMap(group => group.inputs)
  const partitions = Math.max(
    ...[...outputs, ...inputs].map(topic => partitions_of(app, topic)),
    ...judged.map(group => group.partitions),
  )
  const here = (partition: number) => (topic: string) => partitions_of(app, topic) > partition
  return {
    group: {
      name: 'sink',
      topics: [...outputs, ...inputs, ...judged.map(group => group.batch_log)],
      partitions,
      transactional: false,
    } satisfies Group,
    at: (partition: number): PartitionTopics => ({
      outputs: outputs.filter(here(partition)),
      judged: judged
        .filter(group => group.partitions > partition)
        .map(({ batch_log, inputs }) => ({ batch_log, inputs: inputs.filter(here(partition)) })),
      declared: topic => declared_topic(app, topic),
    }),
  }
}

/** What the status shows of a partition at work. */
interface Watch {
  readonly partition: number
  source: PartitionSource | null
  error: string | null
}

export const start_sink = (deps: SinkDeps): Running<SinkStatus> => {
  const { app, logger } = deps
  const topics = sink_topics(app)
  const schema = app.schemas.batch_log
  if (!schema) throw new Error('there is no schema batch_log')
  const read_batch = batch_reader(deps.registry, schema)
  const columns = new Map(tables_of(app).map(table => [table.name, new Set(table.columns.map(c => c.name))]))
  const inserts = create_inserts({ ...deps, columns, refuse: dead_letters(deps) })
  const watches = new Set<Watch>()
  const joined = new AbortController()
  const inserting = new AbortController()

  const work = async (task: TaskLog): Promise<void> => {
    const watch: Watch = { partition: task.partition, source: null, error: null }
    watches.add(watch)
    const erasing = task.partition === 0 ? keep_erasing(deps, task.signal) : null
    const retry = pausing(deps)
    while (!task.signal.aborted) {
      try {
        await run_partition(deps, task, topics.at(task.partition), read_batch, inserts, watch)
      } catch (error) {
        if (task.signal.aborted) break
        const message = error instanceof Error ? error.message : String(error)
        // What goes on for hours is said once; that the disk is full its log has said already.
        const told = watch.error === message || (error as Error).name === 'DiskFull'
        watch.error = message
        logger[told ? 'debug' : 'warn'](
          { partition: task.partition, error: message },
          'sink partition begins anew',
        )
        await retry(task.signal)
      }
    }
    await erasing
    watches.delete(watch)
  }
  const member = async (): Promise<void> => {
    const retry = pausing(deps)
    while (!joined.signal.aborted) {
      try {
        await deps.log.run(topics.group, work, joined.signal)
      } catch (error) {
        logger.warn({ error: error instanceof Error ? error.message : String(error) }, 'the sink joins anew')
        await retry(joined.signal)
      }
    }
  }
  const insert_loop = inserts.run(inserting.signal)
  const running = member()
  return {
    status: () => {
      const { standstill, waiting_since } = inserts
      const waiting_ms = waiting_since === null ? 0 : Math.max(1, deps.clock.now() - waiting_since)
      // A partition taken away and given back is at work twice for a moment, in whichever order the two began.
      const shown = new Map([...watches].map(watch => [watch.partition, watch]))
      return [...shown.values()].map(({ partition, source, error }) => ({
        partition,
        lag: source?.lag() ?? {},
        error: error ?? standstill?.error ?? null,
        standstill,
        waiting_ms,
      }))
    },
    stop: async () => {
      joined.abort()
      await running
      inserting.abort()
      await insert_loop
    },
  }

  function pausing({ clock, settings }: SinkDeps) {
    let tries = 0
    let since = clock.now()
    return async (signal: AbortSignal): Promise<void> => {
      // After a good while at work the next failure is a new one.
      if (clock.now() - since > PAUSE_MAX * settings.retry_ms) tries = 0
      await clock.sleep(settings.retry_ms * Math.min(PAUSE_MAX, 2 ** tries++), signal)
      since = clock.now()
    }
  }
}

/** Reads and saves until the partition is taken away; throws when its log or registry fails. */
const run_partition = async (
  deps: SinkDeps,
  task: TaskLog,
  topics: PartitionTopics,
  read_batch: ReadBatch,
  inserts: Inserts,
  watch: Watch,
): Promise<void> => {
  const { clock, settings } = deps
  const source = open_partition(
    task,
    topics,
    await first_offsets(deps, task, topics),
    read_batch,
    inserts.add,
  )
  watch.source = source
  watch.error = null
  const failed = new AbortController()
  const signal = AbortSignal.any([task.signal, failed.signal])
  const full = () => inserts.waiting_bytes >= settings.insert_bytes_max

  const reading = async () => {
    while (!signal.aborted) {
      await inserts.room(signal)
      if (!(await source.take(full)) && !signal.aborted) await task.wait(NEWS_MS)
    }
  }
  let saved = 0
  const save = async (now: boolean, until: AbortSignal) => {
    const offsets = new Map(source.next)
    const total = [...offsets.values()].reduce((a, b) => a + b, 0)
    if (total === saved) return
    if (!(await inserts.flushed(now, until))) return
    await task.save(offsets)
    saved = total
  }
  const saving = async () => {
    while (!signal.aborted) {
      await clock.sleep(settings.insert_wait_ms, signal)
      // The warehouse may be away for long: a partition that is taken away does not wait for it.
      await save(false, signal)
    }
  }
  const either = (loop: Promise<void>) =>
    loop.catch((error: unknown) => {
      failed.abort()
      throw error
    })
  const ends = await Promise.allSettled([either(reading()), either(saving())])
  for (const end of ends) if (end.status === 'rejected' && !task.signal.aborted) throw end.reason
  // On leaving, the tail is brought in if that is a matter of moments; otherwise the next owner inserts it again.
  const leaving = new AbortController()
  const moment = clock.sleep(settings.insert_wait_ms, leaving.signal).then(() => leaving.abort())
  await save(true, leaving.signal).catch(() => undefined)
  leaving.abort()
  await moment
}

/** Appends refused rows to the dead letters with their original bytes. Written twice, they are one row: the id is the place. */
const dead_letters = (deps: SinkDeps) => {
  const { app, clock, log, logger, observe, registry } = deps
  let encoder: Encoder | null = null
  return async (refused: readonly Refused[]): Promise<void> => {
    const schema = app.schemas[app.topics[DEAD_LETTERS]?.schema ?? '']
    if (!schema) throw new Error('there is no topic dead_letters')
    encoder ??= compile_encoder(schema, await registry.register(`${DEAD_LETTERS}-value`, schema))
    const encode = encoder
    const outputs = refused.map(({ row, detail }) => {
      const letter: DeadLetter = {
        event_id: `${row.topic}:${row.partition}:${row.offset}`,
        tenant_id: '',
        occurred_at: clock.now(),
        reason: REASON,
        detail: detail.slice(0, 1000),
        topic: row.topic,
        partition: row.partition,
        offset: row.offset,
        pipeline: null,
        schema_id: row.value.length >= 5 ? row.value.readInt32BE(1) : null,
        key: row.key,
        value: row.value,
      }
      const partition = row.partition % partitions_of(app, DEAD_LETTERS)
      return { topic: DEAD_LETTERS, partition, key: row.key, value: encode(letter) }
    })
    await log.append(outputs)
    for (const { row, detail } of refused) {
      observe.dead_letter(row.topic, REASON)
      logger.error(
        { topic: row.topic, partition: row.partition, offset: row.offset, detail },
        'the warehouse refuses a row',
      )
    }
  }
}
