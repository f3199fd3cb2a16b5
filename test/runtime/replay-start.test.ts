/** A replay begins at a snapshot that holds nothing of its stretch, and comes to the same rows as from the beginning. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { LogRecord, Output } from '../../runtime/ports.ts'
import { replay } from '../../runtime/replay.ts'
import { Compared } from '../../runtime/replay-compare.ts'
import { replay_groups } from '../../runtime/replay-scope.ts'
import { default_settings } from '../../runtime/settings.ts'
import { type Snapshots, snapshot_directory } from '../../runtime/snapshots.ts'
import { start_worker } from '../../runtime/worker.ts'
import { days, hours } from '../../schemas/units.ts'
import { payment, type SmallSystem, small_system } from './small-system.ts'

const BEGAN = Date.now()
/** Payments of a past long ago, then a snapshot of both tasks, then payments of now. */
const LONG_AGO = BEGAN - days(30)
const SENT = 40

let dir: string
let system: SmallSystem
let snapshots: Snapshots
const tasks = [0, 1].map(partition => ({ app: 'tributary', group: 'customer', partition }))
const pay = (from: number, at_ms: number) =>
  system.send(
    'payments',
    Array.from({ length: SENT }, (_, i) =>
      payment({ event_id: `p${from + i}`, customer_id: `c${i % 9}`, occurred_at: at_ms + i }),
    ),
  )

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'tributary-replay-'))
  snapshots = snapshot_directory(dir)
  system = await small_system({ idle_ms: days(36_500) })
  await pay(0, LONG_AGO)
  let ahead_ms = 0
  const clock = { ...system.deps.clock, now: () => Date.now() + ahead_ms }
  const worker = start_worker({ ...system.deps, clock, snapshots })
  await system.settled(worker)
  ahead_ms = 120_000
  await pay(SENT, LONG_AGO + hours(1))
  const taken = () => tasks.every(task => snapshots.newest_at(task) !== null)
  await vi.waitFor(() => expect(taken()).toBe(true), { timeout: 15_000, interval: 20 })
  await pay(2 * SENT, BEGAN)
  await system.settled(worker)
  await worker.stop()
}, 60_000)
afterAll(async () => {
  await system.close()
  rmSync(dir, { recursive: true, force: true })
})

const ledger = async (from_ms: number, of: Snapshots | null) => {
  const { deps } = system
  const compared = new Compared(deps, 'ledger', { from_ms, to_ms: BEGAN + hours(1), tenant: null })
  await compared.begin()
  const { records } = await replay(
    { ...deps, snapshots: of, import_lapse_ms: default_settings.import_lapse_ms },
    {
      ...{ topics: ['ledger'], from_ms, other: null, judged: new Set<string>(), hears: () => null },
      rows: (_course: string, outputs: readonly Output[]) => compared.add(outputs),
      progress: () => {},
    },
    new AbortController().signal,
  )
  return { records, agreement: await compared.end() }
}

test('less is replayed from a snapshot, and the rows are the same', async () => {
  const all = await ledger(BEGAN, null)
  const behind = await ledger(BEGAN, snapshots)
  expect(all.records).toBe(3 * SENT)
  expect(behind.records).toBeLessThanOrEqual(2 * SENT)
  expect(behind.agreement).toMatchObject({ recorded: SENT, equal: SENT, unrecorded: 0, missing: 0 })
  expect(behind.agreement).toEqual(all.agreement)
})

test('a snapshot that holds events of the stretch is left', async () => {
  const { records, agreement } = await ledger(LONG_AGO + hours(1), snapshots)
  expect(records).toBe(3 * SENT)
  expect(agreement).toMatchObject({ recorded: 2 * SENT, equal: 2 * SENT })
})

test('the body of a record that was changed since is refused', async () => {
  const { log } = system.deps
  const changed = ({ value, ...rest }: LogRecord): LogRecord => {
    const bytes = value && Buffer.from(value)
    if (bytes) bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
    return { ...rest, value: bytes }
  }
  const tail: typeof log.tail = async function* (topic, partition, from, signal) {
    for await (const { records, ...rest } of log.tail(topic, partition, from, signal))
      yield { ...rest, records: topic === 'payments' ? records.map(changed) : records }
  }
  const request = {
    ...{ topics: ['ledger'], from_ms: 0, other: null, judged: new Set<string>(), hears: () => null },
    rows: () => {},
    progress: () => {},
  }
  const deps = { ...system.deps, log: { ...log, tail }, snapshots: null, import_lapse_ms: 0 }
  await expect(replay(deps, request, new AbortController().signal)).rejects.toThrow(
    'are not those that were processed',
  )
})

test('only the pipelines that a topic comes from are replayed, the first stage first', () => {
  const { app } = system.deps
  const names = (topic: string) =>
    replay_groups(app, [topic]).map(({ group, whole }) => ({
      group: group.name,
      pipelines: group.pipelines.map(({ name }) => name),
      inputs: group.inputs.length === whole.inputs.length,
    }))
  expect(names('ledger')).toEqual([{ group: 'customer', pipelines: ['revenue-ledger'], inputs: true }])
  expect(names('prices').map(({ group, inputs }) => [group, inputs])).toEqual([
    ['customer', true],
    ['tenant', true],
  ])
  expect(names('prices')[0]?.pipelines).toContain('lead-scoring')
  expect(() => replay_groups(app, ['payments'])).toThrow('no pipeline writes payments')
})
