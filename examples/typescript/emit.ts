/**
 * Sends one payment to Kafka: `emit.ts TENANT CUSTOMER [EVENT_ID OCCURRED_AT]`. Prints where it went. Whoever
 * is not sure that it arrived sends the same again, id and instant (in ms) too: it counts once.
 */
import { randomUUID } from 'node:crypto'
import { SchemaRegistry } from '@kafkajs/confluent-schema-registry'
import { Kafka, logLevel, Partitioners } from 'kafkajs'

const TOPIC = 'payments'
const [tenant_id, customer_id, event_id = randomUUID(), instant = Date.now()] = process.argv.slice(2)
if (!tenant_id || !customer_id) {
  console.error('usage: emit.ts TENANT CUSTOMER [EVENT_ID OCCURRED_AT]')
  process.exit(2)
}

const registry = new SchemaRegistry({
  host: process.env.SCHEMA_REGISTRY_URL ?? 'http://127.0.0.1:8081/apis/ccompat/v7',
})
const kafka = new Kafka({
  clientId: 'example-emitter',
  brokers: (process.env.KAFKA_BROKERS ?? '127.0.0.1:9094').split(','),
  logLevel: logLevel.ERROR,
})
const producer = kafka.producer({
  idempotent: true,
  maxInFlightRequests: 1,
  // murmur2, as in Kafka's Java client.
  createPartitioner: Partitioners.DefaultPartitioner,
})

const payment = {
  event_id,
  tenant_id,
  customer_id,
  occurred_at: Number(instant),
  type: 'payment_succeeded',
  // Minor units of the currency: 19.99 EUR.
  amount_minor: 1999,
  currency: 'EUR',
}

try {
  await producer.connect()
  const schema_id = await registry.getLatestSchemaId(`${TOPIC}-value`)
  const [sent] = await producer.send({
    topic: TOPIC,
    acks: -1,
    messages: [{ key: `${tenant_id}|${customer_id}`, value: await registry.encode(schema_id, payment) }],
  })
  const { occurred_at } = payment
  const offset = Number(sent?.baseOffset)
  console.log(JSON.stringify({ event_id, occurred_at, partition: sent?.partition, offset }))
} catch (error) {
  console.error(`not sent: ${(error as Error).message}`)
  process.exitCode = 1
} finally {
  await producer.disconnect()
}
