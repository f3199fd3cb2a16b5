/**
 * examples/README.md does what it says, on a broker: what each language emits is processed once and becomes money in the
 * ledger, and what each consumes is what was committed.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { compile_encoder } from '../../runtime/avro/encoder.ts'
import { confluent_registry } from '../../runtime/kafka/registry.ts'
import { partition_of } from '../../runtime/keys.ts'
import { definitions } from '../../schemas/definitions.ts'
import { Installation } from './installation.ts'
import { type Commands, ROOT, sh_blocks } from './readme-blocks.ts'

const LANGUAGES = ['TypeScript', 'Python', 'Java'] as const
const PARTITIONS = 4
const blocks = sh_blocks('examples/README.md')
const block = (language: string, what: RegExp): Commands | undefined =>
  blocks.find(({ chapter, text }) => chapter === language && what.test(text))
const EMIT = /\bemit\.(ts|py|java)\b/i
const CONSUME = /\bconsume\.(ts|py|java)\b/i

let installation: Installation
let env: NodeJS.ProcessEnv

const bash = async (text: string): Promise<string> => {
  const options = { cwd: ROOT, env, timeout: 300_000, maxBuffer: 1 << 24 }
  return (await promisify(execFile)('bash', ['--norc', '-euo', 'pipefail', '-c', text], options)).stdout
}
const install = async (): Promise<void> => {
  for (const { text } of blocks) if (!EMIT.test(text) && !CONSUME.test(text)) await bash(text)
}

beforeAll(async () => {
  env = { ...process.env, PATH: [join(ROOT, 'node_modules/.bin'), process.env.PATH].join(delimiter) }
  const [opened] = await Promise.all([Installation.cluster(), install()])
  installation = opened
  await installation.start()
  env.KAFKA_BROKERS = installation.services?.address('kafka')
  env.SCHEMA_REGISTRY_URL = installation.services?.address('registry')
}, 600_000)
afterAll(() => installation.close())

interface Sent {
  readonly event_id: string
  readonly occurred_at: number
  readonly partition: number
  readonly offset: number
}

describe('emit', () => {
  it.each(LANGUAGES)(
    '%s: goes to its customer, is processed once, and is money in the ledger',
    async language => {
      const { text } = block(language, EMIT) as Commands
      const [, tenant = '', customer = ''] = /emit\.\w+ (\S+) (\S+)$/im.exec(text) ?? []
      const sent = JSON.parse(await bash(text)) as Sent
      expect(sent.partition).toBe(partition_of(Buffer.from(`${tenant}|${customer}`), PARTITIONS))
      // The same again: a duplicate.
      const again = JSON.parse(await bash(`${text.trim()} ${sent.event_id} ${sent.occurred_at}`)) as Sent
      expect([again.event_id, again.partition]).toEqual([sent.event_id, sent.partition])
      expect(again.offset).toBeGreaterThan(sent.offset)
      const ledger = `select tenant_id, customer_id, amount_minor, currency from ledger
      where cause_event_id = '${sent.event_id}'`
      const money = { tenant_id: tenant, customer_id: customer, amount_minor: '1999', currency: 'EUR' }
      await vi.waitUntil(async () => (await installation.query(ledger)).length > 0, { timeout: 30_000 })
      const rows = (await installation.query(ledger)).map(row => ({
        ...row,
        amount_minor: `${row.amount_minor}`,
      }))
      expect(rows).toEqual([money])
    },
  )

  it('leaves nothing behind: no dead letter, nothing to reconcile', async () => {
    const outcomes = await vi.waitUntil(
      async () => {
        const [row] = await installation.query(`select sum(outcomes.duplicate) as duplicate,
          sum(outcomes.dead_letter) as dead_letter, sum(outcomes.forwarded) as forwarded
          from batches final where key_group = 'customer'`)
        return Number(row?.duplicate) >= LANGUAGES.length && row
      },
      { timeout: 30_000, interval: 200 },
    )
    const counts = Object.fromEntries(Object.entries(outcomes).map(([name, count]) => [name, Number(count)]))
    expect(counts).toMatchObject({ dead_letter: 0, forwarded: 0 })
    expect(await installation.query('select reason, detail from dead_letters')).toEqual([])
    expect(await installation.run('reconcile')).toMatchObject({ code: 0 })
  })

  it.each(LANGUAGES)('%s: says so when it cannot send', async language => {
    const { text } = block(language, EMIT) as Commands
    const wrong = `export SCHEMA_REGISTRY_URL=http://127.0.0.1:1\n${text}`
    await expect(bash(wrong)).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('not sent: '),
    })
  })
})

const alert = (event_id: string): Record<string, unknown> => ({
  event_id,
  tenant_id: 'example',
  occurred_at: 1_790_000_000_123,
  fingerprint: 'payment_failures|payments|up',
  rule: 'payment_failures',
  severity: 'high',
  status: 'firing',
  title: 'Payments fail: "card_declined" für 7 Kunden',
  description: 'two\nlines',
  metric: null,
  currency: 'EUR',
  value: 7.5,
  expected: null,
  started_at: 1_789_999_999_000,
  suppressed: 2,
  cause_event_ids: ['a', 'b'],
  policy_version: '1',
  dimension: '',
  money_at_risk_minor: null,
  money_currency: null,
  contributor: null,
  contributor_share: null,
  inhibited_by: null,
  silenced_by: null,
  escalation: 0,
  recurrences: 0,
  acknowledged_by: null,
  reason: '',
})

/** Two transactions that overlap are aborted, one between them and one behind them are committed. */
const write_alerts = async (): Promise<void> => {
  const registry = confluent_registry({ url: env.SCHEMA_REGISTRY_URL as string, client_id: 'test' })
  const encode = compile_encoder(
    definitions.alerts,
    await registry.register('alerts-value', definitions.alerts),
  )
  const kafka = new Kafka({ brokers: [env.KAFKA_BROKERS as string], logLevel: logLevel.NOTHING })
  const producers = ['a', 'b', 'c'].map(name =>
    kafka.producer({ transactionalId: `alerts-${name}`, idempotent: true, maxInFlightRequests: 1 }),
  )
  await Promise.all(producers.map(producer => producer.connect()))
  const [a, b, c] = await Promise.all(producers.map(producer => producer.transaction()))
  if (!a || !b || !c) throw new Error('no transaction')
  const partition = partition_of(Buffer.from('example'), PARTITIONS)
  const send = (transaction: typeof a, name: string) =>
    transaction.send({
      topic: 'alerts',
      messages: [{ key: 'example', partition, value: encode(alert(name)) }],
    })
  await send(a, 'aborted-1')
  await send(b, 'aborted-2')
  await send(c, 'committed-1')
  await send(a, 'aborted-3')
  await send(b, 'aborted-4')
  await Promise.all([a.abort(), b.abort(), c.commit()])
  const last = await producers[0]?.transaction()
  if (!last) throw new Error('no transaction')
  await send(last, 'committed-2')
  await last.commit()
  await Promise.all(producers.map(producer => producer.disconnect()))
}

/** Runs until it has printed the last alert, then ends by SIGTERM. */
const consumed = async (
  text: string,
): Promise<{ alerts: Record<string, unknown>[]; code: number | null }> => {
  const child: ChildProcess = spawn('bash', ['--norc', '-c', `exec ${text}`], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const printed = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.on('data', chunk => {
      printed[name] += chunk
    })
  const closed = new Promise<number | null>(resolve => child.on('close', resolve))
  try {
    await vi.waitUntil(() => printed.stdout.includes('committed-2'), { timeout: 60_000, interval: 100 })
  } catch (error) {
    throw new Error(`no alert: ${printed.stdout}${printed.stderr}`, { cause: error })
  } finally {
    child.kill('SIGTERM')
  }
  const code = await closed
  const alerts = printed.stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Record<string, unknown>)
  return { alerts: alerts.filter(({ tenant_id }) => tenant_id === 'example'), code }
}

/** A member that left in order is not waited for, and what it printed is committed. */
const left_in_order = async (language: string): Promise<{ state: string; behind: number }> => {
  const admin = new Kafka({ brokers: [env.KAFKA_BROKERS as string], logLevel: logLevel.NOTHING }).admin()
  const groupId = `example-alerts-${language.toLowerCase()}`
  await admin.connect()
  try {
    const { groups } = await admin.describeGroups([groupId])
    const [committed] = await admin.fetchOffsets({ groupId, topics: ['alerts'] })
    const partition = partition_of(Buffer.from('example'), PARTITIONS)
    const end = (await admin.fetchTopicOffsets('alerts')).find(each => each.partition === partition)
    const at = committed?.partitions.find(each => each.partition === partition)
    // The last marker of a transaction is nobody's record: some clients commit behind it, some before it.
    const behind = Number(end?.offset) - Number(at?.offset)
    return { state: groups[0]?.state ?? 'none', behind: behind === 1 ? 0 : behind }
  } finally {
    await admin.disconnect()
  }
}

describe('consume', () => {
  beforeAll(write_alerts)

  it.each(LANGUAGES)('%s: prints what was committed, each once, and ends in order', async language => {
    const { alerts, code } = await consumed((block(language, CONSUME) as Commands).text)
    expect(alerts).toEqual([alert('committed-1'), alert('committed-2')])
    expect(await left_in_order(language)).toEqual({ state: 'Empty', behind: 0 })
    // Java says by which signal it has ended, in order or not.
    expect(code).toBe(language === 'Java' ? 143 : 0)
  })
})
