/** From a topic and a writer's schema id to the function that reads such bodies. */
import type { TopicSpec } from '../schemas/topics.ts'
import type { App } from './app.ts'
import { compile_decoder, type Decoder, Refused } from './avro/decoder.ts'
import { type Registry, UnknownSchema } from './ports.ts'

type Compiled = Decoder | Refused

/** How long a registry's "no such schema" is believed. */
const UNKNOWN_MS = 60_000
const UNKNOWN_MAX = 10_000

/** Decoders of one app by topic and writer schema id; shared by the tasks of a process. */
export class Decoders {
  readonly #app: App
  readonly #registry: Registry
  readonly #fields: ReadonlyMap<string, readonly string[]>
  readonly #now: () => number
  readonly #compiled = new Map<string, Map<number, Compiled>>()
  /** Until when a schema that the registry does not know is not asked for again. */
  readonly #unknown_until = new Map<number, number>()

  /** fields: projection per topic. now: the wall clock. */
  constructor(
    app: App,
    registry: Registry,
    fields: ReadonlyMap<string, readonly string[]>,
    now: () => number,
  ) {
    this.#app = app
    this.#registry = registry
    this.#fields = fields
    this.#now = now
  }

  /** Whether a schema is known is asked anew: a replay must read what was readable to whoever read it first. */
  forget_unknown(): void {
    this.#unknown_until.clear()
  }

  get(topic: string, schema_id: number): Compiled | undefined {
    const until = this.#unknown_until.get(schema_id)
    if (until === undefined) return this.#compiled.get(topic)?.get(schema_id)
    if (this.#now() < until) return new Refused('UNKNOWN_SCHEMA', `no schema ${schema_id}`)
    this.#unknown_until.delete(schema_id)
    return undefined
  }

  /** Fetches the schema when it is not known yet. Rejects on a registry outage only. */
  async fetch(topic: string, schema_id: number): Promise<Compiled> {
    const known = this.get(topic, schema_id)
    if (known) return known
    const compiled = await this.#compile(topic, schema_id)
    if (compiled instanceof Refused && compiled.reason === 'UNKNOWN_SCHEMA') {
      // Invented ids must not fill the memory: the oldest goes.
      const [oldest] = this.#unknown_until.keys()
      if (this.#unknown_until.size >= UNKNOWN_MAX && oldest !== undefined) this.#unknown_until.delete(oldest)
      this.#unknown_until.set(schema_id, this.#now() + UNKNOWN_MS)
      return compiled
    }
    let of_topic = this.#compiled.get(topic)
    if (!of_topic) {
      of_topic = new Map()
      this.#compiled.set(topic, of_topic)
    }
    of_topic.set(schema_id, compiled)
    return compiled
  }

  async #compile(topic: string, schema_id: number): Promise<Compiled> {
    let writer: object
    try {
      writer = await this.#registry.schema(schema_id)
    } catch (error) {
      if (error instanceof UnknownSchema) return new Refused('UNKNOWN_SCHEMA', `no schema ${schema_id}`)
      throw error
    }
    const reader = this.#app.schemas[(this.#app.topics[topic] as TopicSpec).schema] as object
    try {
      return compile_decoder(writer, reader, this.#fields.get(topic) ?? [])
    } catch (error) {
      if (error instanceof Refused) return error
      throw error
    }
  }
}
