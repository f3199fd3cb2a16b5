/**
 * What the faults are done to: a broker, a registry, Redis, the warehouse and any number of workers, each a process of its
 * own that can be killed at any moment and started again on what it had.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type EmbeddedWarehouse, start_embedded_warehouse } from '../../../runtime/embedded/warehouse.ts'
// Takes a timer of kafkajs's in hand that warns all the time, in the broker's start as well.
import '../../../runtime/kafka/kafkajs.ts'
import type { Readiness } from '../installation.ts'
import * as kafka from '../kafka.ts'
import { free_port, launch_service, type Service } from '../process.ts'
import * as redis from '../redis.ts'
import * as registry from '../registry.ts'
import { add_metrics, type Metered, no_metrics, read_metrics } from './metered.ts'

const ROOT = join(import.meta.dirname, '../../..')
export const PARTITIONS = 4
const ASK_MS = 10_000

export interface Worker {
  readonly name: string
  readonly url: string
  readonly service: Service
  /** Between SIGSTOP and SIGCONT. */
  paused: boolean
}

/** Where a task lives and how far it is, as one of the workers says. */
export interface Place {
  readonly worker: string
  readonly committed: number
  readonly checkpointed: number
}

export class Field {
  readonly dir = mkdtempSync(join(tmpdir(), 'tributary-faults-'))
  readonly workers: Worker[] = []
  /** Of workers that have gone; those of the living are added by metrics(). */
  #metered: Metered = no_metrics()
  #started = 0
  /** Workers that ended without being told to. */
  own_ends = 0
  /** How long a silent worker keeps its tasks: short, so that a take-over takes seconds. */
  readonly session_ms: number
  #keep = false
  #kafka: Service | null = null
  #registry: Service | null = null
  #redis: Service | null = null
  #warehouse: EmbeddedWarehouse | null = null

  private constructor(session_ms: number) {
    this.session_ms = session_ms
    process.on('exit', () => this.#remove())
  }

  static async open(session_ms: number): Promise<Field> {
    const field = new Field(session_ms)
    try {
      await field.#open()
      return field
    } catch (error) {
      await field.close()
      throw error
    }
  }

  async #open(): Promise<void> {
    const folder = (name: string) => ({ dir: join(this.dir, name) })
    this.#kafka = await kafka.start(folder('kafka'))
    this.#registry = await registry.start(folder('registry'))
    this.#redis = await redis.start(folder('redis'))
    this.#warehouse = await start_embedded_warehouse(folder('warehouse'))
  }

  get broker(): Service {
    return present(this.#kafka)
  }
  get redis(): Service {
    return present(this.#redis)
  }
  get registry_url(): string {
    return present(this.#registry).address
  }
  get warehouse_url(): string {
    return present(this.#warehouse).url
  }

  get env(): Record<string, string> {
    return {
      KAFKA_BROKERS: this.broker.address,
      SCHEMA_REGISTRY_URL: this.registry_url,
      REDIS_URL: this.redis.address,
      CLICKHOUSE_URL: this.warehouse_url,
      KAFKA_SESSION_MS: String(this.session_ms),
      // Hundreds of starts compile the same files.
      NODE_COMPILE_CACHE: join(this.dir, 'compiled'),
    }
  }

  /** Resolves when the process answers: its tasks come later. */
  async start_worker(): Promise<Worker> {
    const name = `worker-${++this.#started}`
    const port = await free_port()
    const dir = join(this.dir, name)
    mkdirSync(dir)
    const url = `http://127.0.0.1:${port}`
    const flags = ['--data-dir', join(dir, 'data'), '--http-port', String(port)]
    flags.push('--partitions', String(PARTITIONS), '--log-level', 'warn')
    const service = await launch_service({
      name: 'worker',
      command: process.execPath,
      args: [join(ROOT, 'commands/start.ts'), ...flags],
      env: this.env,
      address: url,
      dir,
      temporary: false,
      ready: async () => void (await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(ASK_MS) })),
      ready_ms: 60_000,
    })
    const worker = { name, url, service, paused: false }
    this.workers.push(worker)
    return worker
  }

  /** Ends a worker: at once, or in order. */
  async end_worker(worker: Worker, how: 'kill' | 'stop'): Promise<void> {
    await this.#keep_metrics(worker)
    this.workers.splice(this.workers.indexOf(worker), 1)
    await worker.service[how]()
  }

  /** A supervisor's work: those that ended by themselves are counted and started again. */
  async mend(): Promise<void> {
    for (const worker of [...this.workers]) {
      if (is_alive(worker.service.pid)) continue
      this.own_ends++
      this.workers.splice(this.workers.indexOf(worker), 1)
      await this.start_worker()
    }
  }

  signal(worker: Worker, signal: 'SIGSTOP' | 'SIGCONT'): void {
    process.kill(worker.service.pid, signal)
    worker.paused = signal === 'SIGSTOP'
  }

  /** What the workers that run say of themselves; those that do not answer in time are left out. */
  async status(): Promise<Map<string, Readiness>> {
    const running = this.workers.filter(({ paused }) => !paused)
    const answers = await Promise.all(
      running
        .map(async ({ name, url }) => {
          const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(ASK_MS) })
          return [name, (await response.json()) as Readiness] as const
        })
        .map(asked => asked.catch(() => null)),
    )
    return new Map(answers.filter(answer => answer !== null))
  }

  /** `group/partition` of every live task. */
  async live(): Promise<Map<string, Place>> {
    const places = new Map<string, Place>()
    for (const [worker, { tasks }] of await this.status())
      for (const task of tasks) {
        const name = `${task.group}/${task.partition}`
        const before = places.get(name)
        // A zombie may still believe it owns what another has taken over: the one that is further is the owner.
        if (task.state !== 'live' || (before && before.committed >= task.committed_seq)) continue
        places.set(name, { worker, committed: task.committed_seq, checkpointed: task.checkpoint_seq })
      }
    return places
  }

  /** Kills the warehouse without a word and starts it on the same directory and port. */
  async crash_warehouse(down_ms: number): Promise<void> {
    const { pid, port } = present(this.#warehouse)
    process.kill(pid, 'SIGKILL')
    await sleep(down_ms)
    this.#warehouse = await start_embedded_warehouse({ dir: join(this.dir, 'warehouse'), port })
  }

  empty_redis(): void {
    rmSync(join(this.dir, 'redis/appendonlydir'), { recursive: true })
  }

  async query(sql: string): Promise<Record<string, unknown>[]> {
    const response = await fetch(this.warehouse_url, { method: 'POST', body: `${sql} format JSONEachRow` })
    const text = await response.text()
    if (!response.ok) throw new Error(text)
    const lines = text.split('\n').filter(line => line !== '')
    return lines.map(line => JSON.parse(line) as Record<string, unknown>)
  }

  /** Counters of all workers there were. */
  async metrics(): Promise<Metered> {
    const all = [this.#metered]
    for (const worker of this.workers) all.push(await metrics_of(worker))
    return all.reduce(add_metrics, no_metrics())
  }

  async #keep_metrics(worker: Worker): Promise<void> {
    if (!worker.paused) this.#metered = add_metrics(this.#metered, await metrics_of(worker))
  }

  /** How many lines of the workers' logs contain the text. */
  lines_with(text: string): number {
    const files = readdirSync(this.dir)
      .filter(name => name.startsWith('worker-'))
      .map(name => join(this.dir, name, 'worker.log'))
    const lines = files.filter(existsSync).flatMap(file => readFileSync(file, 'utf8').split('\n'))
    return lines.filter(line => line.includes(text)).length
  }

  /** Ends everything; `keep` leaves the files to be looked at. */
  async close(keep = false): Promise<void> {
    await Promise.all(this.workers.map(({ service }) => service.kill()))
    await this.#warehouse?.stop()
    await Promise.all([this.#redis?.kill(), this.#registry?.kill(), this.#kafka?.kill()])
    this.#keep = keep
    this.#remove()
  }

  #remove(): void {
    if (!this.#keep) rmSync(this.dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
}

const present = <T>(part: T | null): T => {
  if (part === null) throw new Error('the field is not open')
  return part
}

const is_alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const metrics_of = async ({ url }: Worker): Promise<Metered> => {
  const response = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(ASK_MS) }).catch(() => null)
  return response ? read_metrics(await response.text()) : no_metrics()
}
