/** A worker: the tasks of all key groups that this process holds, and what they share. */
import { createHash } from 'node:crypto'
import { definitions } from '../schemas/definitions.ts'
import { batch_log_topic } from '../schemas/topics.ts'
import type { Batch } from '../schemas/types.ts'
import { type App, declared_topic, describe_pipeline, type KeyGroup, key_groups, writers_of } from './app.ts'
import { compile_encoder } from './avro/encoder.ts'
import { type CatalogRow, CatalogView, follow_catalog } from './catalog.ts'
import { Decoders } from './decoders.ts'
import type { NodeDef } from './entities.ts'
import { base_fields, Lane } from './intake.ts'
import type { Encode } from './outputs.ts'
import { type Group, type LogRecord, type TaskLog, TaskRefused } from './ports.ts'
import { Processor } from './processor.ts'
import { live } from './task.ts'
import { type Shared, TaskRun } from './task-run.ts'
import { type Running, type TaskStatus, unobserved, type WorkerDeps } from './worker-types.ts'

/** Joins every key group of the app. Rejections of a group end up in `failed`, which a process treats as its own end. */
export const start_worker = (deps: WorkerDeps): Running<TaskStatus> & { readonly failed: Promise<never> } => {
  const stopping = new AbortController()
  const runs = new Set<TaskRun>()
  let fail: (error: unknown) => void = () => {}
  const failed = new Promise<never>((_, reject) => {
    fail = reject
  })
  failed.catch(() => {})
  const running = run_groups(deps, runs, stopping.signal).catch(error => {
    deps.logger.error({ err: error }, 'worker failed')
    fail(error)
  })
  return {
    failed,
    status: () => [...runs].map(run => run.status),
    stop: async () => {
      stopping.abort()
      await running
    },
  }
}

const run_groups = async (deps: WorkerDeps, runs: Set<TaskRun>, signal: AbortSignal): Promise<void> => {
  const ground = await open_ground(deps, signal)
  if (!ground) return
  const groups = key_groups(deps.app).map(group => {
    const shared = ground.share(group)
    // What this process may not work stays in its status, with the reason, until it is given the partition again.
    const refused = new Map<number, TaskRun>()
    const work = async (task: TaskLog) => {
      const run = new TaskRun(task, deps, shared)
      const before = refused.get(task.partition)
      if (before) runs.delete(before)
      runs.add(run)
      try {
        await live(run)
        runs.delete(run)
      } catch (error) {
        if (error instanceof TaskRefused) refused.set(task.partition, run)
        else runs.delete(run)
        throw error
      }
    }
    return deps.log.run(membership_of(shared), work, signal)
  })
  await Promise.all([ground.following, ...groups])
}

/** What the tasks of all groups of a process stand on. */
export interface Ground {
  share(group: KeyGroup): Shared
  /** Ends when the signal aborts. */
  readonly following: Promise<void>
}

/** Registers the schemas and follows the catalog; null when the signal aborts before the registry answers. */
export const open_ground = async (deps: WorkerDeps, signal: AbortSignal): Promise<Ground | null> => {
  const { app } = deps
  const decoders = new Decoders(app, deps.registry, projections(app), () => deps.clock.now())
  const encoders = await over_outages(deps, signal, () => register(deps))
  if (!encoders) return null
  const catalog = new CatalogView()
  let following = Promise.resolve()
  if (app.topics.catalog) {
    const read = catalog_reader(app, decoders)
    following = follow_catalog(catalog, deps.log, deps.clock, read, deps.settings.retry_ms, signal)
  } else catalog.moved(0, 0)
  return { share: group => share(deps, group, decoders, encoders, catalog), following }
}

/** The group as the log knows it. */
export const membership_of = ({ group, log_topic }: Shared): Group => ({
  name: group.name,
  topics: [...group.inputs, log_topic],
  partitions: group.partitions,
  transactional: true,
})

/** Union of what the pipelines read of each topic, and what identity, key and time need. */
export const projections = (app: App): ReadonlyMap<string, readonly string[]> => {
  const fields = new Map(Object.keys(app.topics).map(topic => [topic, new Set(base_fields(app, topic))]))
  for (const pipeline of app.pipelines)
    for (const [read_topic, read] of describe_pipeline(pipeline).reads)
      for (const [topic, of_topic] of fields)
        if (declared_topic(app, topic) === read_topic) for (const field of read) of_topic.add(field)
  return new Map([...fields].map(([topic, set]) => [topic, [...set]]))
}

/** Registers every topic's schema; encoders by topic, and `batch_log.*`. */
const register = async (deps: WorkerDeps): Promise<ReadonlyMap<string, Encode>> => {
  const { app, registry } = deps
  const encoders = new Map<string, Encode>()
  for (const [topic, spec] of Object.entries(app.topics)) {
    if (spec.encode || spec.of) continue
    const schema = app.schemas[spec.schema] as object
    encoders.set(topic, compile_encoder(schema, await registry.register(`${topic}-value`, schema)))
  }
  for (const group of key_groups(app)) {
    const topic = batch_log_topic(group.name)
    encoders.set(
      topic,
      compile_encoder(
        definitions.batch_log,
        await registry.register(`${topic}-value`, definitions.batch_log),
      ),
    )
  }
  if (!encoders.has('dead_letters')) {
    const id = await registry.register('dead_letters-value', definitions.dead_letters)
    encoders.set('dead_letters', compile_encoder(definitions.dead_letters, id))
  }
  return encoders
}

const over_outages = async <T>(
  deps: WorkerDeps,
  signal: AbortSignal,
  act: () => Promise<T>,
): Promise<T | null> => {
  for (
    let pause = deps.settings.retry_ms;
    !signal.aborted;
    pause = Math.min(pause * 2, deps.settings.retry_ms * 30)
  ) {
    try {
      return await act()
    } catch (error) {
      deps.logger.warn({ err: error }, 'the schema registry is out of reach')
      await deps.clock.sleep(pause, signal)
    }
  }
  return null
}

export const catalog_reader = (app: App, decoders: Decoders) => {
  const lane = new Lane(app, 'catalog', 0, 0, decoders)
  return async (record: LogRecord): Promise<CatalogRow | null> => {
    let item = lane.item(record)
    while (typeof item === 'number') {
      await decoders.fetch('catalog', item)
      item = lane.item(record)
    }
    return item.row && !item.refused ? (item.row as unknown as CatalogRow) : null
  }
}

const share = (
  deps: WorkerDeps,
  group: KeyGroup,
  decoders: Decoders,
  encoders: ReadonlyMap<string, Encode>,
  catalog: CatalogView,
): Shared => {
  const log_topic = batch_log_topic(group.name)
  const encode = encoders.get(log_topic) as Encode
  const writers = writers_of(deps.app, group)
  const nodes = nodes_of(deps.app, group)
  return {
    group,
    log_topic,
    decoders,
    encoders,
    writers,
    catalog,
    code: code_of(deps.app, nodes),
    operators: Object.fromEntries(nodes.map(({ field, spec }) => [field, spec.version])),
    log_output: (partition: number, batch: Batch) => ({
      topic: log_topic,
      partition,
      key: Buffer.from(`${group.name}|${partition}`),
      value: encode(batch),
    }),
  }
}

/** Names the code at hand as the batch log does. */
export const code_of_group = (app: App, group: KeyGroup): string => code_of(app, nodes_of(app, group))

const nodes_of = (app: App, group: KeyGroup): readonly NodeDef[] =>
  new Processor({
    app,
    group,
    partition: 0,
    encoders: new Map(),
    catalog: new CatalogView(),
    observe: unobserved,
    writers: new Map(),
    import_lapse_ms: 0,
  }).nodes

/** Names what a digest depends on: operator versions, state and topic schemas, V8, the runtime's own order of things. */
const code_of = (app: App, nodes: readonly NodeDef[]): string => {
  const operators = nodes.map(({ field, spec }) => [
    field,
    spec.version,
    app.schemas[spec.state.schema],
    spec.slot && app.schemas[spec.slot.schema],
  ])
  const topics = Object.entries(app.topics).map(([topic, spec]) => [topic, app.schemas[spec.schema]])
  const text = JSON.stringify([operators, topics, process.versions.v8.split('.')[0], RUNTIME])
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
/** Raised when the processor comes to other results from the same records, say by another order of timers. */
const RUNTIME = 2
