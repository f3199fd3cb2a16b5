/**
 * Keyed state of a task in memory: hot entities with their operators' cells, a journal to undo one pipeline's work on
 * one record, and what has changed, by name: a checkpoint is cut between two batches, when all that stands is committed.
 */
import type { Keyed } from '../operators/core/keyed.ts'
import type { TopicSpec } from '../schemas/topics.ts'
import { IdMemory } from './id-memory.ts'
import type { EntityWrite, Fields } from './ports.ts'
import { set_slot } from './slots.ts'
import type { SortedIds } from './sorted-ids.ts'
import {
  ids_field,
  parse_field,
  type StateCodec,
  slot_field_of,
  TIMERS_ENTITY,
  UnreadableState,
} from './state-fields.ts'
import { type Timer, type Timers, timer_from_field, timer_to_field } from './timers.ts'

/** A keyed operator whatever its types. */
export type AnyKeyed = Keyed<unknown, unknown, unknown, unknown, string>

/** An operator as it stands in a task: its place in the order, its field name, its codecs. */
export interface NodeDef {
  readonly index: number
  readonly field: string
  readonly spec: AnyKeyed
  readonly state: StateCodec<unknown>
  readonly slot: StateCodec<unknown> | null
}

export interface Entity {
  readonly key: string
  readonly cells: (Cell | undefined)[]
  /** Remembered ids by topic; null: none. */
  ids: Map<string, IdMemory> | null
  /** Number of cuts (running one included) not yet checkpointed that touch it: not evictable before. */
  dirty_cut: number
  /** What is written of it, while a cut is written out. */
  write: FieldWrite[] | null
}

type FieldWrite = EntityWrite['fields'][number]

export interface Cell {
  readonly entity: Entity
  readonly def: NodeDef
  state: unknown
  last_ms: number
  /** Whether it is stored: a cell that was never changed is not. */
  exists: boolean
  slots: Map<string, unknown> | null
  /** Their ids in order, kept where they are many (slots.ts). */
  sorted: SortedIds | null
  /** Number of the cut that its state is in. */
  cut: number
}

/** What has changed since the last checkpoint. */
export class Cut {
  readonly cells: Cell[] = []
  readonly slots = new Map<Cell, Set<string>>()
  /** Buckets of remembered ids by topic, as bits. */
  readonly ids = new Map<Entity, Map<string, number>>()
  readonly timers = new Set<string>()
  slot_changes = 0

  get size(): number {
    return this.cells.length + this.slot_changes + this.ids.size + this.timers.size
  }

  /** Store writes of the values as they stand now: to be asked for before the next batch runs. */
  writes(timers: Timers, field_of_node: (node: number) => string): EntityWrite[] {
    const touched: Entity[] = []
    try {
      this.#write_entities(touched)
      const writes = touched.map(({ key, write }) => ({ key, fields: write ?? [] }))
      const of_timers = [...this.timers].map(id => timer_to_field(id, timers.get(id) ?? null, field_of_node))
      if (of_timers.length) writes.push({ key: TIMERS_ENTITY, fields: of_timers })
      return writes
    } finally {
      for (const entity of touched) entity.write = null
    }
  }

  #write_entities(touched: Entity[]): void {
    const fields = (entity: Entity): FieldWrite[] => {
      if (!entity.write) {
        entity.write = []
        touched.push(entity)
      }
      return entity.write
    }
    for (const { entity, def, exists, state, last_ms } of this.cells)
      fields(entity).push([def.field, exists ? def.state.encode(state, last_ms) : null])
    for (const [{ entity, def, slots }, ids] of this.slots)
      for (const id of ids) {
        const value = slots?.get(id)
        const bytes = value === undefined ? null : (def.slot?.encode(value) ?? null)
        fields(entity).push([slot_field_of(def.field, id), bytes])
      }
    for (const [entity, topics] of this.ids)
      for (const [topic, mask] of topics)
        for (let bucket = 0; mask >> bucket; bucket++)
          if ((mask >> bucket) & 1)
            fields(entity).push([
              ids_field(topic, bucket),
              entity.ids?.get(topic)?.snapshot(bucket).bytes ?? null,
            ])
  }
}

const JOURNAL_KEPT = 5_000
/** Places of one write in the journal. */
const NOTE = 4

export class Entities {
  readonly #hot = new Map<string, Entity>()
  #last: Entity | null = null
  readonly #topics: Readonly<Record<string, TopicSpec>>
  readonly #nodes: () => readonly NodeDef[]
  // Flat journals of the record being processed: [cell, slot | null, old, old_exists]*, [old_last_ms]*, [id, old timer]*.
  readonly #journal: unknown[] = []
  readonly #journal_ms: number[] = []
  readonly #timer_journal: unknown[] = []
  // Their lengths: an array that is cut to nothing gives its memory away, and would grow anew with each record.
  #noted = 0
  #timers_noted = 0
  // Flat lists of what the running batch changed.
  #changed: (Cell | string | null)[] = []
  #changed_timers: string[] = []
  #changed_ids = new Map<Entity, Map<string, number>>()
  #cut = new Cut()
  #cut_number = 1

  constructor(topics: Readonly<Record<string, TopicSpec>>, nodes: () => readonly NodeDef[]) {
    this.#topics = topics
    this.#nodes = nodes
  }

  get(key: string): Entity | undefined {
    // A record is looked up at every step it takes; the same string again is a comparison of pointers.
    if (this.#last?.key === key) return this.#last
    const entity = this.#hot.get(key)
    if (entity) this.#last = entity
    return entity
  }

  /** The next get() is of this one's key: found where somebody has looked it up already. */
  recall(entity: Entity): void {
    this.#last = entity
  }

  /** The entity as loaded from the store (no fields: a new one). Fields of operators that are not here stay stored, untouched. */
  load(key: string, fields: Fields): Entity {
    // Neither more places than there are operators nor an empty map: a million of them are in memory.
    const cells = new Array<Cell | undefined>(this.#nodes().length)
    const entity: Entity = { key, cells, ids: null, dirty_cut: 0, write: null }
    for (const [field, bytes] of fields) {
      const name = parse_field(field)
      if (name.kind === 'ids') this.ids(entity, name.topic).load(name.bucket, bytes)
      else {
        const def = this.#nodes().find(node => node.field === name.node)
        if (!def) continue
        const cell = this.cell(entity, def)
        if (name.kind === 'slot') {
          if (!def.slot) throw new UnreadableState(`${field}: the operator keeps no slots any more`)
          cell.slots ??= new Map()
          cell.slots.set(name.slot, def.slot.decode(bytes))
        } else {
          const { value, last_ms } = def.state.decode_state(bytes)
          cell.state = value
          cell.last_ms = last_ms
          cell.exists = true
        }
      }
    }
    this.#hot.set(key, entity)
    this.#last = entity
    return entity
  }

  cell(entity: Entity, def: NodeDef): Cell {
    let cell = entity.cells[def.index]
    if (!cell) {
      cell = {
        entity,
        def,
        state: def.spec.state.init(),
        last_ms: 0,
        exists: false,
        slots: null,
        sorted: null,
        cut: 0,
      }
      entity.cells[def.index] = cell
    }
    return cell
  }

  ids(entity: Entity, topic: string): IdMemory {
    entity.ids ??= new Map()
    let memory = entity.ids.get(topic)
    if (!memory) {
      const keep = this.#topics[topic]?.dedupe
      memory = new IdMemory(typeof keep === 'number' ? keep : Number.POSITIVE_INFINITY)
      entity.ids.set(topic, memory)
    }
    return memory
  }

  remembered(entity: Entity, topic: string, bucket: number): void {
    entity.dirty_cut = this.#cut_number
    let buckets = this.#changed_ids.get(entity)
    if (!buckets) {
      buckets = new Map()
      this.#changed_ids.set(entity, buckets)
    }
    buckets.set(topic, (buckets.get(topic) ?? 0) | (1 << bucket))
  }

  write_state(cell: Cell, state: unknown, last_ms: number): void {
    this.#note(cell, null, cell.state, cell.last_ms, cell.exists)
    cell.state = state
    if (last_ms > cell.last_ms) cell.last_ms = last_ms
    cell.exists = true
    cell.entity.dirty_cut = this.#cut_number
    this.#changed.push(cell, null)
  }

  write_slot(cell: Cell, id: string, value: unknown): void {
    this.#note(cell, id, cell.slots?.get(id), 0, false)
    set_slot(cell, id, value === null ? undefined : value)
    cell.entity.dirty_cut = this.#cut_number
    this.#changed.push(cell, id)
  }

  /** Removes a silent key's state and slots. */
  drop(cell: Cell, init: unknown): void {
    for (const id of [...(cell.slots?.keys() ?? [])]) this.write_slot(cell, id, null)
    this.write_state(cell, init, cell.last_ms)
    cell.exists = false
  }

  write_timer(timers: Timers, id: string, timer: Timer | null): void {
    this.#timer_journal[this.#timers_noted++] = id
    this.#timer_journal[this.#timers_noted++] = timers.get(id)
    if (timer) timers.set(timer, id)
    else timers.delete(id)
    this.#changed_timers.push(id)
  }

  /** Starts the journal anew: what came before stands. */
  mark(): void {
    // What a very large turn noted is not held for ever.
    if (this.#noted > JOURNAL_KEPT) {
      this.#journal.length = 0
      this.#journal_ms.length = 0
    }
    this.#noted = 0
    this.#timers_noted = 0
  }

  #note(cell: Cell, slot: string | null, old: unknown, last_ms: number, exists: boolean): void {
    const journal = this.#journal
    this.#journal_ms[this.#noted / NOTE] = last_ms
    journal[this.#noted++] = cell
    journal[this.#noted++] = slot
    journal[this.#noted++] = old
    journal[this.#noted++] = exists
  }

  /** Takes back everything since mark(). */
  undo(timers: Timers): void {
    const journal = this.#journal
    for (let i = this.#noted - NOTE; i >= 0; i -= NOTE) {
      const cell = journal[i] as Cell
      const slot = journal[i + 1] as string | null
      const old = journal[i + 2]
      if (slot === null) {
        cell.state = old
        cell.last_ms = this.#journal_ms[i / NOTE] as number
        cell.exists = journal[i + 3] as boolean
      } else set_slot(cell, slot, old)
    }
    for (let i = this.#timers_noted - 2; i >= 0; i -= 2) {
      const old = this.#timer_journal[i + 1] as Timer | undefined
      if (old) timers.set(old)
      else timers.delete(this.#timer_journal[i] as string)
    }
    this.mark()
  }

  /** The batch is committed: what it changed joins the cut for the next checkpoint. */
  commit(): void {
    const cut = this.#cut
    const changed = this.#changed
    for (let i = 0; i < changed.length; i += 2) {
      const cell = changed[i] as Cell
      const slot = changed[i + 1] as string | null
      if (slot !== null) this.#cut_slot(cut, cell, slot)
      else if (cell.cut !== this.#cut_number) {
        cell.cut = this.#cut_number
        cut.cells.push(cell)
      }
    }
    for (const [entity, topics] of this.#changed_ids) {
      const earlier = cut.ids.get(entity)
      if (!earlier) cut.ids.set(entity, topics)
      else for (const [topic, mask] of topics) earlier.set(topic, (earlier.get(topic) ?? 0) | mask)
    }
    for (const id of this.#changed_timers) cut.timers.add(id)
    this.#changed = []
    this.#changed_ids = new Map()
    this.#changed_timers = []
  }

  #cut_slot(cut: Cut, cell: Cell, slot: string): void {
    let slots = cut.slots.get(cell)
    if (!slots) {
      slots = new Set()
      cut.slots.set(cell, slots)
    }
    if (slots.has(slot)) return
    slots.add(slot)
    cut.slot_changes++
  }

  get cut_size(): number {
    return this.#cut.size
  }

  /**
   * Hands the cut out for a checkpoint and starts the next; `number` is for evict().
   * @throws Error while a batch has changed what is not committed
   */
  take_cut(): { cut: Cut; number: number } {
    if (this.#changed.length || this.#changed_ids.size || this.#changed_timers.length)
      throw new Error('a checkpoint is cut between two batches')
    const taken = { cut: this.#cut, number: this.#cut_number }
    this.#cut = new Cut()
    this.#cut_number++
    return taken
  }

  /** Forgets the longest-hot entities above `max` whose changes are all in checkpoints up to cut `number`. */
  evict(max: number, number: number): void {
    if (this.#hot.size <= max) return
    this.#last = null
    let surplus = this.#hot.size - max
    for (const [key, entity] of this.#hot) {
      if (surplus <= 0) return
      if (entity.dirty_cut > number) continue
      this.#hot.delete(key)
      surplus--
    }
  }

  load_timers(timers: Timers, fields: Fields): void {
    const nodes = this.#nodes()
    for (const [field, bytes] of fields) {
      const timer = timer_from_field(field, bytes, name => nodes.find(node => node.field === name)?.index)
      if (timer) timers.set(timer)
    }
  }
}
