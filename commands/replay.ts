/**
 * `npm run replay`: leads of a stretch of time once more, from the recorded batches, by the code at hand, to nobody. Alone it
 * shows that live and replay agree, by hash; with other policies, what would have become of the same leads under them.
 * Reads the log and the snapshots only: it runs beside processes that work.
 */
import { z } from 'zod'
import { type App, tributary } from '../runtime/app.ts'
import { type Config, ConfigError, help_text, type Option, parse_config } from '../runtime/config.ts'
import { create_logger } from '../runtime/logger.ts'
import type { Log, Registry } from '../runtime/ports.ts'
import type { Stretch } from '../runtime/replay-compare.ts'
import { ReplayRefused } from '../runtime/replay-log.ts'
import { default_settings } from '../runtime/settings.ts'
import { snapshot_directory } from '../runtime/snapshots.ts'
import { open_beside, open_cluster_log } from '../runtime/system.ts'
import { CommandError, run_command } from './command.ts'
import { create_progress_line } from './progress-line.ts'
import { agrees, type Courses, other_code, run_courses } from './replay/courses.ts'
import { KINDS, type Policy, read_policies } from './replay/policies.ts'
import { agreement_table, difference_line, findings, segment_tables } from './replay/print.ts'

const instant = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()], {
    error: 'a time such as 2026-06-01T00:00:00Z or a day such as 2026-06-01',
  })
  .transform(text => Date.parse(text))

const own = [
  {
    name: 'from',
    flag: 'from',
    value: 'T',
    type: instant,
    meaning: 'rows of events from this instant on (a day begins at 00:00 UTC)',
  },
  {
    name: 'to',
    flag: 'to',
    value: 'T',
    type: instant,
    meaning: 'rows of events before this instant',
  },
  {
    name: 'with',
    flag: 'with',
    value: 'NAME=FILE',
    default: '',
    type: z.string().transform(text => text.split('\n').filter(one => one !== '')),
    meaning:
      `another policy from --from on, a JSON body as the catalog has it; NAME is one of ` +
      `${Object.keys(KINDS).join(', ')}; may be given for each of them`,
  },
  {
    name: 'tenant',
    flag: 'tenant',
    value: 'X',
    type: z.string().min(1, 'must not be empty'),
    meaning: 'rows of this tenant only, and the other policy for it only (all)',
  },
] as const satisfies readonly Option[]

const USAGE = 'npm run replay -- --from T --to T [--with lead-policy=FILE] [options]'

/** A flag that is given several times, as one value in lines. */
const gathered = (argv: readonly string[]): readonly string[] => {
  const rest: string[] = []
  const given: string[] = []
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i] as string
    if (arg.startsWith('--with=')) given.push(arg.slice('--with='.length))
    else if (arg === '--with' && argv[i + 1] !== undefined) given.push(argv[++i] as string)
    else rest.push(arg)
  }
  return given.length ? [...rest, `--with=${given.join('\n')}`] : rest
}

const main = async (): Promise<number> => {
  const { config, own: chosen, help } = parse_config(gathered(process.argv.slice(2)), process.env, own)
  if (help) {
    process.stdout.write(help_text(USAGE, own))
    return 0
  }
  const stretch = stretch_of(chosen)
  const policies = read_policies(chosen.with)
  const stop = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort())
  const line = create_progress_line(process.stderr)
  const source = await open_source(config)
  try {
    const deps = {
      ...source,
      snapshots: config.snapshot_dir === null ? null : snapshot_directory(config.snapshot_dir),
      import_lapse_ms: default_settings.import_lapse_ms,
    }
    line.note('reading what is recorded')
    const progress = (done: number, all: number) => line.show('replaying', done, all, 'records')
    const courses = await run_courses(deps, { stretch, policies, progress }, stop.signal)
    line.end()
    return told(courses, policies)
  } catch (error) {
    line.end()
    if (stop.signal.aborted) throw new CommandError('stopped before it was through; nothing was written')
    if (error instanceof ReplayRefused) throw new CommandError(`refused: ${error.message}`)
    throw error
  } finally {
    await source.close()
  }
}

const stretch_of = (chosen: {
  from?: number | undefined
  to?: number | undefined
  tenant?: string | undefined
}): Stretch => {
  const { from, to, tenant = null } = chosen
  if (from === undefined || to === undefined) throw new ConfigError(`--from and --to are needed: ${USAGE}`)
  if (from >= to) throw new ConfigError('--from must be before --to')
  return { from_ms: from, to_ms: to, tenant }
}

interface Source {
  readonly app: App
  readonly log: Log
  readonly registry: Registry
  close(): Promise<void>
}

const open_source = async (config: Config): Promise<Source> => {
  const { log, registry, close } = config.cluster
    ? await open_cluster(config)
    : await open_beside(config, 'http://127.0.0.1:1')
  const partitions = await log.partitions('payments')
  if (partitions !== undefined) return { app: tributary(partitions), log, registry, close }
  await close()
  throw new CommandError('there is no topic payments yet: nothing to replay')
}

const open_cluster = async ({ cluster, log_level }: Config) => {
  if (!cluster) throw new Error('no cluster')
  const logger = create_logger(log_level === 'info' ? 'warn' : log_level)
  const { log, registry } = await open_cluster_log(cluster, logger)
  return { log, registry, close: () => log.close() }
}

/** Prints the results; the exit code: 1 where live and replay do not agree. */
const told = ({ replayed, topics, what_if }: Courses, policies: readonly Policy[]): number => {
  process.stdout.write(agreement_table(topics))
  const apart = topics.find(topic => !agrees(topic))
  if (apart?.first) {
    process.stdout.write('NOT EQUAL\n')
    process.stderr.write(`${difference_line(apart.topic, apart.first)}\n`)
    const why = other_code(replayed)
    if (why) process.stderr.write(`${why}\n`)
    return 1
  }
  const { batches, records } = replayed
  process.stdout.write(`live and replay agree by hash (${records} records in ${batches} batches replayed)\n`)
  if (!what_if) return 0
  const tried = policies.map(({ name, version, file }) => `${name} ${version} (${file})`)
  process.stdout.write(`\nrecorded → with ${tried.join(', ')}\n\n`)
  process.stdout.write(`${segment_tables(what_if)}\n${findings(what_if)}`)
  return 0
}

await run_command(main)
