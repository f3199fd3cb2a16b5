/** Transactions per second and task are bounded: what comes one by one in quick succession is gathered. */
import { expect, test } from 'vitest'
import { system_clock } from '../../runtime/clock.ts'
import type { TaskLog } from '../../runtime/ports.ts'
import { start_worker } from '../../runtime/worker.ts'
import type { Batch, LedgerEntry } from '../../schemas/types.ts'
import { payment, small_system } from './small-system.ts'

const RECORDS = 300
const COMMIT_MS = 10
const FIRST = 6

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

/**
 * Milliseconds from batch to batch of one task, after one record at a time, each sent when the one before is in the log; without
 * the first ones, when it is not known yet how long commits take.
 */
const gaps_of = async (linger_ms: number): Promise<number[]> => {
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
    const { partition } = batches.find(({ ranges }) =>
      ranges.some(({ topic }) => topic === 'payments'),
    ) as Batch
    const at = batches.filter(batch => batch.partition === partition).map(({ wall_at }) => wall_at)
    return at.slice(FIRST).map((ms, i) => ms - (at[FIRST + i - 1] as number))
  } finally {
    await system.close()
  }
}

test('a batch begins when commits are over and as long again has passed, and no record is lost', async () => {
  const gathered = await gaps_of(200)
  expect(gathered.length).toBeGreaterThan(3)
  expect(Math.min(...gathered)).toBeGreaterThanOrEqual(2 * COMMIT_MS - 2)
  expect(Math.min(...(await gaps_of(0)))).toBeLessThan(2 * COMMIT_MS - 2)
}, 60_000)
