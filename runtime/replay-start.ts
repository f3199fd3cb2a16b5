/**
 * Where a replay of one task begins: at its newest snapshot that holds nothing of the stretch in question, else at the
 * beginning of the log. What stands in the state store is of no use here: it follows the head of the log by a second.
 */
import type { Batch } from '../schemas/types.ts'
import type { App } from './app.ts'
import { read_batch } from './batch-log.ts'
import type { TaskState } from './checkpoint.ts'
import type { Log } from './ports.ts'
import { read_stored, type Stored } from './replay-branch.ts'
import { ReplayRefused, read_place } from './replay-log.ts'
import type { ReplayGroup } from './replay-scope.ts'
import type { Place } from './scan.ts'
import { default_settings } from './settings.ts'
import type { Snapshot, Snapshots } from './snapshots.ts'

export interface Start {
  /** Where the first batch to be replayed stands in the batch log, or an acquisition before it. */
  readonly log_offset: number
  /** null: at the beginning, with no state. */
  readonly from: { readonly state: TaskState; readonly stored: Stored } | null
}

/** Throws ReplayRefused where the log begins behind the stretch and no snapshot helps. */
export const start_of = async (
  { app, log, snapshots }: { readonly app: App; readonly log: Log; readonly snapshots: Snapshots | null },
  scope: ReplayGroup,
  place: Place,
  from_ms: number,
  signal: AbortSignal,
): Promise<Start> => {
  const { start } = await log.bounds(place.topic, place.partition)
  const task = { app: app.name, group: scope.group.name, partition: place.partition }
  for (const snapshot of (await snapshots?.list(task)) ?? []) {
    const state = JSON.parse(snapshot.header.task) as TaskState
    if (state.log_offset < start || !has_all(scope, state)) continue
    const batch = await batch_at(log, place, state.log_offset, signal)
    if (!batch || !is_of(batch, snapshot) || newest_event_ms(state, batch) >= from_ms) continue
    const stored = await read_stored(snapshot).catch(() => null)
    if (stored) return { log_offset: state.log_offset + 1, from: { state, stored } }
  }
  if (start > 0)
    throw new ReplayRefused(
      `${place.topic}/${place.partition} is kept from ${start} on, and no snapshot from before ` +
        `${new Date(from_ms).toISOString()} is there: the range is before the retained log`,
    )
  return { log_offset: 0, from: null }
}

const has_all = ({ group }: ReplayGroup, { pipelines }: TaskState): boolean =>
  group.pipelines.every(({ name }) => pipelines.includes(name))

const is_of = (batch: Batch, { header }: Snapshot): boolean =>
  batch.seq === header.seq && batch.digest === header.digest && batch.log_id === header.log_id

const batch_at = async (
  log: Log,
  place: Place,
  offset: number,
  signal: AbortSignal,
): Promise<Batch | null> => {
  const { end } = await log.bounds(place.topic, place.partition)
  if (offset >= end) return null
  for await (const { value } of read_place(log, place, offset, offset + 1, signal))
    return read_batch(value as Buffer)
  return null
}

/** No event in the state is later: by what the task has seen, or since what is from the future is refused. */
const newest_event_ms = ({ processor }: TaskState, { wall_at }: Batch): number => {
  const { seen_ms, upstream } = processor.stream_time
  const told = Object.values(upstream).flat()
  const known = told.every(one => typeof one === 'number')
  const seen = known
    ? Math.max(seen_ms ?? Number.NEGATIVE_INFINITY, ...(told as number[]))
    : Number.POSITIVE_INFINITY
  return Math.min(seen, wall_at + default_settings.future_ms)
}
