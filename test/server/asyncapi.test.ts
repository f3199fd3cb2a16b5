/** The description of the topics: it is AsyncAPI 3.0, it says what the code does, and the file in docs/ is fresh. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import avsc from 'avsc'
import { beforeAll, describe, expect, it } from 'vitest'
import { asyncapi_file } from '../../commands/generate.ts'
import { tributary } from '../../runtime/app.ts'
import { row_checks } from '../../runtime/emit.ts'
import { key_of } from '../../runtime/keys.ts'
import { definitions } from '../../schemas/definitions.ts'
import { topics } from '../../schemas/topics.ts'
import { asyncapi_document } from '../../server/asyncapi.ts'
import { memory_server } from './memory-ports.ts'
import { broken_references, type Json, resolve_pointer } from './references.ts'

type Part = { [name: string]: Json }
const part = (value: Json | undefined): Part => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${JSON.stringify(value)} is not an object`)
  return value
}
const NAME = /^[a-zA-Z0-9._-]+$/
const ROOT = /^(asyncapi|id|info|servers|defaultContentType|channels|operations|components|x-.+)$/

/** What AsyncAPI 3.0 asks of a document, as far as ours uses it; one line per breach. */
const breaches = (document: Json): string[] => {
  const root = part(document)
  const found = broken_references(document)
  const check = (holds: boolean, what: string) => {
    if (!holds) found.push(what)
  }
  for (const name of Object.keys(root)) check(ROOT.test(name), `${name} is no field of the root`)
  check(root.asyncapi === '3.0.0', 'asyncapi is 3.0.0')
  for (const field of ['title', 'version']) check(typeof part(root.info)[field] === 'string', `info.${field}`)
  for (const [name, server] of Object.entries(part(root.servers)))
    for (const field of ['host', 'protocol'])
      check(typeof part(server)[field] === 'string', `servers.${name}.${field}`)
  for (const [name, each] of Object.entries(part(root.channels))) {
    const channel = part(each)
    check(NAME.test(name), `channels.${name}: the name`)
    check(typeof channel.address === 'string', `channels.${name}.address`)
    check(Object.keys(part(channel.messages)).length > 0, `channels.${name}.messages`)
  }
  for (const [name, each] of Object.entries(part(root.operations))) {
    const operation = part(each)
    const channel = String(part(operation.channel).$ref)
    check(operation.action === 'send' || operation.action === 'receive', `operations.${name}.action`)
    check(/^#\/channels\/[^/]+$/.test(channel), `operations.${name}.channel`)
    for (const message of (operation.messages ?? []) as Part[])
      check(
        String(message.$ref).startsWith(`${channel}/messages/`),
        `operations.${name}.messages: of its channel`,
      )
  }
  for (const [name, each] of Object.entries(part(part(root.components).messages))) {
    const payload = part(resolve_pointer(document, String(part(part(each).payload).$ref)))
    check(String(payload.schemaFormat).startsWith('application/vnd.apache.avro;'), `messages.${name}: format`)
    check(part(payload.schema).type === 'record', `messages.${name}: schema`)
  }
  return found
}

let document: Part
beforeAll(async () => {
  const { server } = await memory_server()
  const response = await server.inject('/asyncapi.json')
  expect(response.statusCode).toBe(200)
  document = response.json()
})

describe('GET /asyncapi.json', () => {
  it('is AsyncAPI 3.0', () => {
    expect(breaches(document)).toEqual([])
  })

  it.each<[string, (broken: Part) => void]>([
    [
      '#/operations/receive_payments/channel → #/channels/nowhere',
      ({ operations }) => {
        part(part(part(operations).receive_payments).channel).$ref = '#/channels/nowhere'
      },
    ],
    [
      'channels.payments.address',
      ({ channels }) => {
        delete part(part(channels).payments).address
      },
    ],
    [
      'operations.send_ledger.action',
      ({ operations }) => {
        part(part(operations).send_ledger).action = 'publish'
      },
    ],
    [
      'topics is no field of the root',
      broken => {
        broken.topics = {}
      },
    ],
  ])('is checked by something that sees %s', (said, spoil) => {
    const broken = structuredClone(document)
    spoil(broken)
    expect(breaches(broken)).toContain(said)
  })

  it('has one channel for each topic of emitters and consumers, and none for what passes between tasks', () => {
    const wanted = Object.entries(topics).filter(([, { role }]) => role !== 'internal')
    expect(Object.keys(part(document.channels)).sort()).toEqual(wanted.map(([topic]) => topic).sort())
    expect(document.channels).not.toHaveProperty('movements')
  })

  it('says of a topic how it is keyed, partitioned and repeated, and which table it becomes', () => {
    const { touchpoints, payments, ledger, sessions } = part(document.channels)
    expect(part(touchpoints)).toMatchObject({
      address: 'touchpoints',
      bindings: { kafka: { topic: 'touchpoints', partitions: 2 } },
      'x-tributary': {
        role: 'input',
        keyed_by: 'customer',
        partitioner: 'murmur2',
        dedupe: 'for 2 d of event time',
      },
    })
    expect(part(touchpoints).description).toContain('tenant_id|~anonymous_id')
    expect(part(touchpoints).description).toContain('partitioner=murmur2_random')
    expect(part(payments)).toMatchObject({ 'x-tributary': { dedupe: 'for ever', table: 'payments' } })
    expect(part(ledger).description).toContain('isolation.level=read_committed')
    expect(part(sessions).description).toContain('a higher `revision` replaces')
    expect(part(part(document.channels).catalog)).toMatchObject({ bindings: { kafka: { partitions: 1 } } })
  })

  it('carries schemas that an Avro library reads, equal to the registered ones', () => {
    for (const [topic, each] of Object.entries(part(part(document.components).schemas))) {
      const { schema } = part(each)
      expect(avsc.Type.forSchema(schema as unknown as avsc.Schema).typeName).toBe('record')
      expect(schema).toEqual(definitions[topic as keyof typeof topics])
    }
  })

  it('shows an event of every input topic, which HTTP would take as it is', () => {
    const app = tributary(2)
    const messages = part(part(document.components).messages)
    for (const [topic, spec] of Object.entries(topics).filter(([, { role }]) => role === 'input')) {
      const [example] = (part(messages[topic]).examples ?? []) as Part[]
      const row = row_checks(app, topic).check(example?.payload)
      expect(row.tenant_id).toBe('acme')
      const keys = { catalog: /^products\|p-1\|/, tenant: /^acme$/, customer: /^acme\|c-1$/ }
      expect(key_of(spec, row)).toMatch(keys[spec.keyed_by as keyof typeof keys])
    }
  })

  it('says so where a topic is believed, or never remembered', () => {
    const spec = { ...topics.payments, partitioner: 'trusted', dedupe: 'none' } as const
    const said = asyncapi_document({ topics: { payments: spec }, schemas: definitions, partitions: 1 })
    const { description } = (said as { channels: { payments: Part } }).channels.payments
    expect(description).toContain('which is believed')
    expect(description).toContain('remembered not at all')
  })
})

it('docs/asyncapi.json is what npm run generate writes', async () => {
  const file = join(import.meta.dirname, '../../docs/asyncapi.json')
  expect(readFileSync(file, 'utf8')).toBe((await asyncapi_file())['asyncapi.json'])
})
