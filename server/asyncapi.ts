/**
 * /asyncapi.json: what travels on Kafka, for those who emit and consume. One channel per topic that emitters write or
 * consumers read, generated from topics.ts and the Avro schemas; `npm run generate` writes docs/asyncapi.json alike.
 */
import type { FastifyInstance } from 'fastify'
import type { App } from '../runtime/app.ts'
import type { TopicSpec } from '../schemas/topics.ts'
import { days } from '../schemas/units.ts'

const AVRO = 'application/vnd.apache.avro;version=1.9.0'

/** How a record's key is formed, by what the topic is keyed by. */
const KEY_RULES: Readonly<Record<string, string>> = {
  customer: '`tenant_id|customer_id`; without a customer_id `tenant_id|~anonymous_id`',
  series: '`tenant_id|metric|currency|dimension`, empty where there is none',
  tenant: '`tenant_id`',
  catalog: '`kind|id|effective_at|revision`, the instant in milliseconds',
}

const OF_ACME = { tenant_id: 'acme', customer_id: 'c-1', occurred_at: Date.UTC(2026, 0, 15, 10) }

/** An event of each input topic. Where a field has a default, it may be left out. */
const EXAMPLES: Readonly<Record<string, object>> = {
  touchpoints: {
    ...OF_ACME,
    event_id: 'touch-1',
    channel: 'email',
    campaign: 'winter',
    interaction: 'click',
    cost_minor: 25,
    currency: 'EUR',
  },
  conversations: {
    ...OF_ACME,
    event_id: 'message-1',
    conversation_id: 'conversation-1',
    type: 'message',
    role: 'customer',
    text: 'How long is the warranty?',
    sentiment: 0.4,
    technical_question: true,
    context: { homeowner_verified: true },
  },
  payments: { ...OF_ACME, event_id: 'pay-1', type: 'payment_succeeded', amount_minor: 1999, currency: 'EUR' },
  feedback: { ...OF_ACME, event_id: 'feedback-1', outcome: 'accepted', buyer_id: 'buyer-1' },
  spend: {
    tenant_id: 'acme',
    occurred_at: Date.UTC(2026, 0, 15),
    event_id: 'spend-1',
    channel: 'search',
    campaign: 'winter',
    amount_minor: 25_000,
    currency: 'EUR',
  },
  measurements: {
    tenant_id: 'acme',
    occurred_at: Date.UTC(2026, 0, 15, 10),
    event_id: 'queue-1',
    metric: 'support_queue',
    kind: 'level',
    value: 12,
  },
  alert_commands: {
    tenant_id: 'acme',
    occurred_at: Date.UTC(2026, 0, 15, 10),
    event_id: 'silence-1',
    command: 'silence',
    silence_id: 'maintenance',
    matchers: { rule: 'visits_drop' },
    ends_at: Date.UTC(2026, 0, 15, 12),
    author: 'ada',
  },
  erasures: { ...OF_ACME, event_id: 'erasure-1' },
  catalog: {
    event_id: 'products|p-1|1767225600000|0',
    tenant_id: 'acme',
    occurred_at: Date.UTC(2026, 0, 1),
    kind: 'products',
    id: 'p-1',
    effective_at: Date.UTC(2026, 0, 1),
    body: '{"name": "Panel", "price_minor": 129900, "currency": "EUR"}',
  },
}

export const asyncapi_routes = (server: FastifyInstance, app: App): void => {
  const document = asyncapi_document(app)
  const openapi = {
    summary: 'Topics for emitters and consumers on Kafka: keys, schemas, promises.',
    responses: { 200: 'AsyncAPI 3.0.' },
    open: true,
  }
  server.get('/asyncapi.json', { config: { openapi } }, () => document)
}

/** What the document follows from: not from the pipelines, so that it can be written before they compile. */
type Described = Pick<App, 'topics' | 'schemas' | 'partitions'>

/** The whole document. `partitions` of a topic are those of this installation. */
export const asyncapi_document = (app: Described): object => {
  const travelling = Object.entries(app.topics).filter(([, { role, of }]) => role !== 'internal' && !of)
  const each = (describe: (topic: string, spec: TopicSpec) => object) =>
    Object.fromEntries(travelling.map(([topic, spec]) => [topic, describe(topic, spec)]))
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Tributary',
      version: '1',
      description:
        'Events in, exact money and decisions out. Bodies are Avro in the wire format of the registry: a zero ' +
        'byte, the schema id in four bytes, the Avro encoding; subjects are `<topic>-value`.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/vnd.apache.avro',
    servers: {
      kafka: {
        host: '{brokers}',
        protocol: 'kafka',
        description: 'With the schema registry beside it, whose API is the Confluent one.',
        variables: {
          brokers: { description: 'host:port,…, as in KAFKA_BROKERS.', default: '127.0.0.1:9092' },
        },
      },
    },
    channels: each((topic, spec) => channel(app, topic, spec)),
    operations: Object.fromEntries(travelling.map(([topic, spec]) => operation(topic, spec))),
    components: {
      messages: each((topic, spec) => message(app, topic, spec)),
      schemas: each((_, spec) => ({ schemaFormat: AVRO, schema: app.schemas[spec.schema] })),
    },
  }
}

const channel = (app: Described, topic: string, spec: TopicSpec): object => ({
  address: topic,
  title: doc_of(app, spec),
  description: [`Key: ${KEY_RULES[spec.keyed_by] ?? spec.keyed_by}.`, ...promises(spec)].join(' '),
  servers: [{ $ref: '#/servers/kafka' }],
  messages: { [topic]: { $ref: `#/components/messages/${topic}` } },
  bindings: { kafka: { topic, partitions: spec.partitions ?? app.partitions, bindingVersion: '0.5.0' } },
  'x-tributary': {
    role: spec.role,
    keyed_by: spec.keyed_by,
    partitioner: spec.role === 'input' ? spec.partitioner : 'murmur2',
    dedupe: spec.role === 'input' ? dedupe_of(spec) : null,
    table: spec.table ? topic : null,
  },
})

const promises = (spec: TopicSpec): string[] =>
  spec.role === 'input'
    ? [
        spec.partitioner === 'murmur2'
          ? 'Partition: murmur2 of the key, the default of the Java client; librdkafka needs ' +
            '`partitioner=murmur2_random`. A record elsewhere is copied to its partition, and is judged late.'
          : "Partition: the emitter's choice, which is believed.",
        `Repeats: (key, event_id) counts once, remembered ${dedupe_of(spec)}.`,
      ]
    : [
        'Written in transactions: read with `isolation.level=read_committed`, then each record is seen once.',
        ...(spec.table?.version
          ? [
              `A later record of the same event_id with a higher \`${spec.table.version}\` replaces the earlier.`,
            ]
          : []),
      ]

const dedupe_of = ({ dedupe }: TopicSpec): string => {
  if (typeof dedupe === 'number') return `for ${dedupe / days(1)} d of event time`
  return dedupe === 'for_ever' ? 'for ever' : 'not at all'
}

/** Tributary's side: it receives what emitters send, and sends what consumers receive. */
const operation = (topic: string, spec: TopicSpec): [string, object] => {
  const action = spec.role === 'input' ? 'receive' : 'send'
  return [
    `${action}_${topic}`,
    {
      action,
      channel: { $ref: `#/channels/${topic}` },
      summary: spec.role === 'input' ? `Emitters write ${topic}.` : `Consumers read ${topic}.`,
      messages: [{ $ref: `#/channels/${topic}/messages/${topic}` }],
    },
  ]
}

const message = (app: Described, topic: string, spec: TopicSpec): object => ({
  name: (app.schemas[spec.schema] as { readonly name?: string } | undefined)?.name ?? topic,
  title: doc_of(app, spec),
  contentType: 'application/vnd.apache.avro',
  payload: { $ref: `#/components/schemas/${topic}` },
  ...(EXAMPLES[topic] && { examples: [{ payload: EXAMPLES[topic] }] }),
  bindings: {
    kafka: {
      key: { type: 'string', description: KEY_RULES[spec.keyed_by] ?? spec.keyed_by },
      schemaIdLocation: 'payload',
      schemaIdPayloadEncoding: 'confluent',
      bindingVersion: '0.5.0',
    },
  },
})

const doc_of = (app: Described, spec: TopicSpec): string =>
  (app.schemas[spec.schema] as { readonly doc?: string } | undefined)?.doc ?? spec.schema
