/**
 * What one process stands on: the ports, opened for the embedded stack or for a cluster, with topics created
 * and tables migrated. Opened in order, closed in the opposite one.
 */
import { mkdirSync } from 'node:fs'
import type { Logger } from 'pino'
import { type App, key_groups, topic_settings, tributary } from './app.ts'
import { migrate } from './clickhouse/migrate.ts'
import { clickhouse_warehouse, type WarehouseOptions } from './clickhouse/warehouse.ts'
import { system_clock } from './clock.ts'
import type { Cluster, Config } from './config.ts'
import { check_format } from './embedded/format.ts'
import { open_log } from './embedded/log.ts'
import { open_registry } from './embedded/registry.ts'
import { open_state_store } from './embedded/state-store.ts'
import { type EmbeddedWarehouse, start_embedded_warehouse } from './embedded/warehouse.ts'
import { create_emitter, type Emitter } from './emit.ts'
import type { KafkaOptions } from './kafka/kafkajs.ts'
import { create_logger } from './logger.ts'
import { create_metrics, type Metrics } from './metrics.ts'
import type { Clock, Log, Registry, StateStore, Warehouse } from './ports.ts'
import { default_settings } from './settings.ts'
import { start_sink } from './sink.ts'
import { type Snapshots, snapshot_directory } from './snapshots.ts'
import { start_worker } from './worker.ts'
import type { Running, Settings, SinkStatus, TaskStatus } from './worker-types.ts'

export interface Ports {
  readonly log: Log
  readonly registry: Registry
  readonly store: StateStore
  readonly warehouse: Warehouse
  /** Where ClickHouse clients connect, without credentials. */
  readonly clickhouse_url: string
}
export interface System extends Ports {
  readonly app: App
  readonly emitter: Emitter
  readonly clock: Clock
  readonly settings: Settings
  readonly logger: Logger
  readonly metrics: Metrics
  readonly snapshots: Snapshots | null
  /** Tasks of a process that is alone; 0 in a cluster, where processes share them. */
  readonly tasks_expected: number
  close(): Promise<void>
}

type Closers = (() => Promise<unknown>)[]

/**
 * Opens everything, or closes what it had opened and throws: one readable line as message. `prepared`: another
 * process has created topics and tables.
 */
export const open_system = async (config: Config, logger: Logger, prepared = false): Promise<System> => {
  const app = tributary(config.partitions)
  const closers: Closers = []
  const close = async (): Promise<void> => {
    for (const each of closers.splice(0).reverse())
      await each().catch(error => logger.warn({ err: error }, 'closing failed'))
  }
  try {
    const ports = config.cluster
      ? await open_cluster(config.cluster, logger, closers)
      : await open_embedded(config, logger, closers)
    if (!prepared) await prepare(ports, app, logger, config.cluster)
    return {
      ...ports,
      app,
      emitter: create_emitter(app, ports.log, ports.registry),
      clock: system_clock,
      settings: default_settings,
      snapshots: config.snapshot_dir === null ? null : snapshot_directory(config.snapshot_dir),
      logger,
      metrics: create_metrics(true),
      tasks_expected: config.cluster ? 0 : key_groups(app).reduce((sum, group) => sum + group.partitions, 0),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** A cluster's parts may come up after us. */
const START_WAIT_MS = 60_000

const prepare = async (ports: Ports, app: App, logger: Logger, cluster: Cluster | null): Promise<void> => {
  const wait_ms = cluster ? START_WAIT_MS : 0
  await patiently('the log', logger, wait_ms, () => ports.log.ensure(topic_settings(app)))
  const migrator = cluster?.clickhouse_migrator
    ? clickhouse_warehouse({ ...warehouse_options(cluster), ...cluster.clickhouse_migrator })
    : null
  try {
    await patiently('the warehouse', logger, wait_ms, async () => {
      for (const done of await migrate(migrator ?? ports.warehouse, app)) logger.info(done)
    })
  } finally {
    await migrator?.close()
  }
}

const patiently = async <T>(
  name: string,
  logger: Logger,
  wait_ms: number,
  work: () => Promise<T>,
): Promise<T> => {
  const deadline = system_clock.now() + wait_ms
  for (let pause_ms = 250; ; pause_ms = Math.min(pause_ms * 2, 5000)) {
    try {
      return await work()
    } catch (error) {
      // What the cluster refuses is not waited for: a wrong password does not become right.
      if ((error as Error).name === 'AccessRefused' || system_clock.now() + pause_ms > deadline) throw error
      logger.warn({ reason: (error as Error).message }, `${name} is not ready yet`)
      await system_clock.sleep(pause_ms)
    }
  }
}

const open_embedded = async (config: Config, logger: Logger, closers: Closers): Promise<Ports> => {
  const { data_dir, warehouse_passwords } = config
  mkdirSync(data_dir, { recursive: true })
  check_format(data_dir)
  const log = await open_log(data_dir, {
    on_disk_full: message => (message ? logger.error(message) : logger.warn('the disk has room again')),
  })
  closers.push(() => log.close())
  const registry = open_registry(log.environment)
  const store = await open_state_store(data_dir)
  closers.push(() => store.close())
  const child = await keep_warehouse_running(config, logger)
  closers.push(() => child.stop())
  const password = warehouse_passwords && { username: 'default', password: warehouse_passwords.password }
  const warehouse = clickhouse_warehouse({ url: child.url, ...password })
  closers.push(() => warehouse.close())
  return { log, registry, store, warehouse, clickhouse_url: child.url }
}

/**
 * ClickHouse runs in a child process, which may die (out of memory, a crash in native code): it is started
 * again.
 */
const keep_warehouse_running = async (config: Config, logger: Logger) => {
  const passwords = config.warehouse_passwords
  let stopping = false
  let restart: Promise<void> | null = null
  const start = (port: number): Promise<EmbeddedWarehouse> =>
    start_embedded_warehouse({
      dir: config.data_dir,
      port,
      ...(passwords && { ...passwords, host: config.host }),
      on_exit: reason => {
        logger.warn({ reason }, 'the warehouse process ended and is started again')
        restart = again().catch(error =>
          logger.error({ err: error }, 'the warehouse cannot be started again'),
        )
      },
    })
  let child = await start(config.clickhouse_port)
  const { url, port } = child
  const again = async (): Promise<void> => {
    for (let pause_ms = 500; !stopping; pause_ms = Math.min(pause_ms * 2, 30_000)) {
      await system_clock.sleep(pause_ms)
      try {
        if (!stopping) child = await start(port)
        return
      } catch (error) {
        logger.error({ reason: (error as Error).message }, 'the warehouse does not start')
      }
    }
  }
  const stop = async (): Promise<void> => {
    stopping = true
    await restart
    await child.stop()
  }
  return { url, stop }
}

/** Log and registry of a cluster as they are, without what is derived from them; opens nothing before it is used. */
export const open_cluster_log = async (
  cluster: Cluster,
  logger: Logger,
): Promise<Pick<Ports, 'log' | 'registry'>> => {
  // Loaded here, so that a laptop does not pay for clients it does not use.
  const { kafka_log } = await import('./kafka/log.ts')
  const { confluent_registry } = await import('./kafka/registry.ts')
  const log = kafka_log({
    brokers: cluster.brokers,
    client_id: 'tributary',
    replication: cluster.replication,
    session_ms: cluster.session_ms,
    logger,
    ...(cluster.ssl !== false && { ssl: cluster.ssl === true ? true : { ca: cluster.ssl.ca } }),
    ...(cluster.sasl && { sasl: cluster.sasl as KafkaOptions['sasl'] }),
  })
  const registry_url = new URL(cluster.registry_url)
  const { username, password } = registry_url
  registry_url.username = ''
  registry_url.password = ''
  const registry = confluent_registry({
    url: registry_url.href,
    client_id: 'tributary',
    ...(username && { username: decodeURIComponent(username), password: decodeURIComponent(password) }),
  })
  return { log, registry }
}

const warehouse_options = (cluster: Cluster): WarehouseOptions => ({
  url: cluster.clickhouse_url,
  database: cluster.clickhouse_database,
  request_timeout_ms: cluster.clickhouse_timeout_ms,
  ...(cluster.clickhouse_password && { password: cluster.clickhouse_password }),
})

const open_cluster = async (cluster: Cluster, logger: Logger, closers: Closers): Promise<Ports> => {
  const { open_redis_state_store } = await import('./redis/state-store.ts')
  const { log, registry } = await open_cluster_log(cluster, logger)
  closers.push(() => log.close())
  const store = await patiently('Redis', logger, START_WAIT_MS, () =>
    open_redis_state_store(cluster.redis_url, {
      warn: text => logger.warn(text),
      ...(cluster.redis_tls_ca !== null && { tls_ca: cluster.redis_tls_ca }),
    }),
  )
  closers.push(() => store.close())
  const warehouse = clickhouse_warehouse(warehouse_options(cluster))
  closers.push(() => warehouse.close())
  const shown = new URL(cluster.clickhouse_url)
  shown.username = ''
  shown.password = ''
  return { log, registry, store, warehouse, clickhouse_url: shown.href }
}

/** The configuration with the partitions that the installation has, where it has been used before. */
export const as_installed = async (config: Config): Promise<Config> => {
  const ports = config.cluster
    ? await open_cluster_ports(config.cluster, create_logger('silent'))
    : await open_beside(config, 'http://127.0.0.1:1')
  try {
    return { ...config, partitions: (await ports.log.partitions('payments')) ?? config.partitions }
  } finally {
    await ports.close()
  }
}

/** The ports of a cluster as they are: nothing is created and nothing runs. */
export const open_cluster_ports = async (
  cluster: Cluster,
  logger: Logger,
): Promise<Ports & { close(): Promise<void> }> => {
  const closers: Closers = []
  const close = async (): Promise<void> => {
    for (const each of closers.splice(0).reverse()) await each()
  }
  try {
    return { ...(await open_cluster(cluster, logger, closers)), close }
  } catch (error) {
    await close()
    throw error
  }
}

/**
 * The ports of an embedded installation for reading only, beside the process that runs on it. Throws when the
 * data directory holds nothing yet.
 */
export const open_beside = async (
  config: Config,
  clickhouse_url: string,
): Promise<Ports & { close(): Promise<void> }> => {
  check_format(config.data_dir, true)
  const log = await open_log(config.data_dir, { read_only: true })
  const store = await open_state_store(config.data_dir, { read_only: true })
  const login = config.warehouse_passwords && {
    username: 'default',
    password: config.warehouse_passwords.password,
  }
  const warehouse = clickhouse_warehouse({ url: clickhouse_url, ...login })
  return {
    log,
    registry: open_registry(log.environment),
    store,
    warehouse,
    clickhouse_url,
    close: async () => {
      await warehouse.close()
      await store.close()
      await log.close()
    },
  }
}

export interface Work {
  readonly worker: Running<TaskStatus>
  readonly sink: Running<SinkStatus>
  /** Rejects when a group cannot run on: the process should end. */
  readonly failed: Promise<never>
  /** Sink before worker: what the worker still commits is inserted at the next start. */
  stop(): Promise<void>
}

/** Starts tasks and sink on an open system, and shows them in its metrics. */
export const start_work = (system: System): Work => {
  const deps = { ...system, observe: system.metrics.observe }
  const worker = start_worker(deps)
  const sink = start_sink(deps)
  system.metrics.watch(worker, sink, () => system.clock.now())
  return {
    worker,
    sink,
    failed: worker.failed,
    stop: async () => {
      await Promise.all([worker.stop(), sink.stop()])
    },
  }
}

/** What has not been processed, checkpointed and inserted yet; null when nothing is left. */
export const left_to_do = (
  system: Pick<System, 'tasks_expected'>,
  { worker, sink }: Pick<Work, 'worker' | 'sink'>,
): string | null => {
  const tasks = worker.status()
  if (tasks.length < system.tasks_expected)
    return `${tasks.length} of ${system.tasks_expected} tasks have started`
  const busy = tasks.find(task => task.state !== 'live')
  if (busy)
    return `task ${busy.group}/${busy.partition} is ${busy.state}${busy.error ? `: ${busy.error}` : ''}`
  const behind = tasks.reduce((sum, task) => sum + total(task.lag), 0)
  if (behind > 0) return `${behind} records are to be processed`
  const open = tasks.find(task => task.committed_seq !== task.checkpoint_seq)
  if (open) return `task ${open.group}/${open.partition} has batches to be checkpointed`
  const sinks = sink.status()
  const refused = sinks.find(each => each.error !== null)
  if (refused) return `the sink of partition ${refused.partition} stands still: ${refused.error}`
  const rows = sinks.reduce((sum, each) => sum + total(each.lag), 0)
  if (sinks.length === 0) return 'the sink has not started'
  if (rows > 0) return `${rows} records are to be inserted`
  return sinks.some(each => (each.waiting_ms ?? 0) > 0) ? 'rows are on their way into the warehouse' : null
}

const total = (lag: Readonly<Record<string, number>>): number =>
  Object.values(lag).reduce((sum, n) => sum + n, 0)
