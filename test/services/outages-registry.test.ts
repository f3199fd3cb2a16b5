/**
 * The schema registry out of reach at the start and while it runs, slow, and asked for ids it never gave: what is known goes
 * on, what is not waits or is refused, and /readyz says which.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import pino from 'pino'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { compile_encoder } from '../../runtime/avro/encoder.ts'
import { kafka_log } from '../../runtime/kafka/log.ts'
import { confluent_registry } from '../../runtime/kafka/registry.ts'
import { partition_of } from '../../runtime/keys.ts'
import type { Log } from '../../runtime/ports.ts'
import { Installation, PARTITIONS } from './installation.ts'
import { metric, nothing_lost, payment_of, seen, start_load } from './outages.ts'
import { start_tcp_proxy, type TcpProxy } from './tcp-proxy.ts'

let installation: Installation
let proxy: TcpProxy
let log: Log
/** Where the registry really is. */
let behind: string
beforeAll(async () => {
  installation = await Installation.cluster(async services => {
    behind = services.address('registry')
    const url = new URL(behind)
    proxy = await start_tcp_proxy(url.host)
    url.host = proxy.address
    const brokers = services.address('kafka').split(',')
    log = kafka_log({ brokers, client_id: 'emitter', logger: pino({ level: 'silent' }) })
    return { SCHEMA_REGISTRY_URL: url.href }
  })
})
afterAll(async () => {
  await log?.close()
  await installation?.close()
  await proxy?.close()
})
afterEach(() => proxy.faults({}))

/** Payments as an emitter with a schema of its own writes them straight into the log. */
const append_as = async (schema_id: number, schema: object, tenant: string, count: number): Promise<void> => {
  const encode = compile_encoder(schema, schema_id)
  const { fields } = schema as { fields: readonly { name: string; default?: unknown }[] }
  const defaults = Object.fromEntries(fields.map(field => [field.name, field.default ?? null]))
  await log.append(
    Array.from({ length: count }, (_, n) => {
      const row = { ...defaults, ...payment_of(tenant, n) }
      const key = Buffer.from(`${tenant}|${String(row.customer_id)}`)
      return { topic: 'payments', partition: partition_of(key, PARTITIONS), key, value: encode(row) }
    }),
  )
}
const sums = (count: number) => ({
  sent: count,
  sum_minor: Array.from({ length: count }, (_, n) => 100 + (n % 900)).reduce((sum, n) => sum + n, 0),
})
/** The delivered schema with one more field: another id, the same records. */
const newer_schema = (): { fields: object[] } => {
  const schema = JSON.parse(
    readFileSync(new URL('../../schemas/payments.avsc', import.meta.url), 'utf8'),
  ) as { fields: object[] }
  const name = `note_${randomBytes(4).toString('hex')}`
  return { ...schema, fields: [...schema.fields, { name, type: ['null', 'string'], default: null }] }
}

test('away at the start: /readyz says so, and the tasks start when it is back', {
  timeout: 60_000,
}, async () => {
  proxy.faults({ down: true })
  await installation.start(({ reasons }) => reasons.some(reason => reason.startsWith('registry: ')))
  const { ready, reasons, tasks } = await installation.status()
  expect([ready, tasks]).toEqual([false, []])
  expect(reasons.join('\n')).toMatch(/registry: the schema registry is not reachable/)
  expect(await metric(installation, 'tributary_dependency_up', { dependency: 'registry' })).toBe(0)
  proxy.faults({})
  await seen(installation, 'all tasks', state => state.ready && state.tasks.length === installation.tasks)
  expect(await metric(installation, 'tributary_dependency_up', { dependency: 'registry' })).toBe(1)
})

test('away while all schemas are known: decisions go on', { timeout: 60_000 }, async () => {
  const load = start_load(installation, 'known')
  await seen(installation, 'load', ({ tasks }) => tasks.some(task => task.committed_seq > 3))
  proxy.faults({ down: true })
  const away = await seen(installation, 'it is missed', ({ reasons }) =>
    reasons.some(reason => reason.startsWith('registry: ')),
  )
  const sent = load.sent
  await sleep(5000)
  const later = await installation.status()
  expect(later.tasks.every(task => task.state === 'live')).toBe(true)
  const seqs = ({ tasks }: typeof later) => tasks.reduce((sum, task) => sum + task.committed_seq, 0)
  expect(seqs(later)).toBeGreaterThan(seqs(away))
  expect(load.sent).toBeGreaterThan(sent + 200)
  expect([...load.answers.keys()]).toEqual([202])
  proxy.faults({})
  await load.stop()
  await nothing_lost(installation, 'known', load)
})

test('away when a new schema comes: its task waits and says for what, then goes on', {
  timeout: 60_000,
}, async () => {
  const schema = newer_schema()
  const emitter = confluent_registry({ url: behind, client_id: 'emitter' })
  const id = await emitter.register('payments-value', schema)
  proxy.faults({ down: true })
  await append_as(id, schema, 'newer', 40)
  const waiting = await seen(installation, 'a task waits', ({ tasks }) =>
    tasks.some(task => task.state === 'blocked' && task.error?.includes(`no schema ${id} at present`)),
  )
  expect(waiting.reasons.join('\n')).toMatch(
    new RegExp(`task customer/\\d is blocked: the registry gives no schema ${id} at present`),
  )
  expect(
    await metric(installation, 'tributary_tasks', { group: 'customer', state: 'blocked' }),
  ).toBeGreaterThan(0)
  expect(await metric(installation, 'tributary_dead_letters_total', { reason: 'UNKNOWN_SCHEMA' })).toBe(0)
  proxy.faults({})
  await seen(installation, 'all live', state => state.ready)
  await nothing_lost(installation, 'newer', sums(40))
})

test('slow: the task waits as long as it takes', { timeout: 60_000 }, async () => {
  const schema = newer_schema()
  const emitter = confluent_registry({ url: behind, client_id: 'emitter' })
  const id = await emitter.register('payments-value', schema)
  proxy.faults({ delay_ms: 1500 })
  await append_as(id, schema, 'slow', 40)
  await sleep(3500)
  proxy.faults({})
  await nothing_lost(installation, 'slow', sums(40))
})

test('ids it never gave: dead letters, counted, and the registry is left in peace', {
  timeout: 60_000,
}, async () => {
  const schema = newer_schema()
  const asked = proxy.accepted
  for (let id = 0; id < 5; id++) await append_as(900_000_000 + id, schema, 'made-up', 20)
  await seen(installation, 'all judged', ({ tasks }) =>
    tasks.every(task => task.state === 'live' && Object.values(task.lag).every(lag => lag === 0)),
  )
  await expect
    .poll(() => metric(installation, 'tributary_dead_letters_total', { reason: 'UNKNOWN_SCHEMA' }), {
      timeout: 20_000,
    })
    .toBe(100)
  // Five ids, four tasks, a sink: connections are kept alive besides.
  expect(proxy.accepted - asked).toBeLessThan(60)
  await nothing_lost(installation, 'made-up', { sent: 0, sum_minor: 0 })
  const [row] = await installation.query(
    `select count() as letters, uniqExact(reason) as reasons from dead_letters final where reason = 'UNKNOWN_SCHEMA'`,
  )
  expect([Number(row?.letters), Number(row?.reasons)]).toEqual([100, 1])
})
