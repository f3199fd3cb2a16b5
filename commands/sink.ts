/**
 * `npm run sink -- status | reset [TABLE]`: how far the warehouse has been filled, and how to fill it again. A reset sets
 * the sink's progress back to the beginning of what the log holds; rows that the tables hold already merge with their
 * repetition. For a warehouse that lost rows: by a power loss, a restored copy, a dropped table.
 */
import { type App, tributary } from '../runtime/app.ts'
import { type Config, help_text, parse_config } from '../runtime/config.ts'
import { check_format } from '../runtime/embedded/format.ts'
import { open_log } from '../runtime/embedded/log.ts'
import { create_logger } from '../runtime/logger.ts'
import type { Log } from '../runtime/ports.ts'
import { NoSuchTable, type Progress, reset_sink, SinkAtWork, sink_progress } from '../runtime/sink-reset.ts'
import { open_cluster_log } from '../runtime/system.ts'
import { CommandError, read_endpoints, run_command } from './command.ts'

const USAGE = `npm run sink -- status          how far the warehouse has been filled
npm run sink -- reset [TABLE]   fills it again from the beginning (stop the processes first)`
/** A killed process is missed by its group only after its session has ended. */
const ALONE_WITHIN_MS = 45_000

const main = async (): Promise<number> => {
  const { config, help, positionals } = parse_config(process.argv.slice(2), process.env, [], 2)
  const [verb, table] = positionals
  if (help || (verb !== 'reset' && (verb !== 'status' || table !== undefined))) {
    process.stdout.write(help_text(USAGE))
    return help ? 0 : 2
  }
  if (!config.cluster && read_endpoints(config.data_dir))
    throw new CommandError('stop the running process first; while it runs, /readyz says how far its sink is')
  const log = await open(config)
  try {
    const ports = { app: await app_of(log), log }
    const done =
      verb === 'status'
        ? status_text(await sink_progress(ports, ALONE_WITHIN_MS))
        : reset_text(await reset_sink(ports, table, ALONE_WITHIN_MS))
    process.stdout.write(done)
    return 0
  } catch (error) {
    if (error instanceof SinkAtWork || error instanceof NoSuchTable) throw new CommandError(error.message)
    throw error
  } finally {
    await log.close()
  }
}

const open = async (config: Config): Promise<Log> => {
  if (config.cluster) return (await open_cluster_log(config.cluster, create_logger('warn'))).log
  check_format(config.data_dir, true)
  return open_log(config.data_dir)
}

/** With as many partitions as the log has, whatever the options of this command say. */
const app_of = async (log: Log): Promise<App> => {
  const partitions = await log.partitions('payments')
  if (partitions === undefined) throw new CommandError('there is no topic payments yet: nothing was inserted')
  return tributary(partitions)
}

const status_text = (progress: readonly Progress[]): string => {
  const topics = new Map<string, { saved: number; end: number }>()
  for (const { topic, saved, end } of progress) {
    const sums = topics.get(topic) ?? { saved: 0, end: 0 }
    topics.set(topic, { saved: sums.saved + saved, end: sums.end + end })
  }
  const line = (name: string, ...cells: (number | string)[]) =>
    `${name.padEnd(28)}${cells.map(cell => String(cell).padStart(14)).join('')}\n`
  const rows = [...topics].map(([topic, { saved, end }]) => line(topic, saved, end, end - saved))
  return line('topic', 'inserted to', 'log ends at', 'behind') + rows.join('')
}

const reset_text = (topics: readonly string[]): string =>
  `set back to the beginning: ${topics.join(', ')}\nthe next start inserts them again\n`

await run_command(main)
process.exit()
