/**
 * The registry adapter against a scripted server: what counts as unknown, what is asked again, what survives.
 */
import { createServer } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { confluent_registry } from '../../../runtime/kafka/registry.ts'
import { UnknownSchema } from '../../../runtime/ports.ts'

interface Answer {
  readonly status: number
  readonly body: string
}
const not_found = { status: 404, body: JSON.stringify({ error_code: 40403, message: 'Schema not found' }) }
const opened: { close(): void }[] = []
afterEach(() => {
  for (const server of opened.splice(0)) server.close()
})

const open = async (answer: () => Answer) => {
  let now = 1_000
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    const { status, body } = answer()
    response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' }).end(body)
  })
  opened.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', () => resolve()))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const url = `http://127.0.0.1:${address.port}/apis/`
  const registry = confluent_registry({ url, client_id: 'test', now: () => now })
  return { registry, asked, pass: (ms: number) => (now += ms) }
}

test('40403 is unknown, for a minute without asking, then asked again', async () => {
  const schema = { type: 'record', name: 'R', fields: [{ name: 'a', type: 'string' }] }
  let answer: Answer = not_found
  const { registry, asked, pass } = await open(() => answer)
  await expect(registry.schema(7)).rejects.toBeInstanceOf(UnknownSchema)
  const before = asked.length
  await expect(registry.schema(7)).rejects.toBeInstanceOf(UnknownSchema)
  expect(asked.length).toBe(before)
  answer = { status: 200, body: JSON.stringify({ schema: JSON.stringify(schema) }) }
  pass(61_000)
  expect(await registry.schema(7)).toEqual(schema)
  const after = asked.length
  expect(await registry.schema(7)).toEqual(schema)
  expect([asked.length, asked.at(-1)]).toEqual([after, '/apis/schemas/ids/7'])
})

test.each([
  ['a page of some proxy', { status: 404, body: '<html>not here</html>' }],
  ['another 404', { status: 404, body: JSON.stringify({ error_code: 40401, message: 'no subject' }) }],
  ['a failing registry', { status: 500, body: JSON.stringify({ error_code: 50001, message: 'store' }) }],
  ['a refused request', { status: 400, body: JSON.stringify({ error_code: 40403, message: 'bad' }) }],
])(
  '%s is an outage',
  async (_, answer) => {
    const { registry } = await open(() => answer)
    const failure = await registry.schema(7).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(Error)
    expect(failure).not.toBeInstanceOf(UnknownSchema)
  },
  20_000,
)

test('attributes that the Avro library does not know survive', async () => {
  const schema = {
    type: 'record',
    name: 'R',
    doc: 'words',
    fields: [{ name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' }, unit: 'ms' }],
  }
  const { registry } = await open(() => ({
    status: 200,
    body: JSON.stringify({ schema: JSON.stringify(schema) }),
  }))
  expect(await registry.schema(1)).toEqual(schema)
})
