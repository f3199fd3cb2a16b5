/**
 * Events of the business into the log: the past in large steps before anybody reads, the present as it
 * happens.
 */
import { close_lease, open_lease, renew_lease } from '../../runtime/import-lease.ts'
import { left_to_do, type System, type Work } from '../../runtime/system.ts'
import { hours, minutes } from '../../schemas/units.ts'
import type { Business, Event } from './business.ts'
import { catalog_rows } from './catalog.ts'

type Target = Pick<System, 'emitter'>

/** Of so many rows one is checked as if it came from outside. */
const CHECKED_EVERY = 500
/** The past is generated and appended in steps of business time: some thousand events each. */
const STEP_MS = hours(12)

/** Appends events, topic by topic, each in order of time; durable when it resolves. */
export const append_events = async ({ emitter }: Target, events: readonly Event[]): Promise<void> => {
  const rows = new Map<string, Event['row'][]>()
  for (const { topic, row } of events) {
    const list = rows.get(topic)
    if (list) list.push(row)
    else rows.set(topic, [row])
  }
  await Promise.all(
    [...rows].map(([topic, list]) => {
      for (let i = 0; i < list.length; i += CHECKED_EVERY) emitter.check(topic, list[i])
      return emitter.append(topic, list as unknown as Parameters<typeof emitter.append>[1])
    }),
  )
}

export const append_catalog = async ({ emitter }: Target, origin_ms: number): Promise<void> => {
  const rows = catalog_rows(origin_ms).map(row => emitter.check('catalog', row))
  await emitter.append('catalog', rows)
}

export interface Past {
  /** Events before it are in the log already, or are left out. */
  readonly from_ms: number
  readonly to_ms: number
  /** Aborted: stops behind a step. */
  readonly stop: AbortSignal
  /** Everything before the instant is durable. */
  readonly on_step: (until_ms: number, events: number) => void
}

/** Appends what happened between the two instants; returns how many events. */
export const load_past = async (
  target: Target,
  { advance, origin_ms }: Business,
  { from_ms, to_ms, stop, on_step }: Past,
): Promise<number> => {
  if (from_ms > origin_ms) advance(from_ms)
  let events = 0
  let writing = Promise.resolve()
  for (let at_ms = from_ms; at_ms < to_ms && !stop.aborted; ) {
    at_ms = Math.min(to_ms, at_ms + STEP_MS)
    const step = advance(at_ms)
    // One step is generated while the one before is flushed.
    await writing
    events += step.length
    const [until_ms, count] = [at_ms, events]
    writing = append_events(target, step).then(() => on_step(until_ms, count))
    // Its failure is told where it is awaited.
    writing.catch(() => {})
    // Signals are heard.
    await new Promise(resolve => setImmediate(resolve))
  }
  await writing
  return events
}

const LEASE = { id: 'demo', topic: 'payments' } as const

const lease_deps = (system: System) => ({ ...system, grace_ms: system.settings.grace_ms })

/** No tick moves time until the lease is closed: the past is processed in its own order. */
export const hold_time = async (system: System, first_occurred_at: number): Promise<void> => {
  // Events that go on where this log ends are not late; what a crash makes us repeat is known by its ids.
  await open_lease(lease_deps(system), { ...LEASE, first_occurred_at, accept_late: true })
}
export const release_time = (system: System): Promise<void> => close_lease(lease_deps(system), LEASE)

/** Several looks in a row, since lag is as of the newest fetch. */
const LOOKS = 3
const LOOK_EVERY_MS = 100
const RENEW_EVERY_MS = minutes(1)

export const pause = (ms: number, stop: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    const done = () => {
      clearTimeout(timer)
      stop.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, stop.aborted ? 0 : ms)
    stop.addEventListener('abort', done)
  })

/** Waits until all is processed, checkpointed and inserted; false when told to stop before. */
export const caught_up = async (
  system: System,
  work: Work,
  stop: AbortSignal,
  on_wait: (left: string) => void,
): Promise<boolean> => {
  let renewed_at = performance.now()
  for (let looks = 0; looks < LOOKS && !stop.aborted; ) {
    const left = left_to_do(system, work)
    looks = left === null ? looks + 1 : 0
    if (left !== null) on_wait(left)
    if (performance.now() - renewed_at > RENEW_EVERY_MS) {
      await renew_lease(lease_deps(system), LEASE)
      renewed_at = performance.now()
    }
    if (looks < LOOKS) await pause(LOOK_EVERY_MS, stop)
  }
  return !stop.aborted
}

/** Tenants' tasks wait for customers', each for idle_ms, before they move time; and once more to be sure. */
const STILL = 3

/**
 * Waits until time has moved on everywhere behind a past that has ended: the last windows are closed, paths revised, and
 * no task has anything to write any more. False when told to stop before.
 */
export const settled = async (system: System, work: Work, stop: AbortSignal): Promise<boolean> => {
  const still_ms = STILL * system.settings.idle_ms
  let seen = ''
  for (let since = performance.now(); performance.now() - since < still_ms && !stop.aborted; ) {
    const done = work.worker.status().map(({ committed_seq }) => committed_seq)
    const now = `${left_to_do(system, work)} ${done.join()}`
    if (now !== seen || left_to_do(system, work) !== null) since = performance.now()
    seen = now
    await pause(LOOK_EVERY_MS, stop)
  }
  return !stop.aborted
}

/** Records that tasks have still to process. */
export const unprocessed = ({ worker }: Pick<Work, 'worker'>): number =>
  worker
    .status()
    .reduce((sum, { lag }) => sum + Object.values(lag).reduce((rows, count) => rows + count, 0), 0)

const FEED_EVERY_MS = 250

export interface Feed {
  readonly now: () => number
  readonly stop: AbortSignal
  /** Everything before the instant is durable. */
  readonly on_step: (until_ms: number) => void
}

/** Appends events as they happen, until told to stop. */
export const feed_live = async (target: Target, { advance }: Business, feed: Feed): Promise<void> => {
  let until_ms = Number.NEGATIVE_INFINITY
  while (!feed.stop.aborted) {
    // A clock that was set back: nothing happens until it has come again.
    until_ms = Math.max(until_ms, feed.now())
    const events = advance(until_ms)
    if (events.length > 0) await append_events(target, events)
    feed.on_step(until_ms)
    await pause(FEED_EVERY_MS, feed.stop)
  }
}

export interface FastForward {
  readonly from_ms: number
  /** At most now: later events would be refused. */
  readonly to_ms: number
  /** How much is appended at once: at most the grace, so that no topic runs ahead of another for long. */
  readonly step_ms: number
  readonly on_step: (until_ms: number) => Promise<void> | void
}

/** Hours of business time as fast as the tasks take them; time is held by a lease meanwhile. */
export const fast_forward = async (
  system: System,
  work: Work,
  { advance }: Business,
  { from_ms, to_ms, step_ms, on_step }: FastForward,
): Promise<number> => {
  if (to_ms > system.clock.now()) throw new RangeError('business time cannot be ahead of the clock')
  await hold_time(system, from_ms)
  const failed = work.failed
  let events = 0
  for (let at_ms = from_ms; at_ms < to_ms; ) {
    at_ms = Math.min(to_ms, at_ms + step_ms)
    const step = advance(at_ms)
    events += step.length
    await append_events(system, step)
    await Promise.race([processed(work), failed])
    await on_step(at_ms)
  }
  await Promise.race([caught_up(system, work, new AbortController().signal, () => {}), failed])
  await release_time(system)
  return events
}

const STEP_LOOK_MS = 10

const processed = async (work: Work): Promise<void> => {
  for (let looks = 0; looks < 2; looks = unprocessed(work) === 0 ? looks + 1 : 0)
    await new Promise(resolve => setTimeout(resolve, STEP_LOOK_MS))
}
