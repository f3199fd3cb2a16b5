/** What is left to be processed: for the topic, then for what follows from it, as of the first look. */
import { afterEach, expect, it } from 'vitest'
import { open_backlog, stages_of } from '../../runtime/backlog.ts'
import type { Batch } from '../../schemas/types.ts'
import { type SmallSystem, small_system } from './small-system.ts'

let system: SmallSystem
afterEach(() => system.close())

const pay = (i: number) => ({
  event_id: `e${i}`,
  tenant_id: `t${i % 3}`,
  customer_id: `c${i}`,
  occurred_at: Date.UTC(1997, 0, 1) + i * 60_000,
  type: 'payment_succeeded',
  amount_minor: 100,
  currency: 'USD',
})
const payments = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => pay(from + i))

it('follows a topic through the stages of its pipelines', async () => {
  system = await small_system()
  const { app } = system.deps
  expect(stages_of(app, ['payments'])).toEqual([
    [{ topic: 'payments', group: 'customer' }],
    [
      { topic: 'measures', group: 'series' },
      { topic: 'movements', group: 'tenant' },
    ],
    [
      { topic: 'metric_points', group: 'tenant' },
      { topic: 'anomalies', group: 'tenant' },
    ],
    [{ topic: 'alerts', group: 'tenant' }],
  ])
  expect(stages_of(app, ['erasures'])).toEqual([[{ topic: 'erasures', group: 'customer' }]])
})

it('is what nobody has processed, and stays so while nobody works', async () => {
  system = await small_system()
  await system.send('payments', payments(0, 40))
  const { left } = open_backlog(system.deps, ['payments'])
  expect([await left(), await left()]).toEqual([40, 40])
  expect(await open_backlog(system.deps, ['touchpoints']).left()).toBe(0)
})

it('is nothing only when the second stage is through, and later records do not count', async () => {
  system = await small_system()
  await system.send('payments', payments(0, 40))
  const backlog = open_backlog(system.deps, ['payments'])
  expect(await backlog.left()).toBe(40)
  await system.send('payments', payments(40, 45))
  const worker = system.start()
  await expect.poll(() => backlog.left(), { timeout: 10_000, interval: 20 }).toBe(0)
  const read = (await system.read<Batch>('batch_log.tenant')).reduce(
    (sum, { ranges }) => sum + ranges.reduce((n, range) => n + range.count, 0),
    0,
  )
  expect(read).toBeGreaterThanOrEqual(40)
  await system.settled(worker)
  await worker.stop()
  expect(await open_backlog(system.deps, ['payments']).left()).toBe(0)
  await system.send('payments', payments(45, 48))
  expect(await open_backlog(system.deps, ['payments']).left()).toBe(3)
})
