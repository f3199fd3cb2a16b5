/**
 * Runs the pipelines of one key group in memory through the production Processor: pipe records in, move stream time,
 * read outputs, state and outcomes. Rows travel as Avro both ways, so schemas and guards are exercised too.
 */
import type avsc from 'avsc'
import { type App, type KeyGroup, key_groups, tributary, writers_of } from '../../runtime/app.ts'
import { compile_encoder } from '../../runtime/avro/encoder.ts'
import { exact_type } from '../../runtime/avro/exact-type.ts'
import { CatalogView } from '../../runtime/catalog.ts'
import { Decoders } from '../../runtime/decoders.ts'
import { base_fields, check_future, type Item, Lane } from '../../runtime/intake.ts'
import { key_of } from '../../runtime/keys.ts'
import type { Fields, Registry, Upstream } from '../../runtime/ports.ts'
import { Processor } from '../../runtime/processor.ts'
import { default_settings } from '../../runtime/settings.ts'
import { TIMERS_ENTITY } from '../../runtime/state-fields.ts'
import type { Outcomes } from '../../runtime/verdicts.ts'
import { unobserved } from '../../runtime/worker-types.ts'
import type { Topics } from '../../schemas/types.ts'
import { sum_partial } from './partial-sums.ts'

export interface Variant {
  /** Records per micro-batch. */
  readonly batch: number
  /** Each record is sent twice. */
  readonly twice?: boolean
  /** After each batch memory is lost and the task comes back from its checkpoint. */
  readonly crash?: boolean
}

const encoders = new Map<string, (row: object) => Buffer>()
const types = new Map<string, avsc.Type>()
const encoder_of = (app: App, topic: string) => {
  let encoder = encoders.get(topic)
  if (!encoder) {
    encoder = compile_encoder(app.schemas[app.topics[topic]?.schema ?? ''] as object, topic_id(app, topic))
    encoders.set(topic, encoder)
  }
  return encoder
}
const topic_id = (app: App, topic: string): number => Object.keys(app.topics).indexOf(topic) + 1

/** Schema ids are places in the topic list. */
const registry_of = (app: App): Registry => ({
  register: async () => 1,
  schema: async id => app.schemas[Object.values(app.topics)[id - 1]?.schema ?? ''] as object,
  health: async () => null,
})

export class Driver {
  readonly app: App
  readonly outcomes: Outcomes = { processed: 0, duplicate: 0, forwarded: 0, late: 0, dead_letter: 0 }
  readonly catalog = new CatalogView()
  readonly #group: KeyGroup
  readonly #variant: Variant
  readonly #decoders: Decoders
  readonly #lanes: Map<string, Lane>
  /** Inputs that the other stage writes. */
  readonly #staged: readonly string[]
  readonly #store = new Map<string, Map<string, Buffer>>()
  readonly #outputs: { topic: string; row: unknown }[] = []
  #processor: Processor
  #queue: Item[] = []
  #offset = 0

  private constructor(group: string, variant: Variant, app: App) {
    this.app = app
    this.#group = key_groups(app).find(g => g.name === group) as KeyGroup
    this.#staged = [...writers_of(app, this.#group).keys()]
    this.#variant = variant
    const fields = new Map(Object.keys(app.topics).map(topic => [topic, all_fields(app, topic)]))
    this.#decoders = new Decoders(app, registry_of(app), fields, () => 0)
    this.#lanes = new Map(
      this.#group.inputs.map((topic, order) => [topic, new Lane(app, topic, order, 0, this.#decoders)]),
    )
    this.#processor = this.#make()
  }

  static async open(
    group: string,
    variant: Variant,
    app: App = { ...tributary(1), partitions: 1 },
  ): Promise<Driver> {
    const driver = new Driver(group, variant, app)
    for (const topic of driver.#group.inputs) await driver.#decoders.fetch(topic, topic_id(app, topic))
    return driver
  }

  #make(): Processor {
    const { app } = this
    const outputs = new Map(Object.keys(app.topics).map(topic => [topic, encoder_of(app, topic)]))
    return new Processor({
      app,
      group: this.#group,
      partition: 0,
      encoders: outputs,
      catalog: this.catalog,
      observe: unobserved,
      writers: writers_of(app, this.#group),
      import_lapse_ms: default_settings.import_lapse_ms,
      freeze: true,
    })
  }

  /** Rows of a topic, in this order; absent fields take their defaults. For internal topics `upstream` says who wrote them. */
  send<K extends keyof Topics>(topic: K, rows: readonly Partial<Topics[K]>[], upstream?: Upstream): void {
    for (const row of rows) {
      const spec = this.app.topics[topic]
      const key = Buffer.from(key_of(spec as never, row as never))
      this.send_bytes(topic, key, encoder_of(this.app, topic)(row), upstream)
    }
  }

  send_bytes(topic: string, key: Buffer | null, value: Buffer | null, upstream?: Upstream): void {
    const lane = this.#lanes.get(topic) as Lane
    for (let n = 0; n < (this.#variant.twice && !upstream ? 2 : 1); n++) {
      const item = lane.item({ offset: this.#offset++, key, value, upstream })
      if (typeof item === 'number') throw new Error(`schema ${item} is not known`)
      this.#queue.push(check_future(item, WALL_MS))
    }
  }

  /**
   * Tells the stream time of an upstream task without a record; null: idle. As a task does, it tells it on every
   * topic that its stage writes for this one.
   */
  mark(topic: string, task: number, stream_time_ms: number | null): void {
    const upstream = { task, stream_time_ms }
    if (this.#staged.includes(topic))
      for (const other of this.#staged) if (other !== topic) this.send_bytes(other, null, null, upstream)
    this.send_bytes(topic, null, null, upstream)
  }

  /** Processes what was sent, in batches. */
  run(): void {
    while (this.#queue.length) this.#step(null)
  }

  /** Processes what was sent, then moves stream time by a tick. */
  tick(to_ms: number): void {
    this.run()
    this.#step(to_ms)
  }

  #step(tick_ms: number | null): void {
    const processor = this.#processor
    const items = tick_ms === null ? this.#queue.slice(0, this.#variant.batch) : []
    for (const key of processor.cold_keys(items, WALL_MS, tick_ms, 1000))
      processor.entities.load(key, this.#store.get(key) ?? new Map())
    const result = processor.run({
      items,
      wall_ms: WALL_MS,
      tick_ms,
      timers_max: 1000,
      catalog_offset: this.catalog.position,
    })
    this.#queue = this.#queue.slice(tick_ms === null ? result.consumed : 0)
    for (const outcome of Object.keys(this.outcomes) as (keyof Outcomes)[])
      this.outcomes[outcome] += result.outcomes[outcome]
    for (const { topic, value } of result.outputs)
      if (value) this.#outputs.push({ topic, row: type_of(this.app, topic).fromBuffer(value.subarray(5)) })
    processor.entities.commit()
    this.#checkpoint(processor)
    if (this.#variant.crash) this.#recover(processor)
    if (result.more_due) this.#step(tick_ms)
  }

  #checkpoint(processor: Processor): void {
    for (const { key, fields } of processor.entities
      .take_cut()
      .cut.writes(processor.timers, node => processor.node_field(node))) {
      const stored = this.#store.get(key) ?? new Map<string, Buffer>()
      for (const [field, bytes] of fields)
        if (bytes) stored.set(field, Buffer.from(bytes))
        else stored.delete(field)
      this.#store.set(key, stored)
    }
  }

  #recover(before: Processor): void {
    this.#processor = this.#make()
    this.#processor.restore(JSON.parse(JSON.stringify(before.save())))
    this.#processor.entities.load_timers(this.#processor.timers, this.#store.get(TIMERS_ENTITY) ?? new Map())
  }

  /** Everything written to a topic so far, in order. */
  outputs<K extends keyof Topics>(topic: K): Topics[K][] {
    return this.#outputs
      .filter(output => output.topic === topic)
      .map(output => ({ ...(output.row as Topics[K]) }))
  }

  /** All outputs as text, in order, but for some topics; of partial topics their sums, wherever a batch ended. */
  written(without: readonly string[]): string {
    const { whole, sums } = sum_partial(this.app, this.#outputs)
    return JSON.stringify([...whole.filter(({ topic }) => !without.includes(topic)), ...sums])
  }

  /** Stored fields of a key. */
  fields(key: string): Fields {
    return this.#store.get(key) ?? new Map()
  }

  get timers(): number {
    return this.#processor.timers.size
  }
}

/** The batches' wall clock: 2100, so that only what says so is from the future. */
export const WALL_MS = 4_102_444_800_000

const all_fields = (app: App, topic: string): string[] => {
  const schema = app.schemas[app.topics[topic]?.schema ?? ''] as { fields: { name: string }[] }
  return [...new Set([...base_fields(app, topic), ...schema.fields.map(field => field.name)])]
}

const type_of = (app: App, topic: string): avsc.Type => {
  let type = types.get(topic)
  if (!type) {
    type = exact_type(app.schemas[app.topics[topic]?.schema ?? ''] as object)
    types.set(topic, type)
  }
  return type
}
