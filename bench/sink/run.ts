/**
 * npm run bench:sink -- [--rows 200000] [--rounds 5] [--table touchpoints] [--json FILE]: rows a second and CPU a row of the
 * sink's inserts, beside JSONEachRow and RowBinary as a sink is usually written: the same Kafka bodies into the same table, in
 * turn. CPU is that of this program, which makes and sends the bytes, and that of the endpoint's process, which parses and
 * stores them. Ends with 1 when the ways do not leave the same rows.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type ClickHouseClient, createClient } from '@clickhouse/client'
import { business } from '../../commands/demo/business.ts'
import { tributary } from '../../runtime/app.ts'
import { compile_encoder } from '../../runtime/avro/encoder.ts'
import { migrate } from '../../runtime/clickhouse/migrate.ts'
import { tables_of } from '../../runtime/clickhouse/tables.ts'
import { clickhouse_warehouse } from '../../runtime/clickhouse/warehouse.ts'
import { start_embedded_warehouse } from '../../runtime/embedded/warehouse.ts'
import { type KeyFields, key_of, partition_of } from '../../runtime/keys.ts'
import type { Warehouse } from '../../runtime/ports.ts'
import { default_settings } from '../../runtime/settings.ts'
import type { SinkRow } from '../../runtime/sink-inserts.ts'
import { hours } from '../../schemas/units.ts'
import { cpu_s, machine_line } from '../product/processes.ts'
import { median } from '../warehouse/measure.ts'
import { by_json, by_row_binary, by_sink, rows_in_bytes, type Target, type Way } from './ways.ts'

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '200000' },
    rounds: { type: 'string', default: '5' },
    table: { type: 'string', default: 'touchpoints' },
    json: { type: 'string' },
  },
})
const ROWS = Number(values.rows)
const ROUNDS = Number(values.rounds)
const PARTITIONS = 8
const SCHEMA_ID = 1
const ORIGIN_MS = Date.UTC(2026, 3, 1)
const app = tributary(PARTITIONS)

const target_of = (table: string): Target => {
  const spec = app.topics[table]
  const schema = app.schemas[spec?.schema ?? '']
  const columns = tables_of(app).find(({ name }) => name === table)?.columns
  if (!schema || !columns) throw new Error(`there is no table ${table}`)
  return { table, columns, schema }
}

/** Events of the demo's business as they lie in Kafka. */
const rows_of = ({ table, schema }: Target): SinkRow[] => {
  const simulated = business({ seed: 1, origin_ms: ORIGIN_MS })
  const encode = compile_encoder(schema, SCHEMA_ID)
  const spec = app.topics[table]!
  const offsets = Array.from({ length: PARTITIONS }, () => 0)
  const rows: SinkRow[] = []
  for (let at_ms = ORIGIN_MS + hours(12); rows.length < ROWS; at_ms += hours(12))
    for (const { topic, row } of simulated.advance(at_ms)) {
      if ((topic as string) !== table || rows.length === ROWS) continue
      const key = Buffer.from(key_of(spec, row as unknown as KeyFields))
      const partition = partition_of(key, PARTITIONS)
      const offset = offsets[partition]!++
      rows.push({ topic, log_id: 'bench-sink', key, partition, offset, value: encode(row) })
    }
  return rows
}

interface Run {
  readonly rows_per_s: number
  readonly client_us: number
  /** Part of client_us: to make the bytes, without sending them. */
  readonly make_us: number
  readonly server_us: number
}

const emptied = async (warehouse: Warehouse, table: string): Promise<void> => {
  await warehouse.command(`TRUNCATE TABLE ${table}`)
}

/** Of the rows however they are ordered. */
const checksum = async (warehouse: Warehouse, table: string): Promise<string> => {
  const [row] = await warehouse.query<{ rows: number; hash: string }>(
    `SELECT count() AS rows, toString(sum(cityHash64(toString(tuple(*))))) AS hash FROM ${table}`,
  )
  return `${row?.rows} rows, ${row?.hash}`
}

const measured = async (way: Way, rows: readonly SinkRow[], pid: number): Promise<Run> => {
  globalThis.gc?.()
  const [server_before, client_before, began] = [cpu_s(pid), process.cpuUsage(), performance.now()]
  await way.insert(rows)
  const wall_s = (performance.now() - began) / 1000
  const client = process.cpuUsage(client_before)
  const server_s = cpu_s(pid) - server_before
  globalThis.gc?.()
  const making_before = process.cpuUsage()
  way.make(rows)
  const making = process.cpuUsage(making_before)
  return {
    rows_per_s: rows.length / wall_s,
    client_us: (client.user + client.system) / rows.length,
    make_us: (making.user + making.system) / rows.length,
    server_us: (1e6 * server_s) / rows.length,
  }
}

const medians_of = (runs: readonly Run[]): Run => ({
  rows_per_s: median(runs.map(run => run.rows_per_s)),
  client_us: median(runs.map(run => run.client_us)),
  make_us: median(runs.map(run => run.make_us)),
  server_us: median(runs.map(run => run.server_us)),
})

const show = (results: Readonly<Record<string, Run>>): void => {
  const json = results.JSONEachRow!
  const ratio = (of: number, to: number) => `${(of / to).toFixed(2)} ×`
  console.log(
    '\n| | rows/s | client CPU µs a row | of JSONEachRow | of it making the bytes | of JSONEachRow | server CPU µs a row | of JSONEachRow | both | of JSONEachRow |',
  )
  console.log('|---|---|---|---|---|---|---|---|---|---|')
  for (const [name, { rows_per_s, client_us, make_us, server_us }] of Object.entries(results)) {
    const both = client_us + server_us
    const cells = [
      Math.round(rows_per_s).toLocaleString('en'),
      client_us.toFixed(2),
      ratio(client_us, json.client_us),
      make_us.toFixed(2),
      ratio(make_us, json.make_us),
      server_us.toFixed(2),
      ratio(server_us, json.server_us),
      both.toFixed(2),
      ratio(both, json.client_us + json.server_us),
    ]
    console.log(`| ${name} | ${cells.join(' | ')} |`)
  }
}

const main = async (pid: number, warehouse: Warehouse, client: ClickHouseClient) => {
  await migrate(warehouse, app)
  const target = target_of(values.table)
  // Merging is the same work whatever way rows came; while it runs it would be counted with one of them.
  await warehouse.command(`SYSTEM STOP MERGES ${target.table}`)
  const rows = rows_of(target)
  const bytes = rows.reduce((sum, row) => sum + row.value.length, 0)
  // As many rows in an insert as the sink sends at once.
  const insert_bytes = rows_in_bytes(rows).size(0, rows.length)
  const batch = Math.ceil((rows.length * default_settings.insert_bytes_max) / insert_bytes)
  const ways: Readonly<Record<string, Way>> = {
    'the sink (Avro)': by_sink(target, warehouse),
    JSONEachRow: by_json(target, client, batch),
    RowBinary: by_row_binary(target, client, batch),
  }
  const runs = new Map<string, Run[]>()
  const sums = new Set<string>()
  // The first round warms up compilers and caches.
  for (let round = 0; round <= ROUNDS; round++)
    for (const [name, way] of Object.entries(ways)) {
      await emptied(warehouse, target.table)
      const run = await measured(way, rows, pid)
      const sum = await checksum(warehouse, target.table)
      sums.add(sum)
      if (round > 0) runs.set(name, [...(runs.get(name) ?? []), run])
      console.error(
        `round ${round}: ${name} ${Math.round(run.rows_per_s)} rows/s, client ${run.client_us.toFixed(2)} µs (making ${run.make_us.toFixed(2)}), server ${run.server_us.toFixed(2)} µs; ${sum}`,
      )
    }
  const machine = machine_line()
  console.log(
    `${machine}; ${rows.length} rows of ${target.table}, ${Math.round(bytes / rows.length)} bytes each, ${batch} in an insert; medians of ${ROUNDS} rounds, in turn`,
  )
  const results = Object.fromEntries([...runs].map(([name, of]) => [name, medians_of(of)]))
  show(results)
  console.log(sums.size === 1 ? `\nthe same rows each time: ${[...sums][0]}` : '\nNOT THE SAME ROWS')
  if (sums.size !== 1) process.exitCode = 1
  const report = { machine, rows: rows.length, batch, same_rows: sums.size === 1, results, runs: [...runs] }
  if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`)
}

const dir = mkdtempSync(join(tmpdir(), 'tributary-bench-sink-'))
const server = await start_embedded_warehouse({ dir })
const close = async (): Promise<void> => {
  await server.stop()
  rmSync(dir, { recursive: true, force: true })
}
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => void close().finally(() => process.exit(130)))
const warehouse = clickhouse_warehouse({ url: server.url })
const client = createClient({ url: server.url })
try {
  await main(server.pid, warehouse, client)
} finally {
  await client.close()
  await warehouse.close()
  await close()
}
