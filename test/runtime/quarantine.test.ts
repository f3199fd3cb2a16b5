/**
 * A pipeline that throws at every record is set aside and the others go on; replays agree; once it is mended a rebuild
 * writes what it had missed, once, and what lies in the dead letters is not taken a second time.
 */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { read_sql } from '../../runtime/clickhouse/migrate.ts'
import { rebuild_group } from '../../runtime/rebuild.ts'
import { scan } from '../../runtime/scan.ts'
import { start_sink } from '../../runtime/sink.ts'
import type { Batch, DeadLetter, LedgerEntry, RevenueWindow } from '../../schemas/types.ts'
import { minutes } from '../../schemas/units.ts'
import { serve_warehouse } from '../sql/served-warehouse.ts'
import { app_with_failing_ledger } from './failing-ledger.ts'
import { payment, type SmallSystem, small_system } from './small-system.ts'

const deployed = { broken: false }
const app = app_with_failing_ledger(() => deployed.broken)

/** Today: a window that a tick closed long ago would be beyond correction. */
const BEGIN = Math.floor(Date.now() / minutes(1)) * minutes(1) - minutes(1200)
const paid = (n: number) =>
  payment({ event_id: `p${n}`, customer_id: `c${n % 7}`, occurred_at: BEGIN + minutes(n) })
const SENT = 700
const some = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => paid(from + i))

let system: SmallSystem
beforeAll(async () => {
  system = await small_system({ batch_records_max: 20 }, undefined, app)
})
afterAll(() => system.close())

const run = async (until = async () => {}): Promise<readonly string[]> => {
  const worker = system.start()
  await system.settled(worker)
  await vi.waitFor(until, { timeout: 20_000, interval: 20 })
  const aside = new Set(worker.status().flatMap(task => task.quarantined))
  await worker.stop()
  return [...aside]
}
const wipe = async () => {
  for (const group of ['customer', 'tenant'])
    for (const partition of [0, 1]) await system.deps.store.wipe({ app: app.name, group, partition })
}
const booked = async () => (await system.read<LedgerEntry>('ledger')).map(row => row.cause_event_id).sort()
const letters = () => system.read<DeadLetter>('dead_letters')
/** Newest revision of each window, summed. */
const windowed = async (): Promise<number> => {
  const newest = new Map<string, RevenueWindow>()
  for (const window of await system.read<RevenueWindow>('revenue_windows')) {
    const known = newest.get(window.event_id)
    if (!known || known.revision < window.revision) newest.set(window.event_id, window)
  }
  return [...newest.values()].reduce((sum, { net_minor }) => sum + net_minor, 0)
}

/** The last windows are closed by a tick. */
const all_windowed = async () => expect(await windowed()).toBe(SENT * 100)

test('it is set aside after 100 errors of a task, and a replay from the beginning agrees', async () => {
  await system.send('payments', some(0, 100))
  expect(await run()).toEqual([])
  deployed.broken = true
  await system.send('payments', some(100, 600))
  expect(await run()).toEqual(['revenue-ledger'])
  const failed = (await letters()).length
  expect(failed).toBeGreaterThanOrEqual(200)
  expect(failed).toBeLessThan(300)
  expect(
    (await letters()).every(
      ({ pipeline, reason }) => pipeline === 'revenue-ledger' && reason === 'OPERATOR_ERROR',
    ),
  ).toBe(true)
  expect(await booked()).toHaveLength(100)
  // Mended code under the same name: what failed then is spared the pipeline, and it stays aside.
  deployed.broken = false
  await wipe()
  await system.send('payments', some(600, SENT))
  expect(await run()).toEqual(['revenue-ledger'])
  expect((await letters()).length).toBe(failed)
  const batches = await system.read<Batch>('batch_log.customer')
  expect(batches.some(batch => batch.quarantined.includes('revenue-ledger'))).toBe(true)
}, 60_000)

test('mended and rebuilt it has written everything, once; its dead letters are duplicates then', async () => {
  const told: string[] = []
  const request = { group: 'customer', emit: 'difference', pipelines: [], alone_within_ms: 5000 } as const
  const topics = await rebuild_group(
    system.deps,
    request,
    task => told.push(task),
    new AbortController().signal,
  )
  expect(told.sort()).toEqual(['customer/0', 'customer/1'])
  const of = Object.fromEntries(topics.map(topic => [topic.topic, topic]))
  expect(of.ledger).toMatchObject({ emitted: SENT - 100, stale: 0 })
  expect(of.movements).toMatchObject({ emitted: SENT - 100, unchangeable: 0 })
  expect(of.sessions?.emitted ?? 0).toBe(0)
  expect(await run(all_windowed)).toEqual([])
  const all = some(0, SENT)
    .map(row => row.event_id)
    .sort()
  expect(await booked()).toEqual(all)
  for (const { event_id, pipeline, topic, partition, key, value } of await letters())
    await system.deps.log.append([
      {
        topic: `${topic}.rekeyed`,
        partition,
        key: key && Buffer.from(key),
        value: value && Buffer.from(value),
        redrive: { pipeline: pipeline ?? '', dead_letter_id: event_id },
      },
    ])
  expect(await run()).toEqual([])
  expect(await booked()).toEqual(all)
  // A lost checkpoint replays failures, rebuild and re-drives alike.
  await wipe()
  expect(await run(all_windowed)).toEqual([])
  expect(await booked()).toEqual(all)
  const again = await rebuild_group(system.deps, request, () => {}, new AbortController().signal)
  expect(again.map(({ emitted }) => emitted)).toEqual(again.map(() => 0))
}, 60_000)

test('a dead letter driven again reaches its pipeline once, and no other', async () => {
  deployed.broken = true
  await system.send('payments', [paid(SENT)])
  await run()
  deployed.broken = false
  const letter = (await letters()).at(-1) as DeadLetter
  const newest =
    (await letters()).find(({ value }) => value && Buffer.from(value).includes(`p${SENT}`)) ?? letter
  const again = {
    topic: 'payments.rekeyed',
    partition: newest.partition,
    key: newest.key && Buffer.from(newest.key),
    value: newest.value && Buffer.from(newest.value),
    redrive: { pipeline: 'revenue-ledger', dead_letter_id: newest.event_id },
  }
  await system.deps.log.append([again, again])
  await run()
  expect((await booked()).filter(id => id === `p${SENT}`)).toHaveLength(1)
  await system.deps.log.append([{ ...again, redrive: { dead_letter_id: 'another', pipeline: 'gone' } }])
  await run()
  let refused = 0
  await scan(system.deps.log, { topic: 'dead_letters', partition: newest.partition }, 0, ({ value }) => {
    if (value?.includes('UNKNOWN_PIPELINE')) refused++
  })
  expect(refused).toBe(1)
}, 60_000)

test('the tables have every payment once, whatever failed, was rebuilt or driven again, and the checks agree', async () => {
  const served = await serve_warehouse(app)
  const sink = start_sink({ ...system.deps, warehouse: served.warehouse })
  try {
    const counts = async () => {
      const [row] = await served.warehouse.query(
        'SELECT count() AS payments, uniqExact(event_id) AS ids FROM payments FINAL',
      )
      return row
    }
    const all = { payments: SENT + 1, ids: SENT + 1 }
    await vi.waitFor(async () => expect(await counts()).toEqual(all), { timeout: 30_000, interval: 100 })
    const checks = [
      'rows_lie_in_ranges',
      'rows_match_batches',
      'outcomes_sum_to_counts',
      'ledger_matches_payments',
    ]
    const problems = async () => {
      const found: unknown[] = []
      for (const { name, text } of read_sql(join(import.meta.dirname, '../../sql/checks')))
        if (checks.includes(name)) found.push(...(await served.warehouse.query(text)))
      return found
    }
    await vi.waitFor(async () => expect(await problems()).toEqual([]), { timeout: 30_000, interval: 100 })
  } finally {
    await sink.stop()
    await served.stop()
  }
}, 90_000)
