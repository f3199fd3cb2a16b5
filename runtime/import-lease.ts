/**
 * Loading history: permission and lease. While a lease is open no tick moves stream time, so that rows of
 * 1997 are not late beside a clock of today; and history older than what tasks have already passed is refused
 * before its first row.
 */
import type { Catalog } from '../schemas/catalog-kinds.ts'
import { batch_log_topic } from '../schemas/topics.ts'
import { type App, partitions_of } from './app.ts'
import { stages_of } from './backlog.ts'
import { read_batch } from './batch-log.ts'
import { body_reader } from './bodies.ts'
import type { Emitter } from './emit.ts'
import type { Clock, Log, Registry } from './ports.ts'
import { newest, scan } from './scan.ts'

export interface LeaseDeps {
  readonly app: App
  readonly log: Log
  readonly registry: Registry
  readonly emitter: Emitter
  readonly clock: Clock
  readonly grace_ms: number
  /** Stream times this process knows of newer than the batch log's, by key group. */
  readonly stream_times?: (group: string) => readonly (number | null)[]
}

export interface LeaseRequest {
  /** Names the history: hash of the file. */
  readonly id: string
  readonly topic: string
  /** Event time of the first row still to come, epoch ms. */
  readonly first_occurred_at: number
  readonly accept_late: boolean
}

/** The history is older than stream time; the message names the remedy. */
export class ImportRefused extends Error {
  override readonly name = 'ImportRefused'
  readonly remedy =
    'import into an empty data directory or cluster before live events, or pass --accept-late ' +
    '(money is taken whatever its time; sessions and windows count these rows as late)'
}

/**
 * Appends the lease to the catalog. `known`: this log has seen a lease of that id before, so a progress file
 * about it may be believed. Throws ImportRefused when tasks are past the history.
 */
export const open_lease = async (
  deps: LeaseDeps,
  request: LeaseRequest,
): Promise<{ readonly known: boolean }> => {
  const last = await last_entry(deps, request.id)
  // A lease still open is this import going on after a crash: rows it may send again are duplicates, not late.
  const resumed = last !== null && (JSON.parse(last.body) as Catalog['imports']).state === 'open'
  if (!request.accept_late && !resumed) await check_time(deps, request)
  await append_entry(deps, request, 'open', last)
  return { known: last !== null }
}

/** Says that the import goes on; without it the lease lapses. */
export const renew_lease = async (
  deps: LeaseDeps,
  request: Pick<LeaseRequest, 'id' | 'topic'>,
): Promise<void> => append_entry(deps, request, 'open', await last_entry(deps, request.id))

/** Ticks may move time again. */
export const close_lease = async (
  deps: LeaseDeps,
  request: Pick<LeaseRequest, 'id' | 'topic'>,
): Promise<void> => append_entry(deps, request, 'closed', await last_entry(deps, request.id))

const check_time = async (deps: LeaseDeps, { topic, first_occurred_at }: LeaseRequest): Promise<void> => {
  const group = deps.app.topics[topic]!.keyed_by
  // Catalog entries carry their own effective time: none of them is ever late.
  if (group === 'catalog') return
  // What follows from the rows in later stages would be late there all the same.
  const groups = new Set(stages_of(deps.app, [topic]).flatMap(stage => stage.map(judged => judged.group)))
  const times: (number | null)[] = []
  for (const each of groups)
    times.push(...(await logged_times(deps, each)), ...(deps.stream_times?.(each) ?? []))
  const latest = Math.max(...times.map(time => time ?? Number.NEGATIVE_INFINITY))
  if (latest <= first_occurred_at + deps.grace_ms) return
  const [first, now] = [first_occurred_at, latest].map(ms => new Date(ms).toISOString())
  throw new ImportRefused(`the history begins ${first}, but events up to ${now} have been processed already`)
}

const logged_times = async ({ app, log }: LeaseDeps, group: string): Promise<(number | null)[]> => {
  const topic = batch_log_topic(group)
  const partitions = (await log.partitions(topic)) ?? 0
  return Promise.all(
    Array.from({ length: Math.min(partitions, app.partitions) }, (_, partition) =>
      newest(log, { topic, partition }, record =>
        record.value ? read_batch(record.value).stream_time_ms : null,
      ),
    ),
  )
}

interface Version {
  readonly effective_at: number
  readonly revision: number
  readonly body: string
}

const last_entry = async ({ app, log, registry }: LeaseDeps, id: string): Promise<Version | null> => {
  const read = body_reader(registry)
  const prefix = Buffer.from(`imports|${id}|`)
  let last: Version | null = null
  for (let partition = 0; partition < partitions_of(app, 'catalog'); partition++)
    await scan(log, { topic: 'catalog', partition }, 0, async ({ key, value }) => {
      if (!value || !key?.subarray(0, prefix.length).equals(prefix)) return
      const row = (await read(value)) as unknown as Version
      if (!last || row.effective_at > last.effective_at || row.revision > last.revision) last = row
    })
  return last
}

const append_entry = async (
  { emitter, clock }: LeaseDeps,
  { id, topic }: Pick<LeaseRequest, 'id' | 'topic'>,
  state: Catalog['imports']['state'],
  last: Version | null,
): Promise<void> => {
  const now = clock.now()
  const body: Catalog['imports'] = { state, topic, renewed_at: now }
  const row = {
    event_id: clock.nonce(),
    tenant_id: '*',
    occurred_at: now,
    kind: 'imports',
    id,
    // The newest (effective_at, revision) holds, also when this machine's clock is behind the last writer's.
    effective_at: Math.max(now, last?.effective_at ?? 0),
    revision: (last?.revision ?? 0) + 1,
    body: JSON.stringify(body),
  }
  await emitter.append('catalog', [emitter.check('catalog', row)])
}
