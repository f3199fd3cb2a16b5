/** Table definitions generated from the Avro schemas: one column per field, one name from the emitter to SQL. */
import type { App } from '../app.ts'

export interface Column {
  readonly name: string
  readonly type: string
  /** SQL of the default, where it is not the type's own (0, '', NULL, empty). */
  readonly default?: string
}

export interface Table {
  readonly name: string
  readonly columns: readonly Column[]
  /** Column names, and expressions of columns. */
  readonly order_by: readonly string[]
  readonly version?: string
  readonly partition_by?: string
}

type Avro =
  | string
  | readonly Avro[]
  | {
      readonly type: Avro
      readonly name?: string
      readonly logicalType?: string
      readonly items?: Avro
      readonly values?: Avro
      readonly fields?: readonly Field[]
    }
interface Field {
  readonly name: string
  readonly type: Avro
  readonly default?: unknown
}

/** Where the record came from. `_log_id` is empty for records of our own tasks. */
const PREFIX: readonly Column[] = [
  { name: '_log_id', type: 'String' },
  { name: '_key', type: 'String' },
  { name: '_partition', type: 'Int32' },
  { name: '_offset', type: 'Int64' },
]
const PRIMITIVES: Readonly<Record<string, string>> = {
  long: 'Int64',
  int: 'Int32',
  double: 'Float64',
  float: 'Float32',
  boolean: 'Bool',
  string: 'String',
  bytes: 'String',
}

export const quote_name = (name: string): string => `\`${name}\``

/** The column type of an Avro type. Throws on what the tables do not carry (other unions, recursion, decimals). */
export const column_type = (type: Avro, path: string): string => {
  if (typeof type === 'string') return PRIMITIVES[type] ?? unsupported(path, type)
  if (Array.isArray(type)) {
    const present = type.filter(branch => branch !== 'null')
    if (present.length !== 1 || type.length !== 2) return unsupported(path, 'a union other than [null, T]')
    return nullable(column_type(present[0], path), path)
  }
  const named = type as Exclude<Avro, string | readonly Avro[]>
  if (named.logicalType === 'timestamp-millis') return "DateTime64(3, 'UTC')"
  if (named.logicalType) return unsupported(path, named.logicalType)
  if (named.type === 'enum') return 'LowCardinality(String)'
  if (named.type === 'map') {
    if (named.values !== 'string') return unsupported(path, 'a map of other than string')
    return 'Map(String, String)'
  }
  if (named.type === 'array') return `Array(${column_type(named.items ?? '', `${path}[]`)})`
  if (named.type === 'record') {
    const fields = named.fields ?? []
    return `Tuple(${fields.map(f => `${quote_name(f.name)} ${column_type(f.type, `${path}.${f.name}`)}`).join(', ')})`
  }
  return column_type(named.type, path)
}

const nullable = (type: string, path: string): string => {
  const low = /^LowCardinality\((.*)\)$/.exec(type)
  if (low) return `LowCardinality(Nullable(${low[1]}))`
  if (/^(?:Tuple|Array|Map)\(/.test(type)) return unsupported(path, `a nullable ${type.replace(/\(.*$/, '')}`)
  return `Nullable(${type})`
}

const unsupported = (path: string, what: string): never => {
  throw new Error(`${path}: the warehouse has no column for ${what}`)
}

const default_sql = (value: unknown): string | undefined => {
  if (typeof value === 'number' && value !== 0) return String(value)
  if (value === true) return 'true'
  if (typeof value === 'string' && value !== '')
    return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
  return undefined
}

const columns_of = (schema: object, path: string): Column[] => {
  const fields = (schema as { fields?: readonly Field[] }).fields
  if (!fields) throw new Error(`${path}: a table is made of a record schema`)
  return fields.map(field => {
    const sql = default_sql(field.default)
    const column = { name: field.name, type: column_type(field.type, `${path}.${field.name}`) }
    return sql === undefined ? column : { ...column, default: sql }
  })
}

const BATCHES = 'batches'

/** Every table of the installation, sorted by name: one per topic that names one, and the batch log's. */
export const tables_of = (app: App): Table[] => {
  const tables: Table[] = [batches_table(app)]
  for (const [topic, spec] of Object.entries(app.topics)) {
    if (!spec.table) continue
    const schema = app.schemas[spec.schema]
    if (!schema) throw new Error(`topic ${topic} names a schema that does not exist: ${spec.schema}`)
    const day = spec.table.by_day ? [`toDate(${quote_name(spec.occurred_at ?? 'occurred_at')})`] : []
    tables.push({
      name: topic,
      columns: [...PREFIX, ...columns_of(schema, topic)],
      order_by: spec.table.order_by ?? ['tenant_id', ...day, '_key', spec.event_id ?? 'event_id'],
      ...(spec.table.version ? { version: spec.table.version } : {}),
      ...(spec.table.partition_by ? { partition_by: spec.table.partition_by } : {}),
    })
  }
  return tables.sort((a, b) => (a.name < b.name ? -1 : 1))
}

const batches_table = (app: App): Table => {
  const schema = app.schemas.batch_log
  if (!schema) throw new Error('there is no schema batch_log')
  return {
    name: BATCHES,
    columns: [...PREFIX, ...columns_of(schema, BATCHES)],
    order_by: ['key_group', 'partition', 'log_id', 'kind', 'seq', 'nonce'],
  }
}

export const column_sql = (column: Column): string =>
  `${quote_name(column.name)} ${column.type}${column.default === undefined ? '' : ` DEFAULT ${column.default}`}`

/** CREATE TABLE IF NOT EXISTS: a row written twice merges into one, the newest version winning. */
export const create_table_sql = (table: Table): string => {
  for (const name of [...table.order_by, ...(table.version ? [table.version] : [])])
    if (!name.includes('(') && !table.columns.some(column => column.name === name))
      throw new Error(`table ${table.name} has no column ${name}`)
  return [
    `CREATE TABLE IF NOT EXISTS ${quote_name(table.name)}`,
    '(',
    table.columns.map(column => `  ${column_sql(column)}`).join(',\n'),
    ')',
    `ENGINE = ReplacingMergeTree${table.version ? `(${quote_name(table.version)})` : ''}`,
    ...(table.partition_by ? [`PARTITION BY ${table.partition_by}`] : []),
    `ORDER BY (${table.order_by.map(name => (name.includes('(') ? name : quote_name(name))).join(', ')})`,
    '',
  ].join('\n')
}
