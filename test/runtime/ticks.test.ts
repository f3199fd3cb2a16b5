/**
 * When time moves without a record: never before a task's first record, while history is loaded, or without a
 * due timer. Every batch is a batch-log record, so a batch log that stands still means that nothing happened.
 */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { tributary } from '../../runtime/app.ts'
import { create_emitter } from '../../runtime/emit.ts'
import { close_lease, type LeaseDeps, open_lease } from '../../runtime/import-lease.ts'
import { partition_of } from '../../runtime/keys.ts'
import type { Clock, Log, TaskLog } from '../../runtime/ports.ts'
import { default_settings } from '../../runtime/settings.ts'
import { start_worker } from '../../runtime/worker.ts'
import type { Batch } from '../../schemas/types.ts'
import { days, hours } from '../../schemas/units.ts'
import { type SmallSystem, small_system } from './small-system.ts'

const T = Date.UTC(1997, 0, 1)
const IDLE_MS = 30
let system: SmallSystem
let worker: ReturnType<typeof start_worker>
/** Added to the real clock: time that passes at once. */
let ahead_ms: number
let clock: Clock
/** How often each task has looked whether there is something to do. */
let looks: Map<string, number>

/** The log, with tasks that rest for a moment at most, and whose looks are counted. */
const restless = (log: Log): Log => ({
  ...log,
  run: (group, work, signal) =>
    log.run(
      group,
      (task): Promise<void> => {
        const name = `${task.group}/${task.partition}`
        const quick: TaskLog = {
          group: task.group,
          partition: task.partition,
          signal: task.signal,
          reader: topic => task.reader(topic),
          wait: max_ms => {
            looks.set(name, (looks.get(name) ?? 0) + 1)
            return task.wait(Math.min(max_ms, 10))
          },
          acquire: () => task.acquire(),
          commit: outputs => task.commit(outputs),
          committed: () => task.committed(),
          save: offsets => task.save(offsets),
        }
        return work(quick)
      },
      signal,
    ),
})

beforeEach(async () => {
  // The pipelines whose timers are told of here: any other's would be a tick more.
  const app = tributary(2)
  const pipelines = app.pipelines.filter(({ name }) => name.startsWith('revenue-'))
  system = await small_system({ idle_ms: IDLE_MS, checkpoint_every_ms: 10 }, undefined, { ...app, pipelines })
  const { clock: real } = system.deps
  ahead_ms = T - real.now()
  clock = { ...real, now: () => real.now() + ahead_ms }
  looks = new Map()
  worker = start_worker({ ...system.deps, log: restless(system.deps.log), clock })
})
afterEach(async () => {
  await worker.stop()
  await system.close()
})

/** One customer per task of the first stage. */
const CUSTOMERS = [0, 1].map(partition =>
  ['a', 'b', 'c', 'd', 'e', 'f', 'g'].find(
    name => partition_of(Buffer.from(`shop|${name}`), 2) === partition,
  ),
)
const payments = CUSTOMERS.map(customer_id => ({
  event_id: '1',
  tenant_id: 'shop',
  customer_id,
  occurred_at: T,
  type: 'payment_succeeded',
  amount_minor: 100,
  currency: 'USD',
}))
const records = async (): Promise<Batch[]> =>
  (await Promise.all(['customer', 'tenant'].map(group => system.read<Batch>(`batch_log.${group}`)))).flat()
const ticks = async (): Promise<Batch[]> => (await records()).filter(({ tick_ms }) => tick_ms !== null)

/** Every task has looked often enough, over more than the idle time, to have done what it may. */
const all_looked = async (): Promise<void> => {
  const before = new Map(looks)
  const began = clock.now()
  const often = () => [...looks].every(([name, count]) => count >= (before.get(name) ?? 0) + 8)
  await expect.poll(() => often() && clock.now() - began > IDLE_MS * 3, { timeout: 15_000 }).toBe(true)
}
/** Resolves with the number of records once nothing more happens. */
const calm = async (): Promise<number> => {
  await system.settled(worker)
  for (let before = -1; ; ) {
    const count = (await records()).length
    if (count === before) return count
    before = count
    await all_looked()
  }
}
const stays = async (count: number): Promise<void> => {
  await all_looked()
  expect((await records()).length).toBe(count)
}
const lease_deps = (): LeaseDeps => {
  const { app, log, registry } = system.deps
  const emitter = create_emitter(app, log, registry)
  return { app, log, registry, emitter, clock, grace_ms: default_settings.grace_ms }
}

it('no tick before the first record, however long it takes; one idle word per task and then silence', async () => {
  const count = await calm()
  ahead_ms += days(30)
  await stays(count)
  const all = await records()
  expect(all.filter(({ tick_ms, stream_time_ms }) => tick_ms !== null || stream_time_ms !== null)).toEqual([])
  expect(all.filter(({ kind, key_group }) => kind === 'batch' && key_group === 'customer').length).toBe(2)
})

it('no tick without a due timer: once the window is closed, forgotten and its key dropped, the logs stand still', {
  timeout: 50_000,
}, async () => {
  await system.send('payments', payments)
  const open = await calm()
  expect(await ticks()).toEqual([])
  await stays(open)

  ahead_ms += hours(1)
  await expect.poll(async () => (await system.read('revenue_windows')).length, { timeout: 15_000 }).toBe(1)
  const closed = await calm()
  expect((await ticks()).map(({ key_group }) => key_group)).toEqual(['tenant'])
  await stays(closed)

  ahead_ms += days(3)
  await expect.poll(async () => (await ticks()).length, { timeout: 15_000 }).toBe(2)
  const forgotten = await calm()
  ahead_ms += days(7)
  await stays(forgotten)

  ahead_ms += days(30)
  await expect.poll(async () => (await ticks()).length, { timeout: 15_000 }).toBe(3)
  const dropped = await calm()
  ahead_ms += days(300)
  await stays(dropped)
})

it('no tick and no idle word while a lease is open; both come when it is closed', async () => {
  const lease = { id: 'ab'.repeat(32), topic: 'payments' }
  await open_lease(lease_deps(), { ...lease, first_occurred_at: T, accept_late: false })
  await system.send('payments', payments)
  await expect.poll(async () => (await system.read('ledger')).length, { timeout: 15_000 }).toBe(2)
  ahead_ms += default_settings.import_lapse_ms - 10_000
  const count = await calm()
  await stays(count)
  expect(await ticks()).toEqual([])
  expect(await system.read('revenue_windows')).toEqual([])

  await close_lease(lease_deps(), lease)
  await expect.poll(async () => (await system.read('revenue_windows')).length, { timeout: 15_000 }).toBe(1)
  expect((await ticks()).length).toBe(1)
})
