/** The schema registry beside the embedded log, in the same LMDB environment: ids from 1, one per schema. */
import { incompatibility } from '../avro/compatibility.ts'
import { type Registry, UnknownSchema } from '../ports.ts'
import type { Environment } from './environment.ts'

/** Key order and white space say nothing in Avro: the same schema has one text. */
const canonical = (schema: unknown): string => JSON.stringify(sorted(schema))
const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, item]) => [name, sorted(item)]),
  )
}

/** @param environment of an open embedded log; whoever opened it closes it */
export const open_registry = (environment: Environment): Registry => {
  const schemas = environment.values<object>('schemas')
  const versions = environment.values<number>('versions')
  const ids = new Map<string, number>()
  let last = 0
  const learn = (): void => {
    environment.refresh()
    for (const { key, value } of schemas.getRange({ start: last + 1 })) {
      const id = key as number
      ids.set(canonical(value), id)
      last = id
    }
  }
  learn()

  const versions_of = (subject: string): number[] => {
    const range = { start: [subject, 0], end: [subject, Number.MAX_SAFE_INTEGER] }
    return [...versions.getRange(range)].map(({ value }) => value)
  }

  const add = async (subject: string, schema: object): Promise<number> => {
    learn()
    const text = canonical(schema)
    const earlier = versions_of(subject)
    const known = ids.get(text)
    if (known !== undefined && earlier.includes(known)) return known
    const against =
      earlier.length > 0 ? earlier.map(id => [id, schemas.get(id)!] as const) : [[0, schema] as const]
    for (const [id, other] of against) {
      const why = incompatibility(schema, other)
      if (why === null) continue
      throw new Error(
        id === 0
          ? `the schema for ${subject} is not usable: ${why}`
          : `the schema for ${subject} cannot read what schema ${id} wrote (BACKWARD_TRANSITIVE): ${why}`,
      )
    }
    const id = known ?? last + 1
    await environment.write(() => {
      void schemas.put(id, schema)
      void versions.put([subject, earlier.length + 1], id)
    })
    return id
  }

  // One after the other: the next id and the next version are read before they are written.
  let turn: Promise<unknown> = Promise.resolve()
  return {
    register(subject, schema) {
      if (subject === '') return Promise.reject(new Error('a subject needs a name'))
      const added = turn.then(() => add(subject, schema))
      turn = added.catch(() => {})
      return added
    },
    async schema(id) {
      if (environment.read_only) environment.refresh()
      const schema = Number.isSafeInteger(id) ? schemas.get(id) : undefined
      if (schema === undefined) throw new UnknownSchema(`there is no schema with id ${id}`)
      return schema
    },
    health: async () => environment.failure(),
  }
}
