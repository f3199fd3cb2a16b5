/** A worker on the embedded log and store in a directory of its own, for tests of the whole task. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import avsc from 'avsc'
import pino from 'pino'
import { type App, partitions_of, topic_settings, tributary } from '../../runtime/app.ts'
import { compile_encoder } from '../../runtime/avro/encoder.ts'
import { system_clock } from '../../runtime/clock.ts'
import { open_log } from '../../runtime/embedded/log.ts'
import { open_registry } from '../../runtime/embedded/registry.ts'
import { open_state_store } from '../../runtime/embedded/state-store.ts'
import { key_of, partition_of } from '../../runtime/keys.ts'
import type { LogRecord } from '../../runtime/ports.ts'
import { default_settings } from '../../runtime/settings.ts'
import { start_worker } from '../../runtime/worker.ts'
import { type Settings, unobserved, type WorkerDeps } from '../../runtime/worker-types.ts'
import { definitions } from '../../schemas/definitions.ts'

/** A payment of acme's customer ada, complete. */
export const payment = <O extends object>(over: O) => ({
  event_id: 'p',
  tenant_id: 'acme',
  customer_id: 'ada',
  occurred_at: Date.UTC(2026, 0, 5, 12),
  type: 'payment_succeeded',
  payment_id: null,
  amount_minor: 100,
  currency: 'EUR',
  product_id: null,
  plan_id: null,
  provider: null,
  failure_code: null,
  ...over,
})

export interface SmallSystem {
  readonly deps: WorkerDeps
  readonly directory: string
  /** Encodes rows in today's schema and appends them to where their key belongs. */
  send(topic: string, rows: readonly object[]): Promise<void>
  send_bytes(topic: string, key: string | null, value: Buffer | null): Promise<void>
  start(): ReturnType<typeof start_worker>
  /** All records of a topic, decoded, partition by partition. */
  read<T = Record<string, unknown>>(topic: string): Promise<T[]>
  /** Resolves when every task has processed what was sent and checkpointed it. */
  settled(worker: ReturnType<typeof start_worker>): Promise<void>
  close(keep?: boolean): Promise<void>
}

export const small_system = async (
  settings: Partial<Settings> = {},
  directory = mkdtempSync(join(tmpdir(), 'tributary-')),
  app: App = tributary(2),
): Promise<SmallSystem> => {
  const log = await open_log(directory)
  const store = await open_state_store(directory)
  const registry = open_registry(log.environment)
  await log.ensure(topic_settings(app))
  const deps: WorkerDeps = {
    app,
    log,
    store,
    registry,
    clock: system_clock,
    settings: { ...default_settings, checkpoint_every_ms: 20, idle_ms: 100, retry_ms: 20, ...settings },
    observe: unobserved,
    logger: pino({ level: process.env.LOG ?? 'silent' }),
  }
  const schema_of = (topic: string): object =>
    topic.startsWith('batch_log.')
      ? definitions.batch_log
      : (app.schemas[app.topics[topic]?.schema ?? ''] as object)
  const send_bytes = async (topic: string, key: string | null, value: Buffer | null) => {
    const bytes = key === null ? null : Buffer.from(key)
    await log.append([
      { topic, partition: bytes ? partition_of(bytes, partitions_of(app, topic)) : 0, key: bytes, value },
    ])
  }
  return {
    deps,
    directory,
    send_bytes,
    async send(topic, rows) {
      const encode = compile_encoder(
        schema_of(topic),
        await registry.register(`${topic}-value`, schema_of(topic)),
      )
      const outputs = rows.map(row => {
        const key = Buffer.from(key_of(app.topics[topic] as never, row))
        return { topic, partition: partition_of(key, partitions_of(app, topic)), key, value: encode(row) }
      })
      await log.append(outputs)
    },
    start: () => start_worker(deps),
    async read<T>(topic: string) {
      const type = avsc.Type.forSchema(schema_of(topic) as avsc.Schema)
      const rows: T[] = []
      for (let p = 0; p < ((await log.partitions(topic)) ?? 0); p++)
        for (const { value } of await read_partition(log, topic, p))
          if (value) rows.push(type.fromBuffer(value.subarray(5)) as T)
      return rows
    },
    async settled(worker) {
      for (;;) {
        const tasks = worker.status()
        const failed = tasks.find(task => task.state === 'refused')
        if (failed) throw new Error(failed.error ?? 'refused')
        const calm = (task: (typeof tasks)[number]) =>
          task.state === 'live' &&
          task.committed_seq === task.checkpoint_seq &&
          Object.values(task.lag).every(lag => lag === 0)
        if (tasks.length && tasks.every(calm) && (await all_read(deps, tasks.length))) return
        await system_clock.sleep(10)
      }
    },
    async close(keep = false) {
      await store.close()
      await log.close()
      if (!keep) rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** Whether all tasks of all groups are there. */
const all_read = async (deps: WorkerDeps, tasks: number): Promise<boolean> => {
  const { key_groups } = await import('../../runtime/app.ts')
  return tasks === key_groups(deps.app).reduce((sum, group) => sum + group.partitions, 0)
}

const read_partition = async (
  log: WorkerDeps['log'],
  topic: string,
  partition: number,
): Promise<LogRecord[]> => {
  const { end } = await log.bounds(topic, partition)
  const records: LogRecord[] = []
  if (end === 0) return records
  const stop = new AbortController()
  for await (const fetched of log.tail(topic, partition, 0, stop.signal)) {
    records.push(...fetched.records)
    if (fetched.position >= end) break
  }
  stop.abort()
  return records
}
