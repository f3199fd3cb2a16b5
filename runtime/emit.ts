/**
 * Events on their way in: checked rows become records of the right key, partition and schema, and are
 * appended.
 */
import { type App, partitions_of } from './app.ts'
import { compile_encoder, type Encoder } from './avro/encoder.ts'
import { FieldError, row_from_csv, row_from_json } from './avro/from-json.ts'
import { type KeyFields, key_of, partition_of } from './keys.ts'
import type { Log, Output, Registry } from './ports.ts'

export { FieldError, json_schema } from './avro/from-json.ts'

/** A row that fits its topic's schema and rules. */
export interface Row extends Readonly<Record<string, unknown>> {
  readonly event_id: string
  readonly tenant_id: string
  readonly occurred_at: number
}

/** Checks of one topic's rows. Throw FieldError naming the field. */
export interface RowChecks {
  /** A valid row, defaults filled in. */
  check(value: unknown): Row
  /** The same from text cells by column. */
  check_cells(cells: Readonly<Record<string, string>>): Row
}

/** Needs no log: for files that are only looked at. */
export const row_checks = (app: App, topic: string): RowChecks => {
  const schema = app.schemas[app.topics[topic]!.schema]!
  return {
    check: value => checked(row_from_json(schema, value)),
    check_cells: cells => checked(row_from_csv(schema, cells)),
  }
}

const checked = (row: Record<string, unknown>): Row => {
  for (const field of ['event_id', 'tenant_id', 'occurred_at'])
    if (row[field] === undefined || row[field] === null) throw new FieldError(field, 'is missing')
  return row as unknown as Row
}

export interface Emitter {
  /** A valid row of the topic, defaults filled in. Throws FieldError naming the field. */
  check(topic: string, value: unknown): Row
  /** Appends in the order given; durable when it resolves. Rejects when log or registry are out of reach. */
  append(topic: string, rows: readonly Row[]): Promise<void>
}

export const create_emitter = (app: App, log: Log, registry: Registry): Emitter => {
  const encoders = new Map<string, Promise<Encoder>>()
  const schema_of = (topic: string): object => app.schemas[app.topics[topic]!.schema]!
  const encoder_of = (topic: string): Promise<Encoder> => {
    const known = encoders.get(topic)
    if (known) return known
    const schema = schema_of(topic)
    const made = registry.register(`${topic}-value`, schema).then(id => compile_encoder(schema, id))
    encoders.set(topic, made)
    // An outage of the registry must not be remembered.
    made.catch(() => encoders.delete(topic))
    return made
  }
  return {
    check: (topic, value) => checked(row_from_json(schema_of(topic), value)),
    async append(topic, rows) {
      const spec = app.topics[topic]!
      const partitions = partitions_of(app, topic)
      const encode = await encoder_of(topic)
      const outputs = rows.map((row): Output => {
        const key = Buffer.from(key_of(spec, row as KeyFields))
        return { topic, partition: partition_of(key, partitions), key, value: encode(row) }
      })
      await log.append(outputs)
    },
  }
}
