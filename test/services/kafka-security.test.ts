/**
 * An installation on a broker with TLS, SCRAM-SHA-512 and ACLs: with the permissions that docs/KAFKA.md lists, and
 * no other, a payment becomes a row of the ledger. Wrong secrets end the start with one line that says so.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  Kafka,
  logLevel,
  ResourcePatternTypes,
} from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { start_embedded_warehouse } from '../../runtime/embedded/warehouse.ts'
import * as kafka from './kafka.ts'
import { PASSWORD, USER } from './kafka-security.ts'
import { free_port, type Service } from './process.ts'
import { type Stack, stack } from './stack.ts'

const dir = mkdtempSync(join(tmpdir(), 'tributary-secured-'))
let broker: Service
let services: Stack
let warehouse: Awaited<ReturnType<typeof start_embedded_warehouse>>
let inner: string
let env: NodeJS.ProcessEnv

/** What docs/KAFKA.md lists, on all topics and groups; a real installation names its own. */
const permissions = [
  [AclResourceTypes.TOPIC, '*', ['CREATE', 'DESCRIBE', 'DESCRIBE_CONFIGS', 'READ', 'WRITE']],
  [AclResourceTypes.GROUP, '*', ['READ', 'DESCRIBE']],
  [AclResourceTypes.TRANSACTIONAL_ID, 'tributary.', ['WRITE', 'DESCRIBE']],
] as const

const allow = async (): Promise<void> => {
  const admin = new Kafka({ brokers: [inner], clientId: 'admin', logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  await admin.createAcls({
    acl: permissions.flatMap(([resourceType, resourceName, names]) =>
      names.map(name => ({
        resourceType,
        resourceName,
        resourcePatternType:
          resourceName === 'tributary.' ? ResourcePatternTypes.PREFIXED : ResourcePatternTypes.LITERAL,
        principal: `User:${USER}`,
        host: '*',
        operation: AclOperationTypes[name],
        permissionType: AclPermissionTypes.ALLOW,
      })),
    ),
  })
  await admin.disconnect()
}

beforeAll(async () => {
  const inner_port = await free_port()
  inner = `127.0.0.1:${inner_port}`
  const broker_dir = join(dir, 'kafka')
  broker = await kafka.start({ dir: broker_dir, secured: { inner_port } })
  services = await stack('registry', 'redis')
  warehouse = await start_embedded_warehouse({ dir: join(dir, 'warehouse') })
  await allow()
  env = {
    ...process.env,
    KAFKA_BROKERS: broker.address,
    KAFKA_SSL_CA: join(broker_dir, 'ca.pem'),
    KAFKA_SASL_MECHANISM: 'scram-sha-512',
    KAFKA_SASL_USERNAME: USER,
    KAFKA_SASL_PASSWORD: PASSWORD,
    SCHEMA_REGISTRY_URL: services.address('registry'),
    REDIS_URL: services.address('redis'),
    CLICKHOUSE_URL: warehouse.url,
    TRIBUTARY_LOG_LEVEL: 'warn',
    TRIBUTARY_DATA_DIR: dir,
  }
}, 240_000)
afterAll(async () => {
  await warehouse?.stop()
  await services?.stop()
  await broker?.stop()
  rmSync(dir, { recursive: true, force: true })
}, 60_000)

const run = (port: number, more: NodeJS.ProcessEnv = {}) => {
  const args = ['commands/start.ts', '--partitions', '2', '--http-port', `${port}`]
  const cwd = join(import.meta.dirname, '../..')
  const child = spawn(process.execPath, args, {
    cwd,
    env: { ...env, ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', chunk => {
      output += chunk
    })
  const ended = new Promise<number | null>(resolve => child.once('close', resolve))
  return { child, ended, output: () => output }
}

test('a payment in, a ledger row out', async () => {
  const port = await free_port()
  const { child, ended, output } = run(port)
  try {
    const payment = {
      event_id: 'pay-1',
      tenant_id: 'acme',
      customer_id: 'c-1',
      occurred_at: Date.now(),
      type: 'payment_succeeded',
      amount_minor: 1999,
      currency: 'USD',
    }
    const send = () =>
      fetch(`http://127.0.0.1:${port}/v1/events/payments`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(payment),
      }).then(
        response => response.status,
        () => (child.exitCode === null ? 'no answer' : output()),
      )
    await expect.poll(send, { timeout: 60_000, interval: 300 }).toBe(202)
    const rows = async () => {
      const body = `select amount_minor from ledger final where event_id != '' format TSV`
      return (await (await fetch(warehouse.url, { method: 'POST', body })).text()).trim()
    }
    await expect.poll(rows, { timeout: 60_000, interval: 300 }).toBe('1999')
  } finally {
    child.kill('SIGTERM')
  }
  expect(await ended, output()).toBe(0)
  // Whatever the broker denies is warned of, also where work goes on without it.
  expect(output()).not.toMatch(/authoriz|denied/i)
}, 150_000)

test('a wrong password and an unknown authority each end the start with one line', async () => {
  const wrong = run(await free_port(), { KAFKA_SASL_PASSWORD: 'wrong', TRIBUTARY_LOG_LEVEL: 'error' })
  expect(await wrong.ended).toBe(1)
  expect(wrong.output().trim()).toMatch(/^Kafka refuses KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD: .*$/)
  expect(wrong.output()).not.toContain('wrong')
  const trust = { KAFKA_SSL_CA: '', KAFKA_SSL: 'true', TRIBUTARY_LOG_LEVEL: 'error' }
  const strange = run(await free_port(), trust)
  expect(await strange.ended).toBe(1)
  expect(strange.output().trim()).toMatch(/^Kafka's certificate is not trusted, see KAFKA_SSL_CA: .*$/)
}, 60_000)
