/**
 * Prints alerts as JSON lines, each once, until SIGINT or SIGTERM: `consume.ts [GROUP]`. A group that comes
 * back goes on where it was.
 */
import { SchemaRegistry } from '@kafkajs/confluent-schema-registry'
import { pino } from 'pino'
// kafkajs 2.2.4 with its filter of aborted records replaced: its own lets some through where
// transactions overlap.
import { kafka_client } from '../../runtime/kafka/kafkajs.ts'

const [groupId = 'example-alerts-typescript'] = process.argv.slice(2)
const registry = new SchemaRegistry({
  host: process.env.SCHEMA_REGISTRY_URL ?? 'http://127.0.0.1:8081/apis/ccompat/v7',
})
const kafka = kafka_client({
  client_id: 'example-consumer',
  brokers: (process.env.KAFKA_BROKERS ?? '127.0.0.1:9094').split(','),
  logger: pino({ level: 'warn' }, pino.destination(2)),
})
const consumer = kafka.consumer({ groupId, readUncommitted: false })
consumer.on(consumer.events.CRASH, ({ payload }) => {
  if (!payload.restart) process.exitCode = 1
})
const stop = (): Promise<void> => consumer.disconnect()
process.once('SIGINT', stop)
process.once('SIGTERM', stop)

await consumer.connect()
await consumer.subscribe({ topics: ['alerts'], fromBeginning: true })
await consumer.run({
  // Committed behind what has been printed: after a crash some alerts come again, none is missing.
  eachMessage: async ({ message }) => {
    if (message.value) console.log(JSON.stringify(await registry.decode(message.value)))
  },
})
