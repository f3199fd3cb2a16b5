/** Where archives come from and go to: a data directory or a cluster, opened for that and closed again. */
import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { type App, topic_settings, tributary } from '../app.ts'
import { tables_of } from '../clickhouse/tables.ts'
import type { Cluster, Config } from '../config.ts'
import { check_format, FORMAT } from '../embedded/format.ts'
import { open_log } from '../embedded/log.ts'
import { open_registry } from '../embedded/registry.ts'
import type { Log } from '../ports.ts'
import { open_cluster_log, open_cluster_ports, type Ports } from '../system.ts'
import type { Source } from './export.ts'
import { check_topics_empty, type Target, tasks_of } from './import.ts'
import { ArchiveError } from './manifest.ts'

type Opened<P> = P & { close(): Promise<void> }

/** With as many partitions as the log has, whatever the options say. */
const app_of = async (log: Log, where: string): Promise<App> => {
  const partitions = await log.partitions('payments')
  if (partitions === undefined)
    throw new ArchiveError(`${where} holds no topics: there is nothing to back up`)
  return tributary(partitions)
}

const closing_on_failure = async <T>(log: Log, work: () => Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    await log.close()
    throw error
  }
}

/**
 * The log of a data directory, which nobody else can open until it is closed.
 * @throws DirectoryInUse while a process runs on it
 */
export const open_directory_source = async (data_dir: string): Promise<Opened<Source>> => {
  if (!existsSync(join(data_dir, 'log'))) throw new ArchiveError(`there is no data in ${data_dir}`)
  check_format(data_dir, true)
  // A full disk is a reason for a backup, not against one; nothing is added to this one.
  const log = await open_log(data_dir, { free: () => Number.POSITIVE_INFINITY })
  return closing_on_failure(log, async () => ({
    app: await app_of(log, data_dir),
    log,
    registry: open_registry(log.environment),
    alone: true,
    close: () => log.close(),
  }))
}

const open_cluster_source = async (cluster: Cluster, logger: Logger): Promise<Opened<Source>> => {
  const { log, registry } = await open_cluster_log(cluster, logger)
  return closing_on_failure(log, async () => {
    const app = await app_of(log, `Kafka at ${cluster.brokers.join(', ')}`)
    return { app, log, registry, alone: false, close: () => log.close() }
  })
}

/** What the configuration names, to be read. */
export const open_source = (config: Config, logger: Logger): Promise<Opened<Source>> =>
  config.cluster ? open_cluster_source(config.cluster, logger) : open_directory_source(config.data_dir)

export interface OpenTarget extends Opened<Target> {
  /** What was put in is whole: from here on it may be started. */
  done(): void
}

/**
 * A data directory that is not there yet, or empty. Until done() it bears a format that no start accepts: half an archive
 * must not run.
 */
const open_directory_target = async ({ data_dir, partitions }: Config): Promise<OpenTarget> => {
  if (existsSync(data_dir) && readdirSync(data_dir).length > 0)
    throw new ArchiveError(
      `${data_dir} is not empty: an archive goes into a new directory only. ` +
        'Choose another with --data-dir, or move away what is there',
    )
  mkdirSync(data_dir, { recursive: true })
  const format = (text: string): void => {
    writeFileSync(join(data_dir, 'format.draft'), `${text}\n`, { flush: true })
    renameSync(join(data_dir, 'format.draft'), join(data_dir, 'format'))
  }
  format('unfinished restore')
  const log = await open_log(data_dir)
  return {
    app: tributary(partitions),
    log,
    registry: open_registry(log.environment),
    done: () => format(`tributary ${FORMAT}`),
    close: () => log.close(),
  }
}

const open_cluster_target = async (
  cluster: Cluster,
  partitions: number,
  logger: Logger,
): Promise<OpenTarget> => {
  const ports = await open_cluster_ports(cluster, logger)
  try {
    const app = tributary(partitions)
    await check_topics_empty(ports.log, topic_settings(app))
    await check_derived_empty(ports, app)
    return { app, log: ports.log, registry: ports.registry, done: () => {}, close: ports.close }
  } catch (error) {
    await ports.close()
    throw error
  }
}

/** Rows and checkpoints of another life: what came after the backup would stand among what is restored. */
const check_derived_empty = async ({ store, warehouse }: Ports, app: App): Promise<void> => {
  const names = tables_of(app).map(table => table.name)
  const [table] = await warehouse.query<{ name: string }>(
    'SELECT name FROM system.tables WHERE database = currentDatabase() AND total_rows > 0 AND has({names:Array(String)}, name)',
    { names },
  )
  if (table)
    throw new ArchiveError(
      `table ${table.name} of the warehouse holds rows: drop the tables, or name another CLICKHOUSE_DATABASE. ` +
        'They are filled again from the log',
    )
  for (const task of tasks_of(app)) {
    const header = await store.header(task).catch(() => 'one that was cut short')
    if (header !== null)
      throw new ArchiveError(
        `Redis holds a checkpoint of ${task.group}/${task.partition}: ` +
          `run npm run checkpoints -- reset ${task.group}, or name an empty REDIS_URL`,
      )
  }
}

/** What the configuration names, to be filled. Throws where it holds anything. */
export const open_target = (config: Config, logger: Logger): Promise<OpenTarget> =>
  config.cluster
    ? open_cluster_target(config.cluster, config.partitions, logger)
    : open_directory_target(config)
