/**
 * A Tributary process on the embedded stack or on real services, run by its commands as a person would, so that it can be
 * killed at any moment; and what an installation holds, in a form that two installations can be compared by.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pino from 'pino'
import {
  type App,
  describe_pipeline,
  type KeyGroup,
  key_groups,
  partitions_of,
  tributary,
} from '../../runtime/app.ts'
import { open_log } from '../../runtime/embedded/log.ts'
import { open_state_store } from '../../runtime/embedded/state-store.ts'
import { start_embedded_warehouse } from '../../runtime/embedded/warehouse.ts'
import { kafka_log } from '../../runtime/kafka/log.ts'
import type { Log, StateStore } from '../../runtime/ports.ts'
import { state_reader } from '../../runtime/read-state.ts'
import { open_redis_state_store } from '../../runtime/redis/state-store.ts'
import { scan } from '../../runtime/scan.ts'
import type { SinkStatus, TaskStatus } from '../../runtime/worker-types.ts'
import { ALONE, free_port } from './process.ts'
import { type Stack, stack } from './stack.ts'

const ROOT = join(import.meta.dirname, '../..')
const CHECKS = join(ROOT, 'sql/checks')
export const PARTITIONS = 4

/** What stands in /readyz. */
export interface Readiness {
  readonly ready: boolean
  readonly reasons: readonly string[]
  readonly degraded: readonly string[]
  readonly tasks: readonly TaskStatus[]
  readonly sink: readonly SinkStatus[]
}

export interface Ended {
  readonly code: number | null
  readonly output: string
}

/** Bodies per topic and key (sorted where several tasks write one key), tables FINAL, decoded state. */
export interface Holding {
  readonly bodies: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly tables: Readonly<Record<string, string>>
  readonly state: Readonly<Record<string, string>>
}

export class Installation {
  readonly directory = mkdtempSync(join(tmpdir(), 'tributary-installation-'))
  readonly services: Stack | null
  readonly #env: NodeJS.ProcessEnv
  readonly #flags: string[]
  readonly http: string
  readonly clickhouse: string
  readonly #close_warehouse: () => Promise<void>
  #child: ChildProcess | null = null

  private constructor(
    ports: [number, string],
    services: Stack | null,
    close_warehouse: () => Promise<void>,
    env: NodeJS.ProcessEnv = {},
  ) {
    const [http_port, clickhouse] = ports
    this.services = services
    this.http = `http://127.0.0.1:${http_port}`
    this.clickhouse = clickhouse
    this.#close_warehouse = close_warehouse
    this.#flags = ['--data-dir', join(this.directory, 'data'), '--http-port', String(http_port)]
    this.#flags.push('--partitions', String(PARTITIONS), '--log-level', 'warn')
    const cluster = services && {
      KAFKA_BROKERS: services.address('kafka'),
      SCHEMA_REGISTRY_URL: services.address('registry'),
      REDIS_URL: services.address('redis'),
      CLICKHOUSE_URL: clickhouse,
    }
    if (!cluster) this.#flags.push('--clickhouse-port', new URL(clickhouse).port)
    // What a job writes depends on when it ran; tests that want one ask for it.
    this.#env = { ...process.env, TRIBUTARY_JOBS: 'false', ...cluster, ...env }
  }

  static async embedded(): Promise<Installation> {
    const ports: [number, string] = [await free_port(), `http://127.0.0.1:${await free_port()}`]
    return new Installation(ports, null, async () => {})
  }

  /**
   * On a broker, registry and Redis of its own; the warehouse is the project's endpoint over chDB. `instead`: variables
   * for its processes that name other addresses than the services have, say those of proxies.
   */
  static async cluster(instead?: (services: Stack) => Promise<NodeJS.ProcessEnv>): Promise<Installation> {
    const services = await stack()
    const env = (await instead?.(services)) ?? {}
    const dir = mkdtempSync(join(tmpdir(), 'tributary-warehouse-'))
    const warehouse = await start_embedded_warehouse({ dir })
    const close = async () => {
      await warehouse.stop()
      rmSync(dir, { recursive: true, force: true })
    }
    return new Installation([await free_port(), warehouse.url], services, close, env)
  }

  /** Runs a command of the project to its end. */
  async run(command: string, ...args: string[]): Promise<Ended> {
    return this.spawn(command, ...args).ended
  }

  spawn(
    command: string,
    ...args: string[]
  ): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
    const argv = [join(ROOT, 'commands', `${command}.ts`), ...args, ...this.#flags]
    const child = spawn(process.execPath, argv, { env: this.#env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', chunk => {
        output += chunk
      })
    const ended = new Promise<Ended>(resolve => child.on('close', code => resolve({ code, output })))
    return { child, ended }
  }

  /** Resolves when every task is live, or as soon as the state is the one asked for. */
  async start(
    until = (state: Readiness) => state.ready && state.tasks.length === this.tasks,
    ...args: string[]
  ): Promise<void> {
    const { child, ended } = this.spawn('start', ...args)
    this.#child = child
    const deadline = Date.now() + 60_000
    for (;;) {
      const ready = await this.status().catch(() => null)
      if (ready && until(ready)) return
      const gone = child.exitCode !== null ? await ended : null
      if (gone || Date.now() > deadline)
        throw new Error(`did not start: ${gone?.output ?? JSON.stringify(ready).slice(0, 2000)}`)
      await sleep(50)
    }
  }

  get tasks(): number {
    return key_groups(tributary(PARTITIONS)).reduce((sum, group) => sum + group.partitions, 0)
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child
    this.#child = null
    if (!child) return null
    const closed = new Promise<number | null>(resolve => child.on('close', resolve))
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    else return child.exitCode
    return closed
  }

  kill = (): Promise<unknown> => this.#end('SIGKILL')
  stop = (): Promise<number | null> => this.#end('SIGTERM')

  async query(sql: string): Promise<Record<string, unknown>[]> {
    const response = await fetch(this.clickhouse, {
      method: 'POST',
      headers: ALONE,
      body: `${sql} format JSONEachRow`,
    })
    const text = await response.text()
    if (!response.ok) throw new Error(text)
    return text
      ? text
          .trim()
          .split('\n')
          .map(line => JSON.parse(line) as Record<string, unknown>)
      : []
  }

  async status(): Promise<Readiness> {
    return (await (await fetch(`${this.http}/readyz`, { headers: ALONE })).json()) as Readiness
  }

  /** Rows of all sql/checks: each is a promise that does not hold. */
  async problems(): Promise<Record<string, unknown>[]> {
    const rows: Record<string, unknown>[] = []
    for (const name of readdirSync(CHECKS))
      for (const row of await this.query(readFileSync(join(CHECKS, name), 'utf8')))
        rows.push({ check: name, ...row })
    return rows
  }

  /** Opens or closes an import of its own: while it is open, no tick moves time between one file and the next. */
  async hold_time(action: 'open' | 'close', http = this.http): Promise<void> {
    const lease = { id: '0123456789abcdef', topic: 'payments', action, first_occurred_at: 0 }
    for (;;) {
      const response = await fetch(`${http}/v1/imports`, {
        method: 'POST',
        headers: { ...ALONE, 'content-type': 'application/json' },
        body: JSON.stringify(lease),
      })
      if (!response.ok) throw new Error(await response.text())
      // 202: rows are still to be processed, and the lease stays open.
      if (response.status !== 202) return
      await sleep(200)
    }
  }

  async holding(): Promise<Holding> {
    const app = tributary(PARTITIONS)
    const { log, store } = await this.#ports()
    const bodies: Record<string, Record<string, string>> = {}
    const tables: Record<string, string> = {}
    for (const [topic, spec] of Object.entries(app.topics)) {
      // How partial rows are cut follows the batches; what they add up to is in the rows of the next stage.
      if (spec.role !== 'input' && !spec.partial)
        bodies[topic] = await bodies_of(log, topic, partitions_of(app, topic), many_write(app, topic))
      // Entries of an import are named by the clock.
      if (spec.table && topic !== 'catalog')
        tables[topic] = hash(JSON.stringify(await this.query(TABLE(topic))))
    }
    const read = state_reader(app)
    const state: Record<string, string> = {}
    for (const group of key_groups(app).filter(({ name }) => name !== 'catalog'))
      for (let partition = 0; partition < group.partitions; partition++)
        for await (const [key, fields] of store.scan({ app: app.name, group: group.name, partition })) {
          if (key.startsWith('|')) continue
          // When a cell last changed follows the wall clock where a tick closed it.
          const nodes = Object.entries(read(fields)).map(([name, node]) => [name, { ...node, changed_at: 0 }])
          state[`${group.name} ${key}`] = canonical(Object.fromEntries(nodes))
        }
    await store.close()
    await log.close()
    return { bodies, tables, state }
  }

  async #ports(): Promise<{ log: Log; store: StateStore }> {
    const { services } = this
    const dir = join(this.directory, 'data')
    if (!services)
      return {
        log: await open_log(dir, { read_only: true }),
        store: await open_state_store(dir, { read_only: true }),
      }
    const brokers = services.address('kafka').split(',')
    const log = kafka_log({ brokers, client_id: 'independent-reader', logger: pino({ level: 'silent' }) })
    return { log, store: await open_redis_state_store(this.#env.REDIS_URL ?? services.address('redis')) }
  }

  async close(): Promise<void> {
    await this.kill()
    await this.#close_warehouse()
    await this.services?.stop()
    rmSync(this.directory, { recursive: true, force: true })
  }
}

const TABLE = (topic: string) =>
  `select * except(_log_id, _partition, _offset) from ${topic} final order by tenant_id, _key, event_id`

/** Whether several tasks write the rows of one key: they are compared in any order. */
const many_write = (app: App, topic: string): boolean => {
  const writes = ({ pipelines }: KeyGroup) =>
    pipelines.some(each => describe_pipeline(each).writes.has(topic))
  const writer = key_groups(app).find(writes)
  return writer !== undefined && writer.name !== app.topics[topic]?.keyed_by
}

const bodies_of = async (log: Log, topic: string, partitions: number, shared: boolean) => {
  const by_key = new Map<string, string[]>()
  for (let partition = 0; partition < partitions; partition++)
    await scan(log, { topic, partition }, 0, ({ key, value }) => {
      if (!key || !value) return
      const name = key.toString()
      const list = by_key.get(name) ?? []
      list.push(value.subarray(5).toString('base64'))
      by_key.set(name, list)
    })
  const entries = [...by_key].sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(
    entries.map(([key, list]) => [key, `${list.length} ${hash((shared ? list.sort() : list).join())}`]),
  )
}

/** JSON with the keys of every object sorted: stores list fields in orders of their own. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16)

/** Waits until everything in the log is processed, checkpointed and inserted: three looks in a row, since lag is as of the newest fetch. */
export const caught_up = async (installation: Installation, within_ms = 60_000): Promise<void> => {
  const deadline = Date.now() + within_ms
  const behind = (lag: Readonly<Record<string, number>>) => Object.values(lag).some(records => records > 0)
  for (let looks = 0; looks < 3; ) {
    const status = await installation.status().catch(() => null)
    const left = status
      ? [
          ...status.tasks.filter(task => task.state !== 'live' || task.error !== null || behind(task.lag)),
          ...status.tasks.filter(task => task.committed_seq !== task.checkpoint_seq),
          ...status.sink.filter(each => each.error !== null || behind(each.lag) || each.waiting_ms),
        ]
      : ['no answer']
    const all = status?.tasks.length === installation.tasks && status.sink.length > 0
    looks = all && left.length === 0 ? looks + 1 : 0
    if (Date.now() > deadline)
      throw new Error(`not caught up in ${within_ms} ms: ${JSON.stringify(left).slice(0, 2000)}`)
    await sleep(150)
  }
}

/** Waits until the tenant's last windows are closed by a tick of today, and everything is reconciled. For one tenant. */
export const settled = async (installation: Installation): Promise<void> => {
  const deadline = Date.now() + 60_000
  const recent = Date.UTC(2020, 0)
  for (;;) {
    const { tasks } = await installation.status()
    const seen = tasks.filter(task => task.group === 'tenant' && task.stream_time_ms !== null)
    if (seen.some(task => (task.stream_time_ms as number) > recent)) break
    if (Date.now() > deadline) throw new Error(`windows stay open: ${JSON.stringify(seen)}`)
    await sleep(200)
  }
  await caught_up(installation)
  const { code, output } = await installation.run('reconcile')
  if (code !== 0) throw new Error(output)
}

export const lines_of = (file: string): string[] => readFileSync(file, 'utf8').trimEnd().split('\n')
