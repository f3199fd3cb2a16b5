/**
 * Row to value in the Confluent wire format (0, int32 schema id, Avro body), and the id of a value that came in. The
 * body is written by avsc into one growing buffer per topic and copied out at its exact size.
 */
import type avsc from 'avsc'
import { exact_type } from './exact-type.ts'
import { refuse } from './refused.ts'

/** Throws Error naming the field when the row does not fit the schema. The buffer given is the caller's. */
export type Encoder = (row: object) => Buffer

/** Bytes before the Avro body. */
export const PREFIX_BYTES = 5
const SCRATCH_BYTES = 1024

/** Compiles the encoder of one schema, registered under `id`. Fields left out of a row take their default. */
export const compile_encoder = (schema: object, id: number): Encoder => {
  const type = exact_type(schema)
  let scratch = prefixed(SCRATCH_BYTES, id)
  return row => {
    let end: number
    try {
      end = type.encode(row, scratch, PREFIX_BYTES)
      if (end < 0) {
        // avsc answers with the missing bytes; twice the need, so that rows growing slowly do not each pay for it.
        scratch = prefixed(2 * (scratch.length - end), id)
        end = type.encode(row, scratch, PREFIX_BYTES)
      }
    } catch (error) {
      throw new Error(wrong_field(type, row) ?? String(error), { cause: error })
    }
    return Buffer.from(scratch.subarray(0, end))
  }
}

const prefixed = (bytes: number, id: number): Buffer => {
  const buffer = Buffer.alloc(bytes)
  buffer.writeInt32BE(id, 1)
  return buffer
}

const wrong_field = (type: avsc.Type, row: object): string | null => {
  let found: string | null = null
  const errorHook = (path: string[], value: unknown, expected: avsc.Type) => {
    found ??= `${path.join('.') || 'the row'} is not a valid ${expected.typeName}: ${shown(value)}`
  }
  type.isValid(row, { errorHook })
  return found
}

const shown = (value: unknown): string => {
  try {
    return (JSON.stringify(value) ?? String(value)).slice(0, 80)
  } catch {
    return String(value)
  }
}

/** Schema id of a value of the log, which lies from `at` to `end`. Throws Refused EMPTY or BAD_MAGIC. */
export const body_schema_id = (bytes: Buffer | null, at = 0, end = bytes?.length ?? 0): number => {
  if (bytes === null || end <= at) return refuse('EMPTY', 'the record has no value')
  if (bytes[at] !== 0) return refuse('BAD_MAGIC', `the value begins with byte ${bytes[at]}, not with 0`)
  if (end - at < PREFIX_BYTES) return refuse('EMPTY', `the value ends within its ${PREFIX_BYTES} byte prefix`)
  return bytes.readInt32BE(at + 1)
}
