/** A lost checkpoint comes back from the newest snapshot that fits: less is replayed, and nothing is different. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Snapshots, snapshot_directory } from '../../runtime/snapshots.ts'
import { start_worker } from '../../runtime/worker.ts'
import { type Observer, unobserved, type WorkerDeps } from '../../runtime/worker-types.ts'
import type { LedgerEntry } from '../../schemas/types.ts'
import { days } from '../../schemas/units.ts'
import { payment, type SmallSystem, small_system } from './small-system.ts'

let dir: string
let system: SmallSystem
let snapshots: Snapshots
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'tributary-snapshots-'))
  // A tick between two looks would drop state whose time is over.
  system = await small_system({ idle_ms: days(3650) })
  snapshots = snapshot_directory(dir)
})
afterEach(async () => {
  await system.close()
  rmSync(dir, { recursive: true, force: true })
})

const ADA = { app: 'tributary', group: 'customer', partition: 0 }
const AHEAD_MS = 120_000
const CUSTOMERS = 5

/** Works off what was sent; `jump`: the clock is so far ahead that snapshots are due. */
const run = async (jump_ms = 0): Promise<{ replayed: number }> => {
  let replayed = 0
  let ahead = 0
  const observe: Observer = {
    ...unobserved,
    recovery: (group, _kind, records) => {
      if (group === 'customer') replayed += records
    },
  }
  const clock: WorkerDeps['clock'] = { ...system.deps.clock, now: () => Date.now() + ahead }
  const worker = start_worker({ ...system.deps, clock, observe, snapshots })
  await system.settled(worker)
  if (jump_ms > 0) {
    const before = newest_seqs()
    ahead = jump_ms
    // Something for every task to do: one at rest looks at the clock every few seconds only.
    const names = Array.from({ length: CUSTOMERS }, (_, i) => `c${i}`)
    await system.send(
      'payments',
      names.map(name => payment({ event_id: `${name} ${jump_ms}`, customer_id: name })),
    )
    const all_new = () => newest_seqs().every((seqs, i) => seqs !== before[i])
    await vi.waitFor(() => expect(all_new()).toBe(true), { timeout: 15_000, interval: 20 })
    await system.settled(worker)
  }
  await worker.stop()
  return { replayed }
}
const folders = () => [0, 1].map(partition => join(dir, `tributary.customer.${partition}`))
const files_in = (folder: string) => {
  try {
    return readdirSync(folder).sort()
  } catch {
    return []
  }
}
const newest_seqs = () => folders().map(folder => files_in(folder).join())
const wipe = async () => {
  for (const partition of [0, 1]) await system.deps.store.wipe({ ...ADA, partition })
}
const some = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) =>
    payment({ event_id: `p${from + i}`, customer_id: `c${i % CUSTOMERS}` }),
  )
const state_of = async () => {
  const entities: string[] = []
  for (const partition of [0, 1])
    for await (const [key, fields] of system.deps.store.scan({ ...ADA, partition }))
      for (const [field, bytes] of fields) entities.push(`${key} ${field} ${bytes.toString('hex')}`)
  return entities.sort()
}
const booked = async () => (await system.read<LedgerEntry>('ledger')).length

test('the tail behind it is replayed, not everything; state and outputs are the same', async () => {
  await system.send('payments', some(0, 200))
  await run(AHEAD_MS)
  await system.send('payments', some(200, 230))
  await run()
  const before = await state_of()
  await wipe()
  const { replayed } = await run()
  expect(replayed).toBeGreaterThan(0)
  expect(replayed).toBeLessThanOrEqual(30 + CUSTOMERS)
  expect(await state_of()).toEqual(before)
  expect(await booked()).toBe(230 + CUSTOMERS)
})

test('two are kept; a damaged one gives way to the older, and with none everything is replayed', async () => {
  for (let n = 0; n < 3; n++) {
    await system.send('payments', some(n * 50, n * 50 + 50))
    await run(AHEAD_MS + n * 86_400_000)
  }
  const before = await state_of()
  for (const folder of folders()) {
    const files = files_in(folder)
    expect(files).toHaveLength(2)
    for (const file of files) {
      const newest = Number.parseInt(file, 10) === Math.max(...files.map(name => Number.parseInt(name, 10)))
      const bytes = readFileSync(join(folder, file))
      if (newest) writeFileSync(join(folder, file), bytes.subarray(0, bytes.length - 12))
    }
  }
  await wipe()
  expect((await run()).replayed).toBeLessThanOrEqual(50 + 2 * CUSTOMERS)
  expect(await state_of()).toEqual(before)
  rmSync(dir, { recursive: true })
  await wipe()
  expect((await run()).replayed).toBe(150 + 3 * CUSTOMERS)
  expect(await state_of()).toEqual(before)
})

test('a snapshot of another log is left alone, and a restore that was cut short is begun anew', async () => {
  await system.send('payments', some(0, 40))
  await run(AHEAD_MS)
  const before = await state_of()
  const [mine] = await snapshots.list(ADA)
  if (!mine) throw new Error('no snapshot')
  await snapshots.save(ADA, { ...mine.header, seq: mine.header.seq + 100, log_id: 'another' }, nothing())
  await wipe()
  await system.deps.store.save(
    ADA,
    null,
    { ...mine.header, log_id: 'unfinished', nonce: 'unfinished', seq: 0 },
    [{ key: 'acme|nobody', fields: [['revenue-ledger/book-revenue', Buffer.from('half')]] }],
  )
  await run()
  expect(await state_of()).toEqual(before)
})

async function* nothing() {}
