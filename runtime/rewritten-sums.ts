/**
 * A partial topic in a rebuild: rows of one identity are compared by what they add up to, wherever batches ended then and end
 * now. What differs goes out as one row that makes the sums equal, if need be by taking away.
 */
import type { TopicSpec } from '../schemas/topics.ts'
import { type App, staged_topics } from './app.ts'
import { compile_encoder, type Encoder } from './avro/encoder.ts'
import { add_rows, identity_of, is_nothing, type Partial, partial_of } from './partial-rows.ts'
import type { Output } from './ports.ts'

type Row = Readonly<Record<string, unknown>>
/** Where a row lies or goes, and who wrote it. */
type Place = Pick<Output, 'topic' | 'partition' | 'key' | 'upstream'>
interface Sum extends Place {
  readonly row: Row
}

export class RewrittenSums {
  readonly #partial: Partial
  readonly #schema: object
  /** By writer and identity. */
  readonly #standing = new Map<string, Sum>()
  readonly #fresh = new Map<string, Sum>()

  constructor(partial: Partial, schema: object) {
    this.#partial = partial
    this.#schema = schema
  }

  stand(place: Place, row: Row): void {
    this.#count(this.#standing, place, row)
  }

  add(place: Place, row: Row): void {
    this.#count(this.#fresh, place, row)
  }

  /** Of the tasks that have been written anew since the last time. `schema_id` is that of today's schema. */
  difference(schema_id: number): Output[] {
    const encode = compile_encoder(this.#schema, schema_id)
    const out: Output[] = []
    const writers = new Set([...this.#fresh.values()].map(writer_of))
    for (const [id, sum] of this.#fresh) out.push(...this.#difference(sum, this.#standing.get(id), encode))
    for (const [id, sum] of this.#standing)
      if (writers.has(writer_of(sum)) && !this.#fresh.has(id)) {
        out.push(...this.#difference({ ...sum, row: this.#nothing(sum.row) }, sum, encode))
      }
    this.#fresh.clear()
    return out
  }

  /** Two rows where one would not be exact. */
  #difference({ row, ...place }: Sum, stands: Sum | undefined, encode: Encoder): Output[] {
    const less = stands ? add_rows(this.#partial, this.#nothing(row), stands.row, -1) : null
    const both = less ? add_rows(this.#partial, row, less) : row
    return (both ? [both] : [row, less as Row]).flatMap(more =>
      is_nothing(this.#partial, more) ? [] : [{ ...place, value: encode(more) }],
    )
  }

  #nothing(row: Row): Row {
    return add_rows(this.#partial, row, row, -1) as Row
  }

  /** What would make a sum too large to be exact has one of its own. */
  #count(sums: Map<string, Sum>, place: Place, row: Row): void {
    for (let id = `${writer_of(place)} ${identity_of(this.#partial, row)}`; ; id += '+') {
      const before = sums.get(id)
      const sum = before ? add_rows(this.#partial, before.row, row) : row
      if (sum) {
        sums.set(id, { ...(before ?? place), row: sum })
        return
      }
    }
  }
}

const writer_of = ({ upstream }: Pick<Output, 'upstream'>): number => upstream?.task ?? -1

/** null: a topic whose rows are compared one by one; or nobody reads it, and its rows do not say who wrote them. */
export const rewritten_sums = (app: App, topic: string): RewrittenSums | null => {
  const spec = app.topics[topic] as TopicSpec
  const schema = app.schemas[spec.schema] as object
  const partial = staged_topics(app).has(topic) ? partial_of(spec, schema) : null
  return partial && new RewrittenSums(partial, schema)
}
