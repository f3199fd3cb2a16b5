/**
 * The recorded batches of some key groups once more, by the code at hand, to nobody: the log is only read. Beside the course
 * that is to come to what is recorded, a second one may run in which the catalog answers otherwise. What one stage then
 * writes otherwise takes the place of the recorded row before the next stage: the same position in the same batch, so that
 * both courses read in one order, and what differs differs for no other reason.
 */
import type avsc from 'avsc'
import { batch_log_topic } from '../schemas/topics.ts'
import type { Batch } from '../schemas/types.ts'
import { type App, describe_pipeline, staged_topics } from './app.ts'
import { compile_encoder } from './avro/encoder.ts'
import { exact_type } from './avro/exact-type.ts'
import { CatalogView } from './catalog.ts'
import { Decoders } from './decoders.ts'
import { type Item, Lane } from './intake.ts'
import type { Encode } from './outputs.ts'
import type { Log, LogRecord, Output, Registry } from './ports.ts'
import { Branch, type BranchParts } from './replay-branch.ts'
import { batches, merge_batch, RangeReader, ReplayRefused, type Survey, survey } from './replay-log.ts'
import { type ReplayGroup, replay_groups } from './replay-scope.ts'
import { type Start, start_of } from './replay-start.ts'
import { scan } from './scan.ts'
import type { Snapshots } from './snapshots.ts'
import { catalog_reader, code_of_group, projections } from './worker.ts'

export interface ReplayDeps {
  readonly app: App
  readonly log: Log
  readonly registry: Registry
  readonly snapshots: Snapshots | null
  readonly import_lapse_ms: number
}

/** recorded: as it was; other: as it would have been. */
export type Course = 'recorded' | 'other'

export interface ReplayRequest {
  /** Whose rows are wanted: their pipelines run, and those that these read. */
  readonly topics: readonly string[]
  /** Epoch ms; rows of events before it need not come. */
  readonly from_ms: number
  /** What the catalog answers in the other course; null: there is none. */
  readonly other: ((recorded: CatalogView) => CatalogView) | null
  /** Inputs of the other course that are asked about one by one, behind all that came before. */
  readonly judged: ReadonlySet<string>
  /** A record of them as the other course takes it; null: not at all. */
  hears(item: Item): Item | null
  /** Rows as they come: of the other course behind the recorded one's of the same batch. */
  rows(course: Course, outputs: readonly Output[]): void
  progress(done: number, all: number): void
}

/** What the log says of the batches that were replayed. */
export interface Replayed {
  readonly batches: number
  readonly records: number
  /** Code that wrote batches, and the code at hand, by key group. */
  readonly codes: ReadonlyMap<string, { readonly here: string; readonly wrote: ReadonlySet<string> }>
  /** Pipelines that were set aside in batches that had records since from_ms. */
  readonly quarantined: ReadonlySet<string>
  /** Batches with records since from_ms that a rebuild has worked off anew since. */
  readonly rebuilt: number
}

/** Ids of our own schemas, beyond those of a registry. */
const OWN_IDS = 1 << 30

/** Throws ReplayRefused where the log cannot tell, the signal's reason when it is aborted. */
export const replay = async (
  deps: ReplayDeps,
  request: ReplayRequest,
  signal: AbortSignal,
): Promise<Replayed> => new Replay(deps, request, signal).run()

interface Task {
  readonly scope: ReplayGroup
  readonly partition: number
  readonly survey: Survey
  readonly start: Start
}

interface Running {
  readonly recorded: Branch
  readonly second: Branch | null
  readonly lanes: readonly Lane[]
  readonly batch: Batch
  readonly anew: boolean
}

/** Cut before each record of those topics. */
const parts_of = (items: readonly Item[], topics: ReadonlySet<string>): readonly (readonly Item[])[] => {
  const cuts = items.flatMap(({ topic }, i) => (i > 0 && topics.has(topic) ? [i] : []))
  return [0, ...cuts].map((from, i) => items.slice(from, cuts[i]))
}

class Replay {
  readonly #deps: ReplayDeps
  readonly #request: ReplayRequest
  readonly #signal: AbortSignal
  readonly #groups: readonly ReplayGroup[]
  readonly #ids: ReadonlyMap<string, number>
  readonly #types: ReadonlyMap<string, avsc.Type>
  readonly #encoders: ReadonlyMap<string, Encode>
  readonly #decoders: Decoders
  readonly #catalog = new CatalogView()
  /** Rows between tasks that the other course writes otherwise, by topic and then by key and id; null: not at all. */
  readonly #otherwise = new Map<string, Map<string, Buffer | null>>()
  readonly #told = {
    batches: 0,
    records: 0,
    codes: new Map<string, { here: string; wrote: Set<string> }>(),
    quarantined: new Set<string>(),
    rebuilt: 0,
  }
  #all = 0

  constructor(deps: ReplayDeps, request: ReplayRequest, signal: AbortSignal) {
    const { app, registry } = deps
    this.#deps = deps
    this.#request = request
    this.#signal = signal
    this.#groups = replay_groups(app, request.topics)
    const own = Object.entries(app.topics).filter(([, { encode, of }]) => !encode && !of)
    this.#ids = new Map(own.map(([topic], i) => [topic, OWN_IDS + i]))
    const schema_of = (topic: string) => app.schemas[app.topics[topic]?.schema ?? ''] as object
    const pipelines = this.#groups.flatMap(({ group }) => group.pipelines)
    const read = new Set(pipelines.flatMap(pipeline => [...describe_pipeline(pipeline).reads.keys()]))
    const staged = [...staged_topics(app)].filter(topic => read.has(topic))
    this.#types = new Map(staged.map(topic => [topic, exact_type(schema_of(topic))]))
    this.#encoders = new Map(
      [...this.#ids].map(([topic, id]) => [topic, compile_encoder(schema_of(topic), id)]),
    )
    const topics = own.map(([topic]) => topic)
    const ours: Registry = {
      ...registry,
      schema: async id => (id < OWN_IDS ? registry.schema(id) : schema_of(topics[id - OWN_IDS] as string)),
    }
    this.#decoders = new Decoders(app, ours, projections({ ...app, pipelines }), () => Date.now())
  }

  async run(): Promise<Replayed> {
    await this.#read_catalog()
    for (const topic of this.#types.keys()) {
      this.#otherwise.set(topic, new Map())
      await this.#decoders.fetch(topic, this.#ids.get(topic) as number)
    }
    const tasks: Task[] = []
    for (const scope of this.#groups)
      for (let partition = 0; partition < scope.group.partitions; partition++)
        tasks.push(await this.#open(scope, partition))
    this.#all = tasks.reduce((sum, task) => sum + task.survey.records, 0)
    for (const task of tasks) await this.#replay(task)
    return this.#told
  }

  async #read_catalog(): Promise<void> {
    const { app, log } = this.#deps
    if (!app.topics.catalog) return
    const read = catalog_reader(app, this.#decoders)
    const end = await scan(log, { topic: 'catalog', partition: 0 }, 0, async record => {
      const row = await read(record)
      if (row) this.#catalog.add(row, record.offset)
    })
    this.#catalog.moved(end, end)
  }

  async #open(scope: ReplayGroup, partition: number): Promise<Task> {
    const { app, log, snapshots } = this.#deps
    const place = { topic: batch_log_topic(scope.group.name), partition }
    const start = await start_of({ app, log, snapshots }, scope, place, this.#request.from_ms, this.#signal)
    return { scope, partition, start, survey: await survey(log, place, start.log_offset, this.#signal) }
  }

  async #replay({ scope, partition, survey: { end, rebuilt_at }, start }: Task): Promise<void> {
    const { app, log, import_lapse_ms } = this.#deps
    const place = { topic: batch_log_topic(scope.group.name), partition }
    const parts: BranchParts = {
      ...{ app, scope, partition, import_lapse_ms, encoders: this.#encoders, catalog: this.#catalog },
    }
    const recorded = new Branch(parts, start.from)
    const { other } = this.#request
    const second = other && new Branch({ ...parts, catalog: other(this.#catalog) }, start.from)
    const lanes = scope.group.inputs.map((topic, i) => new Lane(app, topic, i, partition, this.#decoders))
    const readers = new Map(
      lanes.map(({ topic }) => [topic, new RangeReader(log, { topic, partition }, this.#signal)]),
    )
    try {
      for await (const { batch, offset } of batches(log, place, start.log_offset, end, this.#signal)) {
        if (batch.kind === 'rebuilt') continue
        const lists = new Map<string, LogRecord[]>()
        for (const range of batch.ranges)
          lists.set(range.topic, (await readers.get(range.topic)?.take(range)) ?? [])
        const anew = offset < rebuilt_at
        const items = await merge_batch(batch, lanes, lists, this.#decoders, anew)
        this.#note(scope, batch, items, anew)
        this.#run({ recorded, second, lanes, batch, anew }, items)
        this.#request.progress(this.#told.records, this.#all)
      }
    } finally {
      for (const reader of readers.values()) reader.close()
    }
  }

  #note(scope: ReplayGroup, batch: Batch, items: readonly Item[], anew: boolean): void {
    const { batches: before, codes, quarantined } = this.#told
    this.#told.batches = before + 1
    for (const { count } of batch.ranges) this.#told.records += count
    const since = items.some(({ at_ms }) => at_ms >= this.#request.from_ms)
    if (!since) return
    const { name } = scope.group
    if (!codes.has(name))
      codes.set(name, { here: code_of_group(this.#deps.app, scope.whole), wrote: new Set() })
    codes.get(name)?.wrote.add(batch.code)
    if (anew) this.#told.rebuilt++
    else
      for (const pipeline of scope.group.pipelines)
        if (batch.quarantined.includes(pipeline.name)) quarantined.add(pipeline.name)
  }

  /** Both courses in step, so that what is asked about is asked when all before it has happened in both. */
  #run(of: Running, items: readonly Item[]): void {
    const { recorded, second, lanes, batch, anew } = of
    const parts = second ? parts_of(items, this.#request.judged) : [items]
    const written: Record<Course, Output[]> = { recorded: [], other: [] }
    const take = (course: Course, outputs: readonly Output[]): void => {
      written[course].push(...outputs)
      this.#request.rows(course, outputs)
    }
    for (const [i, part] of parts.entries()) {
      const last = i === parts.length - 1
      const [asked] = part
      const heard = second && asked && this.#heard(asked)
      take('recorded', recorded.run(batch, part, i === 0, last, anew))
      if (!second) continue
      const other = [...(heard ? [heard] : []), ...part.slice(1)].flatMap(item => this.#as_other(item, lanes))
      take('other', second.run(batch, other, i === 0, last, anew))
    }
    if (second) this.#keep_otherwise(written.recorded, written.other)
  }

  /** A mark between tasks is nothing to ask about. */
  #heard(item: Item): Item | null {
    return item.row && this.#request.judged.has(item.topic) ? this.#request.hears(item) : item
  }

  /** The record with what the other course has written in its place. */
  #as_other(item: Item, lanes: readonly Lane[]): Item[] {
    const value = this.#otherwise.get(item.topic)?.get(`${item.key}\n${item.event_id}`)
    if (value === undefined) return [item]
    if (value === null) return []
    const lane = lanes.find(({ topic }) => topic === item.topic) as Lane
    const { offset, record, upstream } = item
    const made = lane.item({ offset, key: record.key, value, upstream })
    if (typeof made === 'number') throw new Error(`schema ${made} is not known`)
    return [made]
  }

  #keep_otherwise(recorded: readonly Output[], other: readonly Output[]): void {
    const before = this.#staged(recorded)
    const after = this.#staged(other)
    for (const [topic, rows] of after)
      for (const id of rows.keys())
        if (!before.get(topic)?.has(id))
          throw new ReplayRefused(
            `the other course writes a row of ${topic} that was never written (${id.replace('\n', ' ')}): ` +
              'the log cannot tell where it would have come',
          )
    for (const [topic, rows] of before) {
      const otherwise = this.#otherwise.get(topic) as Map<string, Buffer | null>
      for (const [id, value] of rows) {
        const instead = after.get(topic)?.get(id) ?? null
        if (instead === null || !instead.equals(value)) otherwise.set(id, instead)
      }
    }
  }

  #staged(outputs: readonly Output[]): Map<string, Map<string, Buffer>> {
    const rows = new Map<string, Map<string, Buffer>>()
    for (const { topic, key, value } of outputs) {
      const type = this.#types.get(topic)
      if (!type || !key || !value) continue
      const row = type.fromBuffer(value.subarray(5)) as Record<string, unknown>
      const of_topic = rows.get(topic) ?? new Map<string, Buffer>()
      of_topic.set(
        `${key.toString('utf8')}\n${row[this.#deps.app.topics[topic]?.event_id ?? 'event_id']}`,
        value,
      )
      rows.set(topic, of_topic)
    }
    return rows
  }
}
