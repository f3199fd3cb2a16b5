/**
 * npm run bench:warehouse -- [--payments 5e6] [--touchpoints 50e6] [--seed 1] [--runs 5] [--dir DIR] [--keep] [--only TEXT]:
 * how fast an embedded warehouse of that size answers the page's panels and analysts' questions. Writes the history into
 * DIR (a folder that --keep left is used as it is; without --dir a temporary one), waits until merges rest, asks everything
 * and prints one table. Ends with 1 when a bar is missed.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { tributary } from '../../runtime/app.ts'
import { migrate } from '../../runtime/clickhouse/migrate.ts'
import { clickhouse_warehouse } from '../../runtime/clickhouse/warehouse.ts'
import { start_embedded_warehouse } from '../../runtime/embedded/warehouse.ts'
import type { Warehouse } from '../../runtime/ports.ts'
import { write_history } from '../../test/sql/large-history.ts'
import { type Measured, measure } from './measure.ts'
import { floors, type Question, questions } from './questions.ts'

const BUDGET_MS = 60_000
const REST_MS = 900_000
const { values } = parseArgs({
  options: {
    payments: { type: 'string', default: '5e6' },
    touchpoints: { type: 'string', default: '50e6' },
    seed: { type: 'string', default: '1' },
    runs: { type: 'string', default: '5' },
    dir: { type: 'string' },
    keep: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
  },
})
const size = {
  payments: Number(values.payments),
  touchpoints: Number(values.touchpoints),
  seed: Number(values.seed),
}
const dir = values.dir ?? mkdtempSync(join(tmpdir(), 'tributary-bench-'))
const done_file = join(dir, 'history.json')
const server = await start_embedded_warehouse({ dir })
const warehouse = clickhouse_warehouse({ url: server.url, request_timeout_ms: 1_800_000 })
try {
  await migrate(warehouse, tributary(8))
  if (!existsSync(done_file)) {
    await fill(warehouse)
    writeFileSync(done_file, `${JSON.stringify(size)}\n`)
  }
  await describe_tables(warehouse)
  await ask_all(warehouse)
} finally {
  await warehouse.close()
  await server.stop()
  if (!values.keep) rmSync(dir, { recursive: true, force: true })
}

async function fill(into: Warehouse): Promise<void> {
  const began = performance.now()
  const seconds = () => `${Math.round((performance.now() - began) / 1000)} s`
  await write_history(into, {
    ...size,
    on_slice: (slice, slices) => process.stderr.write(`\rslice ${slice} of ${slices}, ${seconds()}`),
  })
  // Parts that are being merged would be measured, too.
  for (let quiet = 0; quiet < 3 && performance.now() - began < REST_MS; ) {
    const [row] = await into.query<{ merges: number }>('SELECT count() AS merges FROM system.merges')
    quiet = row?.merges ? 0 : quiet + 1
    await new Promise(resolve => setTimeout(resolve, 2000))
  }
  process.stderr.write(`\rwritten and merged in ${seconds()}          \n`)
}

async function describe_tables(of: Warehouse): Promise<void> {
  const tables = await of.query<{ table: string; rows: number; parts: number; size: string }>(
    `SELECT table, toInt64(sum(rows)) AS rows, count() AS parts, formatReadableSize(sum(bytes_on_disk)) AS size
     FROM system.parts WHERE active AND database = currentDatabase() GROUP BY table ORDER BY rows DESC LIMIT 6`,
  )
  console.log(`${cpus()[0]?.model}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`)
  for (const { table, rows, parts, size } of tables)
    console.log(
      `${table.padEnd(22)}${rows.toLocaleString('en-US').padStart(12)} rows in ${parts} parts, ${size}`,
    )
}

async function ask_all(of: Warehouse): Promise<void> {
  const wanted = (question: Question) => question.name.includes(values.only)
  console.log(
    `${'\nquestion'.padEnd(56)}${['median', 'CPU', 'bar', 'load'].map(head => head.padStart(10)).join('')}`,
  )
  let missed = 0
  for (const question of [...floors, ...questions].filter(wanted)) {
    const measured = await measure(() => question.ask(of.query), {
      pid: server.pid,
      runs: Number(values.runs),
      budget_ms: BUDGET_MS,
    })
    if (question.bar_ms !== null && measured.median_ms > question.bar_ms) missed++
    console.log(line(question, measured))
  }
  console.log(missed === 0 ? 'every bar is met' : `${missed} bars are missed`)
  if (missed > 0) process.exitCode = 1
}

function line({ name, bar_ms }: Question, { median_ms, cpu_ms }: Measured): string {
  const seconds = (ms: number | null) =>
    (ms === null ? '' : `${(ms / 1000).toFixed(ms < 10_000 ? 3 : 1)} s`).padStart(10)
  const bar =
    bar_ms === null ? ''.padStart(10) : `${bar_ms / 1000} s${median_ms > bar_ms ? ' ✗' : ' ✓'}`.padStart(10)
  return `${name.padEnd(55)}${seconds(median_ms)}${seconds(cpu_ms)}${bar}${(loadavg()[0] ?? 0).toFixed(1).padStart(10)}`
}
