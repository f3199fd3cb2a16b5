/** A history loaded into an embedded installation of its own and worked off, and what then stands in its topics. */
import type { Event } from '../../commands/demo/world.ts'
import { partitions_of, tributary } from '../../runtime/app.ts'
import { create_emitter, type Row } from '../../runtime/emit.ts'
import { close_lease, open_lease } from '../../runtime/import-lease.ts'
import { scan } from '../../runtime/scan.ts'
import type { Settings } from '../../runtime/worker-types.ts'
import { days, minutes } from '../../schemas/units.ts'
import { type SmallSystem, small_system } from '../runtime/small-system.ts'
import { closing_rows, ORIGIN } from './alerts-history.ts'

export interface Course {
  readonly partitions: number
  /** Records of a micro-batch at most. */
  readonly batch: number
  /** Events that are appended at once. */
  readonly chunk: number
  /** One topic after the other, in place of all in order of time. */
  readonly by_topic: boolean
  /** Every fiftieth event comes twice. */
  readonly repeats: boolean
}

const LEASE = { id: 'backfill', topic: 'payments' } as const

/** At rest when it resolves: everything is processed and checkpointed, nothing runs. */
export const backfill = async (events: readonly Event[], course: Course): Promise<SmallSystem> => {
  const settings: Partial<Settings> = {
    // Time is moved by events only, as while history is imported: the end of the history is the end of time.
    idle_ms: days(36_500),
    batch_records_max: course.batch,
    // Patience, not a measure: on a machine that is shared an input with lag may keep a batch waiting.
    lag_wait_ms: minutes(1),
    linger_ms: 0,
    checkpoint_every_ms: 1000,
  }
  const system = await small_system(settings, undefined, tributary(course.partitions))
  const { app, log, registry, clock } = system.deps
  const emitter = create_emitter(app, log, registry)
  const lease_deps = { app, log, registry, clock, emitter, grace_ms: 0 }
  await open_lease(lease_deps, { ...LEASE, first_occurred_at: ORIGIN, accept_late: false })
  const sent = course.repeats
    ? events.flatMap((event, i) => (i % 50 === 0 ? [event, event] : [event]))
    : events
  const ordered = course.by_topic ? [...Map.groupBy(sent, ({ topic }) => topic).values()].flat() : sent
  for (let at = 0; at < ordered.length; at += course.chunk) {
    const lists = Map.groupBy(ordered.slice(at, at + course.chunk), ({ topic }) => topic)
    for (const [topic, list] of lists)
      await emitter.append(topic, list.map(({ row }) => row) as unknown as Row[])
  }
  await emitter.append(
    'touchpoints',
    closing_rows().map(row => emitter.check('touchpoints', row)),
  )
  await close_lease(lease_deps, LEASE)
  const worker = system.start()
  await Promise.race([system.settled(worker), worker.failed])
  await worker.stop()
  return system
}

/** Bodies of a topic by key, each key's in the order in which they stand. */
export const bodies_of = async ({ deps }: SmallSystem, topic: string): Promise<Map<string, Buffer[]>> => {
  const bodies = new Map<string, Buffer[]>()
  for (let partition = 0; partition < partitions_of(deps.app, topic); partition++)
    await scan(deps.log, { topic, partition }, 0, ({ key, value }) => {
      if (!key || !value) return
      const of_key = bodies.get(key.toString()) ?? []
      bodies.set(key.toString(), of_key)
      // Behind the id of the schema, which is the registry's.
      of_key.push(value.subarray(5))
    })
  return bodies
}
