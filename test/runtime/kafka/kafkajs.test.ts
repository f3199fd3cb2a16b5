/** The replaced parts of kafkajs are the ones in use, and an idle connection arms no timers. */
import { createRequire } from 'node:module'
import { expect, test, vi } from 'vitest'
import { committed_messages } from '../../../runtime/kafka/consumer-messages.ts'
import { kafka_client } from '../../../runtime/kafka/kafkajs.ts'

const require = createRequire(import.meta.url)

test('consumers of this copy filter with ours', () => {
  kafka_client({ brokers: ['127.0.0.1:1'], client_id: 'x', logger: { debug() {}, warn() {} } })
  expect(require('kafkajs/src/consumer/filterAbortedMessages.js')).toBe(committed_messages)
  const Batch = require('kafkajs/src/consumer/batch.js')
  const context = { producerId: '1', inTransaction: true, firstOffset: '0', lastOffsetDelta: 0 }
  const message = (offset: string, producerId: string) => ({
    offset,
    key: Buffer.from([0, 0, 0, 0]),
    value: null,
    isControlRecord: false,
    batchContext: { ...context, producerId },
  })
  const batch = new Batch('t', '0', {
    partition: 0,
    highWatermark: '2',
    abortedTransactions: [
      { producerId: '2', firstOffset: '1' },
      { producerId: '1', firstOffset: '0' },
    ],
    messages: [message('0', '1'), message('1', '2')],
  })
  expect(batch.messages).toEqual([])
})

test('requests are written as kafkajs writes them, in less memory', () => {
  const path = require.resolve('kafkajs/src/protocol/encoder.js')
  const Small = require(path)
  const replaced = require.cache[path]
  delete require.cache[path]
  const Original = require(path)
  require.cache[path] = replaced
  expect(Small).not.toBe(Original)
  const write = (Encoder: typeof Small) => {
    const part = (n: number) => new Encoder().writeInt32(n).writeString('a'.repeat(n)).writeInt64(n)
    const long = Buffer.alloc(5000, 7)
    return new Encoder()
      .writeInt16(3)
      .writeArray([1, 60, 300].map(part))
      .writeBytes(long)
      .writeNullableArray([])
      .writeEncoder(part(2))
      .writeVarInt(-5)
  }
  expect(write(Small).buffer).toEqual(write(Original).buffer)
  expect(write(Small).size()).toBe(write(Original).size())
  expect(new Small().buf.length).toBeLessThan(new Original().buf.length)
})

test('messages are grouped by partition as kafkajs expects', () => {
  const group = require('kafkajs/src/producer/groupMessagesPerPartition.js')
  const messages = [{ partition: 1 }, { partition: 0 }, { partition: 1, value: 'x' }]
  const partitioner = ({ message }: { message: { partition: number } }) => message.partition
  expect(group({ topic: 't', partitionMetadata: [{}], messages, partitioner })).toEqual({
    0: [messages[1]],
    1: [messages[0], messages[2]],
  })
  expect(group({ topic: 't', partitionMetadata: [], messages, partitioner })).toEqual({})
})

test('an idle request queue arms no timer, a throttled one sends when its time has come', () => {
  vi.useFakeTimers()
  try {
    const RequestQueue = require('kafkajs/src/network/requestQueue/index.js')
    const queue = new RequestQueue({
      maxInFlightRequests: null,
      requestTimeout: 1_000,
      enforceRequestTimeout: false,
      clientId: 'x',
      broker: 'y',
      logger: { debug() {}, warn() {} },
    })
    queue.checkPendingRequests()
    expect(vi.getTimerCount()).toBe(0)
    let sent = 0
    queue.maybeThrottle(500)
    queue.push({
      entry: { correlationId: 1, resolve() {} },
      expectResponse: false,
      sendRequest: () => sent++,
    })
    expect([sent, vi.getTimerCount()]).toEqual([0, 1])
    vi.advanceTimersByTime(600)
    expect([sent, vi.getTimerCount()]).toEqual([1, 0])
  } finally {
    vi.useRealTimers()
  }
})
