/**
 * Configuration from flags and environment, by one table: the table is what is parsed, what is checked, what
 * `--help` prints and what the documentation quotes. Secrets come from the environment or from files, never
 * from flags.
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { type LEVELS, type Option, options, type SASL, type Values } from './options.ts'

export { type Option, options, start_options, switched, whole } from './options.ts'

type Flat = Values<typeof options>

export interface Sasl {
  readonly mechanism: (typeof SASL)[number]
  readonly username: string
  readonly password: string
}
export interface Cluster {
  readonly brokers: readonly string[]
  /** PEM text to trust, true for the system's authorities, false for plain text. */
  readonly ssl: boolean | { readonly ca: string }
  readonly sasl: Sasl | null
  /** Copies of created topics. */
  readonly replication: number
  /** Session timeout of group members. */
  readonly session_ms: number
  readonly redis_url: string
  /** PEM text to trust, null for the system's authorities. */
  readonly redis_tls_ca: string | null
  readonly clickhouse_url: string
  readonly clickhouse_database: string
  readonly clickhouse_password: string | null
  /** Changes tables and views at a start; null: the user of the URL does. */
  readonly clickhouse_migrator: { readonly username: string; readonly password: string } | null
  readonly clickhouse_timeout_ms: number
  readonly registry_url: string
}
/** What the business wants to reach; ratios are 0 to 1, amounts whole units of a tenant's currency. */
export interface Targets {
  readonly conversion_rate: number
  readonly avg_lead_value: number
  readonly revenue_per_hour: number
  readonly buyer_acceptance: number
}
export interface Config {
  readonly data_dir: string
  readonly host: string
  readonly http_port: number
  readonly clickhouse_port: number
  readonly partitions: number
  /** Copies of checkpoints; null: none are taken. */
  readonly snapshot_dir: string | null
  /** The process runs the jobs by itself. */
  readonly jobs: boolean
  readonly targets: Targets
  readonly insecure_dev: boolean
  readonly log_level: (typeof LEVELS)[number]
  /** null: no key file; only then, on loopback or with insecure_dev, is the API open. */
  readonly api_keys: ReadonlyMap<string, string> | null
  /** Of the embedded ClickHouse endpoint; it stays on loopback without both. */
  readonly warehouse_passwords: { readonly password: string; readonly analyst_password: string } | null
  /** null: the embedded stack. */
  readonly cluster: Cluster | null
}

/**
 * A wrong flag, value or combination; the message is one line that names the option. Commands exit 2 on it.
 */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

export interface Parsed<O extends readonly Option[]> {
  readonly config: Config
  /** Values of the command's own options. */
  readonly own: Values<O>
  readonly positionals: readonly string[]
  readonly help: boolean
}

type Env = Readonly<Record<string, string | undefined>>

/** Reads flags over environment over defaults. Throws ConfigError. */
export const parse_config = <const O extends readonly Option[] = readonly []>(
  argv: readonly string[],
  env: Env,
  own: O = [] as unknown as O,
  positionals_max = 0,
): Parsed<O> => {
  const table: readonly Option[] = [...options, ...own]
  const { values, positionals } = parse_flags(argv, table)
  const help = values.help === true
  if (positionals.length > positionals_max && !help)
    throw new ConfigError(`unexpected argument ${JSON.stringify(positionals[positionals_max])}`)
  const read = Object.fromEntries(table.map(option => [option.name, value_of(option, values, env)]))
  return { config: combine(read as unknown as Flat), own: read as unknown as Values<O>, positionals, help }
}

const parse_flags = (argv: readonly string[], table: readonly Option[]) => {
  const flags: Record<string, { type: 'string' | 'boolean' }> = { help: { type: 'boolean' } }
  for (const { flag, value } of table) if (flag) flags[flag] = { type: value ? 'string' : 'boolean' }
  try {
    return parseArgs({ args: [...argv], options: flags, allowPositionals: true, strict: true })
  } catch (error) {
    const message = (error as Error).message.split(/\. (?:To specify|Did you)/)[0]
    throw new ConfigError(`${message}; see --help`)
  }
}

const value_of = (option: Option, flags: Record<string, unknown>, env: Env): unknown => {
  const flagged = option.flag === undefined ? undefined : flags[option.flag]
  // An empty variable is what compose files pass for an unset one.
  const from_env = option.env && env[option.env] !== '' ? env[option.env] : undefined
  const given = flagged === undefined ? (from_env ?? option.default) : String(flagged)
  if (given === undefined) return undefined
  const result = option.type.safeParse(given)
  if (result.success) return result.data
  const source = flagged !== undefined ? `--${option.flag}` : (option.env ?? option.name)
  const shown = option.secret ? '' : `, not ${JSON.stringify(given)}`
  throw new ConfigError(`${source}: expected ${result.error.issues[0]?.message}${shown}`)
}

const combine = (flat: Flat): Config => {
  const api_keys = flat.api_keys === undefined ? null : read_api_keys(flat.api_keys)
  if (!is_loopback(flat.host) && !api_keys && !flat.insecure_dev)
    throw new ConfigError(
      `--host ${flat.host}: listening beyond loopback needs --api-keys FILE (or --insecure-dev)`,
    )
  const { clickhouse_password: password, analyst_password } = flat
  const cluster = cluster_of(flat)
  return {
    data_dir: resolve(flat.data_dir),
    host: flat.host,
    http_port: flat.http_port,
    clickhouse_port: flat.clickhouse_port,
    partitions: flat.partitions,
    snapshot_dir:
      flat.snapshot_dir !== undefined
        ? resolve(flat.snapshot_dir)
        : cluster
          ? null
          : resolve(flat.data_dir, 'snapshots'),
    jobs: flat.jobs,
    targets: {
      conversion_rate: flat.target_conversion_rate,
      avg_lead_value: flat.target_avg_lead_value,
      revenue_per_hour: flat.target_revenue_per_hour,
      buyer_acceptance: flat.target_buyer_acceptance,
    },
    insecure_dev: flat.insecure_dev,
    // A person at a laptop reads the banner; a cluster's log is read by machines.
    log_level: flat.log_level ?? (cluster ? 'info' : 'warn'),
    api_keys,
    warehouse_passwords: password && analyst_password ? { password, analyst_password } : null,
    cluster,
  }
}

const cluster_of = (flat: Flat): Cluster | null => {
  const { kafka_brokers, redis_url, clickhouse_url, registry_url } = flat
  const parts = {
    KAFKA_BROKERS: kafka_brokers,
    REDIS_URL: redis_url,
    CLICKHOUSE_URL: clickhouse_url,
    SCHEMA_REGISTRY_URL: registry_url,
  }
  const names = Object.entries(parts)
  const missing = names.filter(([, value]) => value === undefined).map(([name]) => name)
  if (missing.length === names.length) return null
  if (!kafka_brokers || !redis_url || !clickhouse_url || !registry_url)
    throw new ConfigError(
      `${missing.join(', ')} not set: a cluster needs all of ${names.map(([n]) => n).join(', ')}`,
    )
  return {
    brokers: kafka_brokers,
    ssl:
      flat.kafka_ssl_ca === undefined ? flat.kafka_ssl : { ca: read_text('KAFKA_SSL_CA', flat.kafka_ssl_ca) },
    sasl: sasl_of(flat),
    replication: flat.kafka_replication,
    session_ms: flat.kafka_session_ms,
    redis_url,
    redis_tls_ca: flat.redis_tls_ca === undefined ? null : read_text('REDIS_TLS_CA', flat.redis_tls_ca),
    clickhouse_url,
    clickhouse_database: flat.clickhouse_database,
    clickhouse_password: flat.clickhouse_password ?? null,
    clickhouse_migrator: migrator_of(flat),
    clickhouse_timeout_ms: flat.clickhouse_timeout_ms,
    registry_url,
  }
}

const migrator_of = (flat: Flat): Cluster['clickhouse_migrator'] => {
  const { clickhouse_migrator_user: username, clickhouse_migrator_password: password } = flat
  if (password !== undefined && username === undefined)
    throw new ConfigError('CLICKHOUSE_MIGRATOR_PASSWORD needs CLICKHOUSE_MIGRATOR_USER')
  return username === undefined ? null : { username, password: password ?? '' }
}

const sasl_of = (flat: Flat): Sasl | null => {
  const {
    kafka_sasl_mechanism: mechanism,
    kafka_sasl_username: username,
    kafka_sasl_password: password,
  } = flat
  if (mechanism === undefined && username === undefined && password === undefined) return null
  if (!mechanism || !username || !password)
    throw new ConfigError('KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD belong together')
  return { mechanism, username, password }
}

const key_file = z.record(
  z.string().regex(/^[0-9a-f]{64}$/, 'sha256 in hex'),
  z.string().regex(/^[^|]+$/, 'a tenant'),
)

const read_api_keys = (file: string): ReadonlyMap<string, string> => {
  let parsed: unknown
  try {
    parsed = JSON.parse(read_text('--api-keys', file))
  } catch (error) {
    if (error instanceof ConfigError) throw error
    throw new ConfigError(`--api-keys: ${file} is not JSON`)
  }
  const keys = key_file.safeParse(parsed)
  if (!keys.success)
    throw new ConfigError(`--api-keys: ${file} must be {"<sha256 of key, hex>": "<tenant>", …}`)
  return new Map(Object.entries(keys.data))
}

const read_text = (option: string, file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigError(`${option}: cannot read ${file} (${(error as NodeJS.ErrnoException).code})`)
  }
}

/** True where only this machine can connect. */
export const is_loopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)

/** Hides the user and password of a URL. */
export const mask_url = (url: string): string => {
  const parsed = new URL(url)
  if (parsed.username) parsed.username = '***'
  if (parsed.password) parsed.password = '***'
  return parsed.href
}

/** The configuration as it may be printed: secrets masked, keys counted. */
export const printable = (config: Config): Record<string, unknown> => ({
  ...config,
  api_keys: config.api_keys ? `${config.api_keys.size} keys` : null,
  warehouse_passwords: config.warehouse_passwords && '***',
  cluster: config.cluster && {
    ...config.cluster,
    clickhouse_password: config.cluster.clickhouse_password && '***',
    clickhouse_migrator: config.cluster.clickhouse_migrator && {
      ...config.cluster.clickhouse_migrator,
      password: '***',
    },
    ssl: config.cluster.ssl !== false,
    redis_tls_ca: config.cluster.redis_tls_ca && 'given',
    sasl: config.cluster.sasl && { ...config.cluster.sasl, password: '***' },
    redis_url: mask_url(config.cluster.redis_url),
    clickhouse_url: mask_url(config.cluster.clickhouse_url),
    registry_url: mask_url(config.cluster.registry_url),
  },
})

/** Help text of a command: its usage line, then the table. */
export const help_text = (usage: string, own: readonly Option[] = []): string => {
  const line = (option: Option) => {
    const flag = option.flag ? `--${option.flag}${option.value ? ` ${option.value}` : ''}` : ''
    const standard = option.default && option.default !== 'false' ? ` (${option.default})` : ''
    return `  ${flag.padEnd(28)} ${(option.env ?? '').padEnd(26)} ${option.meaning}${standard}`
  }
  const head = `  ${'flag'.padEnd(28)} ${'environment'.padEnd(26)} meaning (default)`
  return [usage, '', head, ...[...own, ...options].map(line), `  --help`, ''].join('\n')
}
