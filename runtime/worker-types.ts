/** What the parts of a process tell each other: dependencies, settings, status, observation. */
import type { Logger } from 'pino'
import type { App } from './app.ts'
import type { Clock, Log, Registry, StateStore, Warehouse } from './ports.ts'
import type { Snapshots } from './snapshots.ts'

export interface Settings {
  /** Bounds of one micro-batch. */
  readonly batch_records_max: number
  readonly batch_bytes_max: number
  readonly batch_compute_ms: number
  /** How long a batch waits for an input that has lag but nothing buffered. */
  readonly lag_wait_ms: number
  /** At least so long from one batch to the next, unless many records wait: bounds transactions per task. */
  readonly linger_ms: number
  /** Timers fired in one batch at most. */
  readonly timers_max: number
  readonly checkpoint_every_ms: number
  /** The same while a batch and more waits to be processed: a key that changes often is then written once for more changes. */
  readonly checkpoint_behind_ms: number
  /** Changes of one task that may wait for a checkpoint while one is under way; at more the task waits too. */
  readonly unsaved_max: number
  /** Between two snapshots of a task, where there is a place for them. */
  readonly snapshot_every_ms: number
  /** Inputs must have been at their end for so long before a tick moves time, and then only to wall − idle_ms. */
  readonly idle_ms: number
  /** How far behind stream time history may begin and still be imported: the operators' own grace. */
  readonly grace_ms: number
  /** A record further ahead of the wall clock is dead-lettered. */
  readonly future_ms: number
  /** Entities kept decoded per task. */
  readonly hot_keys_max: number
  /** An import lease that was not renewed for so long has lapsed. */
  readonly import_lapse_ms: number
  /** Sink: an insert waits for so many bytes or so long. */
  readonly insert_bytes_max: number
  readonly insert_wait_ms: number
  /** Pause before recovery after an error, doubled up to 30 times of it. */
  readonly retry_ms: number
}

export interface WorkerDeps {
  readonly app: App
  readonly log: Log
  readonly registry: Registry
  readonly store: StateStore
  /** Where tasks keep copies of their checkpoints; without it a lost checkpoint is rebuilt from the beginning. */
  readonly snapshots?: Snapshots | null
  readonly clock: Clock
  readonly settings: Settings
  readonly observe: Observer
  readonly logger: Logger
}

export interface SinkDeps {
  readonly app: App
  readonly log: Log
  readonly registry: Registry
  readonly warehouse: Warehouse
  readonly clock: Clock
  readonly settings: Settings
  readonly observe: Observer
  readonly logger: Logger
}

export type TaskState = 'acquiring' | 'recovering' | 'live' | 'blocked' | 'refused'
export interface TaskStatus {
  readonly group: string
  readonly partition: number
  readonly state: TaskState
  /** K, the last committed batch; R, the last checkpointed one. */
  readonly committed_seq: number
  readonly checkpoint_seq: number
  readonly checkpoint_at: number | null
  readonly stream_time_ms: number | null
  /** Records between position and end of each input; 1 while nobody has looked yet. */
  readonly lag: Readonly<Record<string, number>>
  /** Pipelines set aside since they failed too often; `npm run rebuild` brings them back. */
  readonly quarantined: readonly string[]
  /** Why it is blocked (retried) or refused (needs a person; names the remedy). */
  readonly error: string | null
}

/** Nothing gets into the warehouse. */
export interface Standstill {
  /** ClickHouse's number of the error, or a name where it has none. */
  readonly code: string
  readonly error: string
  /** Of the first failure in a row, ms since epoch. */
  readonly since: number
  readonly tries: number
}

export interface SinkStatus {
  readonly partition: number
  readonly lag: Readonly<Record<string, number>>
  readonly error: string | null
  /** Of the process's inserts, which all of its partitions share. */
  readonly standstill?: Standstill | null
  /** How long the oldest row waits that is not in the warehouse, of all partitions; 0: none does. */
  readonly waiting_ms?: number
}

/** Running until stopped; stop() drains and resolves when nothing of it runs any more. */
export interface Running<S> {
  status(): readonly S[]
  stop(): Promise<void>
}

export type Outcome = 'processed' | 'duplicate' | 'forwarded' | 'late' | 'dead_letter'
export type Stage = 'decode' | 'load' | 'push' | 'commit' | 'checkpoint' | 'insert'

/** Where counters go (prom-client in a process, nothing in tests). */
export interface Observer {
  outcome(topic: string, outcome: Outcome, records: number): void
  dead_letter(topic: string, reason: string): void
  late(operator: string, reason: string): void
  stage(stage: Stage, ns: number, records: number): void
  recovery(group: string, kind: 'clean' | 'replayed' | 'rebuilt' | 'version_skew', records: number): void
  inserted(table: string, rows: number, oldest_age_ms: number): void
  sink_error(code: string): void
}
export const unobserved: Observer = {
  outcome() {},
  dead_letter() {},
  late() {},
  stage() {},
  recovery() {},
  inserted() {},
  sink_error() {},
}
