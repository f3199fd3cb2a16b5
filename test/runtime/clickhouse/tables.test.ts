/** Column types and table definitions out of Avro schemas. */
import { describe, expect, it } from 'vitest'
import { type App, tributary } from '../../../runtime/app.ts'
import { column_type, create_table_sql, tables_of } from '../../../runtime/clickhouse/tables.ts'

const app_of = (fields: readonly object[], table: object = {}): App => {
  const base = tributary(1)
  const schema = { type: 'record', name: 'X', fields }
  const spec = {
    schema: 'x',
    role: 'output',
    keyed_by: 'customer',
    dedupe: 'none',
    partitioner: 'trusted',
    table,
  } as const
  return { ...base, topics: { x: spec }, schemas: { ...base.schemas, x: schema } }
}
const identity = ['event_id', 'tenant_id'].map(name => ({ name, type: 'string' }))

describe('a column', () => {
  it.each([
    ['long', 'Int64'],
    ['double', 'Float64'],
    ['boolean', 'Bool'],
    ['string', 'String'],
    ['bytes', 'String'],
    [{ type: 'long', logicalType: 'timestamp-millis' }, "DateTime64(3, 'UTC')"],
    [{ type: 'enum', name: 'E', symbols: ['a'] }, 'LowCardinality(String)'],
    [['null', 'long'], 'Nullable(Int64)'],
    [['null', { type: 'enum', name: 'E', symbols: ['a'] }], 'LowCardinality(Nullable(String))'],
    [['null', { type: 'long', logicalType: 'timestamp-millis' }], "Nullable(DateTime64(3, 'UTC'))"],
    [{ type: 'map', values: 'string' }, 'Map(String, String)'],
    [{ type: 'array', items: 'string' }, 'Array(String)'],
    [
      { type: 'array', items: { type: 'record', name: 'R', fields: [{ name: 'from', type: 'long' }] } },
      'Array(Tuple(`from` Int64))',
    ],
    [
      { type: 'record', name: 'R', fields: [{ name: 'm', type: { type: 'map', values: 'string' } }] },
      'Tuple(`m` Map(String, String))',
    ],
  ])('%j is %s', (type, expected) => {
    expect(column_type(type as never, 'x')).toBe(expected)
  })

  it.each([
    [['null', 'long', 'string'], 'x: the warehouse has no column for a union other than [null, T]'],
    [['long', 'string'], 'x: the warehouse has no column for a union other than [null, T]'],
    [{ type: 'bytes', logicalType: 'decimal' }, 'x: the warehouse has no column for decimal'],
    ['Recursive', 'x: the warehouse has no column for Recursive'],
    [{ type: 'map', values: 'long' }, 'x: the warehouse has no column for a map of other than string'],
    [['null', { type: 'map', values: 'string' }], 'x: the warehouse has no column for a nullable Map'],
  ])('%j is refused', (type, message) => {
    expect(() => column_type(type as never, 'x')).toThrow(message)
  })
})

describe('a table', () => {
  it('is ordered by identity and keeps the newest version', () => {
    const fields = [
      ...identity,
      { name: 'revision', type: 'long', default: 2 },
      { name: 'note', type: 'string', default: "it's" },
    ]
    const [, table] = tables_of(app_of(fields, { version: 'revision', partition_by: 'tenant_id' }))
    expect(table && create_table_sql(table)).toBe(
      [
        'CREATE TABLE IF NOT EXISTS `x`',
        '(',
        '  `_log_id` String,',
        '  `_key` String,',
        '  `_partition` Int32,',
        '  `_offset` Int64,',
        '  `event_id` String,',
        '  `tenant_id` String,',
        '  `revision` Int64 DEFAULT 2,',
        "  `note` String DEFAULT 'it\\'s'",
        ')',
        'ENGINE = ReplacingMergeTree(`revision`)',
        'PARTITION BY tenant_id',
        'ORDER BY (`tenant_id`, `_key`, `event_id`)',
        '',
      ].join('\n'),
    )
  })

  it('is refused when it is ordered by a column it does not have', () => {
    const [, table] = tables_of(app_of(identity, { order_by: ['tenant_id', 'nothing'] }))
    expect(() => table && create_table_sql(table)).toThrow('table x has no column nothing')
  })

  it('exists for the batch log and for every topic that names one', () => {
    const names = tables_of(tributary(1)).map(table => table.name)
    expect(names).toContain('batches')
    expect(names).toContain('payments')
    expect(names).toContain('dead_letters')
  })
})
