/** The Warehouse port over the ClickHouse HTTP interface: a server, or the embedded endpoint. */
import { Readable } from 'node:stream'
import { type ClickHouseClient, createClient } from '@clickhouse/client'
import type { Warehouse } from '../ports.ts'
import { check_reply, classified } from './errors.ts'
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
      const reply = await client.exec({
        query,
        values,
        clickhouse_settings: INSERT_SETTINGS,
        // Status, header and text are all looked at here.
        ignore_error_response: true,
      })
      check_reply(reply, scrub(await text_of(reply.stream)))
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

/** To its end: before that the connection is not free, and what was cut short must not look like an answer. */
const text_of = async (stream: AsyncIterable<Uint8Array>): Promise<string> => {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
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
