/** A sink over ports in memory, and the records that its tests put into them. */
import avsc from 'avsc'
import { pino } from 'pino'
import { afterEach, beforeEach } from 'vitest'
import { type App, tributary } from '../../runtime/app.ts'
import { default_settings } from '../../runtime/settings.ts'
import { start_sink } from '../../runtime/sink.ts'
import { type Running, type SinkDeps, type SinkStatus, unobserved } from '../../runtime/worker-types.ts'
import { definitions } from '../../schemas/definitions.ts'
import { create_memory_ports, type MemoryPorts } from './sink-ports.ts'

export const base = tributary(2)
const { payments, ledger, dead_letters } = base.topics
if (!payments || !ledger || !dead_letters) throw new Error('the topics of these tests are gone')
export const app: App = { ...base, pipelines: [], topics: { payments, ledger, dead_letters } }
export const BATCH_LOG = 'batch_log.customer'

const types = new Map<string, avsc.Type>()
export const type_of = (schema: keyof typeof definitions): avsc.Type => {
  const type =
    types.get(schema) ?? avsc.Type.forSchema(definitions[schema] as unknown as avsc.Schema, { registry: {} })
  types.set(schema, type)
  return type
}

export let ports: MemoryPorts
export let sink: Running<SinkStatus>
export const start = (settings: Partial<SinkDeps['settings']> = {}): void => {
  sink = start_sink({
    app,
    log: ports.log,
    registry: ports.registry,
    warehouse: ports.warehouse,
    clock: ports.clock,
    settings: { ...default_settings, ...settings },
    observe: unobserved,
    logger: pino({ level: 'silent' }),
  })
}
/** Before each test of the file: ports and, once started, a sink of its own. */
export const use_memory_ports = (): void => {
  beforeEach(() => {
    ports = create_memory_ports({
      payments: definitions.payments,
      ledger: definitions.ledger,
      batch_log: definitions.batch_log,
    })
  })
  afterEach(async () => {
    ports.warehouse.fail = null
    await sink.stop()
    ports.end()
  })
}

const value = (schema: 'payments' | 'ledger' | 'batch_log', row: object): Buffer => {
  const prefix = Buffer.alloc(5)
  prefix.writeInt32BE(ports.registry.id_of(schema), 1)
  return Buffer.concat([prefix, type_of(schema).toBuffer(row)])
}
export const payment = (event_id: string) =>
  value('payments', {
    event_id,
    tenant_id: 't',
    customer_id: 'c',
    occurred_at: 1,
    type: 'payment_succeeded',
    payment_id: null,
    subscription_id: null,
    checkout_id: null,
    product_id: null,
    plan_id: null,
    amount_minor: 5,
    currency: 'USD',
    mrr_minor: null,
    quantity: 1,
    method: null,
    failure_code: null,
    device: null,
    country: null,
    properties: {},
  })
export const ledger_entry = (event_id: string) =>
  value('ledger', {
    event_id,
    tenant_id: 't',
    customer_id: 'c',
    occurred_at: 1,
    type: 'payment_succeeded',
    amount_minor: 5,
    currency: 'USD',
    cause_event_id: event_id,
    payment_id: null,
    subscription_id: null,
    checkout_id: null,
    product_id: null,
    plan_id: null,
    quantity: 1,
    method: null,
    channel: null,
    campaign: null,
  })
export const batch = (
  partition: number,
  seq: number,
  ranges: readonly (readonly [number, number])[],
  left_out: readonly number[] = [],
) =>
  value('batch_log', {
    log_id: 'life',
    key_group: 'customer',
    partition,
    seq,
    kind: seq === 0 ? 'acquired' : 'batch',
    nonce: 'n',
    wall_at: 1,
    tick_ms: null,
    stream_time_ms: null,
    catalog_offset: 0,
    timers: 0,
    more_due: false,
    ranges: ranges.map(([from, to]) => ({ topic: 'payments', from, to, count: to - from, crc: 0 })),
    left_out: left_out.map(offset => ({ topic: 'payments', offset, outcome: 'duplicate' })),
    outcomes: { processed: 0, duplicate: 0, forwarded: 0, late: 0, dead_letter: 0 },
    dead_timers: 0,
    code: '',
    digest: 0,
    outputs: 0,
  })
export const put_payments = (partition: number, ...offsets: readonly number[]) => {
  for (const offset of offsets) ports.put('payments', partition, offset, payment(`p${offset}`))
}
export const offsets_in = (table: string) => ports.warehouse.rows(table).map(row => Number(row._offset))
export const saved = (topic: string, partition = 0) => ports.saved(partition).get(topic)
