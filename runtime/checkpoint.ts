/**
 * Checkpoints of one task: what was cut at commits up to K is written as one compare-and-set, off the hot path, one in
 * flight at a time. A lost reply is answered by the same call again; a conflict means somebody else owns the task.
 */
import type { ProcessorState } from './batch.ts'
import type { Cut } from './entities.ts'
import type { CheckpointHeader, Clock, StateStore, TaskId } from './ports.ts'
import type { Processor } from './processor.ts'
import type { Observer, Settings } from './worker-types.ts'

/** What a checkpoint holds beside keyed state. */
export interface TaskState {
  /** Next offset of each input. */
  readonly positions: Readonly<Record<string, number>>
  /** Where the batch-log record of the checkpointed batch is. */
  readonly log_offset: number
  readonly processor: ProcessorState
  /** Pipelines whose state is in it. */
  readonly pipelines: readonly string[]
  /** Version of each operator that wrote it, by its state's field. */
  readonly operators: Readonly<Record<string, number>>
}

export class CheckpointConflict extends Error {
  override readonly name = 'CheckpointConflict'
}

export class Checkpoints {
  /** R: the seq that stands in the store; null: none. */
  seq: number | null
  saved_at: number | null = null
  /** Newest cut that is in the store. */
  cut = 0
  /** Much waits to be processed. */
  behind = false
  #in_flight: { readonly header: CheckpointHeader; readonly done: Promise<void> } | null = null
  #started_at = Number.NEGATIVE_INFINITY
  #error: unknown = null
  #held = false
  readonly #deps: { store: StateStore; clock: Clock; settings: Settings; observe: Observer }
  readonly #task: TaskId
  readonly #processor: Processor
  readonly #signal: AbortSignal

  constructor(
    deps: { store: StateStore; clock: Clock; settings: Settings; observe: Observer },
    task: TaskId,
    processor: Processor,
    seq: number | null,
    signal: AbortSignal,
  ) {
    this.#deps = deps
    this.#task = task
    this.#processor = processor
    this.#signal = signal
    this.seq = seq
  }

  /** Seqs a cold load may find in the header: R, or the one being written. */
  accepted(): number[] {
    const accepted = this.#in_flight ? [this.#in_flight.header.seq] : []
    return [this.seq ?? 0, ...accepted]
  }

  /** Why the last try failed, while it is being tried again. */
  get error(): unknown {
    return this.#error
  }

  /** Why the next checkpoint cannot begin now; null: it can, or the task has lost its place and offer() will say so. */
  get waiting(): string | null {
    if (this.#held) return 'a snapshot is being taken'
    if (!this.#in_flight) return null
    return this.#error === null ? 'one is being written' : (this.#error as Error).message
  }

  /** Called after each commit: starts a checkpoint of what is committed when it is time. Throws CheckpointConflict of an earlier one. */
  offer(header: () => CheckpointHeader, force = false): void {
    if (this.#error instanceof CheckpointConflict) throw this.#error
    // A cut that could not be saved is still to be saved: a header beyond it would claim what the store has not.
    if (this.#error !== null || this.#held) return
    const { clock, settings } = this.#deps
    const now = clock.now()
    const every_ms = this.behind ? settings.checkpoint_behind_ms : settings.checkpoint_every_ms
    if (this.#in_flight || (!force && now - this.#started_at < every_ms)) return
    this.#started_at = now
    const { cut, number } = this.#processor.entities.take_cut()
    const to = header()
    // Encoded here, so that what cannot be encoded is the task's failure and not nobody's.
    const began = performance.now()
    const writes = cut.writes(this.#processor.timers, node => this.#processor.node_field(node))
    this.#in_flight = { header: to, done: this.#write(to, writes, number, began) }
  }

  async #write(
    to: CheckpointHeader,
    writes: ReturnType<Cut['writes']>,
    number: number,
    started: number,
  ): Promise<void> {
    const { store, clock, settings, observe } = this.#deps
    for (
      let pause = settings.retry_ms;
      !this.#signal.aborted || pause === settings.retry_ms;
      pause = Math.min(pause * 2, settings.retry_ms * 30)
    ) {
      try {
        const result = await store.save(this.#task, this.seq, to, writes)
        if (result === 'conflict')
          this.#error = new CheckpointConflict(`another checkpoint than ${this.seq} is in the store`)
        else {
          this.seq = to.seq
          this.saved_at = clock.now()
          this.#error = null
          this.cut = number
          observe.stage('checkpoint', (performance.now() - started) * 1e6, writes.length)
        }
        break
      } catch (error) {
        this.#error = error
        await clock.sleep(pause, this.#signal)
      }
    }
    this.#in_flight = null
  }

  /** The store stands still until it is released: no checkpoint begins, and none is under way. */
  async hold(): Promise<() => void> {
    this.#held = true
    const release = () => {
      this.#held = false
    }
    await this.settled().catch((error: unknown) => {
      release()
      throw error
    })
    return release
  }

  /** Resolves when nothing is in flight. */
  async settled(): Promise<void> {
    while (this.#in_flight) await this.#in_flight.done
    if (this.#error instanceof CheckpointConflict) throw this.#error
  }
}
