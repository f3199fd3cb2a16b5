/** The simulated schema registry: ids by subject and schema, calls that are slow or fail. */
import { type Registry, UnknownSchema } from '../../runtime/ports.ts'
import type { Process } from './process.ts'

export interface SharedRegistry {
  readonly schemas: object[]
  readonly ids: Map<string, number>
  /** Ids that become known in the middle of a run. */
  readonly learned: Map<number, object>
  /** Id of the schema under the subject, new or known. */
  register(subject: string, schema: object): number
}

export const create_shared_registry = (): SharedRegistry => {
  const schemas: object[] = []
  const ids = new Map<string, number>()
  const texts = new Map<string, number>()
  const known = new WeakMap<object, string>()
  return {
    schemas,
    ids,
    learned: new Map(),
    register(subject, schema) {
      const text = known.get(schema) ?? JSON.stringify(schema)
      known.set(schema, text)
      const id = texts.get(text) ?? schemas.push(schema)
      texts.set(text, id)
      ids.set(subject, id)
      return id
    },
  }
}

export const create_registry = (shared: SharedRegistry, process: Process): Registry => ({
  register: (subject, schema) =>
    process.call('registry', `registers ${subject}`, () => shared.register(subject, schema)),
  schema: id =>
    process.call('registry', `asks for schema ${id}`, () => {
      const schema = shared.schemas[id - 1] ?? shared.learned.get(id)
      if (!schema) throw new UnknownSchema(`no schema ${id}`)
      return schema
    }),
  health: () => Promise.resolve(null),
})
