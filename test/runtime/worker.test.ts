import { afterEach, expect, test } from 'vitest'
import type { Batch, DeadLetter, LedgerEntry, RevenueWindow } from '../../schemas/types.ts'
import { type SmallSystem, small_system } from './small-system.ts'

const T = Date.UTC(2026, 0, 5)
const pay = (event_id: string, customer_id: string, amount_minor: number, at = 0) => ({
  event_id,
  tenant_id: 'acme',
  customer_id,
  occurred_at: T + at,
  type: 'payment_succeeded',
  amount_minor,
  currency: 'EUR',
})
let system: SmallSystem | null = null
afterEach(async () => {
  await system?.close()
  system = null
})

test('payments become ledger rows, windows and a chained batch log; a restart changes nothing', async () => {
  system = await small_system()
  await system.send('payments', [pay('1', 'ada', 100), pay('2', 'bo', 250, 600_000), pay('1', 'ada', 100)])
  let worker = system.start()
  await system.settled(worker)
  await expect
    .poll(async () => (await system?.read<RevenueWindow>('revenue_windows'))?.length, { timeout: 5000 })
    .toBe(2)
  await worker.stop()
  worker = system.start()
  await system.settled(worker)
  await system.send('payments', [
    pay('3', 'ada', 7),
    pay('2', 'bo', 250, 600_000),
    pay('2', 'bo', 251, 60_000),
  ])
  await system.settled(worker)
  await expect.poll(async () => (await system?.read('ledger'))?.length).toBe(3)
  await system.settled(worker)
  await worker.stop()
  const ledger = await system.read<LedgerEntry>('ledger')
  expect(ledger.map(row => [row.event_id, row.amount_minor]).sort()).toEqual([
    ['1', 100],
    ['2', 250],
    ['3', 7],
  ])
  const letters = await system.read<DeadLetter>('dead_letters')
  expect(letters.map(letter => letter.reason)).toEqual(['CONFLICT'])
  const batches = await system.read<Batch>('batch_log.customer')
  const outcomes = batches.reduce(
    (sum, { outcomes }) => ({
      p: sum.p + outcomes.processed,
      d: sum.d + outcomes.duplicate,
      x: sum.x + outcomes.dead_letter,
    }),
    { p: 0, d: 0, x: 0 },
  )
  expect(outcomes).toEqual({ p: 3, d: 2, x: 1 })
  expect(batches.filter(batch => batch.kind === 'acquired').length).toBe(4)
})

test('one customer alone: the window closes although no other task ever had a record', async () => {
  system = await small_system()
  await system.send('payments', [pay('1', 'ada', 100)])
  const worker = system.start()
  await expect
    .poll(async () => (await system?.read<RevenueWindow>('revenue_windows'))?.length, { timeout: 8000 })
    .toBe(1)
  await worker.stop()
})

test('losing the state store costs a muted replay: nothing is written twice, sums go on', async () => {
  system = await small_system()
  await system.send('payments', [pay('1', 'ada', 100), pay('2', 'bo', 250, 600_000)])
  let worker = system.start()
  await system.settled(worker)
  await worker.stop()
  for (const group of ['customer', 'tenant', 'catalog'])
    for (const partition of [0, 1]) await system.deps.store.wipe({ app: 'tributary', group, partition })
  worker = system.start()
  await system.send('payments', [pay('3', 'ada', 11), pay('1', 'ada', 100)])
  await system.settled(worker)
  await expect.poll(async () => (await system?.read('ledger'))?.length).toBe(3)
  await system.settled(worker)
  await worker.stop()
})

test('a checkpoint of another log is refused with the remedy named', async () => {
  const other = await small_system()
  await other.send('payments', [pay('1', 'ada', 100)])
  const worker = other.start()
  await other.settled(worker)
  await worker.stop()
  system = await small_system()
  const mixed = { ...system.deps, store: other.deps.store }
  const { start_worker } = await import('../../runtime/worker.ts')
  const second = start_worker(mixed)
  await expect
    .poll(() => second.status().filter(task => task.state === 'refused').length, { timeout: 5000 })
    .toBeGreaterThan(0)
  const refused = second.status().find(task => task.state === 'refused')
  expect(refused?.error).toMatch(/belongs to another log.*npm run checkpoints -- reset/)
  await second.stop()
  await other.close()
})
