/** Many timers due at one moment: they are fired over several batches, so that no batch keeps a task from its heartbeats. */
import { expect, test } from 'vitest'
import { tributary } from '../../runtime/app.ts'
import type { Settings } from '../../runtime/worker-types.ts'
import type { Batch } from '../../schemas/types.ts'
import { hours } from '../../schemas/units.ts'
import { small_system } from './small-system.ts'

const T = Date.UTC(2026, 0, 5)
const CUSTOMERS = 60
const touch = (customer: number, occurred_at: number) => ({
  event_id: `t${occurred_at}`,
  tenant_id: 'acme',
  customer_id: `c${customer}`,
  session_id: null,
  anonymous_id: null,
  occurred_at,
  channel: 'search',
  interaction: 'view',
  currency: 'EUR',
})

/** The batches that fired timers: the sessions of all customers end when one of them comes back two hours later. */
const storm = async (settings: Partial<Settings>): Promise<Batch[]> => {
  const app = tributary(1)
  const pipelines = app.pipelines.filter(({ name }) => name === 'journey-sessions')
  const system = await small_system({ idle_ms: hours(1), ...settings }, undefined, { ...app, pipelines })
  try {
    const first = Array.from({ length: CUSTOMERS }, (_, i) => touch(i, T))
    await system.send('touchpoints', [...first, touch(0, T + hours(2))])
    const worker = system.start()
    await system.settled(worker)
    await worker.stop()
    expect(await system.read('sessions')).toHaveLength(CUSTOMERS)
    return (await system.read<Batch>('batch_log.customer')).filter(({ timers }) => timers > 0)
  } finally {
    await system.close()
  }
}

test('a batch whose time is used up fires one, and says that more are due', async () => {
  const batches = await storm({ batch_compute_ms: -1 })
  expect(batches.map(({ timers }) => timers)).toEqual(new Array(CUSTOMERS).fill(1))
  expect(batches.map(({ more_due }) => more_due)).toEqual([...new Array(CUSTOMERS - 1).fill(true), false])
})

test('with time enough one batch fires them all', async () => {
  const batches = await storm({ batch_compute_ms: hours(1) })
  expect(batches.map(({ timers, more_due }) => [timers, more_due])).toEqual([[CUSTOMERS, false]])
})
