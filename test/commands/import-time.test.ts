/**
 * History of 1997 beside a clock of today, by the real command against a server in this process: a system that
 * ran idle takes it as if it were new, one that holds today's records refuses it.
 */
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { write_endpoints } from '../../commands/command.ts'
import { read_places } from '../../commands/reconcile-sums.ts'
import { key_groups } from '../../runtime/app.ts'
import { create_emitter } from '../../runtime/emit.ts'
import type { start_worker } from '../../runtime/worker.ts'
import type { Batch, LedgerEntry, Measure, RevenueWindow } from '../../schemas/types.ts'
import { create_server } from '../../server/server.ts'
import { type SmallSystem, small_system } from '../runtime/small-system.ts'
import { memory_deps, payment, running } from '../server/memory-ports.ts'

const ROWS = 240
const IDLE_MS = 150
const SPAWNED_MS = 30_000
let system: SmallSystem
let worker: ReturnType<typeof start_worker>
let server: FastifyInstance

beforeEach(async () => {
  system = await small_system({ idle_ms: IDLE_MS })
  worker = system.start()
  const { deps } = system
  const emitter = create_emitter(deps.app, deps.log, deps.registry)
  const rest = await memory_deps({ api_keys: null, tasks_expected: 0 })
  server = create_server({ ...rest, ...deps, emitter, worker, sink: running([]) })
  const http = await server.listen({ host: '127.0.0.1', port: 0 })
  write_endpoints(system.directory, { http, clickhouse: '', pid: process.pid })
})
afterEach(async () => {
  await server.close()
  await worker.stop()
  await system.close()
})

const begin = Date.UTC(1997, 0, 1)
const history = (topic: 'payments' | 'touchpoints'): string => {
  const file = join(system.directory, `${topic}.ndjson`)
  const rows = Array.from({ length: ROWS }, (_, i) => ({
    event_id: `${topic}-${i}`,
    tenant_id: i % 3 ? 'shop' : 'other',
    customer_id: `c${(i * 7919) % 41}`,
    occurred_at: begin + i * 37 * 60_000,
    currency: 'USD',
    ...(topic === 'payments'
      ? { type: i % 10 === 9 ? 'refunded' : 'payment_succeeded', amount_minor: (i * 37) % 5000 }
      : { channel: i % 2 ? 'email' : 'search', interaction: 'click' }),
  }))
  writeFileSync(file, rows.map(row => JSON.stringify(row)).join('\n'))
  return file
}

const run_import = (topic: string, file: string, ...more: string[]) =>
  new Promise<{ code: number | null; out: string }>(resolve => {
    const script = join(import.meta.dirname, '../../commands/import.ts')
    const args = [script, topic, file, '--data-dir', system.directory, ...more]
    const child = spawn(process.execPath, args, { cwd: system.directory, env: { PATH: process.env.PATH } })
    let out = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', data => {
        out += data
      })
    child.once('close', code => resolve({ code, out }))
  })

const batches = async (group: string): Promise<Batch[]> =>
  (await system.read<Batch>(`batch_log.${group}`)).filter(({ kind }) => kind === 'batch')
const outcomes = async (name: 'late' | 'dead_letter'): Promise<number> => {
  const all = (await Promise.all(key_groups(system.deps.app).map(({ name }) => batches(name)))).flat()
  return all.reduce((sum, batch) => sum + batch.outcomes[name], 0)
}
/** Every task that writes for a next stage has said that it has nothing to read. */
const announced_idle = () =>
  expect.poll(async () => (await batches('customer')).length, { timeout: 10_000 }).toBe(2)

/** Log, ledger topic and state hold the same sums; returns the total. */
const reconciled = async (): Promise<number> => {
  await system.settled(worker)
  const { sums } = await read_places({ ...system.deps, warehouse: { query: async () => [] } })
  expect(sums.ledger).toEqual(sums.log)
  expect(sums.state).toEqual(sums.log)
  return [...sums.log.values()].reduce((total, sum) => total + sum, 0)
}
const total = Array.from({ length: ROWS }, (_, i) => ((i * 37) % 5000) * (i % 10 === 9 ? -1 : 1)).reduce(
  (sum, amount) => sum + amount,
  0,
)

it('payments into a system that ran idle: nothing is late, each window closes once', {
  timeout: SPAWNED_MS,
}, async () => {
  await announced_idle()
  const { code, out } = await run_import('payments', history('payments'))
  expect([code, out]).toEqual([0, expect.stringContaining(`${ROWS} good rows sent to http`)])
  const windows = () => system.read<RevenueWindow>('revenue_windows')
  await expect.poll(async () => (await windows()).length, { timeout: 10_000 }).toBe(ROWS)
  const closed = await windows()
  expect(new Set(closed.map(({ revision }) => revision))).toEqual(new Set([0]))
  expect(closed.reduce((sum, { net_minor }) => sum + net_minor, 0)).toBe(total)
  expect([await outcomes('late'), await outcomes('dead_letter')]).toEqual([0, 0])
  expect(await reconciled()).toBe(total)
})

it('touchpoints into a system that ran idle: nothing is late', { timeout: SPAWNED_MS }, async () => {
  await announced_idle()
  const { code } = await run_import('touchpoints', history('touchpoints'))
  expect(code).toBe(0)
  const sessions = () => system.read<{ occurred_at: number }>('sessions')
  await expect.poll(async () => (await sessions()).length, { timeout: 10_000 }).toBeGreaterThan(0)
  await system.settled(worker)
  const processed = (await batches('customer')).reduce((sum, batch) => sum + batch.outcomes.processed, 0)
  expect([processed >= ROWS, await outcomes('late'), await outcomes('dead_letter')]).toEqual([true, 0, 0])
})

it("refuses it beside today's records, appends nothing, and counts the money when told to", {
  timeout: SPAWNED_MS,
}, async () => {
  await announced_idle()
  const now_ms = Date.now()
  await system.send('payments', [payment({ occurred_at: now_ms })])
  await expect.poll(async () => (await system.read('ledger')).length, { timeout: 10_000 }).toBe(1)
  // The windows' stage has heard of today too.
  const heard = async () => (await batches('tenant')).some(({ stream_time_ms }) => stream_time_ms === now_ms)
  await expect.poll(heard, { timeout: 10_000 }).toBe(true)
  const file = history('payments')
  const refused = await run_import('payments', file)
  expect(refused.code).toBe(1)
  expect(refused.out).toMatch(/history begins 1997-01-01.*empty data directory or cluster.*--accept-late/)
  expect((await system.read('payments')).length).toBe(1)
  expect((await system.read('catalog')).length).toBe(0)

  const accepted = await run_import('payments', file, '--accept-late')
  expect([accepted.code, accepted.out]).toEqual([0, expect.stringContaining(`${ROWS} good rows`)])
  const ledger = await system.read<LedgerEntry>('ledger')
  expect(ledger.length).toBe(ROWS + 1)
  expect(await reconciled()).toBe(total + 1999)
  // Windows of 1997 are beyond correction: those rows are counted late, not lost from the ledger; as movements, and as what
  // they measure.
  const measures = await system.read<Measure>('measures')
  const measured = measures.filter(({ occurred_at }) => occurred_at < Date.UTC(1998, 0)).length
  expect(measured).toBeGreaterThan(ROWS)
  await expect.poll(() => outcomes('late'), { timeout: 10_000 }).toBe(ROWS + measured)
})
