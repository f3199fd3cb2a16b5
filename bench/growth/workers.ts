/** Workers under test as processes of their own, what they say, and what they take. */
import { join } from 'node:path'
import type { Log } from '../../runtime/ports.ts'
import { cpu_us, memory_mib, type Program, type Services, sleep, start_program } from '../latency/machine.ts'
import type { Customers } from './keys.ts'

export interface Topics {
  readonly run_id: string
  readonly in_topic: string
  readonly out_topic: string
  readonly partitions: number
}
export interface Memory {
  readonly at_s: number
  readonly rss_mib: number
  readonly heap_mib: number
}

/** Of the workers (and Redis, the broker) since they began. */
interface Used {
  readonly ours_us: number
  readonly redis_us: number
  readonly broker_us: number
  readonly at_ms: number
}

export class Workers {
  readonly #services: Services
  readonly #programs: Program[]
  readonly #seen: number[]
  readonly memory: Memory[] = []
  #bad = 0
  #first: Promise<Used> | null = null

  /** @param sample_ms how often they tell their memory, after a collection of garbage; 0: never */
  constructor(services: Services, topics: Topics, count: number, settings: object, sample_ms = 0) {
    this.#services = services
    this.#seen = Array.from({ length: count }, () => 0)
    const began = performance.now()
    this.#programs = this.#seen.map((_, i) =>
      start_program({
        cmd: process.execPath,
        args: [...(sample_ms ? ['--expose-gc'] : []), join(import.meta.dirname, 'entry.ts')],
        cwd: import.meta.dirname,
        env: {
          ...process.env,
          BOOTSTRAP: services.brokers.join(','),
          REDIS_URL: services.redis,
          IN_TOPIC: topics.in_topic,
          OUT_TOPIC: topics.out_topic,
          RUN_ID: topics.run_id,
          PARTITIONS: `${topics.partitions}`,
          SETTINGS: JSON.stringify(settings),
          ...(sample_ms && { SAMPLE_MS: `${sample_ms}` }),
        },
        on_line: line => this.#hear(i, line, began),
      }),
    )
  }

  get seen(): number {
    return this.#seen.reduce((sum, each) => sum + each, 0)
  }
  /** Records that were not simply processed. */
  get bad(): number {
    return this.#bad
  }
  check(): void {
    for (const program of this.#programs) program.check()
  }
  stop(): Promise<unknown> {
    return Promise.all(this.#programs.map(program => program.stop()))
  }

  #pids(): number[] {
    return this.#programs.map(({ pid }) => pid)
  }
  memory_mib(of: 'VmRSS' | 'VmHWM'): number {
    return memory_mib(this.#pids(), of)
  }

  async #used(): Promise<Used> {
    const { broker_pid } = this.#services
    const now = {
      ours_us: cpu_us(this.#pids()),
      broker_us: broker_pid === null ? 0 : cpu_us([broker_pid]),
      at_ms: performance.now(),
    }
    return { ...now, redis_us: await this.#services.redis_cpu() }
  }

  /** What is used from now on counts. */
  begin(): void {
    this.#first = this.#used()
  }

  /** What was used since begin(). */
  async used(): Promise<Used> {
    const [first, now] = await Promise.all([this.#first, this.#used()])
    if (!first) throw new Error('nothing has begun')
    return {
      ours_us: now.ours_us - first.ours_us,
      redis_us: now.redis_us - first.redis_us,
      broker_us: now.broker_us - first.broker_us,
      at_ms: now.at_ms - first.at_ms,
    }
  }

  #hear(worker: number, line: string, began: number): void {
    const [word, ...rest] = line.split(' ')
    if (word === 'SEEN') this.#seen[worker] = Number(rest[0])
    else if (word === 'BAD') this.#bad += Number(rest[1])
    else if (word === 'MEMORY')
      this.memory.push({
        at_s: (performance.now() - began) / 1000,
        rss_mib: Number(rest[0]),
        heap_mib: Number(rest[1]),
      })
  }
}

/** Reads the decisions of all partitions as they become readable, until `stop`. */
export const read_decisions = (log: Log, topics: Topics, customers: Customers) => {
  const stopping = new AbortController()
  const read = async (partition: number): Promise<void> => {
    for await (const { records } of log.tail(topics.out_topic, partition, 0, stopping.signal))
      for (const { value } of records) if (value) customers.take(value)
  }
  let failure: unknown = null
  const reading = Array.from({ length: topics.partitions }, (_, partition) =>
    read(partition).catch(error => {
      failure = error
    }),
  )
  return {
    check: (): void => {
      if (failure) throw failure
    },
    stop: async (): Promise<void> => {
      stopping.abort()
      await Promise.all(reading)
    },
  }
}

/** Waits until `done`, looking often; throws when a worker ends or nothing comes of it. */
export const until = async (done: () => boolean, check: () => void, seconds: number): Promise<boolean> => {
  for (const end = Date.now() + seconds * 1000; !done(); await sleep(20)) {
    check()
    if (Date.now() > end) return false
  }
  return true
}
