/** The embedded warehouse as its clients see it: over HTTP, with users, and across the death of its parent. */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { createClient } from '@clickhouse/client'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type EmbeddedWarehouse, start_embedded_warehouse } from '../../../runtime/embedded/warehouse.ts'

const dir = mkdtempSync(join(tmpdir(), 'tributary-embedded-'))
let server: EmbeddedWarehouse
beforeAll(async () => {
  server = await start_embedded_warehouse({
    dir,
    password: 'öwner',
    analyst_password: 'reads',
    analyst_seconds_max: 2,
  })
  await ask({ body: 'CREATE TABLE t (a Int64, b String) ENGINE = ReplacingMergeTree ORDER BY a' })
  await ask({ body: "INSERT INTO t VALUES (1, 'x'), (2, 'it''s')" })
})
afterAll(async () => {
  await server.stop()
  rmSync(dir, { recursive: true, force: true })
})

interface Asked {
  readonly params?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
  readonly headers?: Readonly<Record<string, string>>
  readonly method?: string
  readonly path?: string
}
interface Got {
  readonly status: number
  readonly text: string
  readonly bytes: Buffer
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}
const owner = { Authorization: `Basic ${Buffer.from('default:öwner').toString('base64')}` }
const analyst = { 'X-ClickHouse-User': 'analyst', 'X-ClickHouse-Key': 'reads' }

const ask = ({ params = {}, body, headers = owner, method, path = '/' }: Asked): Promise<Got> =>
  new Promise((resolve, reject) => {
    const url = `${server.url}${path}?${new URLSearchParams(params)}`
    const sent = request(
      url,
      { method: method ?? (body === undefined ? 'GET' : 'POST'), headers },
      response => {
        const chunks: Buffer[] = []
        response.on('data', chunk => chunks.push(chunk as Buffer))
        response.on('end', () => {
          const bytes = Buffer.concat(chunks)
          resolve({
            status: response.statusCode ?? 0,
            text: bytes.toString(),
            bytes,
            headers: response.headers,
          })
        })
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })

describe('the interface', () => {
  it('answers ping to everybody', async () => {
    expect(await ask({ path: '/ping', headers: {} })).toMatchObject({ status: 200, text: 'Ok.\n' })
  })

  it('takes the query from the address or the body, and says what it answered with', async () => {
    const params = { query: 'SELECT a FROM t ORDER BY a', default_format: 'JSONEachRow', query_id: 'mine' }
    const got = await ask({ params })
    expect(got.text).toBe('{"a":1}\n{"a":2}\n')
    expect(got.headers).toMatchObject({
      'x-clickhouse-query-id': 'mine',
      'x-clickhouse-format': 'JSONEachRow',
      'x-clickhouse-timezone': 'UTC',
      'content-type': 'application/x-ndjson; charset=UTF-8',
    })
    expect(JSON.parse(String(got.headers['x-clickhouse-summary']))).toMatchObject({
      result_rows: '2',
      written_rows: '0',
    })
    expect((await ask({ body: 'SELECT 1 FORMAT CSV' })).headers['x-clickhouse-format']).toBe('CSV')
  })

  it('passes parameters as values and settings by name', async () => {
    const value = "a'b\\\\c\\n'); DROP TABLE t; --"
    const params = {
      param_v: value,
      param_n: '3',
      max_threads: '1',
      query: "SELECT {v:String} AS v, {n:Int64} AS n, getSetting('max_threads') AS m FORMAT JSONEachRow",
    }
    expect(JSON.parse((await ask({ params })).text)).toEqual({
      v: "a'b\\c\n'); DROP TABLE t; --",
      n: 3,
      m: 1,
    })
    const wrong = await ask({ params: { query: 'SELECT 1', 'a = 1, readonly': '0' } })
    expect(wrong.text).toContain('no setting can be named')
  })

  it('chooses the database', async () => {
    expect((await ask({ params: { query: 'SELECT currentDatabase()', database: 'system' } })).text).toBe(
      'system\n',
    )
    expect(await ask({ params: { query: 'SELECT 1', database: 'no`pe' } })).toMatchObject({ status: 404 })
  })

  it('does not let GET change anything', async () => {
    const got = await ask({ params: { query: 'DROP TABLE t' } })
    expect(got.headers['x-clickhouse-exception-code']).toBe('164')
  })

  it('puts errors as ClickHouse does', async () => {
    const got = await ask({ body: 'SELECT * FROM nowhere' })
    expect(got).toMatchObject({ status: 404, headers: { 'x-clickhouse-exception-code': '60' } })
    expect(got.text).toMatch(/^Code: 60\. DB::Exception: .*\(UNKNOWN_TABLE\)/)
    expect(await ask({ body: 'SELEC 1' })).toMatchObject({
      status: 400,
      headers: { 'x-clickhouse-exception-code': '62' },
    })
    expect(await ask({ path: '/nowhere' })).toMatchObject({ status: 404 })
  })

  it('compresses where it is asked to, and decompresses', async () => {
    const params = { query: 'SELECT 1', enable_http_compression: '1' }
    const got = await ask({ params, headers: { ...owner, 'Accept-Encoding': 'br, gzip' } })
    expect(got.headers['content-encoding']).toBe('gzip')
    expect(gunzipSync(got.bytes).toString()).toBe('1\n')
    for (const [name, compress] of [
      ['gzip', gzipSync],
      ['zstd', zstdCompressSync],
    ] as const)
      expect(
        (
          await ask({
            body: compress(Buffer.from('SELECT 2')),
            headers: { ...owner, 'Content-Encoding': name },
          })
        ).text,
      ).toBe('2\n')
    const broken = await ask({ body: 'SELECT 2', headers: { ...owner, 'Content-Encoding': 'gzip' } })
    expect(broken).toMatchObject({ status: 400 })
  })

  it('takes insert data behind the statement in the address or the body, in any format', async () => {
    await ask({ body: 'CREATE TABLE data (a Int64, b String) ENGINE = MergeTree ORDER BY a' })
    const got = await ask({
      params: { query: 'INSERT INTO data (a, b) FORMAT CSV' },
      body: "1,FORMAT\n2,'); --\n",
    })
    expect(JSON.parse(String(got.headers['x-clickhouse-summary']))).toMatchObject({ written_rows: '2' })
    const native = await ask({ body: "SELECT toInt64(3) AS a, 'native' AS b FORMAT Native" })
    const statement = Buffer.from(
      'INSERT INTO data (`a`, "b") -- FORMAT CSV\n SETTINGS max_threads = 1 FORMAT Native\n',
    )
    expect(await ask({ body: Buffer.concat([statement, native.bytes]) })).toMatchObject({
      status: 200,
      text: '',
    })
    await ask({ body: 'INSERT INTO data FORMAT JSONEachRow {"a":4,"b":"ü"}' })
    await ask({ body: "INSERT INTO data VALUES (5, 'x; y')" })
    await ask({ body: "INSERT INTO data SELECT 6, 'FORMAT CSV'" })
    expect((await ask({ body: 'SELECT * FROM data ORDER BY a FORMAT JSONCompactEachRow' })).text).toBe(
      '[1, "FORMAT"]\n[2, "\'); --"]\n[3, "native"]\n[4, "ü"]\n[5, "x; y"]\n[6, "FORMAT CSV"]\n',
    )
  })

  it('serves others while a statement runs', async () => {
    let slow_ended = false
    const slow = ask({ body: 'SELECT sleep(2)' }).then(() => (slow_ended = true))
    await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        ask({ params: { param_i: String(i), query: 'SELECT {i:Int64}' } }),
      ),
    ).then(all => expect(all.map(got => got.text)).toEqual(Array.from({ length: 20 }, (_, i) => `${i}\n`)))
    expect(slow_ended).toBe(false)
    await slow
  })

  it.each([
    ['the owner', owner],
    ['the analyst', analyst],
  ])('ends a read whose client is gone: %s', async (_, headers) => {
    const running = async () =>
      (
        await ask({
          body: "SELECT count() FROM system.processes WHERE query LIKE '%sipHash64(number)%' AND query NOT LIKE '%processes%'",
        })
      ).text
    const leave = new AbortController()
    const params = new URLSearchParams({ query: 'SELECT max(sipHash64(number)) FROM system.numbers' })
    const left = fetch(`${server.url}/?${params}`, { headers, signal: leave.signal }).catch(
      (error: Error) => error.name,
    )
    await vi.waitFor(async () => expect(await running()).toBe('1\n'))
    leave.abort()
    expect(await left).toBe('AbortError')
    await vi.waitFor(async () => expect(await running()).toBe('0\n'))
  })

  it('serves @clickhouse/client with compression both ways', async () => {
    const client = createClient({
      log: { level: 127 },
      url: server.url,
      password: 'öwner',
      compression: { request: true, response: true },
    })
    await client.command({
      query: 'CREATE TABLE official (a Int64, at DateTime64(3)) ENGINE = MergeTree ORDER BY a',
    })
    const summary = await client.insert({
      table: 'official',
      values: [{ a: 1, at: '2025-01-01 00:00:00.123' }],
      format: 'JSONEachRow',
    })
    expect(summary.summary?.written_rows).toBe('1')
    const result = await client.query({
      query: 'SELECT * FROM official WHERE a = {a:Int64}',
      query_params: { a: 1 },
      format: 'JSONEachRow',
    })
    expect(await result.json()).toEqual([{ a: 1, at: '2025-01-01 00:00:00.123' }])
    await expect(client.query({ query: 'SELECT throwIf(1)' })).rejects.toMatchObject({ code: '395' })
    await client.close()
  })
})

describe('users', () => {
  it.each([
    ['no password', {}],
    ['a wrong one', { 'X-ClickHouse-User': 'default', 'X-ClickHouse-Key': 'reads' }],
    ['an unknown name', { 'X-ClickHouse-User': 'root', 'X-ClickHouse-Key': '' }],
  ])('%s is refused', async (_, headers) => {
    const got = await ask({ params: { query: 'SELECT 1' }, headers })
    expect(got).toMatchObject({ status: 403, headers: { 'x-clickhouse-exception-code': '516' } })
  })

  it('may name themselves in the address', async () => {
    const got = await ask({ params: { query: 'SELECT 1', user: 'analyst', password: 'reads' }, headers: {} })
    expect(got.text).toBe('1\n')
  })

  it('need passwords where others can reach the port', async () => {
    await expect(start_embedded_warehouse({ dir, host: '0.0.0.0', password: 'x' })).rejects.toThrow(
      'only with passwords',
    )
  })
})

describe('the analyst', () => {
  const read = (body: string, params = {}) => ask({ body, params, headers: analyst })

  it.each([
    'SELECT count() FROM t',
    "WITH 1 AS x SELECT x, 'a; b -- INTO OUTFILE file(' AS s",
    '(SELECT 1) UNION ALL (SELECT 2)',
    'SHOW TABLES',
    'DESCRIBE t',
    'EXPLAIN SELECT 1',
    'EXISTS t',
    'SELECT a FROM t FORMAT JSON',
  ])('may %s', async query => {
    expect(await read(query)).toMatchObject({ status: 200 })
  })

  const target = join(dir, 'stolen')
  it.each([
    "INSERT INTO t VALUES (9, 'q')",
    'DROP TABLE t',
    'CREATE TABLE u (a Int8) ENGINE = Memory',
    'CREATE TEMPORARY TABLE u (a Int8)',
    'OPTIMIZE TABLE t',
    'KILL QUERY WHERE 1',
    'SET readonly = 0',
    'SET ROLE owner',
    'USE system',
    'SELECT 1; DROP TABLE t',
    'SELECT 1 PARALLEL WITH SELECT 2',
    'SELECT 1 SETTINGS readonly = 0',
    "SELECT * FROM t FORMAT Template SETTINGS format_template_row = '/etc/passwd'",
    `SELECT 1 INTO OUTFILE '${target}'`,
    `SELECT 1 INTO /* */ OUTFILE '${target}'`,
    `SELECT 1 AS \`a'\` INTO OUTFILE '${target}'`,
    `EXPLAIN SELECT 1 INTO OUTFILE '${target}'`,
    `INSERT INTO FUNCTION file('${target}', 'CSV') SELECT 1`,
    "SELECT * FROM file('/etc/passwd', 'LineAsString')",
    "SELECT file('/etc/passwd')",
    "SELECT 1 AS `it's`, file('/etc/passwd')",
    "DESCRIBE TABLE file('/etc/passwd', 'CSV')",
    "DESCRIBE TABLE url('http://127.0.0.1:9/', 'CSV', 'a String')",
    "EXPLAIN SELECT * FROM url('http://127.0.0.1:9/', 'CSV', 'a String')",
    "SELECT `file`('/etc/passwd')",
    'SELECT "file"(\'/etc/passwd\')',
    "SELECT FILE /* */ ('/etc/passwd')",
    "SELECT * APPLY(file) FROM (SELECT '/etc/passwd')",
    "SELECT * APPLY file FROM (SELECT '/etc/passwd')",
    "SELECT * APPLY(x -> file(x)) FROM (SELECT '/etc/passwd')",
    "SELECT * FROM url('http://127.0.0.1:9/', 'LineAsString')",
    "SELECT * FROM executable('ls', 'TSV', 'a String')",
    "SELECT * FROM remote('127.0.0.1:9', 'a', 'b')",
    'SELECT * FROM system.users',
    'exit',
    '\\! ls',
  ])('may not %s', async query => {
    const got = await read(query)
    expect(got.status).toBeGreaterThanOrEqual(400)
    expect(got.text).toMatch(/^Code: \d+\. DB::Exception: /)
    expect(existsSync(target)).toBe(false)
  })

  it('reads merged rows, whatever was inserted twice', async () => {
    await ask({ body: "INSERT INTO t VALUES (1, 'newer')" })
    expect((await read('SELECT b FROM t WHERE a = 1')).text).toBe('newer\n')
    expect((await read('SELECT count() FROM t WHERE a = 1', { final: '0' })).text).toMatch(/^[12]\n$/)
  })

  it('has its bounds, which it can narrow and not widen', async () => {
    const bounds = "SELECT getSetting('max_execution_time') AS s FORMAT TSV"
    expect((await read(bounds)).text).toBe('2\n')
    expect((await read(bounds, { max_execution_time: '1' })).text).toBe('1\n')
    expect((await read(bounds, { max_execution_time: '600' })).text).toBe('2\n')
    expect((await read(bounds, { max_execution_time: '0' })).text).toBe('2\n')
    const long = await read('SELECT count() FROM system.numbers WHERE NOT ignore(sleepEachRow(0.001))')
    // TIMEOUT_EXCEEDED, or TOO_SLOW where it was seen coming.
    expect(long.headers['x-clickhouse-exception-code']).toMatch(/^(159|160)$/)
    for (const setting of [
      'readonly',
      'format_template_row',
      'format_schema',
      'allow_introspection_functions',
    ])
      expect((await read('SELECT 1', { [setting]: '0' })).text).toContain(`Cannot modify '${setting}'`)
  })
})

describe('the process', () => {
  it('dies with a killed parent, and the next start finds the directory free and the data there', async () => {
    const own = mkdtempSync(join(tmpdir(), 'tributary-embedded-kill-'))
    const parent = spawn(process.execPath, ['--input-type=module', '-e', parent_source(own)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const url = await new Promise<string>(resolve =>
      parent.stdout.once('data', text => resolve(String(text).trim())),
    )
    const post = (body: string) => fetch(url, { method: 'POST', body }).then(response => response.text())
    await post('CREATE TABLE kept (a Int64) ENGINE = MergeTree ORDER BY a')
    await post('INSERT INTO kept VALUES (42)')
    const gone = new Promise(resolve => parent.once('exit', resolve))
    parent.kill('SIGKILL')
    await gone
    const next = await start_embedded_warehouse({ dir: own })
    expect(await (await fetch(`${next.url}/?query=SELECT+a+FROM+kept`)).text()).toBe('42\n')
    await next.stop()
    rmSync(own, { recursive: true, force: true })
  })

  it('stops at once, whatever runs, and keeps what it acknowledged', async () => {
    const own = mkdtempSync(join(tmpdir(), 'tributary-embedded-busy-'))
    const busy = await start_embedded_warehouse({ dir: own })
    const post = (body: string) => fetch(busy.url, { method: 'POST', body }).then(got => got.text())
    await post('CREATE TABLE kept (a Int64) ENGINE = MergeTree ORDER BY a')
    await post('INSERT INTO kept VALUES (42)')
    const endless = post('SELECT max(sipHash64(number)) FROM system.numbers').catch(() => 'cut off')
    await post('SELECT sleep(0.2)')
    await busy.stop()
    expect(await endless).toBe('cut off')
    const next = await start_embedded_warehouse({ dir: own })
    expect(await (await fetch(`${next.url}/?query=SELECT+a+FROM+kept`)).text()).toBe('42\n')
    await next.stop()
    rmSync(own, { recursive: true, force: true })
  })

  it('refuses a directory that another one holds', async () => {
    await expect(start_embedded_warehouse({ dir, start_ms: 0 })).rejects.toThrow('another process holds')
  })

  it('stays when others than its parent tell it to end, and reports its own death', async () => {
    const own = mkdtempSync(join(tmpdir(), 'tributary-embedded-stop-'))
    const said = Promise.withResolvers<string>()
    const doomed = await start_embedded_warehouse({ dir: own, on_exit: said.resolve })
    process.kill(doomed.pid, 'SIGTERM')
    expect((await fetch(`${doomed.url}/ping`)).status).toBe(200)
    process.kill(doomed.pid, 'SIGKILL')
    expect(await said.promise).toContain('the warehouse process ended (SIGKILL)')
    rmSync(own, { recursive: true, force: true })
  })
})

const parent_source = (own: string) => `
  const { start_embedded_warehouse } = await import(${JSON.stringify(join(import.meta.dirname, '../../../runtime/embedded/warehouse.ts'))})
  const server = await start_embedded_warehouse({ dir: ${JSON.stringify(own)} })
  console.log(server.url), setInterval(() => {}, 1000)
`
