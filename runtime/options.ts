/** The table of options: what is parsed, what is checked and what `--help` prints. */
import { z } from 'zod'

export interface Option {
  readonly name: string
  /** Absent: environment only, because command lines are readable by every process of the machine. */
  readonly flag?: string
  readonly env?: string
  readonly default?: string
  /** Placeholder in the help text; absent: a switch without a value. */
  readonly value?: string
  readonly secret?: boolean
  readonly meaning: string
  readonly type: z.ZodType
}

const text = z.string().min(1, 'must not be empty')
const on_off = z
  .enum(['true', 'false', '1', '0', ''], 'true or false')
  .transform(v => v === 'true' || v === '1')
/** Digits only: Number() would take an empty text for 0. */
export const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, 'a whole number')
    .transform(Number)
    .pipe(z.number().min(min, `at least ${min}`).max(max, `at most ${max}`))
/** A decimal number of at least `min`. */
const decimal = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+(\.\d+)?$/, 'a decimal number')
    .transform(Number)
    .pipe(z.number().min(min, `at least ${min}`).max(max, `at most ${max}`))
const port = whole(0, 65_535)
export const switched = on_off
const url_of = (...schemes: string[]) =>
  text.refine(
    value => URL.canParse(value) && schemes.includes(new URL(value).protocol),
    `a URL beginning with ${schemes.map(s => `${s}//`).join(' or ')}`,
  )
const broker_list = text.transform((value, ctx) => {
  const brokers = value.split(',').map(broker => broker.trim())
  const bad = brokers.find(broker => !/^[^\s:/]+:\d+$/.test(broker))
  if (bad !== undefined)
    ctx.addIssue({ code: 'custom', message: `host:port,host:port (not ${JSON.stringify(bad)})` })
  return brokers
})
export const SASL = ['plain', 'scram-sha-256', 'scram-sha-512'] as const
export const LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const

/** Every option of `npm start`; import and reconcile take them too and add their own. */
export const options = [
  {
    name: 'data_dir',
    flag: 'data-dir',
    env: 'TRIBUTARY_DATA_DIR',
    default: './data',
    value: 'DIR',
    type: text,
    meaning: 'where the embedded stack keeps log, state and tables',
  },
  {
    name: 'host',
    flag: 'host',
    env: 'TRIBUTARY_HOST',
    default: '127.0.0.1',
    value: 'ADDRESS',
    type: text,
    meaning: 'address to listen on; API keys are required on any but loopback',
  },
  {
    name: 'http_port',
    flag: 'http-port',
    env: 'TRIBUTARY_HTTP_PORT',
    default: '8080',
    value: 'PORT',
    type: port,
    meaning: 'port of the HTTP API; 0 picks a free one',
  },
  {
    name: 'clickhouse_port',
    flag: 'clickhouse-port',
    env: 'TRIBUTARY_CLICKHOUSE_PORT',
    default: '8123',
    value: 'PORT',
    type: port,
    meaning: 'port of the embedded ClickHouse endpoint; 0 picks a free one',
  },
  {
    name: 'partitions',
    flag: 'partitions',
    env: 'TRIBUTARY_PARTITIONS',
    default: '8',
    value: 'N',
    type: whole(1, 1024),
    meaning: 'partitions of every topic, fixed when the data directory or cluster is first used',
  },
  {
    name: 'api_keys',
    flag: 'api-keys',
    env: 'TRIBUTARY_API_KEYS',
    value: 'FILE',
    type: text,
    meaning: 'JSON file {"<sha256 of key, hex>": "<tenant>"}; tenant "*" is an administrator',
  },
  {
    name: 'snapshot_dir',
    env: 'TRIBUTARY_SNAPSHOT_DIR',
    type: text,
    meaning:
      "daily copies of every task's checkpoint; data directory/snapshots, in a cluster none without it",
  },
  {
    name: 'jobs',
    flag: 'jobs',
    env: 'TRIBUTARY_JOBS',
    default: 'true',
    type: on_off,
    meaning: 'run jobs at midnight UTC, some every 6 h or 5 min; false: npm run jobs alone',
  },
  {
    name: 'target_conversion_rate',
    env: 'TARGET_CONVERSION_RATE',
    default: '0.60',
    type: decimal(0, 1),
    meaning: 'share of conversations that are to become leads: recommendations and dashboard compare with it',
  },
  {
    name: 'target_avg_lead_value',
    env: 'TARGET_AVG_LEAD_VALUE',
    default: '150.0',
    type: decimal(0, 1e12),
    meaning: "what a lead is to be sold for on average, whole units of the tenant's currency",
  },
  {
    name: 'target_revenue_per_hour',
    env: 'TARGET_REVENUE_PER_HOUR',
    default: '30.0',
    type: decimal(0, 1e12),
    meaning: 'what an hour of conversation is to bring, whole units',
  },
  {
    name: 'target_buyer_acceptance',
    env: 'TARGET_BUYER_ACCEPTANCE',
    default: '0.85',
    type: decimal(0, 1),
    meaning: 'share of the leads they are sent that buyers are to take',
  },
  {
    name: 'insecure_dev',
    flag: 'insecure-dev',
    env: 'TRIBUTARY_INSECURE_DEV',
    default: 'false',
    type: on_off,
    meaning: 'listen beyond loopback without API keys (development networks only)',
  },
  {
    name: 'log_level',
    flag: 'log-level',
    env: 'TRIBUTARY_LOG_LEVEL',
    value: 'LEVEL',
    type: z.enum(LEVELS, `one of ${LEVELS.join(', ')}`),
    meaning: `${LEVELS.join(', ')}; without it info on a cluster, else warn`,
  },
  {
    name: 'kafka_brokers',
    flag: 'kafka-brokers',
    env: 'KAFKA_BROKERS',
    value: 'HOST:PORT,…',
    type: broker_list,
    meaning: 'run on Kafka instead of the embedded log (all four of Kafka, Redis, ClickHouse, registry)',
  },
  {
    name: 'redis_url',
    env: 'REDIS_URL',
    secret: true,
    type: url_of('redis:', 'rediss:'),
    meaning: 'checkpoints; rediss:// for TLS, user and password may be part of the URL',
  },
  {
    name: 'redis_tls_ca',
    env: 'REDIS_TLS_CA',
    type: text,
    meaning: 'PEM file of the authority to trust for rediss://',
  },
  {
    name: 'clickhouse_url',
    env: 'CLICKHOUSE_URL',
    secret: true,
    type: url_of('http:', 'https:'),
    meaning: 'tables and views; user and password may be part of the URL',
  },
  {
    name: 'registry_url',
    env: 'SCHEMA_REGISTRY_URL',
    secret: true,
    type: url_of('http:', 'https:'),
    meaning: 'Confluent-compatible registry, e.g. http://host:8080/apis/ccompat/v7',
  },
  {
    name: 'clickhouse_database',
    env: 'CLICKHOUSE_DATABASE',
    default: 'default',
    type: text,
    meaning: 'database of the tables',
  },
  {
    name: 'clickhouse_password',
    env: 'CLICKHOUSE_PASSWORD',
    secret: true,
    type: text,
    meaning: 'of user default; the embedded endpoint leaves loopback only with both passwords',
  },
  {
    name: 'clickhouse_migrator_user',
    env: 'CLICKHOUSE_MIGRATOR_USER',
    type: text,
    meaning: 'changes tables and views at a start, so that the user of CLICKHOUSE_URL need not be able to',
  },
  {
    name: 'clickhouse_migrator_password',
    env: 'CLICKHOUSE_MIGRATOR_PASSWORD',
    secret: true,
    type: text,
    meaning: 'of that user',
  },
  {
    name: 'clickhouse_timeout_ms',
    env: 'CLICKHOUSE_TIMEOUT_MS',
    default: '120000',
    type: whole(1000, 3_600_000),
    meaning: 'a statement of ours without an answer for so long has failed, and an insert is sent again',
  },
  {
    name: 'analyst_password',
    env: 'CLICKHOUSE_ANALYST_PASSWORD',
    secret: true,
    type: text,
    meaning: 'of user analyst (reads only) on the embedded endpoint',
  },
  {
    name: 'kafka_replication',
    env: 'KAFKA_REPLICATION',
    default: '1',
    type: whole(1, 100),
    meaning: 'copies of the topics that are created; 3 where there are three brokers',
  },
  {
    name: 'kafka_session_ms',
    env: 'KAFKA_SESSION_MS',
    default: '10000',
    type: whole(1_000, 1_800_000),
    meaning: 'a process silent for so long loses its tasks; below 6000 brokers must allow it',
  },
  { name: 'kafka_ssl', env: 'KAFKA_SSL', default: 'false', type: on_off, meaning: 'TLS to the brokers' },
  {
    name: 'kafka_ssl_ca',
    env: 'KAFKA_SSL_CA',
    type: text,
    meaning: 'PEM file of the authority to trust; implies KAFKA_SSL',
  },
  {
    name: 'kafka_sasl_mechanism',
    env: 'KAFKA_SASL_MECHANISM',
    type: z.enum(SASL, `one of ${SASL.join(', ')}`),
    meaning: SASL.join(', '),
  },
  { name: 'kafka_sasl_username', env: 'KAFKA_SASL_USERNAME', type: text, meaning: 'user on the brokers' },
  {
    name: 'kafka_sasl_password',
    env: 'KAFKA_SASL_PASSWORD',
    secret: true,
    type: text,
    meaning: 'password on the brokers',
  },
] as const satisfies readonly Option[]

/** Of `npm start` alone. */
export const start_options = [
  {
    name: 'workers',
    flag: 'workers',
    env: 'TRIBUTARY_WORKERS',
    default: '1',
    value: 'N',
    type: whole(1, 256),
    meaning: 'processes that do the tasks, on a cluster; with 2 and more this one only serves HTTP',
  },
] as const satisfies readonly Option[]

export type Values<O extends readonly Option[]> = {
  readonly [K in O[number] as K['name']]: K extends { readonly default: string }
    ? z.output<K['type']>
    : z.output<K['type']> | undefined
}
