/** PyPI clickhouse-connect against the embedded warehouse: what a Python analyst does on the first day. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type EmbeddedWarehouse, start_embedded_warehouse } from '../../runtime/embedded/warehouse.ts'
import { python_with } from './python.ts'

const run = promisify(execFile)
const dir = mkdtempSync(join(tmpdir(), 'tributary-connect-'))
let server: EmbeddedWarehouse
let python: string

beforeAll(async () => {
  python = await python_with('clickhouse-connect')
  server = await start_embedded_warehouse({ dir, password: 'owner word', analyst_password: 'reader word' })
}, 400_000)
afterAll(async () => {
  await server.stop()
  rmSync(dir, { recursive: true, force: true })
})

/** Runs Python with `owner` and `analyst` connected; gives back what it prints as JSON. */
const python_says = async (source: string): Promise<unknown> => {
  const head = `
import datetime, json, clickhouse_connect
def connect(user, password):
    return clickhouse_connect.get_client(host='127.0.0.1', port=${server.port}, username=user, password=password)
owner = connect('default', 'owner word')
analyst = connect('analyst', 'reader word')
`
  const { stdout } = await run(python, ['-c', head + source], { timeout: 60_000 })
  return JSON.parse(stdout)
}

it('inserts in its own compressed format and reads the same back', async () => {
  const said = await python_says(`
owner.command("""CREATE TABLE t (id Int64, name String, kind LowCardinality(String), note Nullable(String),
  at DateTime64(3, 'UTC'), tags Map(String, String), parts Array(Int64)) ENGINE = ReplacingMergeTree ORDER BY id""")
at = datetime.datetime(2025, 3, 1, 12, 0, 0, 123000)
rows = [[i, "it's \\\\ \\n ü %d" % i, 'k', None if i % 2 else 'n', at, {'a': str(i)}, [i, i + 1]] for i in range(5000)]
summary = owner.insert('t', rows, column_names=['id', 'name', 'kind', 'note', 'at', 'tags', 'parts'])
back = [list(row) for row in owner.query('SELECT * FROM t ORDER BY id').result_rows]
same = [row[:4] + row[5:] for row in back] == [row[:4] + row[5:] for row in rows]
print(json.dumps([summary.written_rows, same, back[7][4].isoformat()]))
`)
  expect(said).toEqual([5000, true, '2025-03-01T12:00:00.123000'])
})

it('binds parameters, sets settings, and streams', async () => {
  const said = await python_says(`
value = "it's \\\\ \\n'); DROP TABLE t; --"
one = analyst.query('SELECT {v:String}, {ids:Array(Int64)}', parameters={'v': value, 'ids': [1, 2]}).result_rows[0]
threads = owner.query("SELECT getSetting('max_threads')", settings={'max_threads': 1}).result_rows[0][0]
total = 0
with analyst.query_row_block_stream('SELECT number FROM numbers(200000)') as blocks:
    for block in blocks:
        total += len(block)
print(json.dumps([one[0] == value, list(one[1]), threads, total]))
`)
  expect(said).toEqual([true, [1, 2], 1, 200_000])
})

it('sees errors as errors, and the analyst cannot write', async () => {
  const said = await python_says(`
def refused(work):
    try:
        work()
        return 'done'
    except Exception as error:
        return type(error).__name__
print(json.dumps([
    refused(lambda: analyst.command('DROP TABLE t')),
    refused(lambda: analyst.insert('t', [[1, 'x']], column_names=['id', 'name'])),
    refused(lambda: owner.query('SELECT * FROM nowhere')),
    refused(lambda: connect('default', 'wrong')),
]))
`)
  expect(said).toEqual(['DatabaseError', 'DatabaseError', 'DatabaseError', 'DatabaseError'])
})
