/** A store that takes no checkpoints, for as long as it likes: what waits in memory is bounded, then the task waits too. */
import { rmSync } from 'node:fs'
import { expect, test } from 'vitest'
import { system_clock } from '../../runtime/clock.ts'
import { start_worker } from '../../runtime/worker.ts'
import type { TaskStatus } from '../../runtime/worker-types.ts'
import { payment, type SmallSystem, small_system } from './small-system.ts'

const CUSTOMERS = 300
const rows = Array.from({ length: CUSTOMERS * 4 }, (_, i) =>
  payment({ event_id: `p${i}`, customer_id: `c${i % CUSTOMERS}`, occurred_at: Date.UTC(2026, 0, 5) + i }),
)

/** A worker over the system's store, whose saves fail while `broken`. */
const start_over = (system: SmallSystem, broken: () => boolean) => {
  const save: typeof system.deps.store.save = (...args) => {
    if (broken()) throw new Error('OOM command not allowed')
    return system.deps.store.save(...args)
  }
  return start_worker({
    ...system.deps,
    store: { ...system.deps.store, save: async (...args) => save(...args) },
  })
}
test('without checkpoints a task stops at the bound, says why, and goes on when they are taken', async () => {
  const system = await small_system({ unsaved_max: 100, batch_records_max: 20, checkpoint_every_ms: 1 })
  let broken = true
  const worker = start_over(system, () => broken)
  const task = (): TaskStatus | undefined =>
    worker.status().find(each => each.group === 'customer' && each.state === 'blocked')
  try {
    await system.send('payments', rows)
    await expect
      .poll(() => task()?.error, { timeout: 10_000 })
      .toMatch(/^\d+ changes wait for a checkpoint: OOM command not allowed/)
    expect(Number(/^\d+/.exec(task()?.error ?? '')?.[0])).toBeLessThan(100 + 20 * 20)
    const stood = { ...task() }
    await system_clock.sleep(300)
    expect(worker.status()).toContainEqual(
      expect.objectContaining({
        partition: stood.partition,
        committed_seq: stood.committed_seq,
        state: 'blocked',
      }),
    )
    expect(Object.values(task()?.lag ?? {}).some(lag => lag > 0)).toBe(true)
    broken = false
    await system.settled(worker)
    expect((await system.read('ledger')).length).toBe(rows.length)
  } finally {
    await worker.stop()
    await system.close()
    rmSync(system.directory, { recursive: true, force: true })
  }
})
