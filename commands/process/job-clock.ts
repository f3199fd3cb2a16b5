/**
 * When a running process runs which job: each as of every multiple of its `every_ms`, once what happened before that is in
 * the tables; anew as of the same moment when history has been imported since; and at once when somebody asks. One after the
 * other, by the process that works the first task of the tenants.
 */
import type { Logger } from 'pino'
import type { Job } from '../../jobs/job.ts'
import { type Compute, type JobPorts, type JobRun, run_job, told_failures } from '../../jobs/run-job.ts'
import type { Clock } from '../../runtime/ports.ts'
import type { Running, TaskStatus } from '../../runtime/worker-types.ts'
import type { Catalog } from '../../schemas/catalog-kinds.ts'
import type { JobStatus } from '../../server/server-deps.ts'
import { one_line } from '../command.ts'

/** How often is looked whether one is due. */
const LOOK_MS = 5000
/** Under steady load nothing is ever through: what happened before the moment is in the tables by then. */
const SETTLED_AFTER_MS = 300_000
const RETRY_MS = 300_000
/** How often is looked whether history was imported. */
const IMPORTS_MS = 60_000
/** Runs that wait to begin; who asks for more is told to come back. */
export const QUEUED_MOST = 10

export interface JobClockDeps extends JobPorts {
  readonly jobs: readonly Job[]
  /** false: a job runs only when it is asked for. */
  readonly by_itself: boolean
  readonly compute: Compute
  readonly clock: Clock
  /** An import that is not renewed for so long is none. */
  readonly settings: { readonly import_lapse_ms: number }
  readonly logger: Logger
  readonly worker: Pick<Running<TaskStatus>, 'status'>
  /** What has not been processed and inserted yet; null when nothing is left. */
  readonly left_to_do: () => string | null
}

export interface JobClock {
  status(): readonly JobStatus[]
  /**
   * Runs a job now, behind those that run; what is asked for as of a moment that waits already is that run. `run`: the
   * number that it has, once `runs` has reached it. null: too many wait.
   */
  run(name: string, as_of: number): Asked | null
  /** Resolves when nothing runs any more. */
  readonly ended: Promise<void>
}

/** A run that somebody asked for. */
interface Asked {
  readonly run: number
  readonly ended: Promise<JobRun>
}

interface Known {
  readonly job: Job
  /** Newest moment that it was run as of. */
  done_at: number | null
  /**
   * When it was run last: what was imported before is in its result. Of a run by another process only its moment is
   * known, which is not later. null: not looked for yet.
   */
  ran_at: number | null
  /** When the moment that is due was first seen. */
  seen: { due_at: number; at: number } | null
  retry_at: number
  running: boolean
  runs: number
  /** Runs that were asked for. */
  asked: number
  error: string | null
}

/** Looks until the signal aborts. */
export const start_job_clock = (deps: JobClockDeps, signal: AbortSignal): JobClock => {
  const { clock, logger } = deps
  const known = new Map<string, Known>(
    deps.jobs.map(job => [
      job.name,
      {
        job,
        done_at: null,
        ran_at: null,
        seen: null,
        retry_at: 0,
        running: false,
        runs: 0,
        asked: 0,
        error: null,
      },
    ]),
  )
  const waiting = new Map<string, Asked>()
  let last: Promise<unknown> = Promise.resolve()
  const run = (each: Known, as_of: number, begins = (): unknown => null): Promise<JobRun> => {
    each.asked++
    const next = last.then(async () => {
      begins()
      signal.throwIfAborted()
      each.running = true
      try {
        const ran = await run_job(each.job, as_of, deps, deps.compute, signal)
        // What fails for a tenant's data would fail again: it is told, not tried again.
        each.error = told_failures(ran)
        each.done_at = Math.max(each.done_at ?? as_of, as_of)
        const { written } = ran
        const told = { job: each.job.name, as_of: new Date(as_of).toISOString(), written, failed: each.error }
        if (each.error === null) logger.info(told, 'a job ran')
        else logger.warn(told, 'a job ran, not for every tenant')
        return ran
      } catch (error) {
        each.error = one_line(error)
        throw error
      } finally {
        each.running = false
        each.runs++
      }
    })
    last = next.catch(() => {})
    return next
  }
  const imports = imports_seen(deps)
  const found_result = async (each: Known): Promise<number> => {
    if (each.ran_at !== null) return each.ran_at
    const newest = await newest_result(deps, each.job)
    if (newest !== null) each.done_at = Math.max(each.done_at ?? newest, newest)
    each.ran_at = newest ?? 0
    return each.ran_at
  }
  const look = async (each: Known): Promise<void> => {
    const now = clock.now()
    const { every_ms, settled_after_ms = SETTLED_AFTER_MS } = each.job
    const due_at = Math.floor(now / every_ms) * every_ms
    if (now < each.retry_at) return
    const ran_at = await found_result(each)
    const { open, closed_at } = await imports()
    const is_done = each.done_at !== null && each.done_at >= due_at && (closed_at ?? ran_at - 1) < ran_at
    if (is_done || open) return
    if (each.seen?.due_at !== due_at) each.seen = { due_at, at: now }
    if (deps.left_to_do() !== null && now < each.seen.at + settled_after_ms) return
    await run(each, due_at)
    Object.assign(each, { ran_at: now, seen: null })
  }
  const watch = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(LOOK_MS, signal)
      if (signal.aborted) return
      if (!deps.by_itself || !is_ours(deps.worker.status())) continue
      for (const each of known.values())
        await look(each).catch(error => {
          if (signal.aborted) return
          each.retry_at = clock.now() + RETRY_MS
          each.error = one_line(error)
          logger.warn({ job: each.job.name, reason: one_line(error) }, 'a job failed and is tried again')
        })
    }
  }
  return {
    status: () =>
      [...known.values()].map(({ job, done_at, running, runs, error }) => ({
        name: job.name,
        every_ms: job.every_ms,
        done_at,
        running,
        runs,
        error,
      })),
    run: (name, as_of) => {
      const each = known.get(name)
      if (!each) throw new RangeError(`there is no job ${name}: ${[...known.keys()].join(', ')}`)
      const moment = `${name}|${as_of}`
      const same = waiting.get(moment)
      if (same) return same
      if (waiting.size >= QUEUED_MOST) return null
      const ended = run(each, as_of, () => waiting.delete(moment))
      const asked: Asked = { run: each.asked, ended }
      waiting.set(moment, asked)
      return asked
    },
    ended: watch().then(() => last.then(() => {})),
  }
}

const is_ours = (tasks: readonly TaskStatus[]): boolean =>
  tasks.some(({ group, partition, state }) => group === 'tenant' && partition === 0 && state === 'live')

interface Imports {
  /** History is being loaded: what is fitted now is fitted to a part of it. */
  readonly open: boolean
  /** When the newest import ended, epoch milliseconds. */
  readonly closed_at: number | null
}

/** Looks into the catalog's table, at most every minute. */
const imports_seen = ({ warehouse, clock, settings }: JobClockDeps): (() => Promise<Imports>) => {
  let seen: Imports = { open: false, closed_at: null }
  let again_at = Number.NEGATIVE_INFINITY
  return async () => {
    const now = clock.now()
    if (now < again_at) return seen
    const rows = await warehouse.query<{ body: string }>(
      `SELECT argMax(body, (effective_at, revision)) AS body FROM catalog WHERE kind = 'imports' GROUP BY id`,
    )
    const leases = rows.map(({ body }) => JSON.parse(body) as Catalog['imports'])
    const open = leases.some(
      ({ state, renewed_at }) => state === 'open' && renewed_at + settings.import_lapse_ms > now,
    )
    const closed = leases.filter(({ state }) => state === 'closed').map(({ renewed_at }) => renewed_at)
    seen = { open, closed_at: closed.length > 0 ? Math.max(...closed) : null }
    // While one is open its end is not to be missed by a minute.
    again_at = now + (open ? 0 : IMPORTS_MS)
    return seen
  }
}

/** As of when the tables hold a result; null without one. */
const newest_result = async (
  { warehouse }: JobClockDeps,
  { writes, ids_begin }: Job,
): Promise<number | null> => {
  const own = ids_begin === undefined ? '' : ` WHERE startsWith(event_id, '${ids_begin}|')`
  const found = await Promise.all(
    writes.map(topic =>
      warehouse.query<{ rows: number; at_ms: number }>(
        `SELECT count() AS rows, toUnixTimestamp64Milli(max(occurred_at)) AS at_ms FROM ${topic}${own}`,
      ),
    ),
  )
  const times = found.flatMap(([row]) => (row && row.rows > 0 ? [row.at_ms] : []))
  return times.length > 0 ? Math.max(...times) : null
}
