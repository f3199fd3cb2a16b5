/** `npm run export` against the embedded endpoint: what is in the file is what the query says, or there is no file. */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ledger_row, type Served, serve_warehouse } from '../sql/served-warehouse.ts'

const COMMAND = join(import.meta.dirname, '../../commands/export.ts')
const dir = mkdtempSync(join(tmpdir(), 'export-'))
const CREDIT = `SELECT tenant_id, day, currency, gross_minor, net_minor, map('a', net_minor) AS by_name, payments,
  NULL::Nullable(Int64) AS nothing FROM revenue_daily(as_of = '2026-02-01') ORDER BY day, currency`

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
  const rows = Array.from({ length: 500 }, (_, i) =>
    ledger_row({
      event_id: `e${i}`,
      customer_id: `c "${i}", \n ü`,
      occurred_at: new Date(Date.UTC(2026, 0, 1 + (i % 28))).toISOString(),
      amount_minor: i * 1009 * (i % 7 === 0 ? -1 : 1),
      currency: i % 2 ? 'EUR' : 'JPY',
    }),
  )
  await served.fill('ledger', rows)
})
afterAll(async () => {
  await served.stop()
  rmSync(dir, { recursive: true, force: true })
})

const run = (args: readonly string[], env: NodeJS.ProcessEnv = { CLICKHOUSE_URL: served.url }) =>
  new Promise<{ code: number | null; out: Buffer; err: string }>(resolve => {
    const child = spawn(process.execPath, [COMMAND, ...args], {
      cwd: dir,
      env: { PATH: process.env.PATH, HOME: dir, ...env },
    })
    const out: Buffer[] = []
    let err = ''
    child.stdout.on('data', data => out.push(data))
    child.stderr.on('data', data => {
      err += data
    })
    child.once('close', code => resolve({ code, out: Buffer.concat(out), err }))
  })
const rows_of = async (query: string) => JSON.stringify(await served.warehouse.query(query))

it('writes Parquet that the engine reads back as it was', async () => {
  const file = join(dir, 'all.parquet')
  expect(await run([CREDIT, '--out', file])).toMatchObject({ code: 0, err: '' })
  const back = await rows_of(
    `SELECT * REPLACE (toDate(day) AS day) FROM file('${file}') ORDER BY day, currency`,
  )
  expect(back).toBe(await rows_of(CREDIT))
  expect(JSON.parse(back)).toHaveLength(28)
})

it('writes CSV with names, quoted, equal to what the endpoint gives and what it reads back', async () => {
  const query = 'SELECT event_id, customer_id, amount_minor FROM ledger FINAL ORDER BY event_id'
  const { code, out } = await run([query])
  const response = await fetch(served.url, { method: 'POST', body: `${query} FORMAT CSVWithNames` })
  expect(code).toBe(0)
  expect(out.equals(Buffer.from(await response.arrayBuffer()))).toBe(true)
  expect(out.toString().split('\n')[0]).toBe('"event_id","customer_id","amount_minor"')
  const file = join(dir, 'ledger.csv')
  writeFileSync(file, out)
  const kept = `SELECT * FROM file('${file}', 'CSVWithNames', 'event_id String, customer_id String, amount_minor Int64')`
  expect(await rows_of(`${kept} ORDER BY event_id`)).toBe(await rows_of(query))
})

it('writes a row a line as ndjson, to the process that runs on the data directory too', async () => {
  const endpoints = { http: 'http://127.0.0.1:1', clickhouse: served.url, pid: process.pid }
  writeFileSync(join(dir, 'endpoints.json'), JSON.stringify(endpoints))
  const args = ['SELECT number AS n FROM system.numbers LIMIT 3', '--data-dir', dir, '--format', 'ndjson']
  expect((await run(args, {})).out.toString()).toBe('{"n":0}\n{"n":1}\n{"n":2}\n')
})

it('leaves the file as it was when the query fails, after rows too, and no draft', async () => {
  const file = join(dir, 'kept.csv')
  writeFileSync(file, 'before')
  const late =
    'SELECT throwIf(number = 900000) FROM system.numbers LIMIT 1000000 SETTINGS max_block_size = 1000'
  const { code, err } = await run([late, '--out', file])
  expect([code, err.trim().split('\n').length]).toEqual([1, 1])
  expect(err).toContain('395')
  expect(readFileSync(file, 'utf8')).toBe('before')
  expect(readdirSync(dir).filter(name => name.endsWith('.tmp'))).toEqual([])
})

it('changes nothing, whatever is hidden from its reading of the statement', async () => {
  await served.warehouse.command('CREATE TABLE taken (a String) ENGINE = MergeTree ORDER BY a')
  for (const hidden of [
    "WITH x AS (SELECT 'hash' AS a) # '\nINSERT INTO taken SELECT a FROM x # '",
    "WITH $$'$$ AS q, 'heredoc' AS a INSERT INTO taken SELECT a -- '",
  ])
    expect((await run([hidden])).code).toBe(1)
  expect(await served.warehouse.query('SELECT a FROM taken')).toEqual([])
})

it.each([
  [['DROP TABLE ledger'], {}, 1, 'only SELECT or WITH'],
  [['SELECT nope'], {}, 1, 'nope'],
  [['SELECT 1', '--out', '/nowhere/x.csv'], {}, 1, '/nowhere/x.csv'],
  [['SELECT 1'], { CLICKHOUSE_URL: '' }, 1, 'nothing runs on'],
  [['SELECT 1'], { CLICKHOUSE_URL: 'ftp://x' }, 2, 'CLICKHOUSE_URL'],
  [[], {}, 2, 'what is to be exported?'],
  [['SELECT 1', '--format', 'xml'], {}, 2, 'csv, parquet or ndjson'],
])('%j: a clear line', async (args, env, code, named) => {
  const told = await run(args, { CLICKHOUSE_URL: served.url, ...env })
  expect([told.code, told.err.trim().split('\n').length, told.out.length]).toEqual([code, 1, 0])
  expect(told.err).toContain(named)
  expect(existsSync(join(dir, 'x.csv'))).toBe(false)
})
