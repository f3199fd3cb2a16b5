/**
 * A whole installation in this process (embedded log and state, tasks, sink and HTTP routes) whose warehouse is reached
 * through a proxy that can do it harm; payments flow all the while, and in the end everything is compared with the log.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pino from 'pino'
import { differing_cells, read_places } from '../../commands/reconcile-sums.ts'
import { key_groups, partitions_of, topic_settings, tributary } from '../../runtime/app.ts'
import { migrate, read_checks } from '../../runtime/clickhouse/migrate.ts'
import { clickhouse_warehouse } from '../../runtime/clickhouse/warehouse.ts'
import { system_clock } from '../../runtime/clock.ts'
import { open_log } from '../../runtime/embedded/log.ts'
import { open_registry } from '../../runtime/embedded/registry.ts'
import { open_state_store } from '../../runtime/embedded/state-store.ts'
import { type EmbeddedWarehouse, start_embedded_warehouse } from '../../runtime/embedded/warehouse.ts'
import { create_emitter } from '../../runtime/emit.ts'
import { create_metrics } from '../../runtime/metrics.ts'
import { state_reader } from '../../runtime/read-state.ts'
import { scan } from '../../runtime/scan.ts'
import { default_settings } from '../../runtime/settings.ts'
import { left_to_do, type System, start_work } from '../../runtime/system.ts'
import type { Settings, SinkStatus } from '../../runtime/worker-types.ts'
import { create_server } from '../../server/server.ts'
import { default_stream_limits } from '../../server/stream.ts'
import { start_proxy, type WarehouseProxy } from './warehouse-proxy.ts'

const PARTITIONS = 2
const TENANT = 'outages'

export interface Readyz {
  readonly status: number
  readonly ready: boolean
  readonly degraded: readonly string[]
  readonly sink: readonly SinkStatus[]
}

export interface OutageSystem {
  readonly system: System
  readonly proxy: WarehouseProxy
  /** The warehouse itself, not by way of the proxy. */
  query<T = Record<string, unknown>>(sql: string): Promise<T[]>
  /** Sends payments until the returned function is called, which resolves with how many were sent. */
  load(per_second?: number): () => Promise<number>
  readyz(): Promise<Readyz>
  metric(line: RegExp): Promise<number>
  /** Ends the warehouse's process at once and starts another on the same directory. */
  kill_warehouse(): Promise<void>
  /** Waits until everything is in the tables, then says what in them is not as in the log. */
  differences(within_ms?: number): Promise<string[]>
  close(): Promise<void>
}

export const open_outage_system = async (
  settings: Partial<Settings> = {},
  request_timeout_ms = 1500,
): Promise<OutageSystem> => {
  const app = tributary(PARTITIONS)
  const dir = mkdtempSync(join(tmpdir(), 'tributary-outages-'))
  const warehouse_dir = join(dir, 'warehouse')
  let server: EmbeddedWarehouse = await start_embedded_warehouse({ dir: warehouse_dir })
  const proxy = await start_proxy(server.url)
  const log = await open_log(dir)
  await log.ensure(topic_settings(app))
  const store = await open_state_store(dir)
  const registry = open_registry(log.environment)
  const warehouse = clickhouse_warehouse({ url: proxy.url, request_timeout_ms })
  await migrate(warehouse, app)
  const system: System = {
    app,
    log,
    registry,
    store,
    warehouse,
    clickhouse_url: proxy.url,
    emitter: create_emitter(app, log, registry),
    clock: system_clock,
    settings: {
      ...default_settings,
      insert_wait_ms: 100,
      retry_ms: 50,
      checkpoint_every_ms: 200,
      ...settings,
    },
    logger: pino({ level: process.env.LOG ?? 'silent' }),
    metrics: create_metrics(),
    snapshots: null,
    tasks_expected: key_groups(app).reduce((sum, group) => sum + group.partitions, 0),
    close: async () => {},
  }
  const work = start_work(system)
  const http = create_server({
    ...system,
    ...work,
    api_keys: null,
    read_state: state_reader(app),
    stream_limits: default_stream_limits,
  })
  await http.ready()
  let sent = 0
  const send = async (rows: number): Promise<void> => {
    const events = Array.from({ length: rows }, () => payment(sent++))
    await system.emitter.append(
      'payments',
      events.map(event => system.emitter.check('payments', event)),
    )
  }
  /** By a client of its own: the proxy must not be in the way of the judge. */
  const query = async <T>(sql: string): Promise<T[]> => {
    const direct = clickhouse_warehouse({ url: server.url })
    try {
      return await direct.query<T>(sql)
    } finally {
      await direct.close()
    }
  }
  return {
    system,
    proxy,
    query,
    load: (per_second = 400) => steady(rows => send(rows), per_second),
    readyz: async () => {
      const reply = await http.inject('/readyz')
      return { status: reply.statusCode, ...(reply.json() as Omit<Readyz, 'status'>) }
    },
    metric: async line => Number(line.exec(await system.metrics.text())?.[1] ?? Number.NaN),
    kill_warehouse: async () => {
      process.kill(server.pid, 'SIGKILL')
      server = await start_embedded_warehouse({ dir: warehouse_dir })
      proxy.forward_to(server.url)
    },
    differences: async (within_ms = 30_000) => {
      const deadline = Date.now() + within_ms
      for (let calm = 0; calm < 3; await sleep(100)) {
        const left = left_to_do(system, work)
        calm = left === null ? calm + 1 : 0
        if (left && Date.now() > deadline) return [left]
      }
      return [...(await table_differences(system, query)), ...(await reconciled(system, query))]
    },
    close: async () => {
      proxy.befall(null)
      await work.stop()
      await http.close()
      await warehouse.close()
      await proxy.close()
      await store.close()
      await log.close()
      await server.stop()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

/** Sends in twentieths of a second until it is stopped. */
const steady = (send: (rows: number) => Promise<void>, per_second: number) => {
  let on = true
  let sent = 0
  const running = (async () => {
    for (const rows = Math.ceil(per_second / 20); on; sent += rows) {
      await send(rows)
      await sleep(50)
    }
    return sent
  })()
  return () => {
    on = false
    return running
  }
}

const DAY_MS = 86_400_000
const payment = (n: number) => ({
  event_id: `payment-${n}`,
  tenant_id: TENANT,
  customer_id: `c${(n * 7919) % 53}`,
  occurred_at: Date.now() - (n % 3) * DAY_MS,
  type: n % 9 === 8 ? 'refunded' : 'payment_succeeded',
  amount_minor: (n * 37) % 5000,
  currency: n % 3 ? 'USD' : 'JPY',
})

type Query = OutageSystem['query']

/** Every topic with a table: as many rows FINAL as records in the log, and none for which there is no record. */
const table_differences = async ({ app, log }: System, query: Query): Promise<string[]> => {
  const differences: string[] = []
  for (const [topic, spec] of Object.entries(app.topics)) {
    if (!spec.table || spec.of !== undefined || spec.role === 'input') continue
    // Of versioned rows the newest counts.
    if (spec.table.version !== undefined) continue
    const places: string[] = []
    for (let partition = 0; partition < partitions_of(app, topic); partition++)
      await scan(log, { topic, partition }, 0, ({ value, offset }) => {
        if (value) places.push(`${partition}:${offset}`)
      })
    const rows = await query<{ place: string }>(
      `SELECT concat(toString(_partition), ':', toString(_offset)) AS place FROM ${topic} FINAL`,
    )
    const held = new Set(rows.map(row => row.place))
    const missing = places.filter(place => !held.has(place)).length
    if (missing > 0 || rows.length !== places.length)
      differences.push(
        `${topic}: ${places.length} in the log, ${rows.length} in the table, ${missing} missing`,
      )
  }
  return differences
}

const reconciled = async (system: System, query: Query): Promise<string[]> => {
  const differences: string[] = []
  const reading = await read_places({ ...system, warehouse: { query: sql => query(sql) } })
  for (const cell of differing_cells(reading)) differences.push(`sums differ: ${cell}`)
  for (const { name, text } of read_checks())
    for (const row of await query(text)) differences.push(`${name}: ${JSON.stringify(row)}`)
  const [row] = await query<{ letters: number }>('SELECT count() AS letters FROM dead_letters FINAL')
  if (row?.letters !== 0) differences.push(`${row?.letters} dead letters`)
  return differences
}
