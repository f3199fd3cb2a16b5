/**
 * One course of a task's history: a processor with its state in memory, muted, that is given recorded batches. A replay has
 * one that is to come to what is recorded, and where something is to be otherwise, a second one beside it.
 */
import type { Batch } from '../schemas/types.ts'
import type { App } from './app.ts'
import type { CatalogView } from './catalog.ts'
import type { TaskState } from './checkpoint.ts'
import type { Item } from './intake.ts'
import type { Encode } from './outputs.ts'
import type { Fields, Output } from './ports.ts'
import { Processor } from './processor.ts'
import type { ReplayGroup } from './replay-scope.ts'
import type { Snapshot } from './snapshots.ts'
import { TIMERS_ENTITY } from './state-fields.ts'
import { unobserved } from './worker-types.ts'

const TIMERS_AT_ONCE = 10_000

export interface BranchParts {
  readonly app: App
  readonly scope: ReplayGroup
  readonly partition: number
  readonly encoders: ReadonlyMap<string, Encode>
  readonly catalog: CatalogView
  readonly import_lapse_ms: number
}

/** Keyed state as a snapshot holds it, by key. */
export type Stored = ReadonlyMap<string, Fields>

/** Whole in memory: a replay may need any key of it. Throws Error on a file that is cut short. */
export const read_stored = async ({ entities }: Snapshot): Promise<Stored> => {
  const stored = new Map<string, Map<string, Buffer>>()
  for await (const writes of entities())
    for (const { key, fields } of writes) {
      const known = stored.get(key) ?? new Map<string, Buffer>()
      for (const [field, bytes] of fields) if (bytes) known.set(field, bytes)
      stored.set(key, known)
    }
  return stored
}

const NOTHING: Fields = new Map()

export class Branch {
  readonly #processor: Processor
  readonly #stored: Stored
  /** Pipelines that are not replayed here, though the group has them. */
  readonly #others: ReadonlySet<string>
  readonly #replayed: ReadonlySet<string>

  /** from: the state it begins with; null: none, at the beginning of the log. Throws UnreadableState. */
  constructor(parts: BranchParts, from: { readonly state: TaskState; readonly stored: Stored } | null) {
    const { scope, app, partition, encoders, catalog, import_lapse_ms } = parts
    const { group, whole, writers } = scope
    const observe = unobserved
    this.#processor = new Processor({
      ...{ app, group, partition, encoders, catalog, observe, writers, import_lapse_ms },
    })
    this.#replayed = new Set(group.pipelines.map(({ name }) => name))
    this.#others = new Set(whole.pipelines.map(({ name }) => name).filter(name => !this.#replayed.has(name)))
    this.#stored = from?.stored ?? new Map()
    if (!from) return
    this.#processor.restore(from.state.processor)
    this.#processor.entities.load_timers(this.#processor.timers, this.#stored.get(TIMERS_ENTITY) ?? NOTHING)
  }

  /**
   * Runs a recorded batch, or the next part of one. All timers that are due are fired: one that was left to the next batch
   * then comes no later in the order of things. Throws UnreadableState on state of a snapshot that this code cannot read.
   * @param last whether nothing of the batch follows: its recorded end of time holds behind it
   */
  run(batch: Batch, items: readonly Item[], first: boolean, last: boolean, anew: boolean): readonly Output[] {
    const processor = this.#processor
    if (first) processor.quarantine(anew ? [] : batch.quarantined.filter(name => this.#replayed.has(name)))
    const outputs: Output[] = []
    let rest = items.map(item => this.#mine(item))
    let tick_ms = first ? batch.tick_ms : null
    const stream_time_ms = last ? batch.stream_time_ms : null
    for (;;) {
      for (const key of processor.cold_keys(rest, batch.wall_at, stream_time_ms ?? tick_ms, TIMERS_AT_ONCE))
        processor.entities.load(key, this.#stored.get(key) ?? NOTHING)
      const done = processor.run({
        items: rest,
        wall_ms: batch.wall_at,
        tick_ms,
        timers_max: TIMERS_AT_ONCE,
        catalog_offset: batch.catalog_offset,
        stream_time_ms,
        muted: true,
      })
      outputs.push(...done.outputs)
      rest = rest.slice(done.consumed)
      tick_ms = null
      if (rest.length === 0 && !done.more_due) break
    }
    processor.entities.commit()
    processor.entities.take_cut()
    return outputs
  }

  /** What was driven again for a pipeline that is not here moves time all the same. */
  #mine(item: Item): Item {
    if (!item.redrive || !this.#others.has(item.redrive.pipeline)) return item
    return { ...item, redrive: { ...item.redrive, pipeline: '' } }
  }
}
