/** When a live task takes its snapshot: once a day, one task of the process at a time, while batches go on. */
import { same_checkpoint } from './checkpoint-rules.ts'
import type { Progress } from './progress.ts'
import type { Snapshots } from './snapshots.ts'
import type { TaskRun } from './task-run.ts'

/** After an error, and before the first one of a young task. */
const SOON_MS = 60_000

/** Tasks of this process that wait for their turn. */
let turn: Promise<unknown> = Promise.resolve()

export class Snapshotter {
  readonly #run: TaskRun
  readonly #progress: Progress
  readonly #stop = new AbortController()
  #due_ms: number | null = null
  #taking: Promise<void> | null = null
  /** For its turn, or until it is taken. */
  #waiting = false

  constructor(run: TaskRun, progress: Progress) {
    this.#run = run
    this.#progress = progress
  }

  /** Takes one when it is due and there is something new; its failure is told and tried again, and disturbs nobody. */
  offer(): void {
    const { snapshots, clock, settings } = this.#run.deps
    if (!snapshots || this.#waiting) return
    const now = clock.now()
    this.#due_ms ??= this.#first_due(snapshots, now)
    if (now < this.#due_ms || this.#progress.seq === 0) return
    this.#due_ms = now + settings.snapshot_every_ms
    this.#waiting = true
    turn = turn.then(async () => {
      this.#taking = this.#take().catch((error: unknown) => this.#failed(error))
      await this.#taking
      this.#waiting = false
    })
  }

  #first_due(snapshots: Snapshots, now: number): number {
    const soon = now + SOON_MS
    try {
      const newest = snapshots.newest_at(this.#run.id)
      return newest === null ? soon : Math.max(soon, newest + this.#run.deps.settings.snapshot_every_ms)
    } catch (error) {
      this.#failed(error)
      return soon
    }
  }

  #failed(error: unknown): void {
    if (this.#stop.signal.aborted) return
    const { clock, logger } = this.#run.deps
    this.#due_ms = clock.now() + SOON_MS
    logger.warn({ task: this.#run.name, err: error }, 'a snapshot failed')
  }

  /** Gives up what is being taken, or waits for its turn: a task that stops wants its last checkpoint. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('the task stops'))
    await this.#taking
  }

  async #take(): Promise<void> {
    const { snapshots, store, logger } = this.#run.deps
    const { signal } = this.#stop
    signal.throwIfAborted()
    const release = await this.#progress.checkpoints.hold()
    try {
      const header = await store.header(this.#run.id)
      if (!snapshots || !header || header.seq !== this.#progress.checkpoints.seq) return
      const entities = async function* (run: TaskRun) {
        for await (const entity of store.scan(run.id)) {
          signal.throwIfAborted()
          yield entity
        }
        // Somebody who took over unnoticed has written among what was read.
        const after = await store.header(run.id)
        if (!after || !same_checkpoint(after, header)) throw new Error('the checkpoint moved on meanwhile')
      }
      await snapshots.save(this.#run.id, header, entities(this.#run))
      logger.info({ task: this.#run.name, batch: header.seq }, 'snapshot taken')
    } finally {
      release()
    }
  }
}
