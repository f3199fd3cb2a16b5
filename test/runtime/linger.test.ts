/** Transactions per second and task are bounded: what comes one by one in quick succession is gathered. */
import { expect, test } from 'vitest'
import { system_clock } from '../../runtime/clock.ts'
import type { TaskLog } from '../../runtime/ports.ts'
import { start_worker } from '../../runtime/worker.ts'
import type { Batch, LedgerEntry } from '../../schemas/types.ts'
import { payment, small_system } from './small-system.ts'

const RECORDS = 200
const COMMIT_MS = 10

/** A log whose transactions take a while. */
const slow = (task: TaskLog): TaskLog =>
  new Proxy(task, {
    get(of, name: keyof TaskLog) {
      const member = of[name]
      if (typeof member !== 'function') return member
      const call = (member as (...args: unknown[]) => unknown).bind(of)
      return name === 'commit'
        ? (...args: unknown[]) => system_clock.sleep(COMMIT_MS).then(() => call(...args))
        : call
    },
  })

/** Batches with records, after one record at a time, each sent when the one before is in the log. */
const batches_of = async (linger_ms: number): Promise<number> => {
  const system = await small_system({ linger_ms })
  try {
    const { log } = system.deps
    const run: typeof log.run = (group, work, signal) => log.run(group, task => work(slow(task)), signal)
    const slower = { ...system.deps, log: Object.create(log, { run: { value: run } }) as typeof log }
    const worker = start_worker(slower)
    await system.send('payments', [payment({ event_id: 'first' })])
    await system.settled(worker)
    for (let i = 0; i < RECORDS; i++) await system.send('payments', [payment({ event_id: `p${i}` })])
    await system.settled(worker)
    await worker.stop()
    expect(await system.read<LedgerEntry>('ledger')).toHaveLength(RECORDS + 1)
    const batches = await system.read<Batch>('batch_log.customer')
    return batches.filter(({ ranges }) => ranges.some(({ topic }) => topic === 'payments')).length
  } finally {
    await system.close()
  }
}

test('a lone record goes at once, those behind it together, and none is lost', async () => {
  const gathered = await batches_of(200)
  expect(gathered).toBeGreaterThan(1)
  expect(gathered * 1.4).toBeLessThan(await batches_of(0))
}, 60_000)
