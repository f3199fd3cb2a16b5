/** What a task is made of, whatever it is doing: its log, its dependencies, its inputs, its status. */
import type { Batch } from '../schemas/types.ts'
import type { KeyGroup } from './app.ts'
import type { CatalogView } from './catalog.ts'
import type { Decoders } from './decoders.ts'
import { Lane } from './intake.ts'
import type { Encode } from './outputs.ts'
import type { Output, TaskId, TaskLog } from './ports.ts'
import { Processor } from './processor.ts'
import type { TaskStatus, WorkerDeps } from './worker-types.ts'

/** What the tasks of one key group share in a process. */
export interface Shared {
  readonly group: KeyGroup
  readonly log_topic: string
  readonly decoders: Decoders
  readonly encoders: ReadonlyMap<string, Encode>
  readonly writers: ReadonlyMap<string, number>
  readonly catalog: CatalogView
  /** Names operator versions, schemas and V8: replays are compared only at equal code. */
  readonly code: string
  /** Version of each operator, by its state's field. */
  readonly operators: Readonly<Record<string, number>>
  log_output(partition: number, batch: Batch): Output
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** One task in this process, over all its recoveries: what recovery and the live loop work with. */
export class TaskRun {
  readonly task: TaskLog
  readonly deps: WorkerDeps
  readonly shared: Shared
  readonly id: TaskId
  readonly name: string
  readonly lanes: readonly Lane[]
  readonly status: Mutable<TaskStatus>
  /** Set when stored state cannot be read by this code: the next recovery starts at the beginning of the log. */
  rebuild = false
  /** Set while a group is rebuilt: history is worked off anew by today's code, and what it writes is handed over. */
  redo: ((outputs: readonly Output[]) => void) | null = null

  constructor(task: TaskLog, deps: WorkerDeps, shared: Shared) {
    this.task = task
    this.deps = deps
    this.shared = shared
    this.id = { app: deps.app.name, group: task.group, partition: task.partition }
    this.name = `${task.group}/${task.partition}`
    this.lanes = shared.group.inputs.map(
      (topic, order) => new Lane(deps.app, topic, order, task.partition, shared.decoders),
    )
    this.status = {
      group: task.group,
      partition: task.partition,
      state: 'acquiring',
      committed_seq: 0,
      checkpoint_seq: 0,
      checkpoint_at: null,
      stream_time_ms: null,
      lag: {},
      quarantined: [],
      error: null,
    }
  }

  make_processor(): Processor {
    const { app, observe, settings } = this.deps
    const { group, encoders, catalog, writers } = this.shared
    const { import_lapse_ms } = settings
    const { partition } = this.task
    return new Processor({ app, group, partition, encoders, catalog, observe, writers, import_lapse_ms })
  }

  check_alive(): void {
    if (this.task.signal.aborted) throw new Error('the partition was taken away')
  }

  /** Tries until it works, as long as the task is ours: outages of store and registry are waited out. */
  async persistently<T>(act: () => Promise<T>): Promise<T> {
    const { settings, clock } = this.deps
    const { state } = this.status
    for (let pause = settings.retry_ms; ; pause = Math.min(pause * 2, settings.retry_ms * 30)) {
      this.check_alive()
      try {
        const value = await act()
        if (this.status.state !== state) this.status.error = null
        this.status.state = state
        return value
      } catch (error) {
        this.status.state = 'blocked'
        this.status.error = (error as Error).message
        await clock.sleep(pause, this.task.signal)
      }
    }
  }
}
