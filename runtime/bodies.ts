/** Bodies in the Confluent wire format (0, schema id, Avro) to plain rows, for readers outside the tasks. */
import type avsc from 'avsc'
import { exact_type } from './avro/exact-type.ts'
import type { Registry } from './ports.ts'

/**
 * Reads with the writer's own schema: every field it wrote, times as epoch milliseconds. Throws on a body it
 * cannot read.
 */
export type ReadBody = (body: Buffer) => Promise<Record<string, unknown>>

export const body_reader = (registry: Registry): ReadBody => {
  const types = new Map<number, avsc.Type>()
  return async body => {
    if (body.length < 5 || body[0] !== 0) throw new RangeError('not a body of schema id and Avro')
    const id = body.readInt32BE(1)
    let type = types.get(id)
    if (!type) {
      type = exact_type(await registry.schema(id))
      types.set(id, type)
    }
    return type.fromBuffer(body.subarray(5)) as Record<string, unknown>
  }
}
