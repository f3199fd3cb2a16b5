/**
 * `npm run import -- TOPIC FILE`: history in, in order of time, resumable, refused where it would be late.
 */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { emitted_topics, tributary } from '../runtime/app.ts'
import {
  type Config,
  ConfigError,
  help_text,
  type Option,
  parse_config,
  switched,
  whole,
} from '../runtime/config.ts'
import { row_checks } from '../runtime/emit.ts'
import { ImportRefused } from '../runtime/import-lease.ts'
import { CommandError, run_command, write_whole } from './command.ts'
import { type BadRow, type History, open_history } from './import-file.ts'
import { open_target, RENEW_EVERY_MS, type Target } from './import-target.ts'
import { create_progress_line, type ProgressLine } from './progress-line.ts'

const own = [
  {
    name: 'tenant',
    flag: 'tenant',
    value: 'TENANT',
    type: z.string().min(1),
    meaning: 'tenant_id of rows that name none',
  },
  {
    name: 'batch',
    flag: 'batch',
    default: '1000',
    value: 'N',
    type: whole(1, 10_000),
    meaning: 'rows per request',
  },
  {
    name: 'throttle',
    flag: 'throttle',
    value: 'N',
    type: whole(1, 10_000_000),
    meaning: 'rows per second at most',
  },
  {
    name: 'patience',
    flag: 'patience',
    default: '60',
    value: 'S',
    type: whole(0, 86_400),
    meaning: 'seconds to keep trying while the server, the cluster or its workers are away',
  },
  {
    name: 'accept_late',
    flag: 'accept-late',
    default: 'false',
    type: switched,
    meaning: 'import beside newer events: money counts, sessions and windows take the rows as late',
  },
  { name: 'dry_run', flag: 'dry-run', default: 'false', type: switched, meaning: 'only check the rows' },
  {
    name: 'api_key',
    env: 'TRIBUTARY_API_KEY',
    secret: true,
    type: z.string(),
    meaning: 'key for a running server',
  },
] as const satisfies readonly Option[]
type Own = ReturnType<typeof parse_config<typeof own>>['own']

const USAGE = 'npm run import -- TOPIC FILE.ndjson|FILE.csv [options]'
const BAD_SHOWN = 100

const main = async (): Promise<number> => {
  const { config, own: chosen, positionals, help } = parse_config(process.argv.slice(2), process.env, own, 2)
  if (help) {
    process.stdout.write(help_text(USAGE, own))
    return 0
  }
  const { topic, path, format } = check_arguments(positionals)
  const line = create_progress_line(process.stderr)
  const bytes = statSync(path).size
  let bad_rows = 0
  const history = await open_history({
    path,
    format,
    checks: row_checks(tributary(config.partitions), topic),
    tenant: chosen.tenant,
    on_bad: bad => report(line, bad, bad_rows++),
    on_read: read => line.show('checking', read, bytes, 'bytes'),
  })
  line.end()
  try {
    if (bad_rows > BAD_SHOWN) process.stderr.write(`… and ${bad_rows - BAD_SHOWN} more bad rows\n`)
    const sent =
      chosen.dry_run || history.rows === 0 ? null : await send(config, chosen, { topic, path, history, line })
    const verb =
      sent === null ? 'checked' : `sent to ${sent.target}${sent.skipped ? `, ${sent.skipped} before` : ''}`
    process.stdout.write(
      `${history.rows} good rows ${verb}, ${bad_rows} bad rows${bad_rows ? ' left out' : ''}\n`,
    )
  } finally {
    history.close()
  }
  return bad_rows > 0 ? 1 : 0
}

const check_arguments = (positionals: readonly string[]) => {
  const [topic, path] = positionals
  if (topic === undefined || path === undefined) throw new ConfigError(`TOPIC and FILE are needed: ${USAGE}`)
  const inputs = emitted_topics(tributary(1))
  if (!inputs.includes(topic))
    throw new ConfigError(`TOPIC must be one of ${inputs.join(', ')}, not ${topic}`)
  const format = /\.(ndjson|jsonl|csv)$/.exec(path)?.[1]
  if (!format) throw new ConfigError(`FILE must end in .ndjson, .jsonl or .csv: ${path}`)
  if (!existsSync(path)) throw new CommandError(`there is no file ${path}`)
  return { topic, path, format: format === 'csv' ? ('csv' as const) : ('ndjson' as const) }
}

const report = (line: ProgressLine, { line: number, field, reason }: BadRow, before: number): void => {
  if (before < BAD_SHOWN) line.print(`line ${number}: ${field ? `${field} ` : ''}${reason}`)
}

interface Job {
  readonly topic: string
  readonly path: string
  readonly history: History
  readonly line: ProgressLine
}

const send = async (config: Config, chosen: Own, job: Job) => {
  const { history, topic, line } = job
  const on_retry = (reason: string) => line.note(`waiting: ${reason}`)
  const target = await open_target(config, { patience_ms: chosen.patience * 1000, on_retry }, chosen.api_key)
  const stop = stop_on_signal(line)
  try {
    const progress = new Progress(target, topic, chosen.tenant, history)
    const skipped = await open_at(target, job, chosen, progress)
    await send_rows(target, job, chosen, progress, stop)
    line.end()
    const on_wait = (left: string) => line.note(left)
    const left = await target.finish({ id: history.hash, topic }, { on_wait, stop })
    line.end()
    if (left > 0)
      line.print(
        `nothing was processed for a while: all rows are durable, and ${left} records will be processed ` +
          'when workers run',
      )
    return { target: target.name, skipped }
  } catch (error) {
    if (error instanceof ImportRefused) throw new CommandError(`${error.message}: ${error.remedy}`)
    throw error
  } finally {
    line.end()
    await target.close()
  }
}

/** Opens the lease at the row where an earlier run stopped; returns how many rows it had sent. */
const open_at = async (
  target: Target,
  { history, topic }: Job,
  chosen: Own,
  progress: Progress,
): Promise<number> => {
  const open = (first: number) =>
    target.open({
      id: history.hash,
      topic,
      first_occurred_at: history.occurred_at(first),
      accept_late: chosen.accept_late,
    })
  if (progress.next === 0) {
    await open(0)
    return 0
  }
  // The batch after the last acknowledged one may have arrived: what it did to stream time is our own doing.
  const { known } = await open(Math.min(progress.next + progress.batch, history.rows - 1))
  if (known) return progress.next
  // Progress of another life of this log: nothing of the file is in this one.
  progress.restart()
  await open(0)
  return 0
}

const send_rows = async (
  target: Target,
  job: Job,
  chosen: Own,
  progress: Progress,
  stop: AbortSignal,
): Promise<void> => {
  const { history, topic, line } = job
  // A throttled import goes in small steps, so that it is even over each second.
  const size = chosen.throttle
    ? Math.min(chosen.batch, Math.max(1, Math.ceil(chosen.throttle / 10)))
    : chosen.batch
  const first = progress.next
  const began = performance.now()
  let renewed_at = began
  progress.batch = size
  while (progress.next < history.rows) {
    if (stop.aborted)
      throw new CommandError(`stopped after ${progress.next} rows; the same command continues there`)
    const rows = history.read(progress.next, size)
    await target.append(topic, rows)
    progress.acknowledge(rows.length)
    line.show('sending', progress.next, history.rows, 'rows')
    if (performance.now() - renewed_at > RENEW_EVERY_MS) {
      await target.renew({ id: history.hash, topic })
      renewed_at = performance.now()
    }
    const ahead_ms = chosen.throttle
      ? ((progress.next - first) * 1000) / chosen.throttle - (performance.now() - began)
      : 0
    if (ahead_ms > 0) await new Promise(resolve => setTimeout(resolve, ahead_ms))
  }
}

/** How many rows, in order of time, are acknowledged: a file, written whole after every batch. */
class Progress {
  next = 0
  /** Rows that may have arrived without an acknowledgement. */
  batch = 0
  readonly #file: string
  readonly #rows: number

  constructor(target: Target, topic: string, tenant: string | undefined, history: History) {
    const tenant_part = tenant === undefined ? '' : `.${encodeURIComponent(tenant)}`
    this.#file = join(target.progress_dir, `${history.hash.slice(0, 32)}.${topic}${tenant_part}.json`)
    this.#rows = history.rows
    if (!existsSync(this.#file)) return
    try {
      const saved = JSON.parse(readFileSync(this.#file, 'utf8')) as {
        next?: unknown
        rows?: unknown
        batch?: unknown
      }
      if (saved.rows !== history.rows || !Number.isInteger(saved.next)) return
      this.next = saved.next as number
      this.batch = Number(saved.batch) || 0
    } catch {
      // Unreadable progress is none: event ids make sending everything again harmless.
    }
  }

  acknowledge(rows: number): void {
    this.next += rows
    this.#save()
  }
  restart(): void {
    this.next = 0
    this.#save()
  }
  #save(): void {
    write_whole(this.#file, JSON.stringify({ next: this.next, rows: this.#rows, batch: this.batch }))
  }
}

const stop_on_signal = (line: ProgressLine): AbortSignal => {
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(130)
      line.note('stopping after this batch')
      stop.abort()
    })
  return stop.signal
}

await run_command(main)
process.exit()
