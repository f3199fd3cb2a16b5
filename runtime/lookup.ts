/** Which entities a batch needs: those that are in memory are found once, the keys of the others are asked of the store. */
import type { Entities, Entity } from './entities.ts'
import type { InputTopic } from './input-topic.ts'
import type { Item } from './intake.ts'
import type { StreamTime } from './stream-time.ts'
import type { Timers } from './timers.ts'

type Found = readonly (Entity | undefined)[]

/** Entities that are brought into the processor's cache together. */
const NEAR = 64

export class Lookup {
  /** Cells that bring_near() has read. */
  brought_near = 0
  readonly #entities: Entities
  readonly #timers: Timers
  readonly #stream_time: StreamTime
  readonly #inputs: ReadonlyMap<string, InputTopic>
  #last: { readonly items: readonly Item[]; readonly found: Found } | null = null

  constructor(
    entities: Entities,
    timers: Timers,
    stream_time: StreamTime,
    inputs: ReadonlyMap<string, InputTopic>,
  ) {
    this.#entities = entities
    this.#timers = timers
    this.#stream_time = stream_time
    this.#inputs = inputs
  }

  /** Keys of the items, and of timers that may come due, whose entities are not in memory. */
  cold_keys(items: readonly Item[], wall_ms: number, tick_ms: number | null, timers_max: number): string[] {
    const cold = new Set<string>()
    const found: (Entity | undefined)[] = []
    let horizon = Math.max(this.#stream_time.now_ms, tick_ms ?? Number.NEGATIVE_INFINITY)
    for (const item of items) {
      const at_ms = item.upstream ? (item.upstream.stream_time_ms ?? Number.POSITIVE_INFINITY) : item.at_ms
      if (at_ms > horizon) horizon = at_ms
      const wanted = item.key !== '' && item.refused === null && this.#inputs.get(item.topic)?.needs_entity
      const entity = wanted ? this.#entities.get(item.key) : undefined
      found.push(entity)
      if (wanted && !entity) cold.add(item.key)
    }
    this.#last = { items, found }
    for (const [clock, until] of [
      ['wall', wall_ms],
      ['stream', horizon],
    ] as const)
      for (const key of this.#timers.due_keys(clock, until, timers_max))
        if (!this.#entities.get(key)) cold.add(key)
    return [...cold]
  }

  /**
   * Brings what the next items need nearer, at every NEARth of them. Each item waits for several places in memory one after the
   * other (entity, cells, cell, state); of many items at once the processor waits for all of them together.
   */
  bring_near(found: Found, from: number): void {
    if (from % NEAR !== 0) return
    const to = Math.min(found.length, from + NEAR)
    for (let i = from; i < to; i++) {
      const entity = found[i]
      if (!entity) continue
      const { cells } = entity
      for (let c = 0; c < cells.length; c++) {
        const cell = cells[c]
        if (cell && typeof cell.state === 'object') this.brought_near++
      }
    }
  }

  /** Entities of the items that were looked up last, as far as they were in memory then; of other items none. */
  found(items: readonly Item[]): Found {
    const found = this.#last?.items === items ? this.#last.found : []
    this.#last = null
    return found
  }
}
