/** What the registry client makes of every answer a registry may give: an outage is never taken for an unknown schema. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { tributary } from '../../runtime/app.ts'
import { Refused } from '../../runtime/avro/decoder.ts'
import { Decoders } from '../../runtime/decoders.ts'
import { confluent_registry } from '../../runtime/kafka/registry.ts'
import { type Registry, UnknownSchema } from '../../runtime/ports.ts'
import { type Answer, type FakeRegistry, NOT_FOUND, start_fake_registry } from './registry-fake.ts'

const SCHEMA = { type: 'record', name: 'Sample', fields: [{ name: 'id', type: 'string' }] }
const MINUTE = 60_000

let fake: FakeRegistry
let clock = 0
let registry: Registry
beforeEach(async () => {
  fake = await start_fake_registry()
  clock = 1_000_000
  registry = confluent_registry({ url: fake.url, client_id: 'answers', now: () => clock })
})
afterEach(() => fake.close())

const failure = (id: number): Promise<unknown> =>
  registry.schema(id).then(
    schema => new Error(`came back: ${JSON.stringify(schema)}`),
    (error: unknown) => error,
  )

const outages: readonly (readonly [string, Answer])[] = [
  ['500', { status: 500, body: { error_code: 50001, message: 'backend' } }],
  ['503 of a load balancer', { status: 503, body: '<html>try later</html>' }],
  ['404 without the code: a wrong base URL', { status: 404, body: '<html>nothing here</html>' }],
  ['404 of another code: no such subject', { status: 404, body: { error_code: 40401, message: '' } }],
  ['401', { status: 401, body: { error_code: 401, message: 'who are you' } }],
  ['429', { status: 429, body: { error_code: 42901, message: 'slow down' } }],
  ['200 with a page of a proxy', { status: 200, body: '<html>log in</html>' }],
]
for (const [name, answer] of outages)
  test(`${name} is an outage: it is asked again, and answered once the registry is well`, async () => {
    fake.put(7, JSON.stringify(SCHEMA))
    fake.instead(() => answer)
    const error = await failure(7)
    expect(error).not.toBeInstanceOf(UnknownSchema)
    expect((error as Error).message).toBe(
      `the registry gives no schema 7 at present: it answers ${answer.status}`,
    )
    fake.instead(() => undefined)
    expect(await registry.schema(7)).toEqual(SCHEMA)
  })

test('40403 is an unknown schema, for a minute without asking; a known one is asked for once', async () => {
  expect(await failure(7)).toBeInstanceOf(UnknownSchema)
  fake.put(7, JSON.stringify(SCHEMA))
  clock += MINUTE - 1
  expect(await failure(7)).toBeInstanceOf(UnknownSchema)
  expect(fake.asked).toEqual(['GET /schemas/ids/7'])
  clock += 2
  expect(await registry.schema(7)).toEqual(SCHEMA)
  fake.instead(() => NOT_FOUND)
  expect(await registry.schema(7)).toEqual(SCHEMA)
  expect(fake.asked.length).toBe(2)
})

test('many who meet the same id at once are one question', async () => {
  fake.put(7, JSON.stringify(SCHEMA))
  const answers = await Promise.all(Array.from({ length: 50 }, () => registry.schema(7)))
  expect(answers).toEqual(Array.from({ length: 50 }, () => SCHEMA))
  expect(fake.asked).toEqual(['GET /schemas/ids/7'])
})

test('made-up ids, each asked for by many at once, cost at most a hundred questions a second', async () => {
  const began = performance.now()
  const askers = Array.from({ length: 8 }, async (_, asker) => {
    for (let i = 0; i < 20; i++) await failure(1000 + asker * 100 + i)
  })
  await Promise.all(askers)
  expect(fake.asked.length).toBe(160)
  expect(performance.now() - began).toBeGreaterThan(1000)
})

test('what is remembered of unknown ids is bounded: the oldest goes, no other', async () => {
  registry = confluent_registry({ url: fake.url, client_id: 'answers', now: () => clock, unknown_max: 3 })
  for (const id of [1, 2, 3, 4]) expect(await failure(id)).toBeInstanceOf(UnknownSchema)
  for (const id of [2, 3, 4]) expect(await failure(id)).toBeInstanceOf(UnknownSchema)
  expect(fake.asked.length).toBe(4)
  expect(await failure(1)).toBeInstanceOf(UnknownSchema)
  expect(fake.asked.length).toBe(5)
})

test('a registry that takes the question and says nothing is given up after 5 s', {
  timeout: 30_000,
}, async () => {
  fake.put(7, JSON.stringify(SCHEMA))
  fake.instead(() => ({ status: 200, body: {}, delay_ms: Number.POSITIVE_INFINITY }))
  const began = performance.now()
  const [looked_up, registered] = await Promise.all([
    failure(7),
    registry.register('silent-value', SCHEMA).catch((error: unknown) => error),
  ])
  expect((looked_up as Error).message).toMatch(/no schema 7 at present: .*timeout/)
  expect((registered as Error).message).toMatch(/Timeout/i)
  expect(performance.now() - began).toBeLessThan(20_000)
  fake.instead(() => undefined)
  expect(await registry.schema(7)).toEqual(SCHEMA)
  expect(await registry.register('silent-value', SCHEMA)).toBe(7)
})

test('a schema of another type is no outage: records that name it are refused', async () => {
  fake.put(7, JSON.stringify({ type: 'object', properties: { id: { type: 'string' } } }), 'JSON')
  fake.put(8, 'syntax = "proto3"; message Sample { string id = 1; }', 'PROTOBUF')
  fake.put(9, 'no JSON at all')
  const decoders = new Decoders(tributary(1), registry, new Map([['payments', ['event_id']]]), () => clock)
  for (const id of [7, 8, 9]) {
    const refused = await decoders.fetch('payments', id)
    expect(refused).toBeInstanceOf(Refused)
    expect((refused as Refused).reason).toBe('SCHEMA_INCOMPATIBLE')
  }
})

test('the credentials of the URL are sent, and a refusal is not an unknown schema', async () => {
  const sure = confluent_registry({ url: `${fake.url}/`, client_id: 'a', username: 'u', password: 'p' })
  fake.put(7, JSON.stringify(SCHEMA))
  expect(await sure.schema(7)).toEqual(SCHEMA)
  expect(await sure.health()).toBeNull()
  expect(await sure.register('sure-value', SCHEMA)).toBe(7)
  expect(new Set(fake.authorizations)).toEqual(new Set([`Basic ${btoa('u:p')}`]))
  fake.instead(() => ({ status: 403, body: {} }))
  expect(await sure.health()).toBe('the schema registry answers 403')
})

test('a registration that was cut short before its level was set is finished by the next', async () => {
  let level = 'NONE'
  fake.instead(asked => {
    if (asked.startsWith('PUT /config/')) level = 'BACKWARD_TRANSITIVE'
    if (asked.startsWith('GET /config/')) return { status: 200, body: { compatibilityLevel: level } }
  })
  expect(await registry.register('half-value', SCHEMA)).toBe(1)
  expect(fake.asked).toContain('PUT /config/half-value')
  level = 'FULL'
  await expect(registry.register('other-value', SCHEMA)).rejects.toThrow('BACKWARD_TRANSITIVE != FULL')
})
