/**
 * One pipeline of one task, wired: sources that rows are pushed into, nodes that hold keyed state, sinks that collect
 * outputs. Everything happens synchronously inside push() and fire(); what a failing pipeline did is undone from the journal.
 */

import type { Graph, Keyed, Pipeline, Turn } from '../operators/core/keyed.ts'
import { wire } from '../operators/core/keyed.ts'
import type { Catalog } from '../schemas/catalog-kinds.ts'
import type { AnyKeyed, Cell, Entities, Entity, NodeDef } from './entities.ts'
import { Feed } from './feed.ts'
import { slots_of } from './slots.ts'
import { StateCodec, state_field } from './state-fields.ts'
import type { Timers } from './timers.ts'
import { timer_id } from './timers.ts'

/** What is being processed; one per task, reused. */
export interface Moment {
  entity: Entity
  at_ms: number
  stream_time_ms: number
  cause_id: string
  may_be_late: boolean
  catalog(kind: keyof Catalog, id: string): unknown
  late(operator: string, reason: string): void
}

/** An operator refused the record: not a fault of the code. */
export class Rejected extends Error {
  override readonly name = 'Rejected'
}

/** Reason of a dead letter: the code threw. */
export const OPERATOR_ERROR = 'OPERATOR_ERROR'

/** Name of the timer that drops a silent key. */
export const IDLE = '~idle'

export interface GraphHost {
  readonly moment: Moment
  readonly entities: Entities
  readonly timers: Timers
  readonly schemas: Readonly<Record<string, object>>
  /** Index for a new node, stable over rebuilds of the graph. */
  define(field: string, make: (index: number) => NodeDef): NodeDef
  emit(topic: string, row: unknown): void
  /** Driver only: state is frozen so that a mutation throws. */
  readonly freeze: boolean
}

export class PipelineGraph implements Graph {
  readonly pipeline: Pipeline
  readonly host: GraphHost
  /** Fields each topic is projected to. */
  readonly reads = new Map<string, Set<string>>()
  readonly writes = new Set<string>()
  /** The first failure of the current push, or null. */
  failure: { readonly error: unknown } | null = null
  #sources = new Map<string, Feed<unknown>>()
  #nodes = new Map<number, Node>()
  #names = new Set<string>()

  constructor(pipeline: Pipeline, host: GraphHost) {
    this.pipeline = pipeline
    this.host = host
    this.#build()
  }

  #build(): void {
    this.#sources = new Map()
    this.#nodes = new Map()
    this.#names = new Set()
    wire(this.pipeline, this)
  }

  source(topic: string, fields: readonly string[]): Feed<unknown> {
    let source = this.#sources.get(topic)
    if (!source) {
      source = new Feed()
      this.#sources.set(topic, source)
    }
    const known = this.reads.get(topic) ?? new Set()
    for (const field of fields) known.add(field)
    this.reads.set(topic, known)
    return source
  }

  node<I, O, S, W, T extends string>(spec: Keyed<I, O, S, W, T>, as: string) {
    if (this.#names.has(as))
      throw new Error(`${this.pipeline.name}: operator ${as} is there twice; give the second a name`)
    this.#names.add(as)
    const field = state_field(this.pipeline.name, as)
    const { schemas } = this.host
    const def = this.host.define(field, index => ({
      index,
      field,
      spec: spec as unknown as AnyKeyed,
      state: new StateCodec(spec.version, spec.state, schemas) as StateCodec<unknown>,
      slot: spec.slot ? (new StateCodec(spec.version, spec.slot, schemas) as StateCodec<unknown>) : null,
    }))
    const node = new Node(def, this)
    this.#nodes.set(def.index, node)
    return node as unknown as { enter(input: I): void; readonly out: Feed<O> }
  }

  output(topic: string): void {
    this.writes.add(topic)
  }

  sink(topic: string, value: unknown): void {
    if (this.failure) return
    try {
      this.host.emit(topic, value)
    } catch (error) {
      this.fail(error)
    }
  }

  fail(error: unknown): void {
    this.failure ??= { error }
  }

  /** Pushes a row; what it caused is journalled. True when the pipeline went through. */
  push(topic: string, row: unknown): boolean {
    this.#sources.get(topic)?.push(row)
    return this.#settled()
  }

  fire(node: number, name: string): boolean {
    this.#nodes.get(node)?.fire(name)
    return this.#settled()
  }

  /** Why the last push or timer failed; then it is forgotten. */
  take_failure(): { reason: string; detail: string } {
    const error = this.failure?.error
    this.failure = null
    const detail = error instanceof Error ? error.message : String(error)
    return { reason: error instanceof Rejected ? 'REJECTED' : OPERATOR_ERROR, detail }
  }

  /** Whether it keeps anything: otherwise nothing is to be known of a record's key. */
  get stateful(): boolean {
    return this.#nodes.size > 0
  }

  owns(node: number): boolean {
    return this.#nodes.has(node)
  }

  #settled(): boolean {
    if (!this.failure) return true
    // A stream that has seen an error is dead; graphs hold no state, so a new one is as good.
    this.#build()
    return false
  }
}

class Node implements Turn<unknown, unknown, string> {
  readonly out = new Feed<unknown>()
  readonly def: NodeDef
  readonly graph: PipelineGraph
  readonly #moment: Moment
  readonly #entities: Entities
  readonly #spec: AnyKeyed
  #emitted: unknown[] = []
  #cell: Cell | null = null

  constructor(def: NodeDef, graph: PipelineGraph) {
    this.def = def
    this.graph = graph
    this.#moment = graph.host.moment
    this.#entities = graph.host.entities
    this.#spec = def.spec
  }

  get key(): string {
    return this.#moment.entity.key
  }
  get at_ms(): number {
    return this.#moment.at_ms
  }
  get stream_time_ms(): number {
    return this.#moment.stream_time_ms
  }
  get cause_id(): string {
    return this.#moment.cause_id
  }
  get may_be_late(): boolean {
    return this.#moment.may_be_late
  }

  enter(input: unknown): void {
    this.#turn(input, null)
  }

  fire(name: string): void {
    if (name === IDLE) this.#idle()
    else if (this.#spec.on_timer) this.#turn(undefined, name)
  }

  /** A step, or what the timer of that name does. */
  #turn(input: unknown, timer: string | null): void {
    const { graph } = this
    if (graph.failure) return
    if (this.#cell) {
      graph.fail(new Error(`${this.def.field}: entered again while it runs`))
      return
    }
    const cell = this.#entities.cell(this.#moment.entity, this.def)
    this.#cell = cell
    try {
      const spec = this.#spec
      const next =
        timer === null
          ? spec.step(cell.state, input, this)
          : (spec.on_timer?.(cell.state, timer, this) as unknown)
      if (next !== cell.state) {
        if (graph.host.freeze) deep_freeze(next)
        this.#touch(cell, next)
      }
    } catch (error) {
      this.#emitted.length = 0
      graph.fail(error)
      return
    } finally {
      this.#cell = null
    }
    if (this.#emitted.length === 0) return
    const emitted = this.#emitted
    this.#emitted = []
    for (const value of emitted) {
      if (graph.failure) return
      this.out.push(value)
    }
  }

  #touch(cell: Cell, state: unknown): void {
    const fresh = !cell.exists
    const now_ms = Math.max(this.#moment.stream_time_ms, this.#moment.at_ms)
    this.#entities.write_state(cell, state, now_ms)
    if (fresh && Number.isFinite(this.#spec.idle_ms)) this.#arm(IDLE, 'stream', now_ms + this.#spec.idle_ms)
  }

  #idle(): void {
    const cell = this.#entities.cell(this.#moment.entity, this.def)
    if (!cell.exists) return
    const due = cell.last_ms + this.#spec.idle_ms
    if (due > this.#moment.at_ms) this.#arm(IDLE, 'stream', due)
    else {
      for (const name of Object.keys(this.#spec.timers ?? {})) this.#cancel(name)
      this.#entities.drop(cell, this.#spec.state.init())
    }
  }

  #arm(name: string, clock: 'stream' | 'wall', due_ms: number): void {
    const { key } = this.#moment.entity
    this.#entities.write_timer(this.graph.host.timers, timer_id(key, this.def.index, name), {
      clock,
      due_ms,
      key,
      node: this.def.index,
      name,
      cause_id: this.#moment.cause_id,
    })
  }

  #cancel(name: string): void {
    this.#entities.write_timer(this.graph.host.timers, timer_id(this.key, this.def.index, name), null)
  }

  emit(value: unknown): void {
    this.#emitted.push(value)
  }

  late(reason: string): void {
    this.#moment.late(this.def.field, reason)
  }

  reject(reason: string): never {
    throw new Rejected(reason)
  }

  timer(name: string, due_ms: number | null): void {
    const clock = this.#spec.timers?.[name]
    if (!clock) throw new Error(`${this.def.field} declares no timer ${name}`)
    if (due_ms === null) this.#cancel(name)
    else this.#arm(name, clock, due_ms)
  }

  slot(id: string): unknown {
    return this.#running().slots?.get(id)
  }

  put(id: string, value: unknown): void {
    if (!this.def.slot) throw new Error(`${this.def.field} declares no slot type`)
    const cell = this.#running()
    if (value !== null && this.graph.host.freeze) deep_freeze(value)
    this.#entities.write_slot(cell, id, value)
    this.#touch(cell, cell.state)
  }

  slots(prefix = '', most?: number): readonly (readonly [string, unknown])[] {
    return slots_of(this.#running(), prefix, most)
  }

  catalog<K extends keyof Catalog>(kind: K, id: string): Catalog[K] | undefined {
    return this.#moment.catalog(kind, id) as Catalog[K] | undefined
  }

  #running(): Cell {
    if (!this.#cell) throw new Error(`${this.def.field}: a turn is valid only while step runs`)
    return this.#cell
  }
}

const deep_freeze = (value: unknown): void => {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value) || value instanceof Uint8Array)
    return
  Object.freeze(value)
  for (const inner of Object.values(value)) deep_freeze(inner)
}
