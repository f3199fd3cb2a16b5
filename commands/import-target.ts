/**
 * Where an import goes: a running process over HTTP, a Kafka cluster, or the embedded stack opened for the
 * purpose.
 */
import { join } from 'node:path'
import { open_backlog } from '../runtime/backlog.ts'
import type { Config } from '../runtime/config.ts'
import { create_emitter, type Row } from '../runtime/emit.ts'
import {
  close_lease,
  ImportRefused,
  type LeaseDeps,
  type LeaseRequest,
  open_lease,
  renew_lease,
} from '../runtime/import-lease.ts'
import { create_logger } from '../runtime/logger.ts'
import { left_to_do, open_system, type System, start_work } from '../runtime/system.ts'
import { CommandError, type Endpoints, read_endpoints } from './command.ts'

type Lease = Pick<LeaseRequest, 'id' | 'topic'>
export interface Target {
  readonly name: string
  /** Where progress is kept: beside what it is progress of. */
  readonly progress_dir: string
  open(request: LeaseRequest): Promise<{ readonly known: boolean }>
  renew(lease: Lease): Promise<void>
  append(topic: string, rows: readonly Row[]): Promise<void>
  /**
   * Waits until everything sent is processed, then closes the lease; returns how many records are left where
   * nothing moved and it was closed all the same. Where this process does the work, that is finished too.
   */
  finish(lease: Lease, waiting: Waiting): Promise<number>
  close(): Promise<void>
}

export interface Waiting {
  readonly on_wait: (left: string) => void
  /** Aborted: the lease stays open, the same command closes it. */
  readonly stop: AbortSignal
}

/** How long to keep trying while a server or broker, or whoever processes, is away. */
export interface Patience {
  readonly patience_ms: number
  readonly on_retry: (reason: string) => void
}

export const open_target = async (
  config: Config,
  patience: Patience,
  api_key: string | undefined,
): Promise<Target> => {
  const endpoints = read_endpoints(config.data_dir)
  if (endpoints) return http_target(config, endpoints, patience, api_key)
  const system = await open_system(config, create_logger(config.log_level))
  return config.cluster ? cluster_target(system, patience) : embedded_target(config, system)
}

const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

/** More bytes than the server takes at once. */
class TooLarge extends Error {}
const FINAL = [CommandError, ImportRefused, TooLarge]

/** Tries again until it works or nothing has for as long as patience lasts. */
export const patiently = async <T>(
  { patience_ms, on_retry }: Patience,
  work: () => Promise<T>,
): Promise<T> => {
  const deadline = Date.now() + patience_ms
  for (let pause_ms = 100; ; pause_ms = Math.min(pause_ms * 1.5, 1000)) {
    try {
      return await work()
    } catch (error) {
      if (FINAL.some(type => error instanceof type)) throw error
      const reason = (error as Error).message
      if (Date.now() + pause_ms > deadline)
        throw new CommandError(
          `gave up after ${patience_ms / 1000} s: ${reason}; run the same command again to continue`,
        )
      on_retry(reason)
      await sleep(pause_ms)
    }
  }
}

const LOOK_EVERY_MS = 150
/** Progress of some kind must be seen within it. */
const STUCK_MS = 120_000
export const RENEW_EVERY_MS = 60_000

/**
 * Looks until nothing is left to be processed, keeping the lease alive. Returns what is left when nothing
 * moved for stuck_ms. Throws CommandError when told to stop.
 */
export const wait_until_processed = async (
  left_now: () => Promise<number>,
  renew: () => Promise<void>,
  stuck_ms: number,
  { on_wait, stop }: Waiting,
): Promise<number> => {
  let last = -1
  let moved_at = performance.now()
  let renewed_at = moved_at
  for (let pause_ms = LOOK_EVERY_MS; ; pause_ms = Math.min(pause_ms * 1.5, 1000)) {
    const left = await left_now()
    if (left === 0) return 0
    if (stop.aborted)
      throw new CommandError(
        `stopped while ${left} records are to be processed: all rows are durable; ` +
          'run the same command again to close the import',
      )
    const now = performance.now()
    if (left !== last) moved_at = now
    else if (now - moved_at > stuck_ms) return left
    last = left
    on_wait(`${left} records are to be processed`)
    if (now - renewed_at > RENEW_EVERY_MS) {
      await renew()
      renewed_at = now
    }
    await sleep(pause_ms)
  }
}

const http_target = (
  config: Config,
  first: Endpoints,
  patience: Patience,
  api_key: string | undefined,
): Target => {
  const { data_dir } = config
  const headers = {
    'content-type': 'application/json',
    ...(api_key && { authorization: `Bearer ${api_key}` }),
  }
  const post = (path: string, body: unknown) =>
    patiently(patience, async () => {
      // A restarted server may listen elsewhere.
      const { http } = read_endpoints(data_dir) ?? first
      const response = await fetch(`${http}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
      const answer = (await response.json().catch(() => ({}))) as Answer
      if (response.ok) return answer
      if (response.status === 409) throw new ImportRefused(answer.reason ?? 'the import was refused')
      if (response.status === 413) throw new TooLarge()
      const why = [answer.field, answer.reason].filter(Boolean).join(' ')
      const text = `${path} answered ${response.status}: ${why}`
      if (response.status === 429 || response.status >= 500) throw new Error(text)
      const key =
        response.status === 401 || response.status === 403
          ? '; set TRIBUTARY_API_KEY to an administrator key'
          : ''
      throw new CommandError(text + key)
    })
  const append = async (topic: string, rows: readonly Row[]): Promise<void> => {
    try {
      await post(`/v1/events/${topic}`, rows)
    } catch (error) {
      if (!(error instanceof TooLarge)) throw error
      if (rows.length === 1)
        throw new CommandError(`event ${rows[0]!.event_id} is larger than the server takes`)
      const half = Math.ceil(rows.length / 2)
      await append(topic, rows.slice(0, half))
      await append(topic, rows.slice(half))
    }
  }
  const renew = async (lease: Lease): Promise<void> =>
    void (await post('/v1/imports', { ...lease, action: 'renew' }))
  return {
    name: first.http,
    progress_dir: join(data_dir, 'imports'),
    open: async request => ({
      known: (await post('/v1/imports', { ...request, action: 'open' })).known === true,
    }),
    renew,
    append,
    finish: async (lease, waiting) => {
      const close = async (at_once: boolean): Promise<number> =>
        (await post('/v1/imports', { ...lease, action: 'close', at_once })).left ?? 0
      const stuck_ms = Math.max(patience.patience_ms, STUCK_MS)
      const left = await wait_until_processed(
        () => close(false),
        () => renew(lease),
        stuck_ms,
        waiting,
      )
      if (left > 0) await close(true)
      return left
    },
    close: async () => {},
  }
}
interface Answer {
  readonly reason?: string
  readonly field?: string
  readonly known?: boolean
  readonly left?: number
}

const lease_deps = (system: System): LeaseDeps => ({
  ...system,
  emitter: create_emitter(system.app, system.log, system.registry),
  grace_ms: system.settings.grace_ms,
})

const cluster_target = (system: System, patience: Patience): Target => {
  const deps = lease_deps(system)
  const renew = (lease: Lease) => patiently(patience, () => renew_lease(deps, lease))
  return {
    name: 'Kafka',
    progress_dir: '.tributary/imports',
    open: request => patiently(patience, () => open_lease(deps, request)),
    renew,
    append: (topic, rows) => patiently(patience, () => system.emitter.append(topic, rows)),
    finish: async (lease, waiting) => {
      const backlog = open_backlog(system, [lease.topic])
      const look = () => patiently(patience, () => backlog.left())
      const left = await wait_until_processed(look, () => renew(lease), patience.patience_ms, waiting)
      await patiently(patience, () => close_lease(deps, lease))
      return left
    },
    close: () => system.close(),
  }
}

/** Several looks in a row, since lag is as of the newest fetch. */
const LOOKS = 3

const embedded_target = (config: Config, system: System): Target => {
  const work = start_work(system)
  const deps: LeaseDeps = {
    ...lease_deps(system),
    stream_times: group =>
      work.worker.status().flatMap(task => (task.group === group ? [task.stream_time_ms] : [])),
  }
  const drained = async (on_wait: (left: string) => void): Promise<void> => {
    let last = ''
    let moved_at = Date.now()
    for (let looks = 0; looks < LOOKS; ) {
      const left = left_to_do(system, work)
      looks = left === null ? looks + 1 : 0
      if (left !== null && left !== last) {
        on_wait(left)
        last = left
        moved_at = Date.now()
      }
      if (left !== null && Date.now() - moved_at > STUCK_MS)
        throw new CommandError(`the rows are durable, but ${left}`)
      await sleep(LOOK_EVERY_MS)
    }
  }
  return {
    name: config.data_dir,
    progress_dir: join(config.data_dir, 'imports'),
    open: request => open_lease(deps, request),
    renew: lease => renew_lease(deps, lease),
    append: (topic, rows) => system.emitter.append(topic, rows),
    finish: async (lease, waiting) => {
      const { left } = open_backlog(system, [lease.topic])
      const processed = wait_until_processed(left, () => renew_lease(deps, lease), STUCK_MS, waiting)
      const stuck = await Promise.race([processed, work.failed])
      if (stuck > 0)
        throw new CommandError(
          `the rows are durable, but ${left_to_do(system, work) ?? `${stuck} records are to be processed`}`,
        )
      await close_lease(deps, lease)
      await Promise.race([drained(waiting.on_wait), work.failed])
      return 0
    },
    close: async () => {
      await work.stop()
      await system.close()
    },
  }
}
