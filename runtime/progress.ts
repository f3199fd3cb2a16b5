/**
 * Where a task stands: K, the positions behind it, and how much of it is checkpointed. Muted replay and the live loop move
 * it alike, so a long rebuild is checkpointed on its way and its memory stays bounded.
 */
import type { Batch } from '../schemas/types.ts'
import { Checkpoints, type TaskState } from './checkpoint.ts'
import { UNFINISHED } from './checkpoint-rules.ts'
import type { CheckpointHeader } from './ports.ts'
import type { Processor } from './processor.ts'
import type { TaskRun } from './task-run.ts'

export interface Standing {
  readonly log_id: string
  readonly nonce: string
  /** The checkpoint recovery began from, null: from the beginning of the log. */
  readonly header: CheckpointHeader | null
  readonly log_offset: number
  readonly positions: Map<string, number>
}

export class Progress {
  readonly log_id: string
  readonly nonce: string
  readonly checkpoints: Checkpoints
  /** Next offset of each input. */
  readonly positions: Map<string, number>
  /** K. */
  seq: number
  /** Where batch K's record is in the batch log. */
  #log_offset: number
  readonly #run: TaskRun
  readonly #processor: Processor

  constructor(run: TaskRun, processor: Processor, standing: Standing, signal: AbortSignal) {
    this.#run = run
    this.#processor = processor
    this.log_id = standing.log_id
    this.nonce = standing.nonce
    this.positions = standing.positions
    this.seq = standing.header?.seq ?? 0
    this.#log_offset = standing.log_offset
    this.checkpoints = new Checkpoints(run.deps, run.id, processor, standing.header?.seq ?? null, signal)
  }

  get checkpointed(): boolean {
    return this.seq === (this.checkpoints.seq ?? 0)
  }

  /** The batch is in the log at log_offset: what it changed is cut, and offered for a checkpoint. */
  advance(batch: Batch, log_offset: number): void {
    this.seq = batch.seq
    this.#log_offset = log_offset
    for (const range of batch.ranges) this.positions.set(range.topic, range.to)
    this.#processor.entities.commit()
    this.offer()
    this.#run.status.committed_seq = this.seq
    this.#run.status.checkpoint_seq = this.checkpoints.seq ?? 0
  }

  /** Starts a checkpoint of K when it is time for one. Throws CheckpointConflict of an earlier one. */
  offer(force = false): void {
    if (!this.checkpointed) this.checkpoints.offer(() => this.#header(), force)
  }

  /**
   * What waits for a checkpoint is held in memory, and cannot be evicted: beyond the bound the task waits as well, so that
   * hours without a store end in lag, not in a process out of memory.
   */
  async room(): Promise<void> {
    const { entities } = this.#processor
    const { unsaved_max } = this.#run.deps.settings
    if (entities.cut_size <= unsaved_max) return
    await this.#run.persistently(async () => {
      const why = this.checkpoints.waiting
      if (why !== null) throw new Error(`${entities.cut_size} changes wait for a checkpoint: ${why}`)
    })
    this.offer(true)
  }

  /** Between batches only: nothing that the next batch has loaded may go. */
  evict(): void {
    this.#processor.entities.evict(this.#run.deps.settings.hot_keys_max, this.checkpoints.cut)
  }

  #header(): CheckpointHeader {
    const { group, code, operators } = this.#run.shared
    const task: TaskState = {
      positions: Object.fromEntries(this.positions),
      log_offset: this.#log_offset,
      processor: this.#processor.save(),
      pipelines: group.pipelines.map(pipeline => pipeline.name),
      operators,
    }
    const { nonce, seq } = this
    // What a rebuild has worked off is of use to nobody before the log says that it is through.
    const log_id = this.#run.redo ? UNFINISHED : this.log_id
    return { log_id, seq, digest: this.#processor.digest, nonce, code, task: JSON.stringify(task) }
  }
}
