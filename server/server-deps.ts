/** What the routes stand on: the ports, the process's tasks and sink, and who may do what. */
import type { Logger } from 'pino'
import type { App } from '../runtime/app.ts'
import type { Targets } from '../runtime/config.ts'
import type { Emitter } from '../runtime/emit.ts'
import type { Metrics } from '../runtime/metrics.ts'
import type { Clock, Fields, Log, Registry, StateStore, Warehouse } from '../runtime/ports.ts'
import type { Running, Settings, SinkStatus, TaskStatus } from '../runtime/worker-types.ts'

export interface StreamLimits {
  readonly heartbeat_ms: number
  /** A reader that takes nothing for so long is dropped; it comes back with Last-Event-ID. */
  readonly drain_ms: number
  readonly streams_max: number
}

export interface WorkerProcess {
  readonly worker: number
  /** null between two lives. */
  readonly pid: number | null
  /** Why it does no work now. */
  readonly error: string | null
}

export interface JobStatus {
  readonly name: string
  readonly every_ms: number
  /** Newest moment that it was run as of by this process; null: not yet. */
  readonly done_at: number | null
  readonly running: boolean
  /** How often it has run in this process, well or not. */
  readonly runs: number
  /** Why the newest run failed, or for whom it did. */
  readonly error: string | null
}

/** Jobs of this process. */
export interface Jobs {
  status(): readonly JobStatus[]
  /**
   * Behind those that run, or the one that waits already to run as of that moment; it has ended once `runs` is `run`. null:
   * too many wait. Throws RangeError where there is no such job.
   */
  run(name: string, as_of: number): { readonly run: number; readonly ended: Promise<unknown> } | null
}

export interface ServerDeps {
  readonly app: App
  readonly log: Log
  readonly registry: Registry
  readonly store: StateStore
  readonly warehouse: Pick<Warehouse, 'health' | 'query'>
  readonly emitter: Emitter
  readonly clock: Clock
  readonly settings: Settings
  readonly logger: Logger
  readonly metrics: Metrics
  readonly worker: Running<TaskStatus>
  readonly sink: Running<SinkStatus>
  /** Processes that do the tasks for this one; absent where it does them itself. */
  readonly workers?: () => readonly WorkerProcess[]
  /** Absent where the process runs none. */
  readonly jobs?: Jobs
  /** Tasks this process holds when it is the only one (embedded); 0 where others share them. */
  readonly tasks_expected: number
  /** sha256 of key, hex -> tenant; null: open, which config grants on loopback only. */
  readonly api_keys: ReadonlyMap<string, string> | null
  /** Stored fields of one key, decoded for people. */
  readonly read_state: (fields: Fields) => Readonly<Record<string, unknown>>
  readonly stream_limits: StreamLimits
  /** What recommendations and dashboard compare with; those of the requirements where absent. */
  readonly targets?: Targets
}
