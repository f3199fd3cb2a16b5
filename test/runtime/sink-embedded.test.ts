/** The sink between the embedded log and the embedded warehouse: what is in the log is in the tables, and the checks agree. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { type App, topic_settings, tributary } from '../../runtime/app.ts'
import { compile_encoder, type Encoder } from '../../runtime/avro/encoder.ts'
import { read_sql } from '../../runtime/clickhouse/migrate.ts'
import { system_clock } from '../../runtime/clock.ts'
import { type EmbeddedLog, open_log } from '../../runtime/embedded/log.ts'
import { open_registry } from '../../runtime/embedded/registry.ts'
import type { Registry } from '../../runtime/ports.ts'
import { default_settings } from '../../runtime/settings.ts'
import { start_sink } from '../../runtime/sink.ts'
import { unobserved } from '../../runtime/worker-types.ts'
import { definitions } from '../../schemas/definitions.ts'
import { type Served, serve_warehouse } from '../sql/served-warehouse.ts'

const app: App = { ...tributary(2), pipelines: [] }
const dir = mkdtempSync(join(tmpdir(), 'tributary-sink-'))
const RECORDS = 3000
const OUTPUTS = ['ledger', 'conversions']
let served: Served
let log: EmbeddedLog
let registry: Registry
const encoders = new Map<string, Encoder>()

beforeAll(async () => {
  served = await serve_warehouse(app)
  log = await open_log(dir)
  registry = open_registry(log.environment)
  await log.ensure(topic_settings(app))
  for (const schema of ['payments', 'ledger', 'conversions', 'batch_log'] as const)
    encoders.set(
      schema,
      compile_encoder(definitions[schema], await registry.register(`${schema}-value`, definitions[schema])),
    )
})
afterAll(async () => {
  await log.close()
  await served.stop()
  rmSync(dir, { recursive: true, force: true })
})

const append = (topic: string, schema: string, partition: number, rows: readonly object[]) =>
  log.append(
    rows.map(row => ({
      topic,
      partition,
      key: Buffer.from('t|c'),
      value: (encoders.get(schema) as Encoder)(row),
    })),
  )
const nothing = {
  payment_id: null,
  subscription_id: null,
  checkout_id: null,
  product_id: null,
  plan_id: null,
  mrr_minor: null,
  method: null,
  failure_code: null,
  device: null,
  country: null,
  channel: null,
  campaign: null,
}
const money = (partition: number, n: number) => ({
  ...nothing,
  event_id: `${partition}-${n}`,
  tenant_id: 't',
  customer_id: 'c',
  occurred_at: 1_700_000_000_000 + n,
  quantity: 1,
  type: 'payment_succeeded',
  amount_minor: n,
  currency: 'USD',
  properties: {},
  cause_event_id: `${partition}-${n}`,
  revision: 0,
  path_ends_at: 1_700_000_000_000 + n,
  touches: [],
  left_out: 0,
})
const batch = (partition: number, seq: number, from: number, to: number) => ({
  log_id: `life ${partition}`,
  key_group: 'customer',
  partition,
  seq,
  kind: 'batch',
  nonce: 'n',
  wall_at: 1,
  tick_ms: null,
  stream_time_ms: null,
  catalog_offset: 0,
  timers: 0,
  more_due: false,
  ranges: [{ topic: 'payments', from, to, count: to - from, crc: 1 }],
  left_out: [{ topic: 'payments', offset: from, outcome: 'duplicate' }],
  outcomes: { processed: to - from - 1, duplicate: 1, forwarded: 0, late: 0, dead_letter: 0 },
  dead_timers: 0,
  code: '',
  digest: 1,
  outputs: 0,
})
const start = () =>
  start_sink({
    app,
    log,
    registry,
    warehouse: served.warehouse,
    clock: system_clock,
    observe: unobserved,
    logger: pino({ level: 'silent' }),
    settings: { ...default_settings, insert_wait_ms: 50, insert_bytes_max: 200_000 },
  })
const rows_in = async (table: string) => {
  const [row] = await served.warehouse.query<{ n: number }>(`SELECT count() AS n FROM ${table} FINAL`)
  return row?.n
}

it('fills the tables exactly, across a restart, and every check is content', async () => {
  for (const partition of [0, 1]) {
    const rows = Array.from({ length: RECORDS }, (_, n) => money(partition, n))
    await append('payments', 'payments', partition, rows)
    const steps = Array.from({ length: RECORDS / 100 }, (_, i) =>
      batch(partition, i + 1, i * 100, i * 100 + 100),
    )
    await append('batch_log.customer', 'batch_log', partition, steps.slice(0, 10))
    const booked = rows.slice(0, 1000).filter((_, n) => n % 100 !== 0)
    for (const topic of OUTPUTS) await append(topic, topic, partition, booked)
  }
  const first = start()
  await vi.waitFor(async () => expect(await rows_in('batches')).toBe(20), { timeout: 15_000 })
  expect(await rows_in('payments')).toBe(2 * 990)
  await first.stop()

  for (const partition of [0, 1]) {
    const steps = Array.from({ length: 20 }, (_, i) =>
      batch(partition, i + 11, 1000 + i * 100, 1100 + i * 100),
    )
    await append('batch_log.customer', 'batch_log', partition, steps)
    const rows = Array.from({ length: RECORDS }, (_, n) => money(partition, n)).slice(1000)
    const booked = rows.filter((_, n) => n % 100 !== 0)
    for (const topic of OUTPUTS) await append(topic, topic, partition, booked)
  }
  const second = start()
  await vi.waitFor(async () => expect(await rows_in('batches')).toBe(60), { timeout: 15_000 })
  for (const topic of OUTPUTS)
    await vi.waitFor(async () => expect(await rows_in(topic)).toBe(2 * 2970), { timeout: 15_000 })
  await second.stop()
  expect(second.status()).toEqual([])
  expect(await rows_in('payments')).toBe(2 * 2970)

  for (const { name, text } of read_sql(join(import.meta.dirname, '../../sql/checks')))
    expect(await served.warehouse.query(text), name).toEqual([])
  const [sums] = await served.warehouse.query<object>(
    "SELECT sum(gross_minor) AS gross_minor FROM revenue_daily(as_of = '2030-01-01 00:00:00.000')",
  )
  const per_partition = Array.from({ length: RECORDS }, (_, n) => (n % 100 === 0 ? 0 : n)).reduce(
    (a, b) => a + b,
    0,
  )
  expect(sums).toEqual({ gross_minor: 2 * per_partition })
})
