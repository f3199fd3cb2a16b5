/** Configuration: flags over environment over defaults, one clear line for each mistake, secrets never shown. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ConfigError, help_text, options, parse_config, printable } from '../../runtime/config.ts'

const cluster_env = {
  KAFKA_BROKERS: 'a:9092, b:9092',
  REDIS_URL: 'redis://user:hunter2@r:6379',
  CLICKHOUSE_URL: 'http://default:hunter2@c:8123',
  SCHEMA_REGISTRY_URL: 'http://s:8080/apis/ccompat/v7',
}
let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'config-'))
})
afterAll(() => rmSync(dir, { recursive: true }))

const failure = (argv: string[], env: Record<string, string> = {}): string => {
  try {
    parse_config(argv, env)
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    return (error as Error).message
  }
  throw new Error('expected a ConfigError')
}

describe('parse_config', () => {
  it('has defaults for a laptop', () => {
    const { config } = parse_config([], {})
    expect(config).toMatchObject({
      host: '127.0.0.1',
      http_port: 8080,
      clickhouse_port: 8123,
      partitions: 8,
      api_keys: null,
      cluster: null,
      insecure_dev: false,
      log_level: 'warn',
    })
    expect(config.data_dir).toBe(join(process.cwd(), 'data'))
  })

  it('prefers flags to environment, and takes an empty variable as unset', () => {
    const env = { TRIBUTARY_HTTP_PORT: '1111', TRIBUTARY_PARTITIONS: '3', TRIBUTARY_DATA_DIR: '' }
    const { config } = parse_config(['--http-port', '2222', '--data-dir', '/x/y'], env)
    expect(config).toMatchObject({ http_port: 2222, partitions: 3, data_dir: '/x/y' })
    expect(parse_config([], { TRIBUTARY_DATA_DIR: '' }).config.data_dir).toBe(join(process.cwd(), 'data'))
  })

  it.each([
    [['--htp-port', '1'], {}, '--htp-port'],
    [['--http-port', '99999'], {}, '--http-port'],
    [['--http-port', 'abc'], {}, '--http-port'],
    [['--http-port'], {}, '--http-port'],
    [['--http-port', ''], {}, '--http-port'],
    [['--partitions', '2.5'], {}, '--partitions'],
    [[], { TRIBUTARY_PARTITIONS: '0' }, 'TRIBUTARY_PARTITIONS'],
    [['--log-level', 'loud'], {}, '--log-level'],
    [['stray'], {}, '"stray"'],
    [['--host', '0.0.0.0'], {}, '--api-keys'],
    [['--api-keys', '/no/such/file'], {}, '/no/such/file'],
    [[], { KAFKA_BROKERS: 'a:9092' }, 'REDIS_URL, CLICKHOUSE_URL, SCHEMA_REGISTRY_URL not set'],
    [[], { ...cluster_env, KAFKA_BROKERS: 'http://a:9092' }, 'KAFKA_BROKERS'],
    [[], { ...cluster_env, KAFKA_SASL_USERNAME: 'u' }, 'KAFKA_SASL_MECHANISM'],
    [[], { ...cluster_env, KAFKA_SSL_CA: '/no/such.pem' }, 'KAFKA_SSL_CA'],
    [[], { ...cluster_env, REDIS_TLS_CA: '/no/such.pem' }, 'REDIS_TLS_CA'],
    [[], { ...cluster_env, CLICKHOUSE_MIGRATOR_PASSWORD: 'w' }, 'CLICKHOUSE_MIGRATOR_USER'],
    [[], { ...cluster_env, CLICKHOUSE_TIMEOUT_MS: '5' }, 'CLICKHOUSE_TIMEOUT_MS'],
  ])('%j %j: one line naming %s', (argv, env, named) => {
    const message = failure(argv, env as Record<string, string>)
    expect(message).toContain(named)
    expect(message).not.toContain('\n')
  })

  it('does not repeat a secret in the error about it', () => {
    const message = failure([], { ...cluster_env, REDIS_URL: 'http://user:hunter2@r' })
    expect(message).toContain('REDIS_URL')
    expect(message).not.toContain('hunter2')
  })

  it('reads a cluster, and prints it without secrets', () => {
    const sasl = { KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_USERNAME: 'u', KAFKA_SASL_PASSWORD: 'hunter2' }
    const migrator = { CLICKHOUSE_MIGRATOR_USER: 'm', CLICKHOUSE_MIGRATOR_PASSWORD: 'hunter2' }
    const { config } = parse_config([], { ...cluster_env, ...sasl, ...migrator, KAFKA_SSL: 'true' })
    expect(config.log_level).toBe('info')
    expect(config.cluster).toMatchObject({
      brokers: ['a:9092', 'b:9092'],
      ssl: true,
      clickhouse_database: 'default',
    })
    expect(config.cluster?.sasl?.password).toBe('hunter2')
    expect(config.cluster?.clickhouse_migrator).toEqual({ username: 'm', password: 'hunter2' })
    expect(JSON.stringify(printable(config))).not.toContain('hunter2')
  })

  it('reads keys: hash to tenant, refusing plain keys', () => {
    const file = join(dir, 'keys.json')
    writeFileSync(file, JSON.stringify({ ['ab'.repeat(32)]: 'acme', ['cd'.repeat(32)]: '*' }))
    const { config } = parse_config(['--host', '0.0.0.0', '--api-keys', file], {})
    expect(config.api_keys?.get('ab'.repeat(32))).toBe('acme')
    writeFileSync(file, JSON.stringify({ 'my-plain-key': 'acme' }))
    expect(failure(['--api-keys', file])).toContain('sha256')
  })

  it('has a secret in no flag, and every option in the help text', () => {
    for (const option of options) if ('secret' in option) expect(option).not.toHaveProperty('flag')
    const help = help_text('usage')
    for (const option of options) expect(help).toContain(option.meaning)
    for (const line of help.split('\n')) expect(line.length).toBeLessThan(160)
  })
})
