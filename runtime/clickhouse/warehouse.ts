/** The Warehouse port over the ClickHouse HTTP interface: a server, or the embedded endpoint. */
import { Readable } from 'node:stream'
import { type ClickHouseClient, ClickHouseError, createClient } from '@clickhouse/client'
import { RowsRejected, type Warehouse } from '../ports.ts'
import { quote_name } from './tables.ts'

export interface WarehouseOptions {
  /** http(s)://[user:password@]host:port[/database]; separate fields win over what the address says. */
  readonly url: string
  readonly username?: string
  readonly password?: string
  readonly database?: string
  readonly request_timeout_ms?: number
}

/**
 * Pinned for every insert. A field that an older writer lacks becomes its column's default; null is never silently 0;
 * an insert has happened when it is acknowledged.
 */
const INSERT_SETTINGS = {
  input_format_avro_allow_missing_fields: 1,
  input_format_null_as_default: 0,
  async_insert: 0,
} as const

/** Codes that blame the rows: the same rows would fail again. Everything else is tried again. */
const ROWS_REJECTED = new Set(
  [
    6, 25, 26, 27, 32, 33, 38, 41, 44, 53, 69, 70, 72, 117, 128, 129, 131, 321, 349, 407, 467, 469, 621, 634,
    675, 691,
  ].map(String),
)
/** Code of an exception that is not ClickHouse's own; avro-cpp's are about the rows. */
const FOREIGN_EXCEPTION = '1001'
const LONG_DIGITS = /[:,[]-?\d{16,}[,}\]]/

export const clickhouse_warehouse = (options: WarehouseOptions): Warehouse => {
  const { client, scrub } = connect(options)

  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw classified(error, scrub)
    }
  }
  const insert = (into: string, columns: readonly string[], container: Buffer): Promise<void> =>
    guarded(async () => {
      const query = `INSERT INTO ${into} (${columns.map(quote_name).join(', ')}) FORMAT Avro`
      const values = Readable.from([container], { objectMode: false })
      const { stream } = await client.exec({ query, values, clickhouse_settings: INSERT_SETTINGS })
      // Until it is read, the connection is not free.
      for await (const _ of stream);
    })
  return {
    query: <T>(sql: string, params: Readonly<Record<string, unknown>> = {}) =>
      guarded(async () => {
        const result = await client.query({ query: sql, query_params: { ...params }, format: 'JSONEachRow' })
        return parse_rows<T>(await result.text())
      }),
    command: sql =>
      guarded(async () => {
        await client.command({ query: sql })
      }),
    insert_avro: (table, columns, container) => insert(quote_name(table), columns, container),
    check_avro: async (table, columns, container) => {
      const structure = await guarded(() => column_types(client, table, columns))
      await insert(`FUNCTION null(${structure})`, columns, container)
    },
    health: async () => {
      const result = await client.ping({ select: true })
      return result.success ? null : scrub(result.error.message || result.error.name)
    },
    close: () => client.close(),
  }
}

const connect = (options: WarehouseOptions) => {
  const url = URL.parse(options.url)
  if (!url || !/^https?:$/.test(url.protocol))
    throw new Error(
      'the address of ClickHouse must be like http://host:8123 (--clickhouse-url or CLICKHOUSE_URL)',
    )
  const username = options.username ?? (decodeURIComponent(url.username) || 'default')
  const password = options.password ?? decodeURIComponent(url.password)
  const database = options.database ?? (url.pathname.replace(/^\/|\/$/g, '') || 'default')
  // Credentials travel as headers: an address is logged, a header is not.
  url.username = ''
  url.password = ''
  url.pathname = '/'
  const client = createClient({
    url: url.toString(),
    username,
    password,
    database,
    application: 'tributary',
    request_timeout: options.request_timeout_ms ?? 120_000,
    max_open_connections: 8,
    // Below the 3 s after which a ClickHouse server closes an idle connection by default.
    keep_alive: { enabled: true, idle_socket_ttl: 2000 },
    clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
    log: { level: 127 },
  })
  const scrub = (text: string) => (password ? text.replaceAll(password, '***') : text)
  return { client, scrub }
}

const classified = (error: unknown, scrub: (text: string) => string): Error => {
  const text = scrub(error instanceof Error ? error.message || error.name : String(error))
  if (error instanceof ClickHouseError) {
    const avro = error.code === FOREIGN_EXCEPTION && text.includes('avro::Exception')
    const message = `ClickHouse ${error.code}${error.type ? ` ${error.type}` : ''}: ${text}`
    return ROWS_REJECTED.has(error.code) || avro ? new RowsRejected(message) : new Error(message)
  }
  return new Error(text)
}

/** The table's own types of these columns, as the argument of null(): a string literal. */
const column_types = async (
  client: ClickHouseClient,
  table: string,
  columns: readonly string[],
): Promise<string> => {
  const result = await client.query({
    query:
      'SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = {table:String}',
    query_params: { table },
    format: 'JSONEachRow',
  })
  const types = new Map(
    (await result.json<{ name: string; type: string }>()).map(row => [row.name, row.type]),
  )
  const structure = columns.map(name => {
    const type = types.get(name)
    if (type === undefined) throw new Error(`table ${table} has no column ${name}`)
    return `${quote_name(name)} ${type}`
  })
  return `'${structure.join(', ').replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

/** JSON lines to rows. An integer that a number cannot hold exactly is an error, never a rounded amount. */
export const parse_rows = <T>(text: string): T[] => {
  const lines = text.split('\n')
  const rows: T[] = []
  for (const line of lines)
    if (line) rows.push((LONG_DIGITS.test(line) ? parse_checked(line) : JSON.parse(line)) as T)
  return rows
}

type Reviver = (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown
const parse_checked = (line: string): unknown => {
  const checked: Reviver = (key, value, context) => {
    if (typeof value === 'number' && /^-?\d+$/.test(context.source ?? '') && !Number.isSafeInteger(value))
      throw new RangeError(
        `column ${key} holds ${context.source}, beyond what a number holds exactly: select toString(…)`,
      )
    return value
  }
  return JSON.parse(line, checked as (key: string, value: unknown) => unknown)
}
