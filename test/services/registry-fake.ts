/**
 * A schema registry that gives the answers a real one gives on a bad day: in this process, Confluent's API as far as
 * Tributary uses it, each answer replaceable.
 */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Answer {
  readonly status: number
  readonly body: unknown
  /** Before it is sent; Infinity: never. */
  readonly delay_ms?: number
}

export interface FakeRegistry {
  readonly url: string
  /** Every request so far, as `GET /schemas/ids/1`. */
  readonly asked: readonly string[]
  /** Its authorization header, of each. */
  readonly authorizations: readonly (string | undefined)[]
  /** What is answered instead of the truth from now on; undefined: the truth. */
  instead(answer: (asked: string) => Answer | undefined): void
  /** A schema under an id of its own, of any type. */
  put(id: number, schema: string, schemaType?: string): void
  close(): Promise<void>
}

export const NOT_FOUND: Answer = { status: 404, body: { error_code: 40403, message: 'Schema not found' } }

const body_of = async (request: IncomingMessage): Promise<string> => {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text
}

export const start_fake_registry = async (): Promise<FakeRegistry> => {
  const schemas = new Map<number, { readonly schema: string; readonly schemaType?: string }>()
  const asked: string[] = []
  const authorizations: (string | undefined)[] = []
  let replaced: (asked: string) => Answer | undefined = () => undefined

  const truth = (question: string, body: string): Answer => {
    const id = /^GET \/schemas\/ids\/(\d+)$/.exec(question)?.[1]
    if (id !== undefined) {
      const schema = schemas.get(Number(id))
      return schema ? { status: 200, body: schema } : NOT_FOUND
    }
    if (/^POST \/subjects\/[^/]+\/versions$/.test(question)) {
      const { schema } = JSON.parse(body) as { schema: string }
      const known = [...schemas].find(([, each]) => each.schema === schema)?.[0]
      const given = known ?? schemas.size + 1
      schemas.set(given, { schema })
      return { status: 200, body: { id: given } }
    }
    if (question.startsWith('GET /config/')) return { status: 404, body: { error_code: 40408, message: '' } }
    return { status: 200, body: question === 'GET /subjects' ? [] : JSON.parse(body || '{}') }
  }

  const server = createServer((request, response) => {
    void body_of(request).then(body => {
      const question = `${request.method} ${request.url}`
      asked.push(question)
      authorizations.push(request.headers.authorization)
      const { status, body: said, delay_ms = 0 } = replaced(question) ?? truth(question, body)
      if (delay_ms === Number.POSITIVE_INFINITY) return
      setTimeout(() => {
        response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' })
        response.end(typeof said === 'string' ? said : JSON.stringify(said))
      }, delay_ms)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    authorizations,
    instead: answer => {
      replaced = answer
    },
    put: (id, schema, schemaType) => schemas.set(id, { schema, ...(schemaType && { schemaType }) }),
    close: async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
