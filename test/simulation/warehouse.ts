/**
 * The simulated warehouse: it parses every container as ClickHouse would (rows follow each other without a
 * border, so a malformed body eats its neighbour), keeps all rows ever inserted, and shows them with FINAL:
 * one row per identity.
 */
import avsc from 'avsc'
import { RowsRejected, type Warehouse } from '../../runtime/ports.ts'
import { NEWEST_BATCHES } from '../../runtime/sink-offsets.ts'
import { topics } from '../../schemas/topics.ts'
import { type Counters, count, Disturbed, type Process } from './process.ts'
import type { Random } from './scheduler.ts'

export type TableRow = Readonly<Record<string, unknown>>

export interface TableShape {
  readonly identity: readonly string[]
  /** Column whose greatest value wins; the last insert without one. */
  readonly version: string | null
}

export interface SharedWarehouse {
  readonly tables: Map<string, TableRow[]>
  /** One row per identity, as a reader with FINAL sees the table. */
  final(table: string): TableRow[]
}

const header_type = avsc.Type.forSchema({
  type: 'record',
  name: 'Header',
  fields: [
    { name: 'magic', type: { type: 'fixed', name: 'Magic', size: 4 } },
    { name: 'meta', type: { type: 'map', values: 'bytes' } },
    { name: 'sync', type: { type: 'fixed', name: 'Sync', size: 16 } },
  ],
})
const long_type = avsc.Type.forSchema('long')

const decode = <T>(type: avsc.Type, bytes: Buffer, at: number): { value: T; offset: number } => {
  const result = type.decode(bytes, at) as { value?: T; offset: number }
  if (result.offset < 0 || result.value === undefined) throw new RowsRejected('the data ends within a value')
  return { value: result.value, offset: result.offset }
}

const types = new Map<string, avsc.Type>()
const type_of = (schema: string): avsc.Type => {
  const known = types.get(schema)
  if (known) return known
  const type = avsc.Type.forSchema(JSON.parse(schema) as avsc.Schema, { registry: {} })
  types.set(schema, type)
  return type
}

/**
 * All rows of an Avro object container file. Throws RowsRejected where the file does not hold what it says.
 */
export const read_container = (bytes: Buffer): TableRow[] => {
  const rows: TableRow[] = []
  try {
    const head = decode<{ magic: Buffer; meta: Record<string, Buffer>; sync: Buffer }>(header_type, bytes, 0)
    const { magic, meta, sync } = head.value
    if (!Buffer.from(magic).equals(Buffer.from('Obj\u0001'))) throw new RowsRejected('no Avro container')
    const codec = meta['avro.codec'] ? Buffer.from(meta['avro.codec']).toString() : 'null'
    if (codec !== 'null') throw new RowsRejected(`codec ${codec}`)
    const type = type_of(Buffer.from(meta['avro.schema'] ?? '').toString())
    let at = head.offset
    while (at < bytes.length) {
      const rows_here = decode<number>(long_type, bytes, at)
      const size = decode<number>(long_type, bytes, rows_here.offset)
      const end = size.offset + size.value
      at = size.offset
      for (let i = 0; i < rows_here.value; i++) {
        const row = decode<TableRow>(type, bytes, at)
        rows.push(row.value)
        at = row.offset
      }
      if (at !== end)
        throw new RowsRejected(`a block of ${size.value} bytes is read over ${at - size.offset}`)
      if (!bytes.subarray(at, at + 16).equals(Buffer.from(sync))) throw new RowsRejected('no sync mark')
      at += 16
    }
  } catch (error) {
    if (error instanceof RowsRejected) throw error
    throw new RowsRejected(String(error))
  }
  return rows
}

export const create_shared_warehouse = (shape_of: (table: string) => TableShape): SharedWarehouse => {
  const tables = new Map<string, TableRow[]>()
  return {
    tables,
    final(table) {
      const { identity, version } = shape_of(table)
      const newest = new Map<string, TableRow>()
      for (const row of tables.get(table) ?? []) {
        const id = identity.map(column => String(row[column])).join('\u0001')
        const known = newest.get(id)
        if (!known || version === null || Number(row[version]) >= Number(known[version])) newest.set(id, row)
      }
      return [...newest.values()]
    },
  }
}

/** It says that it holds every batch: a sink that saved too early must not be healed by a look into the tables. */
const EVERYTHING = [...new Set(Object.values(topics).map(topic => topic.keyed_by))].map(key_group => ({
  key_group,
  newest: Number.MAX_SAFE_INTEGER,
}))

export const create_warehouse = (
  shared: SharedWarehouse,
  process: Process,
  random: Random,
  counters: Counters,
  torn: () => boolean,
): Warehouse => ({
  query: <T>(sql: string) =>
    sql === NEWEST_BATCHES
      ? Promise.resolve(EVERYTHING as T[])
      : Promise.reject(new Error(`the simulated warehouse answers no queries: ${sql}`)),
  command: () => process.call('warehouse', 'commands', () => undefined),
  insert_avro(table, columns, container) {
    const copy = Buffer.from(container)
    return process.call('warehouse', `inserts ${copy.length} bytes into ${table}`, () => {
      const rows = read_container(copy)
      const found = shared.tables.get(table) ?? []
      shared.tables.set(table, found)
      const missing = columns.filter(column => rows[0] && !(column in rows[0]))
      if (missing.length > 0) throw new RowsRejected(`the file has no ${missing}`)
      if (torn()) {
        found.push(...rows.slice(0, random.between(0, rows.length - 1)))
        count(counters, 'insert torn')
        throw new Disturbed(`${table}: some blocks of the insert are in, others are not`)
      }
      found.push(...rows)
      if (random.chance(0.05)) {
        count(counters, 'insert doubled')
        found.push(...rows)
      }
    })
  },
  check_avro(_table, _columns, container) {
    const copy = Buffer.from(container)
    return process.call('warehouse', 'checks a container', () => {
      read_container(copy)
    })
  },
  health: () => Promise.resolve(null),
  close: () => Promise.resolve(),
})
