/** When a live task takes its snapshot: once a day, one task of the process at a time, while batches go on. */
import type { Progress } from './progress.ts'
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

  constructor(run: TaskRun, progress: Progress) {
    this.#run = run
    this.#progress = progress
  }

  /** Takes one when it is due and there is something new; its failure is told and tried again, and disturbs nobody. */
  offer(): void {
    const { snapshots, clock, settings, logger } = this.#run.deps
    if (!snapshots || this.#taking) return
    const now = clock.now()
    if (this.#due_ms === null) {
      const newest = snapshots.newest_at(this.#run.id)
      this.#due_ms = Math.max(now + SOON_MS, newest === null ? 0 : newest + settings.snapshot_every_ms)
    }
    if (now < this.#due_ms || this.#progress.seq === 0) return
    this.#due_ms = now + settings.snapshot_every_ms
    const mine = turn.then(() => this.#take())
    turn = mine.catch(() => {})
    this.#taking = mine
      .catch((error: unknown) => {
        if (this.#stop.signal.aborted) return
        this.#due_ms = clock.now() + SOON_MS
        logger.warn({ task: this.#run.name, err: error }, 'a snapshot failed')
      })
      .finally(() => {
        this.#taking = null
      })
  }

  /** Gives up what is being taken: a task that stops wants its last checkpoint. */
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
      }
      await snapshots.save(this.#run.id, header, entities(this.#run))
      logger.info({ task: this.#run.name, batch: header.seq }, 'snapshot taken')
    } finally {
      release()
    }
  }
}
