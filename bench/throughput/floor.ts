/**
 * The floor: the least an honest Node program can do for W1. kafkajs eachBatch, full avsc decode, a Map, outputs sent per
 * batch; nothing durable. Prints one JSON line: CPU microseconds per record from the first record to the last.
 */
import avsc from 'avsc'
import { Kafka, logLevel, type Message } from 'kafkajs'
import { SCHEMA } from './workload.ts'

const { BOOTSTRAP = '', IN_TOPIC = '', OUT_TOPIC = '', RECORDS = '0' } = process.env
const records = Number(RECORDS)
const type = avsc.Type.forSchema(SCHEMA as avsc.Schema)
const kafka = new Kafka({ clientId: 'floor', brokers: BOOTSTRAP.split(','), logLevel: logLevel.ERROR })
const producer = kafka.producer({ allowAutoTopicCreation: false })
const consumer = kafka.consumer({ groupId: OUT_TOPIC, maxBytesPerPartition: 4 << 20, maxBytes: 16 << 20 })
await Promise.all([producer.connect(), consumer.connect()])
await consumer.subscribe({ topics: [IN_TOPIC], fromBeginning: true })

interface Customer {
  count: number
  spend: number
  last_channel: string
  last_seen: number
}
const customers = new Map<string, Customer>()
let seen = 0
let decisions = 0
let began: { cpu: NodeJS.CpuUsage; at: number } | null = null

const take = (body: Buffer, out: Message[]): void => {
  const touch = type.fromBuffer(body) as {
    customerId: string
    cost: number
    channel: string
    occurredAt: number
  }
  let customer = customers.get(touch.customerId)
  if (!customer) {
    customer = { count: 0, spend: 0, last_channel: '', last_seen: 0 }
    customers.set(touch.customerId, customer)
  }
  customer.count++
  customer.spend += Math.round(touch.cost * 100)
  customer.last_channel = touch.channel
  if (touch.occurredAt > customer.last_seen) customer.last_seen = touch.occurredAt
  const { count, spend } = customer
  if (count % 10 === 0)
    out.push({
      key: touch.customerId,
      value: JSON.stringify({ customerId: touch.customerId, count, spendCents: spend }),
    })
}

await consumer.run({
  partitionsConsumedConcurrently: 4,
  eachBatch: async ({ batch }) => {
    began ??= { cpu: process.cpuUsage(), at: performance.now() }
    const out: Message[] = []
    for (const { value } of batch.messages) if (value) take(value.subarray(5), out)
    if (out.length) await producer.send({ topic: OUT_TOPIC, messages: out })
    seen += batch.messages.length
    decisions += out.length
    if (seen < records) return
    const { user, system } = process.cpuUsage(began.cpu)
    const wall_s = (performance.now() - began.at) / 1000
    console.log(JSON.stringify({ cpu_us_per_record: (user + system) / records, wall_s, decisions }))
    process.exit(0)
  },
})
