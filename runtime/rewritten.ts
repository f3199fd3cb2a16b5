/**
 * Rows that a rebuild writes anew beside those that stand in the topics. A row is known by its key and what its table is
 * ordered by; of a topic with versions only the newest row of each counts.
 */
import { crc32 } from 'node:zlib'
import type avsc from 'avsc'
import type { TopicSpec } from '../schemas/topics.ts'
import { partitions_of } from './app.ts'
import { compile_encoder } from './avro/encoder.ts'
import { exact_type } from './avro/exact-type.ts'
import { body_reader, type ReadBody } from './bodies.ts'
import type { Output, Upstream } from './ports.ts'
import type { Emission, Rebuilt } from './rebuild.ts'
import { DEAD_LETTERS } from './redrive.ts'
import { type RewrittenSums, rewritten_sums } from './rewritten-sums.ts'
import { scan } from './scan.ts'
import type { WorkerDeps } from './worker-types.ts'

type Row = Record<string, unknown>

interface Standing {
  readonly crc: number
  readonly version: number
  /** Written anew, too. */
  again: boolean
  /** Another row under the same name, of an internal topic: those have the ids of other keys' events. */
  readonly other: Standing | undefined
}

/** One topic: what stands in it, and what is written anew. */
interface Topic {
  readonly name: string
  readonly spec: TopicSpec
  readonly type: avsc.Type
  readonly identity: readonly string[]
  readonly standing: Map<string, Standing>
  /** Of a partial topic, in place of single rows; schema_id is that of today's schema. */
  readonly sums: RewrittenSums | null
  schema_id: number
  /** Those of an internal topic have a number behind their name. */
  fresh: Map<string, Output>
  emitted: number
  unchangeable: number
}

const PREFIX_BYTES = 5
/** Of a topic with versions everything but the version: a row that is the same under a higher one is no difference. */
const crc_of = ({ spec }: Topic, value: Buffer, row: Row): number => {
  const version = spec.table?.version
  return version ? crc32(JSON.stringify({ ...row, [version]: 0 })) : crc32(value.subarray(PREFIX_BYTES))
}

export class Rewritten {
  readonly #deps: Pick<WorkerDeps, 'app' | 'log' | 'registry'>
  readonly #topics: ReadonlyMap<string, Topic>
  readonly #emit: Emission
  readonly #read: ReadBody
  #began: Promise<void> | null = null

  constructor(deps: Pick<WorkerDeps, 'app' | 'log' | 'registry'>, topics: readonly string[], emit: Emission) {
    this.#deps = deps
    this.#emit = emit
    this.#read = body_reader(deps.registry)
    this.#topics = new Map(topics.map(name => [name, topic_of(deps, name)]))
  }

  /** Reads what stands in the topics, once. */
  begin(): Promise<void> {
    this.#began ??= this.#read_all()
    return this.#began
  }

  async #read_all(): Promise<void> {
    const { app, registry } = this.#deps
    for (const topic of this.#topics.values()) {
      if (topic.sums)
        topic.schema_id = await registry.register(
          `${topic.name}-value`,
          app.schemas[topic.spec.schema] as object,
        )
      for (let partition = 0; partition < partitions_of(this.#deps.app, topic.name); partition++)
        await scan(this.#deps.log, { topic: topic.name, partition }, 0, async ({ key, value, upstream }) => {
          if (!key || !value) return
          const row = await this.#read(value)
          if (topic.sums) return topic.sums.stand({ topic: topic.name, partition, key, upstream }, row)
          const id = identity_of(topic, key, row, upstream)
          const version = version_of(topic, row)
          const before = topic.standing.get(id)
          const other = is_internal(topic) ? before : undefined
          if (!before || version >= before.version)
            topic.standing.set(id, { crc: crc_of(topic, value, row), version, again: false, other })
        })
    }
  }

  /** What one batch writes anew. */
  add(outputs: readonly Output[]): void {
    for (const output of outputs) {
      const topic = this.#topics.get(output.topic)
      if (!topic || !output.key || !output.value) continue
      const row = topic.type.fromBuffer(output.value.subarray(PREFIX_BYTES)) as Row
      if (topic.sums) {
        topic.sums.add(output, row)
        continue
      }
      const id = identity_of(topic, output.key, row, output.upstream)
      const crc = crc_of(topic, output.value, row)
      if (is_internal(topic)) {
        if (!mark_again(topic.standing.get(id), crc)) topic.fresh.set(`${id}\n${topic.fresh.size}`, output)
        continue
      }
      const stands = topic.standing.get(id)
      if (stands) stands.again = true
      // Without versions a row that stands as it is would only be added up twice; with them a later one may differ.
      if (stands?.crc === crc && !topic.spec.table?.version) topic.fresh.delete(id)
      else topic.fresh.set(id, output)
    }
  }

  /** What is to go out of the rows added so far; begins anew. */
  difference(): Output[] {
    return [...this.#topics.values()].flatMap(topic => {
      const { fresh } = topic
      topic.fresh = new Map()
      const compare = is_internal(topic) ? this.#added : this.#compare
      const out =
        topic.sums?.difference(topic.schema_id) ??
        [...fresh].flatMap(([id, output]) => compare.call(this, topic, id, output))
      topic.emitted += out.length
      return out
    })
  }

  /** It can be added to, not changed: a row goes out where more of its name are written anew than stand. */
  #added(topic: Topic, numbered: string, output: Output): Output[] {
    if (!mark_again(topic.standing.get(numbered.slice(0, numbered.lastIndexOf('\n'))))) return [output]
    topic.unchangeable++
    return []
  }

  #compare(topic: Topic, id: string, output: Output): Output[] {
    const stands = topic.standing.get(id)
    if (!stands) return [output]
    const value = output.value as Buffer
    const row = topic.type.fromBuffer(value.subarray(PREFIX_BYTES)) as Row
    if (this.#emit === 'difference' && stands.crc === crc_of(topic, value, row)) return []
    return [this.#newer(topic, output, row, stands)]
  }

  /** Beyond the version that stands, so that tables and readers take it for the newest. */
  #newer(topic: Topic, output: Output, row: Row, stands: Standing): Output {
    const field = topic.spec.table?.version
    const value = output.value as Buffer
    if (!field) return output
    if (Number(row[field]) > stands.version) return output
    const schema = this.#deps.app.schemas[topic.spec.schema] as object
    const encode = compile_encoder(schema, value.readInt32BE(1))
    return { ...output, value: encode({ ...row, [field]: stands.version + 1 }) }
  }

  report(): Rebuilt[] {
    return [...this.#topics.values()].map(({ name, emitted, unchangeable, standing }) => ({
      topic: name,
      emitted,
      unchangeable,
      // A replay refuses nothing anew: what was refused then stands as it is.
      stale: name === DEAD_LETTERS ? 0 : stale_in(standing),
    }))
  }
}

const topic_of = ({ app }: Pick<WorkerDeps, 'app'>, name: string): Topic => {
  const spec = app.topics[name] as TopicSpec
  const order = spec.table?.order_by ?? [spec.event_id ?? 'event_id']
  return {
    name,
    spec,
    type: exact_type(app.schemas[spec.schema] as object),
    identity: order.filter(field => field !== 'tenant_id' && field !== '_key'),
    sums: rewritten_sums(app, name),
    schema_id: 0,
    standing: new Map(),
    fresh: new Map(),
    emitted: 0,
    unchangeable: 0,
  }
}

const is_internal = ({ spec }: Topic): boolean => spec.role === 'internal'

/** A row of an internal topic is its writer's, too: another task may have one of the same name. */
const identity_of = (topic: Topic, key: Buffer, row: Row, upstream: Upstream | undefined): string => {
  const writer = is_internal(topic) ? upstream?.task : undefined
  return [writer, key.toString('utf8'), ...topic.identity.map(field => String(row[field]))].join('\n')
}

/** Marks the first row that is not yet written anew, of this body where one is given. False: there is none. */
const mark_again = (first: Standing | undefined, crc?: number): boolean => {
  for (let one = first; one; one = one.other) {
    if (one.again || (crc !== undefined && one.crc !== crc)) continue
    one.again = true
    return true
  }
  return false
}

const stale_in = (standing: ReadonlyMap<string, Standing>): number => {
  let stale = 0
  for (const first of standing.values())
    for (let one: Standing | undefined = first; one; one = one.other) if (!one.again) stale++
  return stale
}

const version_of = ({ spec }: Topic, row: Row): number =>
  spec.table?.version ? Number(row[spec.table.version]) : 0
