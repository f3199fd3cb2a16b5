/** How much event time a batch has while history is loaded: what it writes for its own group must come back in time. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { default_metrics } from '../../operators/metric/sum-metrics.ts'
import { IMPORT_SPAN_MS } from '../../runtime/live-task.ts'
import { days } from '../../schemas/units.ts'
import { payment, type SmallSystem, small_system } from './small-system.ts'

const T = Date.UTC(2026, 0, 5)
const DAYS = 10
let system: SmallSystem
beforeEach(async () => {
  system = await small_system()
})
afterEach(() => system.close())

/** Batches that read customer ada's payments, one a day. */
const batches_of_payments = async (): Promise<number> => {
  const rows = Array.from({ length: DAYS }, (_, day) => ({ event_id: `p${day}`, occurred_at: T + days(day) }))
  await system.send('payments', rows.map(payment))
  const worker = system.start()
  await system.settled(worker)
  await worker.stop()
  const batches = await system.read<{ ranges: { topic: string }[] }>('batch_log.customer')
  return batches.filter(({ ranges }) => ranges.some(({ topic }) => topic === 'payments')).length
}

test('while an import is open a batch has a day of event time, less than a window is corrected for', async () => {
  expect(IMPORT_SPAN_MS).toBeLessThan(default_metrics.correction_ms)
  const renewed_at = Date.now()
  const body = JSON.stringify({ state: 'open', renewed_at, topic: 'payments' })
  const entry = { kind: 'imports', id: 'ab', effective_at: 0, revision: 0, body }
  await system.send('catalog', [{ ...entry, event_id: 'ab', tenant_id: '*', occurred_at: renewed_at }])
  // Two days are within a day of each other: the first and the last moment of it.
  expect(await batches_of_payments()).toBe(DAYS / 2)
})

test('without one a batch has whatever there is', async () => {
  expect(await batches_of_payments()).toBe(1)
})
