/**
 * The Registry port on a Confluent-compatible schema registry, through its client but with a cache of our
 * own.
 */
import { COMPATIBILITY, SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry'
import { type Registry, UnknownSchema } from '../ports.ts'

/**
 * How long an id that the registry did not know is not asked for again, and how many such ids are remembered.
 */
const UNKNOWN_MS = 60_000
const UNKNOWN_MAX = 10_000
const SCHEMA_NOT_FOUND = 40403
const ASK_MS = 5_000

export interface RegistryOptions {
  /** Base URL, with the path of the Confluent API where it has one. */
  readonly url: string
  readonly client_id: string
  readonly username?: string
  readonly password?: string
  /** Wall clock in ms, for tests of the negative cache. */
  readonly now?: () => number
}

type Middleware = NonNullable<ConstructorParameters<typeof SchemaRegistry>[0]['middlewares']>[number]

const parse = (data: unknown): Record<string, unknown> => {
  const value: unknown = typeof data === 'string' ? JSON.parse(data) : data
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
const try_parse = (data: unknown): Record<string, unknown> => {
  try {
    return parse(data)
  } catch {
    return {}
  }
}

/**
 * The client's schemas have lost the attributes that avsc does not know: the texts themselves are seen here.
 */
const watch =
  (on_schema: (path: string, schema: string) => void): Middleware =>
  () => ({
    response: async next => {
      const response = await next()
      const { schema } = try_parse(response.data())
      if (typeof schema === 'string') on_schema(response.request().path(), schema)
      return response
    },
  })

/** Opens no connection yet. */
export const confluent_registry = (options: RegistryOptions): Registry => {
  const now = options.now ?? Date.now
  const url = options.url.replace(/\/+$/, '')
  const texts = new Map<string, string>()
  const schemas = new Map<number, object>()
  const ids = new Map<string, Promise<number>>()
  const unknown_until = new Map<number, number>()
  const auth =
    options.username === undefined
      ? undefined
      : { username: options.username, password: options.password ?? '' }
  const client = new SchemaRegistry({
    host: url,
    clientId: options.client_id,
    retry: { retries: 1, initialRetryTimeInSecs: 0.1, maxRetryTimeInSecs: 1 },
    middlewares: [watch((path, schema) => texts.set(path, schema))],
    ...(auth ? { auth } : {}),
  })
  const path_of = (id: number): string => `/schemas/ids/${id}`
  const take_text = (id: number): string | undefined => {
    for (const [path, text] of texts)
      if (path.endsWith(path_of(id))) {
        texts.delete(path)
        return text
      }
    return undefined
  }
  const headers: Record<string, string> = auth
    ? { authorization: `Basic ${btoa(`${auth.username}:${auth.password}`)}` }
    : {}

  /**
   * The client's error has neither the registry's code nor a sure status (an outage looks like 400, a wrong
   * base URL like 404), so that the registry is asked for its own words.
   */
  const surely_unknown = async (id: number): Promise<boolean> => {
    const response = await fetch(`${url}${path_of(id)}`, { headers, signal: AbortSignal.timeout(ASK_MS) })
    return response.status === 404 && try_parse(await response.text()).error_code === SCHEMA_NOT_FOUND
  }

  const look_up = async (id: number): Promise<object> => {
    let error: unknown = null
    await client.getSchema(id).catch((caught: unknown) => {
      error = caught
    })
    const text = take_text(id)
    if (text !== undefined) return parse(text)
    const { status } = (error ?? {}) as { status?: number }
    if (status === 404 && (await surely_unknown(id))) {
      if (unknown_until.size >= UNKNOWN_MAX) unknown_until.clear()
      unknown_until.set(id, now() + UNKNOWN_MS)
      throw new UnknownSchema(`the registry has no schema ${id}`)
    }
    throw new Error(`the registry gives no schema ${id} at present: ${String(error)}`)
  }

  return {
    register: (subject, schema) => {
      const text = JSON.stringify(schema)
      const key = `${subject} ${text}`
      const known = ids.get(key)
      if (known) return known
      const asked = client
        .register(
          { type: SchemaType.AVRO, schema: text },
          { subject, compatibility: COMPATIBILITY.BACKWARD_TRANSITIVE },
        )
        .then(({ id }) => {
          schemas.set(id, schema) // the client would not ask for it any more
          return id
        })
      ids.set(key, asked)
      asked.catch(() => ids.delete(key))
      return asked
    },
    schema: async id => {
      const known = schemas.get(id)
      if (known) return known
      if ((unknown_until.get(id) ?? 0) > now()) throw new UnknownSchema(`the registry has no schema ${id}`)
      const schema = await look_up(id)
      schemas.set(id, schema)
      unknown_until.delete(id)
      return schema
    },
    health: async () => {
      try {
        const response = await fetch(`${url}/subjects`, { headers, signal: AbortSignal.timeout(ASK_MS) })
        return response.ok ? null : `the schema registry answers ${response.status}`
      } catch (error) {
        return `the schema registry is not reachable: ${String(error)}`
      }
    },
  }
}
