/**
 * The Registry port on a Confluent-compatible schema registry: registration through its client, look-ups and their cache
 * our own.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { COMPATIBILITY, SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry'
import { type Registry, UnknownSchema } from '../ports.ts'

/** How long an id that the registry did not know is not asked for again, and how many such ids are remembered. */
const UNKNOWN_MS = 60_000
const UNKNOWN_MAX = 10_000
/**
 * After such an id the next question waits so long: a topic full of made-up ids costs the registry a hundred questions
 * a second, not all it can answer.
 */
const UNKNOWN_PAUSE_MS = 10
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
  /** How many unknown ids are remembered. */
  readonly unknown_max?: number
}

type Middleware = NonNullable<ConstructorParameters<typeof SchemaRegistry>[0]['middlewares']>[number]

/** The client waits for ever for a registry that takes the connection and says nothing. */
const in_time: Middleware = () => ({
  request: request => Promise.resolve(request.enhance({ timeout: ASK_MS })),
})

const try_parse = (text: string): Record<string, unknown> => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

/** fetch says "fetch failed"; why, says its cause. */
const reason_of = (error: unknown): string => {
  const { message, cause } = error as Error
  return cause instanceof Error
    ? `${message} (${cause.message || (cause as { code?: string }).code})`
    : message
}

/** Opens no connection yet. */
export const confluent_registry = (options: RegistryOptions): Registry => {
  const { now = Date.now, unknown_max = UNKNOWN_MAX } = options
  const url = options.url.replace(/\/+$/, '')
  const schemas = new Map<number, object>()
  const ids = new Map<string, Promise<number>>()
  const asked = new Map<number, Promise<object>>()
  const unknown_until = new Map<number, number>()
  const auth =
    options.username === undefined
      ? undefined
      : { username: options.username, password: options.password ?? '' }
  const client = new SchemaRegistry({
    host: url,
    clientId: options.client_id,
    retry: { retries: 1, initialRetryTimeInSecs: 0.1, maxRetryTimeInSecs: 1 },
    middlewares: [in_time],
    ...(auth ? { auth } : {}),
  })
  const headers: Record<string, string> = auth
    ? { authorization: `Basic ${btoa(`${auth.username}:${auth.password}`)}` }
    : {}

  /**
   * Asked without the client: its error has neither the registry's code nor a sure status (an outage looks like 400, a wrong
   * base URL like 404), and its schemas have lost the attributes that avsc does not know.
   */
  const look_up = async (id: number): Promise<object> => {
    let status = 0
    let text: string
    try {
      const signal = AbortSignal.timeout(ASK_MS)
      const response = await fetch(`${url}/schemas/ids/${id}`, { headers, signal })
      status = response.status
      text = await response.text()
    } catch (error) {
      throw new Error(`the registry gives no schema ${id} at present: ${reason_of(error)}`, { cause: error })
    }
    const { schema, schemaType, error_code } = try_parse(text)
    if (status === 404 && error_code === SCHEMA_NOT_FOUND)
      throw new UnknownSchema(`the registry has no schema ${id}`)
    if (status !== 200 || typeof schema !== 'string')
      throw new Error(`the registry gives no schema ${id} at present: it answers ${status}`)
    // Whatever it says, it is not Avro, and will not become so: the decoder refuses it.
    return schemaType === undefined || schemaType === 'AVRO' ? try_parse(schema) : { type: schemaType }
  }

  /**
   * The client sets a subject's level after its first schema. A registration that was cut short between the two leaves the
   * registry's NONE, and the client would refuse that subject for ever.
   */
  const finish_registration = async (subject: string, error: unknown): Promise<void> => {
    const { name, message } = error as Error
    if (name !== 'ConfluentSchemaRegistryCompatibilityError' || !message.includes('!= NONE')) throw error
    const response = await fetch(`${url}/config/${encodeURIComponent(subject)}`, {
      method: 'PUT',
      headers: { ...headers, 'content-type': 'application/vnd.schemaregistry.v1+json' },
      body: JSON.stringify({ compatibility: COMPATIBILITY.BACKWARD_TRANSITIVE }),
      signal: AbortSignal.timeout(ASK_MS),
    })
    if (!response.ok)
      throw new Error(`the registry sets no level of ${subject}: it answers ${response.status}`)
  }

  let next_question_at = 0
  const remember_unknown = (id: number): void => {
    const oldest = unknown_until.keys().next()
    if (unknown_until.size >= unknown_max && !oldest.done) unknown_until.delete(oldest.value)
    unknown_until.set(id, now() + UNKNOWN_MS)
    next_question_at = Math.max(next_question_at, performance.now()) + UNKNOWN_PAUSE_MS
  }

  const ask = async (id: number): Promise<object> => {
    const wait_ms = next_question_at - performance.now()
    if (wait_ms > 0) await sleep(wait_ms)
    try {
      const schema = await look_up(id)
      schemas.set(id, schema)
      return schema
    } catch (error) {
      if (error instanceof UnknownSchema) remember_unknown(id)
      throw error
    }
  }

  return {
    register: (subject, schema) => {
      const text = JSON.stringify(schema)
      const key = `${subject} ${text}`
      const known = ids.get(key)
      if (known) return known
      const register = () =>
        client.register(
          { type: SchemaType.AVRO, schema: text },
          { subject, compatibility: COMPATIBILITY.BACKWARD_TRANSITIVE },
        )
      const registering = register()
        .catch(error => finish_registration(subject, error).then(register))
        .then(({ id }) => {
          schemas.set(id, schema) // the client would not ask for it any more
          return id
        })
      ids.set(key, registering)
      registering.catch(() => ids.delete(key))
      return registering
    },
    schema: async id => {
      const known = schemas.get(id)
      if (known) return known
      const until = unknown_until.get(id)
      if (until !== undefined) {
        if (until > now()) throw new UnknownSchema(`the registry has no schema ${id}`)
        unknown_until.delete(id)
      }
      const under_way = asked.get(id)
      if (under_way) return under_way
      const asking = ask(id).finally(() => asked.delete(id))
      asked.set(id, asking)
      return asking
    },
    health: async () => {
      try {
        const response = await fetch(`${url}/subjects`, { headers, signal: AbortSignal.timeout(ASK_MS) })
        return response.ok ? null : `the schema registry answers ${response.status}`
      } catch (error) {
        return `the schema registry is not reachable: ${reason_of(error)}`
      }
    },
  }
}
