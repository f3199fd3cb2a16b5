/** The Warehouse port over HTTP, on the embedded endpoint. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import avsc from 'avsc'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ContainerRows, container_columns, container_writer } from '../../../runtime/clickhouse/container.ts'
import { clickhouse_warehouse, parse_rows } from '../../../runtime/clickhouse/warehouse.ts'
import { RowsRejected } from '../../../runtime/ports.ts'
import { type Served, serve_warehouse } from '../../sql/served-warehouse.ts'

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
  await served.warehouse.command(
    `CREATE TABLE sample (_log_id String, _key String, _partition Int32, _offset Int64, id String,
     kind LowCardinality(String), amount Int64 DEFAULT 7, note Nullable(String), inner Tuple(a Nullable(Bool), m Map(String, String)),
     at DateTime64(3, 'UTC')) ENGINE = ReplacingMergeTree ORDER BY id`,
  )
})
afterAll(() => served.stop())

const id_field = { name: 'id', type: 'string' }
const writer_of = (...fields: readonly object[]) => ({
  type: 'record',
  name: 'Sample',
  fields: [id_field, ...fields],
})
const full = writer_of(
  { name: 'kind', type: { type: 'enum', name: 'K', symbols: ['a', 'b'] } },
  { name: 'note', type: ['null', 'string'] },
  {
    name: 'inner',
    type: {
      type: 'record',
      name: 'Inner',
      fields: [
        { name: 'a', type: ['null', 'boolean'] },
        { name: 'm', type: { type: 'map', values: 'string' } },
      ],
    },
  },
  { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
)
const container = (writer: object, rows: readonly object[], cut = 0) => {
  const type = avsc.Type.forSchema(writer as avsc.Schema, { registry: {} })
  const values = rows.map(row => Buffer.concat([Buffer.alloc(5), type.toBuffer(row)]))
  const bytes = new ContainerRows()
  for (const [offset, value] of values.entries())
    bytes.add({
      ...{ log_id: 'L', key: Buffer.from('k'), partition: 1, offset },
      value: value.subarray(0, value.length - cut),
    })
  return container_writer(writer)(bytes)
}
const sample = (id: string) => ({
  id,
  kind: 'b',
  note: null,
  inner: { a: true, m: { x: 'y' } },
  at: 1_700_000_000_123,
})

describe('insert_avro', () => {
  it('brings every type in, by name, with defaults for what the writer lacks', async () => {
    await served.warehouse.insert_avro('sample', container_columns(full), container(full, [sample('one')]))
    expect(
      await served.warehouse.query(`SELECT * FROM sample WHERE id = {id:String}`, { id: 'one' }),
    ).toEqual([
      {
        _log_id: 'L',
        _key: 'k',
        _partition: 1,
        _offset: 0,
        id: 'one',
        kind: 'b',
        amount: 7,
        note: null,
        inner: { a: true, m: { x: 'y' } },
        at: '2023-11-14 22:13:20.123',
      },
    ])
    const old = writer_of()
    await served.warehouse.insert_avro(
      'sample',
      [...container_columns(old), 'amount'],
      container(old, [{ id: 'old' }]),
    )
    expect(await served.warehouse.query(`SELECT amount, note FROM sample WHERE id = 'old'`)).toEqual([
      { amount: 7, note: null },
    ])
  })

  it('refuses null for a column that takes none, and does not make it 0', async () => {
    const nullable = writer_of({ name: 'amount', type: ['null', 'long'] })
    const bytes = container(nullable, [{ id: 'null', amount: null }])
    const attempt = served.warehouse.insert_avro('sample', container_columns(nullable), bytes)
    await expect(attempt).rejects.toThrow('non-nullable type Int64')
    expect(await served.warehouse.query(`SELECT count() AS n FROM sample WHERE id = 'null'`)).toEqual([
      { n: 0 },
    ])
  })

  it('rejects a truncated body and inserts nothing', async () => {
    const bytes = container(full, [sample('cut')], 4)
    await expect(served.warehouse.insert_avro('sample', container_columns(full), bytes)).rejects.toThrow(
      RowsRejected,
    )
    await expect(served.warehouse.check_avro('sample', container_columns(full), bytes)).rejects.toThrow(
      RowsRejected,
    )
    expect(await served.warehouse.query(`SELECT count() AS n FROM sample WHERE id = 'cut'`)).toEqual([
      { n: 0 },
    ])
  })

  it('checks without inserting', async () => {
    await served.warehouse.check_avro('sample', container_columns(full), container(full, [sample('checked')]))
    expect(await served.warehouse.query(`SELECT count() AS n FROM sample WHERE id = 'checked'`)).toEqual([
      { n: 0 },
    ])
  })

  it('takes a container without rows', async () => {
    await served.warehouse.check_avro('sample', container_columns(full), container(full, []))
  })

  it('calls a missing table an outage, not a fault of the rows', async () => {
    const attempt = served.warehouse.insert_avro('nowhere', ['id'], container(writer_of(), [{ id: 'x' }]))
    await expect(attempt).rejects.toThrow('ClickHouse 60')
    await expect(attempt).rejects.not.toThrow(RowsRejected)
  })
})

describe('query', () => {
  it('gives 64-bit integers as numbers and refuses those a number cannot hold', async () => {
    expect(await served.warehouse.query('SELECT toInt64(9007199254740991) AS n')).toEqual([
      { n: 9007199254740991 },
    ])
    await expect(served.warehouse.query('SELECT toInt64(9007199254740993) AS n')).rejects.toThrow(
      'column n holds 9007199254740993, beyond what a number holds exactly',
    )
    expect(parse_rows('{"text":"12345678901234567890,"}\n')).toEqual([{ text: '12345678901234567890,' }])
  })

  it('binds parameters as values', async () => {
    const value = `it's \\ "q" \n\t; DROP TABLE sample`
    expect(await served.warehouse.query('SELECT {v:String} AS v', { v: value })).toEqual([{ v: value }])
  })
})

describe('credentials', () => {
  it('are sent as headers and never come back in an error', async () => {
    const server = createServer((request, response) => {
      response.statusCode = 500
      response.end(
        `Code: 42. DB::Exception: ${request.headers.authorization} ${request.url} s3cret-word (SOMETHING)`,
      )
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const warehouse = clickhouse_warehouse({ url: `http://reader:s3cret-word@127.0.0.1:${port}/money` })
    const error = await warehouse.command('SELECT 1').catch((e: Error) => e)
    expect(error).toBeInstanceOf(Error)
    expect((error as Error).message).toContain('database=money')
    expect((error as Error).message).not.toContain('s3cret-word')
    expect(await warehouse.health()).not.toContain('s3cret-word')
    await warehouse.close()
    await new Promise(resolve => server.close(resolve))
  })

  it('an address that is none is refused without repeating it', () => {
    expect(() => clickhouse_warehouse({ url: 'user:s3cret@host' })).toThrow('must be like http://host:8123')
  })
})

describe('health', () => {
  it('is null when reachable, else the reason', async () => {
    expect(await served.warehouse.health()).toBeNull()
    const nobody = clickhouse_warehouse({ url: 'http://127.0.0.1:9' })
    expect(await nobody.health()).toContain('ECONNREFUSED')
    await nobody.close()
  })
})
