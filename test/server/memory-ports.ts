/**
 * The ports in memory, with a switch for outages: enough for what the server and the commands ask of them.
 */
import { topic_settings, tributary } from '../../runtime/app.ts'
import { system_clock } from '../../runtime/clock.ts'
import { create_emitter } from '../../runtime/emit.ts'
import { create_logger } from '../../runtime/logger.ts'
import { create_metrics } from '../../runtime/metrics.ts'
import type { Fields, Log, LogRecord, Output, Registry, StateStore } from '../../runtime/ports.ts'
import { default_settings } from '../../runtime/settings.ts'
import type { Running, SinkStatus, TaskStatus } from '../../runtime/worker-types.ts'
import { create_server } from '../../server/server.ts'
import type { ServerDeps } from '../../server/server-deps.ts'
import { default_stream_limits } from '../../server/stream.ts'

export class MemoryLog implements Log {
  readonly records = new Map<string, LogRecord[]>()
  readonly counts = new Map<string, number>()
  /** Set: every call fails with it. */
  outage: string | null = null
  #wake: (() => void)[] = []

  of(topic: string, partition: number): LogRecord[] {
    const name = `${topic}/${partition}`
    const known = this.records.get(name) ?? []
    this.records.set(name, known)
    return known
  }
  async ensure(topics: readonly { name: string; partitions: number }[]): Promise<void> {
    for (const { name, partitions } of topics) this.counts.set(name, partitions)
  }
  async partitions(topic: string): Promise<number | undefined> {
    return this.counts.get(topic)
  }
  run(): Promise<void> {
    throw new Error('no task runs on this log')
  }
  async append(outputs: readonly Output[]): Promise<readonly number[]> {
    if (this.outage) throw new Error(this.outage)
    const offsets = outputs.map(({ topic, partition, key, value }) => {
      const records = this.of(topic, partition)
      return records.push({ offset: records.length, key, value }) - 1
    })
    for (const wake of this.#wake.splice(0)) wake()
    return offsets
  }
  async *tail(topic: string, partition: number, from: number, signal: AbortSignal) {
    let position = from
    while (!signal.aborted) {
      const all = this.of(topic, partition)
      const records = all.slice(position, position + 3)
      position += records.length
      yield { records, position, end: all.length }
      if (position < all.length) continue
      await new Promise<void>(resolve => {
        this.#wake.push(resolve)
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    }
  }
  async bounds(topic: string, partition: number) {
    if (this.outage) throw new Error(this.outage)
    return { start: 0, end: this.of(topic, partition).length }
  }
  async health(): Promise<string | null> {
    return this.outage
  }
  async close(): Promise<void> {}
}

export const memory_registry = (): Registry => {
  const schemas: object[] = []
  return {
    async register(_subject, schema) {
      const at = schemas.indexOf(schema)
      return at >= 0 ? at + 1 : schemas.push(schema)
    },
    async schema(id) {
      return schemas[id - 1]!
    },
    health: async () => null,
  }
}

export const memory_store = (peeked: ReadonlyMap<string, Fields> = new Map()): StateStore => ({
  header: async () => null,
  load: async () => null,
  save: async () => 'conflict',
  wipe: async () => {},
  peek: async (_task, key) => peeked.get(key) ?? new Map(),
  async *scan() {
    yield* peeked
  },
  health: async () => null,
  close: async () => {},
})

export const live_task: TaskStatus = {
  group: 'customer',
  partition: 0,
  state: 'live',
  committed_seq: 1,
  checkpoint_seq: 1,
  checkpoint_at: 1,
  stream_time_ms: null,
  lag: {},
  quarantined: [],
  error: null,
}
export const running = <S>(statuses: readonly S[]): Running<S> => ({
  status: () => statuses,
  stop: async () => {},
})

/** Dependencies of a server over memory; `over` replaces some. */
export const memory_deps = async (
  over: Partial<ServerDeps> = {},
): Promise<ServerDeps & { log: MemoryLog }> => {
  const app = tributary(2)
  const log = new MemoryLog()
  await log.ensure(topic_settings({ ...app, pipelines: [] }))
  const registry = memory_registry()
  return {
    app,
    log,
    registry,
    store: memory_store(),
    warehouse: { health: async () => null, query: async () => [] },
    emitter: create_emitter(app, log, registry),
    clock: system_clock,
    settings: default_settings,
    logger: create_logger('silent'),
    metrics: create_metrics(),
    worker: running([live_task]),
    sink: running<SinkStatus>([]),
    tasks_expected: 1,
    api_keys: null,
    read_state: fields => Object.fromEntries([...fields].map(([name, bytes]) => [name, bytes.length])),
    stream_limits: default_stream_limits,
    ...over,
  } as ServerDeps & { log: MemoryLog }
}

export const memory_server = async (over: Partial<ServerDeps> = {}) => {
  const deps = await memory_deps(over)
  return { deps, server: create_server(deps) }
}

export const payment = (over: object = {}): Record<string, unknown> => ({
  event_id: 'e1',
  tenant_id: 'acme',
  customer_id: 'c1',
  occurred_at: 1_700_000_000_000,
  type: 'payment_succeeded',
  amount_minor: 1999,
  currency: 'USD',
  ...over,
})
