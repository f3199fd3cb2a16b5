/**
 * What every simulated process would do anew and a seed does not need: compiling Avro schemas takes most of a process's
 * start, and every seed starts several. Types and resolvers are immutable, so one per schema object serves all processes
 * of all seeds. An abort without a reason, and every error, would make a stack that nobody reads.
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

const resolve = avsc.Type.prototype.createResolver
const resolvers = new WeakMap<object, WeakMap<object, avsc.Resolver>>()

avsc.Type.prototype.createResolver = function (this: avsc.Type, writer: avsc.Type) {
  const of_reader = resolvers.get(this) ?? new WeakMap<object, avsc.Resolver>()
  resolvers.set(this, of_reader)
  const resolver = of_reader.get(writer) ?? resolve.call(this, writer)
  of_reader.set(writer, resolver)
  return resolver
}

const abort = AbortController.prototype.abort
AbortController.prototype.abort = function (this: AbortController, reason: unknown = 'aborted') {
  abort.call(this, reason)
}
