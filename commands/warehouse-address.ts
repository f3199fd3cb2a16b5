/** Where the commands that only ask find ClickHouse: that of the process on the data directory, or of CLICKHOUSE_URL. */
import { ConfigError } from '../runtime/config.ts'
import { CommandError, one_line, read_endpoints } from './command.ts'

export interface WarehouseAddress {
  readonly url: URL
  readonly user: string
  readonly password: string
}

export const warehouse_address = (
  data_dir: string,
  env: Readonly<Record<string, string | undefined>>,
): WarehouseAddress => (env.CLICKHOUSE_URL ? server(env.CLICKHOUSE_URL, env) : beside(data_dir, env))

const beside = (data_dir: string, env: Readonly<Record<string, string | undefined>>): WarehouseAddress => {
  const running = read_endpoints(data_dir)
  if (!running)
    throw new CommandError(
      `nothing runs on ${data_dir}: start it, name another with --data-dir, or a server with CLICKHOUSE_URL`,
    )
  const password = env.CLICKHOUSE_ANALYST_PASSWORD ?? ''
  return { url: new URL(running.clickhouse), user: 'analyst', password }
}

const server = (address: string, env: Readonly<Record<string, string | undefined>>): WarehouseAddress => {
  const url = URL.parse(address)
  if (!url || !/^https?:$/.test(url.protocol))
    throw new ConfigError('CLICKHOUSE_URL: expected an address such as https://user@host:8443')
  const user = decodeURIComponent(url.username) || 'default'
  const password = decodeURIComponent(url.password) || (env.CLICKHOUSE_PASSWORD ?? '')
  url.username = ''
  url.password = ''
  const database = env.CLICKHOUSE_DATABASE
  if (database) url.searchParams.set('database', database)
  return { url, user, password }
}

/**
 * Rows of a query whose values are bound as {name:Type}; no setting is sent, a reader may not change any. Whole numbers of 64
 * bits come as text from some servers: those of `wholes` are numbers here.
 */
export const asking_rows =
  ({ url, user, password }: WarehouseAddress, wholes: ReadonlySet<string>) =>
  async <T>(sql: string, params: Readonly<Record<string, unknown>> = {}): Promise<T[]> => {
    const address = new URL(url)
    for (const [name, value] of Object.entries(params))
      address.searchParams.set(`param_${name}`, String(value))
    const headers = { 'x-clickhouse-user': user, ...(password && { 'x-clickhouse-key': password }) }
    const response = await fetch(address, {
      method: 'POST',
      headers,
      body: `${sql}\nFORMAT JSONEachRow`,
    }).catch(error => {
      throw new CommandError(`${url.origin} does not answer: ${one_line(error.cause ?? error)}`)
    })
    const text = await response.text()
    if (!response.ok) throw new CommandError(one_line(new Error(text)))
    const number_of = (name: string, value: unknown): unknown =>
      wholes.has(name) && typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value
    return text
      .split('\n')
      .filter(line => line !== '')
      .map(line => JSON.parse(line, number_of) as T)
  }
