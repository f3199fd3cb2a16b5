/**
 * Compiling Avro schemas takes most of a simulated process's start, and every seed starts several. Types are
 * immutable, so one per schema object serves all processes of all seeds.
 */
import avsc from 'avsc'

const compile = avsc.Type.forSchema
const known = new WeakMap<object, avsc.Type>()

avsc.Type.forSchema = (schema, options) => {
  if (typeof schema !== 'object' || schema === null) return compile.call(avsc.Type, schema, options)
  const found = known.get(schema)
  if (found) return found
  const type = compile.call(avsc.Type, schema, options)
  known.set(schema, type)
  return type
}
