/**
 * What is driven again, rebuilt, and driven again once more counts once, in whatever order; a rebuild that was cut short, or
 * that the state store has forgotten, is no state to go on from.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Places, visit_log } from '../../commands/reconcile-sums.ts'
import { compile_encoder } from '../../runtime/avro/encoder.ts'
import { read_batch } from '../../runtime/batch-log.ts'
import { partition_of } from '../../runtime/keys.ts'
import { rebuild_group } from '../../runtime/rebuild.ts'
import { redriven, visit_dead_letters } from '../../runtime/redrive.ts'
import { snapshot_directory } from '../../runtime/snapshots.ts'
import { start_worker } from '../../runtime/worker.ts'
import type { WorkerDeps } from '../../runtime/worker-types.ts'
import { definitions } from '../../schemas/definitions.ts'
import type { DeadLetter, LedgerEntry, RevenueWindow } from '../../schemas/types.ts'
import { days, minutes } from '../../schemas/units.ts'
import { app_with_failing_ledger } from './failing-ledger.ts'
import { payment, type SmallSystem, small_system } from './small-system.ts'

/** Amounts that the ledger's pipeline throws at. */
const deployed = { fails_from: Number.POSITIVE_INFINITY }
const app = app_with_failing_ledger(({ amount_minor = 0 }) => amount_minor >= deployed.fails_from)

/** Today: a window that a tick closed long ago would be beyond correction. */
const BEGIN = Math.floor(Date.now() / minutes(1)) * minutes(1) - minutes(1200)
const paid = (n: number, amount_minor: number) =>
  payment({ event_id: `p${n}`, customer_id: 'ada', occurred_at: BEGIN + minutes(n), amount_minor })
const many = (from: number, to: number, amount: number) =>
  Array.from({ length: to - from }, (_, i) => paid(from + i, amount))

let system: SmallSystem
beforeEach(async () => {
  deployed.fails_from = Number.POSITIVE_INFINITY
  system = await small_system({ batch_records_max: 20 }, undefined, app)
})
afterEach(() => system.close())

const run = async (): Promise<readonly string[]> => {
  const worker = system.start()
  await system.settled(worker)
  const aside = new Set(worker.status().flatMap(task => task.quarantined))
  await worker.stop()
  return [...aside]
}
const rebuild = (deps: WorkerDeps = system.deps) =>
  rebuild_group(
    deps,
    { group: 'customer', emit: 'difference', pipelines: [], alone_within_ms: 5000 },
    () => {},
    new AbortController().signal,
  )
const wipe = async (groups = ['customer', 'tenant']) => {
  for (const group of groups)
    for (const partition of [0, 1]) await system.deps.store.wipe({ app: app.name, group, partition })
}
const booked = async () => (await system.read<LedgerEntry>('ledger')).map(row => row.cause_event_id).sort()
/** What `npm run reconcile` takes from the log to have moved money. */
const moved = async () => {
  const found: string[] = []
  const { app, log, registry } = system.deps
  await visit_log({ app, log, registry } as Places, movement => found.push(movement.event_id))
  return found.sort()
}
const ids = (rows: readonly { event_id: string }[]) => rows.map(row => row.event_id).sort()
/** Sends in again every dead letter of the reason, as `npm run dlq -- replay` does. */
const drive = async (reason: string): Promise<number> => {
  const letters: DeadLetter[] = []
  await visit_dead_letters(system.deps, letter => {
    if (letter.reason === reason) letters.push(letter)
  })
  for (const letter of letters) {
    const record = redriven(app, letter)
    if (typeof record === 'string') throw new Error(record)
    await system.deps.log.append([record])
  }
  await run()
  return letters.length
}

test('refused because the pipeline was set aside, and driven again after the rebuild: once', async () => {
  const rows = many(0, 130, 100)
  deployed.fails_from = 1
  await system.send('payments', rows)
  expect(await run()).toEqual(['revenue-ledger'])
  deployed.fails_from = Number.POSITIVE_INFINITY
  expect(await drive('OPERATOR_ERROR')).toBeGreaterThan(99)
  await rebuild()
  expect(await drive('QUARANTINED')).toBeGreaterThan(99)
  expect(await booked()).toEqual(ids(rows))
  await wipe()
  await run()
  expect(await drive('OPERATOR_ERROR')).toBeGreaterThan(99)
  expect(await booked()).toEqual(ids(rows))
  expect(await moved()).toEqual(ids(rows))
}, 60_000)

test('driven again it fails again: its second dead letter counts once, before and after a rebuild', async () => {
  const rows = [paid(1, 100), paid(2, 500), paid(3, 900)]
  deployed.fails_from = 500
  await system.send('payments', rows)
  await run()
  expect(await drive('OPERATOR_ERROR')).toBe(2)
  deployed.fails_from = 900
  expect(await drive('OPERATOR_ERROR')).toBe(4)
  expect(await booked()).toEqual(['p1', 'p2'])
  // Still not mended for one of them: a rebuild must not settle what it did not take.
  await rebuild()
  deployed.fails_from = Number.POSITIVE_INFINITY
  await drive('OPERATOR_ERROR')
  expect(await booked()).toEqual(ids(rows))
  await rebuild()
  await drive('OPERATOR_ERROR')
  await wipe()
  await run()
  expect(await booked()).toEqual(ids(rows))
  expect(await moved()).toEqual(ids(rows))
}, 60_000)

test('a dead letter that nobody takes moves no time: a replay, which does not see it, agrees', async () => {
  const touch = (event_id: string, n: number) => ({
    ...payment({ event_id, occurred_at: BEGIN + minutes(n) }),
    session_id: null,
    anonymous_id: null,
    channel: 'search',
    campaign: null,
    content_id: null,
    interaction: 'click',
    funnel_step: null,
    device: null,
    country: null,
    cost_minor: 0,
    properties: {},
  })
  const { registry, log } = system.deps
  const schema = definitions.touchpoints
  const encode = compile_encoder(schema, await registry.register('touchpoints-value', schema))
  const key = Buffer.from('acme|ada')
  const topic = 'touchpoints.rekeyed'
  const partition = partition_of(key, 2)
  const redrive = { pipeline: 'gone', dead_letter_id: 'one' }
  await system.send('touchpoints', [touch('t', 0)])
  await log.append([
    { topic, partition, key, value: encode(touch('from-tomorrow', 2000)), redrive },
    { topic, partition, key, value: encode(touch('u', 1)) },
  ])
  const worker = system.start()
  const closed = async () => expect(await system.read('sessions')).not.toEqual([])
  await vi.waitFor(closed, { timeout: 20_000, interval: 20 })
  await system.settled(worker)
  await worker.stop()
  const sessions = await system.read('sessions')
  await wipe()
  await run()
  expect(await system.read('sessions')).toEqual(sessions)
})

test('what was driven again is remembered for ever, also where ids are not', () => {
  expect(app.topics.touchpoints?.dedupe).toBe(days(2))
  expect(app.topics['touchpoints.rekeyed']?.dedupe).toBe('for_ever')
})

test('a rebuild that is cut short leaves nothing to go on from: the next start replays as it was', async () => {
  deployed.fails_from = 500
  await system.send('payments', [...many(0, 10, 500), ...many(10, 70, 100)])
  await run()
  await system.send('payments', many(70, 130, 100))
  await run()
  deployed.fails_from = Number.POSITIVE_INFINITY
  // It ends before its own record, behind checkpoints on the way.
  let saved = 0
  const save: typeof system.deps.store.save = async (...args) => {
    if (args[2].seq > 0 && args[3].length > 0) saved++
    return system.deps.store.save(...args)
  }
  const store = { ...system.deps.store, save }
  const log = {
    ...system.deps.log,
    run: ((group, work, signal) =>
      system.deps.log.run(
        group,
        task => {
          const commit: typeof task.commit = async outputs => {
            const kinds = outputs.map(({ topic, value }) => topic === LOG && value && read_batch(value).kind)
            if (kinds.includes('rebuilt') && saved > 0) throw new Error('cut short')
            return task.commit(outputs)
          }
          return work(new Proxy(task, { get: (of, name) => (name === 'commit' ? commit : bound(of, name)) }))
        },
        signal,
      )) as typeof system.deps.log.run,
    tail: system.deps.log.tail.bind(system.deps.log),
    bounds: system.deps.log.bounds.bind(system.deps.log),
  }
  const settings = { ...system.deps.settings, checkpoint_every_ms: 0 }
  await expect(rebuild({ ...system.deps, log, store, settings })).rejects.toThrow('cut short')
  expect(saved).toBeGreaterThan(0)
  await system.send('payments', many(130, 140, 100))
  await run()
  expect(await booked()).toHaveLength(130)
  expect(await totals()).toBe(130 * 100)
  await rebuild()
  await run()
  expect(await booked()).toHaveLength(140)
})

const LOG = 'batch_log.customer'
const bound = (of: object, name: string | symbol): unknown => {
  const value = Reflect.get(of, name, of) as unknown
  return typeof value === 'function' ? value.bind(of) : value
}

test('a snapshot from before a rebuild is left: what the rebuild brought back is not in it', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'tributary-settled-'))
  const snapshots = snapshot_directory(dir)
  try {
    deployed.fails_from = 500
    await system.send('payments', [...many(0, 30, 100), ...many(30, 40, 500)])
    await run()
    let ahead = 0
    const clock = { ...system.deps.clock, now: () => Date.now() + ahead }
    const worker = start_worker({ ...system.deps, clock, snapshots })
    await system.settled(worker)
    ahead = minutes(5)
    await system.send('payments', many(40, 50, 100))
    const held = async () =>
      (await Promise.all([0, 1].map(p => snapshots.list({ ...ADA, partition: p })))).flat()
    await vi.waitFor(async () => expect(await held()).not.toEqual([]), { timeout: 20_000, interval: 50 })
    await worker.stop()
    deployed.fails_from = Number.POSITIVE_INFINITY
    await rebuild()
    await system.send('payments', many(50, 60, 100))
    await run()
    await wipe(['customer'])
    const again = start_worker({ ...system.deps, snapshots })
    await system.settled(again)
    await again.stop()
    expect(await totals()).toBe(50 * 100 + 10 * 500)
  } finally {
    rmSync(dir, { recursive: true })
  }
}, 60_000)

const ADA = { app: app.name, group: 'customer' }
/** Money in the ledger operator's state. */
const totals = async (): Promise<number> => {
  const { state_reader } = await import('../../runtime/read-state.ts')
  const read = state_reader(app)
  let sum = 0
  for (const partition of [0, 1])
    for await (const [, fields] of system.deps.store.scan({ ...ADA, partition }))
      for (const [node, state] of Object.entries(read(fields)))
        if (node.startsWith('revenue-ledger/') && 'slots' in state)
          for (const day of Object.values(state.slots ?? {}))
            sum += (day as { gross_minor: number }).gross_minor
  return sum
}

test('two customers who use the same event_id: a rebuild writes the movement that is missing', async () => {
  deployed.fails_from = 500
  await system.send('payments', [
    payment({ event_id: 'same', customer_id: 'ada', occurred_at: BEGIN, amount_minor: 700 }),
    payment({ event_id: 'same', customer_id: 'bo', occurred_at: BEGIN, amount_minor: 100 }),
    payment({ event_id: 'same', customer_id: 'cy', occurred_at: BEGIN, amount_minor: 700 }),
  ])
  await run()
  deployed.fails_from = Number.POSITIVE_INFINITY
  const [movements] = (await rebuild()).filter(({ topic }) => topic === 'movements')
  expect(movements).toMatchObject({ emitted: 2, unchangeable: 0, stale: 0 })
  const worker = system.start()
  const windowed = async () => {
    const newest = new Map<string, RevenueWindow>()
    for (const window of await system.read<RevenueWindow>('revenue_windows'))
      if ((newest.get(window.event_id)?.revision ?? -1) < window.revision) newest.set(window.event_id, window)
    expect([...newest.values()].reduce((sum, { net_minor }) => sum + net_minor, 0)).toBe(1500)
  }
  await vi.waitFor(windowed, { timeout: 20_000, interval: 50 })
  await worker.stop()
  expect((await rebuild()).filter(({ emitted }) => emitted > 0)).toEqual([])
}, 60_000)
