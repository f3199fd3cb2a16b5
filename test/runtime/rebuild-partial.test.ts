/** A rebuild of what batches had added up: the sums are made good, once, though the rows of then and now are cut otherwise. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { rebuild_group } from '../../runtime/rebuild.ts'
import type { MetricPoint } from '../../schemas/types.ts'
import { minutes } from '../../schemas/units.ts'
import { app_with_failing_ledger } from './failing-ledger.ts'
import { payment, type SmallSystem, small_system } from './small-system.ts'

const deployed = { fails_from: Number.POSITIVE_INFINITY }
const app = app_with_failing_ledger(
  ({ amount_minor = 0 }) => amount_minor >= deployed.fails_from,
  ['metric-windows'],
)
/** Not long ago: what is beyond correction is not made good. */
const BEGIN = Math.floor(Date.now() / minutes(5)) * minutes(5) - minutes(120)

let system: SmallSystem
beforeEach(async () => {
  deployed.fails_from = Number.POSITIVE_INFINITY
  system = await small_system({ batch_records_max: 20 }, undefined, app)
})
afterEach(() => system.close())

const rebuild = async () => {
  const request = { group: 'customer', emit: 'difference', pipelines: [], alone_within_ms: 5000 } as const
  const report = await rebuild_group(system.deps, request, () => {}, new AbortController().signal)
  return report.find(({ topic }) => topic === 'measures')
}
const newest = async (dimension: string) => {
  const points = new Map<string, MetricPoint>()
  for (const point of await system.read<MetricPoint>('metric_points'))
    if (point.metric === 'revenue' && (points.get(point.event_id)?.revision ?? -1) < point.revision)
      points.set(point.event_id, point)
  const of = [...points.values()].filter(point => point.dimension === dimension)
  const none: readonly [number, number] = [0, 0]
  return of.reduce(([sum, events], { value, samples }) => [sum + value, events + samples] as const, none)
}

test('what failed then is added to the windows it belongs to, and nothing twice', async () => {
  const customers = ['ada', 'bo', 'cy', 'di', 'ed']
  const paid = (customer_id: string, i: number) =>
    payment({ event_id: `p${i}`, customer_id, occurred_at: BEGIN + minutes(i), amount_minor: 100 * (i + 1) })
  deployed.fails_from = 300
  await system.send('payments', customers.map(paid))
  const first = system.start()
  await system.settled(first)
  await vi.waitFor(async () => expect(await newest('')).toEqual([300, 2]), { timeout: 20_000, interval: 50 })
  await first.stop()
  deployed.fails_from = Number.POSITIVE_INFINITY
  expect(await rebuild()).toMatchObject({ unchangeable: 0, stale: 0, emitted: expect.any(Number) })
  const second = system.start()
  for (const dimension of ['', 'channel=none'])
    await vi.waitFor(async () => expect(await newest(dimension)).toEqual([1500, 5]), {
      timeout: 20_000,
      interval: 50,
    })
  await second.stop()
  expect(await rebuild()).toMatchObject({ emitted: 0, unchangeable: 0, stale: 0 })
}, 60_000)
