/**
 * What a micro-batch does to a task, free of I/O: time, timers, dedupe, the pipelines' graphs, outputs, outcomes. The
 * task loop runs it live, recovery runs it muted over recorded ranges, the test driver runs it in memory: one code.
 */
import { crc32 } from 'node:zlib'
import type { Catalog } from '../schemas/catalog-kinds.ts'
import { type App, type KeyGroup, marked_topics } from './app.ts'
import type { BatchInput, BatchResult, ProcessorState } from './batch.ts'
import { Breaker } from './breaker.ts'
import type { CatalogView } from './catalog.ts'
import { Entities, type Entity, type NodeDef } from './entities.ts'
import { type GraphHost, IDLE, type Moment, OPERATOR_ERROR, PipelineGraph } from './graph.ts'
import { type InputTopic, input_topic } from './input-topic.ts'
import type { Item } from './intake.ts'
import { tenant_of } from './keys.ts'
import { Lookup } from './lookup.ts'
import { type Encode, Outputs } from './outputs.ts'
import type { Output } from './ports.ts'
import { Remembered } from './remembered.ts'
import { StreamTime } from './stream-time.ts'
import { type Timer, type TimerClock, Timers, timer_id } from './timers.ts'
import { Verdicts } from './verdicts.ts'
import type { Observer, Outcome } from './worker-types.ts'

/** Stream time is told to the next stage's tasks whenever it enters another so much: windows there close so much later at most. */
const MARK_MS = 2000
const SPENT_EVERY = 16
/** Whose records nothing is kept of. */
const NOBODY: Entity = { key: '', cells: [], ids: null, dirty_cut: 0, write: null }

export class Processor {
  readonly timers = new Timers()
  readonly entities: Entities
  readonly stream_time: StreamTime
  readonly graphs: PipelineGraph[]
  /** Pipelines set aside, sorted: they get no records and no timers until the group is rebuilt. */
  quarantined: readonly string[] = []
  readonly #inputs: ReadonlyMap<string, InputTopic>
  /** Internal topics this group's pipelines write: its stream time is told on all their partitions. */
  readonly marked_topics: string[]
  digest = 0
  #marked_ms = Number.NEGATIVE_INFINITY
  readonly #catalog: CatalogView
  readonly #observe: Observer
  readonly #import_lapse_ms: number
  readonly #nodes: NodeDef[] = []
  readonly #moment: Moment
  // The running batch.
  readonly #outputs: Outputs
  readonly #verdicts: Verdicts
  readonly #remembered: Remembered
  readonly #lookup: Lookup
  #muted = false
  #fired = 0
  #bounds: Pick<BatchInput, 'timers_max' | 'spent'> = { timers_max: 0 }
  #catalog_offset = 0
  #late = false
  readonly #failed: string[] = []
  readonly #breaker = new Breaker()
  /** What outputs say of time: none of that instant or an older one follows them. Behind a timer's there may be others of its own instant. */
  #told_ms = 0

  constructor(options: {
    app: App
    group: KeyGroup
    partition: number
    encoders: ReadonlyMap<string, Encode>
    catalog: CatalogView
    observe: Observer
    writers: ReadonlyMap<string, number>
    import_lapse_ms: number
    freeze?: boolean
  }) {
    const { app, group, partition } = options
    this.#outputs = new Outputs(app, group, partition, options.encoders)
    this.#verdicts = new Verdicts(this.#outputs, partition, options.observe)
    this.#catalog = options.catalog
    this.#observe = options.observe
    this.#import_lapse_ms = options.import_lapse_ms
    this.entities = new Entities(app.topics, () => this.#nodes)
    this.#moment = this.#make_moment()
    const host: GraphHost = {
      moment: this.#moment,
      entities: this.entities,
      timers: this.timers,
      schemas: app.schemas,
      define: (field, make) => this.#define(field, make),
      emit: (topic, row) => this.#outputs.emit(topic, row as object, this.#moment.entity.key, this.#told_ms),
      freeze: options.freeze ?? false,
    }
    this.graphs = group.pipelines.map(pipeline => new PipelineGraph(pipeline, host))
    this.#inputs = new Map(group.inputs.map(topic => [topic, input_topic(app, topic, this.graphs)]))
    // Where our own tasks write, an input that no pipeline reads tells no time: it may come once a month.
    const tells = (topic: string) => options.writers.size === 0 || this.#inputs.get(topic)?.readers.length
    const external = group.inputs.some(topic => app.topics[topic]?.role === 'input' && tells(topic))
    this.stream_time = new StreamTime(external, options.writers)
    this.#remembered = new Remembered(this.entities, this.stream_time, this.#verdicts)
    this.#lookup = new Lookup(this.entities, this.timers, this.stream_time, this.#inputs)
    this.marked_topics = marked_topics(app, group)
  }

  #make_moment(): Moment {
    return {
      entity: NOBODY,
      at_ms: 0,
      stream_time_ms: 0,
      cause_id: '',
      may_be_late: true,
      catalog: (kind, id) => {
        const tenant = tenant_of(this.#moment.entity.key)
        const { at_ms } = this.#moment
        return this.#catalog.lookup(kind as keyof Catalog, id, tenant, at_ms, this.#catalog_offset)
      },
      late: (operator, reason) => {
        this.#late = true
        if (!this.#muted) this.#observe.late(operator, reason)
      },
    }
  }

  #define(field: string, make: (index: number) => NodeDef): NodeDef {
    const known = this.#nodes.findIndex(node => node.field === field)
    const def = make(known < 0 ? this.#nodes.length : known)
    this.#nodes[def.index] = def
    return def
  }

  node_field(index: number): string {
    return (this.#nodes[index] as NodeDef).field
  }
  get nodes(): readonly NodeDef[] {
    return this.#nodes
  }

  save(): ProcessorState {
    const { quarantined } = this
    return { stream_time: this.stream_time.save(), marked_ms: Math.max(0, this.#marked_ms), quarantined }
  }

  restore(state: ProcessorState): void {
    this.stream_time.restore(state.stream_time)
    this.#marked_ms = state.marked_ms || Number.NEGATIVE_INFINITY
    this.quarantined = state.quarantined
  }

  /** Sets exactly these pipelines aside, from the next batch on; their timers go, a rebuild brings them back. */
  quarantine(pipelines: readonly string[]): void {
    if (pipelines.join() === this.quarantined.join()) return
    this.quarantined = pipelines
    for (const timer of this.timers.all())
      if (pipelines.includes(this.#graph_of(timer.node).pipeline.name))
        this.entities.write_timer(this.timers, timer_id(timer.key, timer.node, timer.name), null)
    this.entities.mark()
  }

  #graph_of(node: number): PipelineGraph {
    return this.graphs.find(graph => graph.owns(node)) as PipelineGraph
  }

  /** Keys that the batch needs and that are not in memory. */
  cold_keys(...batch: Parameters<Lookup['cold_keys']>): string[] {
    return this.#lookup.cold_keys(...batch)
  }

  run(batch: BatchInput): BatchResult {
    this.#outputs.begin()
    this.#muted = batch.muted ?? false
    this.#verdicts.begin(batch.wall_ms, this.#muted)
    this.#fired = 0
    this.#bounds = batch
    this.#catalog_offset = batch.catalog_offset
    this.stream_time.wait_for_idle = this.#catalog.import_open(
      batch.wall_ms,
      this.#import_lapse_ms,
      batch.catalog_offset,
    )
    if (batch.tick_ms !== null) this.stream_time.to(batch.tick_ms)
    const found = this.#lookup.found(batch.items)
    let consumed = 0
    let going = this.#fire_due('wall', batch.wall_ms) && this.#fire_due('stream')
    while (going && consumed < batch.items.length) {
      this.#lookup.bring_near(found, consumed)
      const item = batch.items[consumed] as Item
      if (item.upstream) {
        // Also what an emitter's record before it has made due: the order must not depend on where a batch ends.
        going = this.#fire_due('stream')
        if (!going) break
        this.#take(item)
        consumed++
        this.stream_time.hear(item.topic, item.upstream)
        going = this.#fire_due('stream')
      } else {
        const entity = found[consumed]
        if (entity) this.entities.recall(entity)
        going = this.#before(item)
        if (!going) break
        this.#take(item)
        consumed++
      }
      if (consumed % SPENT_EVERY === 0 && this.#bounds.spent?.()) break
    }
    if (batch.stream_time_ms !== undefined && batch.stream_time_ms !== null)
      this.stream_time.to(batch.stream_time_ms)
    if (going) going = this.#fire_due('stream')
    return this.#finish(consumed, !going)
  }

  /** Moves time to a record of an emitter and fires what is due before it. False: not all could be fired, take it later. */
  #before(item: Item): boolean {
    if (item.refused || item.stray) return true
    const input = this.#inputs.get(item.topic) as InputTopic
    if (this.#remembered.check(item, input) !== 'new') return true
    // What nobody takes a replay does not see: it moves no time here either.
    if (item.redrive && this.#nobody_for(item.redrive.pipeline, input)) return true
    this.stream_time.see(item.at_ms)
    return this.#fire_due('stream')
  }

  #take(item: Item): void {
    if (item.refused) this.#verdicts.refuse(item, item.refused.reason, item.refused.detail)
    else if (item.stray) this.#verdicts.forward(item, item.stray)
    else this.#verdicts.outcomes[this.#judge(item)]++
  }

  #judge(item: Item): Outcome {
    const input = this.#inputs.get(item.topic) as InputTopic
    const known = this.#remembered.check(item, input)
    if (known === 'duplicate') {
      this.#verdicts.leave_out(item, 'duplicate')
      // A dead letter driven again that failed once more: its record has been taken anew, so it has been, too.
      if (item.failed) for (const name of item.failed.pipelines) this.#remembered.settle(item, input, name)
      return 'duplicate'
    }
    if (known === 'conflict') {
      const used = `event_id ${item.event_id} was used with another body`
      this.#verdicts.dead_letter(item, 'CONFLICT', used, null)
      this.#verdicts.leave_out(item, 'refused')
      return 'dead_letter'
    }
    if (item.redrive && !this.#may_redrive(item, item.redrive.pipeline, input)) return 'dead_letter'
    this.#remembered.add(item, input)
    if (input.erases && !item.redrive) this.#erase(this.entities.get(item.key) as Entity)
    if (input.readers.length === 0 || !item.row) return 'processed'
    return this.#push(item, input)
  }

  /** State and timers of all operators but those that keep money; remembered ids are hashes, and stay. */
  #erase(entity: Entity): void {
    for (const { spec, index } of this.#nodes) {
      if (spec.kept_on_erasure) continue
      // Also where no state is in memory: whether it is must not decide what becomes of a timer.
      for (const name of [...Object.keys(spec.timers ?? {}), IDLE]) {
        const id = timer_id(entity.key, index, name)
        if (this.timers.get(id)) this.entities.write_timer(this.timers, id, null)
      }
      const cell = entity.cells[index]
      if (cell) this.entities.drop(cell, spec.state.init())
    }
    this.entities.mark()
  }

  /** False: there is nobody to take it, so it is a dead letter again. */
  #may_redrive(item: Item, pipeline: string, input: InputTopic): boolean {
    const reason = this.#nobody_for(pipeline, input)
    if (reason === null) return true
    const why = reason === 'QUARANTINED' ? 'is set aside: rebuild it first' : 'does not read this topic'
    this.#verdicts.dead_letter(item, reason, `${pipeline} ${why}`, pipeline)
    this.#verdicts.leave_out(item, 'refused', [pipeline])
    return false
  }

  /** Why a dead letter cannot be driven again now; null: it can. */
  #nobody_for(pipeline: string, { readers }: InputTopic): 'QUARANTINED' | 'UNKNOWN_PIPELINE' | null {
    if (this.quarantined.includes(pipeline)) return 'QUARANTINED'
    if (pipeline === '' || readers.some(graph => graph.pipeline.name === pipeline)) return null
    return 'UNKNOWN_PIPELINE'
  }
  #entity_of({ key }: Item, input: InputTopic): Entity {
    return input.needs_entity ? (this.entities.get(key) as Entity) : { ...NOBODY, key }
  }

  #begin(entity: Entity, at_ms: number, cause_id: string, may_be_late: boolean): void {
    const moment = this.#moment
    moment.entity = entity
    moment.at_ms = at_ms
    moment.stream_time_ms = this.#told_ms = this.stream_time.now_ms
    moment.cause_id = cause_id
    moment.may_be_late = may_be_late
  }

  #push(item: Item, input: InputTopic): Outcome {
    this.#begin(this.#entity_of(item, input), item.at_ms, item.event_id, !item.upstream)
    let outcome: Outcome = 'processed'
    const failed = this.#failed
    failed.length = 0
    for (const graph of input.readers) {
      const { name } = graph.pipeline
      if (this.quarantined.includes(name) || (item.redrive && item.redrive.pipeline !== name)) continue
      const failed_then = item.failed?.pipelines.includes(name) === true
      if (failed_then && !item.failed?.anew) {
        failed.push(name)
        continue
      }
      this.#late = false
      const outputs = this.#outputs.mark()
      this.entities.mark()
      if (graph.push(input.declared, item.row)) {
        if (this.#late && outcome === 'processed') outcome = 'late'
        if (failed_then) this.#remembered.settle(item, input, name)
        this.#breaker.passed(name)
        continue
      }
      this.#undo(outputs)
      const { reason, detail } = graph.take_failure()
      this.#verdicts.dead_letter(item, reason, detail, name)
      if (reason === OPERATOR_ERROR) this.#breaker.failed(name)
      failed.push(name)
    }
    if (item.redrive?.pipeline) this.#verdicts.leave_out(item, 'redriven')
    if (failed.length > 0) {
      outcome = 'dead_letter'
      this.#verdicts.leave_out(item, 'failed', failed)
    }
    return outcome
  }

  #undo(outputs: number): void {
    this.entities.undo(this.timers)
    this.#outputs.take_back(outputs)
  }

  /** Fires what is due, in order, up to the batch's bound. False when something due is left. */
  #fire_due(clock: TimerClock, until_ms?: number): boolean {
    for (;;) {
      const timer = this.timers.peek(clock)
      if (!timer || timer.due_ms > (until_ms ?? this.stream_time.now_ms)) return true
      if (this.#fired >= this.#bounds.timers_max) return false
      // One at least, so that every batch comes further; a storm of timers must not keep heartbeats waiting.
      if (this.#fired > 0 && this.#bounds.spent?.()) return false
      if (!this.entities.get(timer.key)) return false
      this.#fire(timer, this.timers.peek_id(clock) as string)
    }
  }

  #fire(timer: Timer, id: string): void {
    this.#fired++
    this.#begin(this.entities.get(timer.key) as Entity, timer.due_ms, timer.cause_id, true)
    if (timer.clock === 'stream') this.#told_ms = timer.due_ms - 1
    this.entities.mark()
    this.entities.write_timer(this.timers, id, null)
    this.entities.mark()
    const outputs = this.#outputs.mark()
    const graph = this.#graph_of(timer.node)
    if (graph.fire(timer.node, timer.name)) return
    this.#undo(outputs)
    const { reason, detail } = graph.take_failure()
    const pipeline = graph.pipeline.name
    if (reason === OPERATOR_ERROR) this.#breaker.failed(pipeline)
    this.#verdicts.dead_timer(timer, { operator: this.node_field(timer.node), pipeline }, reason, detail)
  }

  #finish(consumed: number, more_due: boolean): BatchResult {
    const { outcomes, left_out, dead_timers } = this.#verdicts
    const { processed, late } = outcomes
    this.digest = crc32(`${processed} ${late} ${this.#fired}`, this.#outputs.digest(this.digest))
    return {
      consumed,
      outcomes,
      left_out,
      outputs: this.#outputs.take(),
      timers: this.#fired,
      dead_timers,
      digest: this.digest,
      more_due,
      tripped: this.#breaker.tripped().filter(name => !this.quarantined.includes(name)),
    }
  }

  /** Stream time for every task of the next stage, when it has entered another MARK_MS (or `force`). null: nothing to read here. */
  marks(force: boolean, idle = false): Output[] {
    // What is due and has still to fire writes of older instants.
    const now_ms = Math.min(
      this.stream_time.now_ms,
      (this.timers.peek('stream')?.due_ms ?? Number.POSITIVE_INFINITY) - 1,
    )
    if (this.marked_topics.length === 0) return []
    if (!idle) {
      if (!Number.isFinite(now_ms)) return []
      if (!force && Math.floor(now_ms / MARK_MS) <= Math.floor(this.#marked_ms / MARK_MS)) return []
      this.#marked_ms = now_ms
    }
    return this.#outputs.marks(this.marked_topics, idle ? null : now_ms)
  }
}
