/**
 * What emitters compress is read, whatever their codec: the broker writes each topic's batches with the encoders
 * that Java clients use. And what cannot be read stands in nobody's way.
 */
import { randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { CompressionTypes, Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { kafka_log } from '../../runtime/kafka/log.ts'
import type { Log, LogRecord } from '../../runtime/ports.ts'
import * as kafka from './kafka.ts'
import type { Service } from './process.ts'

const require = createRequire(import.meta.url)
const silent = { debug() {}, warn() {} }

let broker: Service
let log: Log
beforeAll(async () => {
  broker = await kafka.start()
  log = kafka_log({ brokers: [broker.address], client_id: 'codecs', logger: silent })
}, 120_000)
afterAll(async () => {
  await log?.close()
  await broker?.stop()
}, 60_000)

const read = async (topic: string): Promise<LogRecord[]> => {
  const { start, end } = await log.bounds(topic, 0)
  const records: LogRecord[] = []
  const stop = new AbortController()
  for await (const fetched of log.tail(topic, 0, start, stop.signal)) {
    records.push(...fetched.records)
    if (fetched.position >= end) break
  }
  stop.abort()
  return records
}

/** Bodies that compress well, badly, and over long distances. */
const bodies = (): Buffer[] => [
  Buffer.from('a'.repeat(100_000)),
  randomBytes(70_000),
  ...Array.from({ length: 2_000 }, (_, i) => Buffer.from(`customer-${i % 97}|${i}|touchpoint|${i * 7}`)),
  Buffer.alloc(0),
  Buffer.from(`${'long ago '.repeat(9_000)}${'x'.repeat(90_000)}${'long ago '.repeat(9_000)}`),
]

test.each(['gzip', 'snappy', 'lz4', 'zstd', 'uncompressed'])(
  '%s is read',
  async codec => {
    const topic = `codec-${codec}`
    await log.ensure([{ name: topic, partitions: 1, config: { 'compression.type': codec } }])
    const sent = bodies()
    await log.append(sent.map(value => ({ topic, partition: 0, key: null, value })))
    const seen = await read(topic)
    expect(seen.length).toBe(sent.length)
    for (const [i, record] of seen.entries())
      expect(record.value?.equals(sent[i] as Buffer), `body ${i}`).toBe(true)
  },
  60_000,
)

test('a decompression bomb is one unreadable record, and what comes behind it is read', async () => {
  await log.ensure([{ name: 'bomb', partitions: 1 }])
  // kafkajs writes with the codec of its table; the reading side has replaced it, so the emitter brings its own.
  const { Codecs } = require('kafkajs/src/protocol/message/compression/index.js')
  const ours = Codecs[CompressionTypes.GZIP]
  Codecs[CompressionTypes.GZIP] = () => ({
    ...ours(),
    compress: ({ buffer }: { buffer: Buffer }) => promisify(gzip)(buffer),
  })
  const client = new Kafka({ brokers: [broker.address], clientId: 'emitter', logLevel: logLevel.NOTHING })
  const producer = client.producer()
  await producer.connect()
  const send = (...values: Buffer[]) =>
    producer.send({
      topic: 'bomb',
      compression: CompressionTypes.GZIP,
      messages: values.map(value => ({ value })),
    })
  await send(Buffer.from('before'))
  await send(Buffer.alloc(40 * 1024 * 1024), Buffer.alloc(40 * 1024 * 1024))
  await send(Buffer.from('behind'))
  await producer.disconnect()
  Codecs[CompressionTypes.GZIP] = ours
  const seen = await read('bomb')
  expect(seen.map(({ offset, key, value }) => [offset, key, `${value}`])).toEqual([
    [0, null, 'before'],
    [1, null, 'unreadable record batch 1 to 2, gzip: more than 67108864 bytes decompressed'],
    [2, null, 'unreadable record batch 1 to 2, gzip: more than 67108864 bytes decompressed'],
    [3, null, 'behind'],
  ])
}, 60_000)
