/**
 * What only a real broker can do to the Kafka log: aborts, fencing by another process, restarts, lost
 * retention.
 */
import { randomBytes } from 'node:crypto'
import { ConfigResourceTypes, Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { kafka_client } from '../../runtime/kafka/kafkajs.ts'
import { kafka_log } from '../../runtime/kafka/log.ts'
import { TaskProducer } from '../../runtime/kafka/producer.ts'
import { type Log, OffsetOutOfRange, type Output } from '../../runtime/ports.ts'
import { hold, take, until } from '../runtime/contracts/log-steps.ts'
import * as kafka from './kafka.ts'
import type { Service } from './process.ts'

const silent = { debug() {}, warn() {} }
const unique = (name: string): string => `${name}-${randomBytes(5).toString('hex')}`
const output = (topic: string, value: string | Buffer, partition = 0): Output => ({
  topic,
  partition,
  key: Buffer.from('k'),
  value: Buffer.from(value),
})

let broker: Service
let log: Log
beforeAll(async () => {
  broker = await kafka.start()
  log = kafka_log({ brokers: [broker.address], client_id: 'faults', logger: silent })
}, 120_000)
afterAll(async () => {
  await log?.close()
  await broker?.stop()
}, 60_000)

const admin_of = () =>
  new Kafka({ brokers: [broker.address], clientId: 'faults-admin', logLevel: logLevel.NOTHING }).admin()
const group_on = (...topics: string[]) => ({
  name: unique('group'),
  topics,
  partitions: 1,
  transactional: true,
})
const values = async (topic: string): Promise<string[]> => {
  const { start, end } = await log.bounds(topic, 0)
  const seen: string[] = []
  if (start === end) return seen
  const stop = new AbortController()
  for await (const fetched of log.tail(topic, 0, start, stop.signal)) {
    seen.push(...fetched.records.map(record => `${record.value}`))
    if (fetched.position >= end) break
  }
  stop.abort()
  return seen
}

test('a transaction that the broker refuses halfway is aborted by the next acquire', async () => {
  const [small, wide] = [unique('small'), unique('wide')]
  await log.ensure([
    { name: small, partitions: 1, config: { 'max.message.bytes': '2000' } },
    { name: wide, partitions: 1 },
  ])
  const held = hold(log, group_on(wide))
  const task = await held.task(0)
  await task.acquire()
  const fill = Array.from({ length: 2 }, (_, i) => output(wide, Buffer.alloc(800_000, `${i}`)))
  await expect(task.commit([...fill, output(small, Buffer.alloc(5_000))])).rejects.toThrow()
  await task.acquire()
  await task.commit([output(wide, 'kept'), output(small, 'kept')])
  await vi.waitFor(async () => expect(await values(wide)).toEqual(['kept']), { timeout: 5_000 })
  await vi.waitFor(async () => expect(await values(small)).toEqual(['kept']), { timeout: 5_000 })
  // The refused round was behind the first one: aborted records and their marker are in the log.
  expect((await log.bounds(wide, 0)).end).toBeGreaterThan(2)
  await held.stop()
}, 60_000)

test('an owner elsewhere fences: the commit fails, and acquire takes it back', async () => {
  const topic = unique('fence')
  await log.ensure([{ name: topic, partitions: 1 }])
  const group = group_on(topic)
  const held = hold(log, group)
  const task = await held.task(0)
  await task.acquire()
  await task.commit([output(topic, 'mine')])
  const client = kafka_client({ brokers: [broker.address], client_id: 'elsewhere', logger: silent })
  const thief = new TaskProducer(client, `faults.${group.name}.0`)
  await thief.init(10_000)
  await expect(task.commit([output(topic, 'zombie')])).rejects.toThrow()
  await thief.commit([output(topic, 'theirs')], 0, async () => 1)
  await task.acquire()
  await expect(thief.commit([output(topic, 'zombie too')], 0, async () => 1)).rejects.toThrow()
  await task.commit([output(topic, 'mine again')])
  await vi.waitFor(async () => expect(await values(topic)).toEqual(['mine', 'theirs', 'mine again']), {
    timeout: 5_000,
  })
  await thief.drop()
  await held.stop()
}, 60_000)

test('outputs beyond one record batch are still one transaction', async () => {
  const topic = unique('large')
  await log.ensure([{ name: topic, partitions: 1 }])
  const held = hold(log, group_on(topic))
  const task = await held.task(0)
  await task.acquire()
  const { offsets } = await task.commit(
    Array.from({ length: 60 }, (_, i) => output(topic, Buffer.alloc(50_000, i))),
  )
  expect(offsets.get(topic)).toBe(0)
  task.reader(topic).seek(0)
  const records = await take(task, task.reader(topic), 60)
  expect(records.map(record => record.value?.[0])).toEqual(Array.from({ length: 60 }, (_, i) => i))
  await held.stop()
}, 60_000)

test('an existing compacted topic is refused', async () => {
  const topic = unique('compacted')
  const admin = admin_of()
  await admin.connect()
  await admin.createTopics({
    topics: [{ topic, numPartitions: 1, configEntries: [{ name: 'cleanup.policy', value: 'compact' }] }],
  })
  await expect(log.ensure([{ name: topic, partitions: 1 }])).rejects.toThrow(/compact/)
  await admin.alterConfigs({
    validateOnly: false,
    resources: [
      {
        type: ConfigResourceTypes.TOPIC,
        name: topic,
        configEntries: [{ name: 'cleanup.policy', value: 'delete' }],
      },
    ],
  })
  await log.ensure([{ name: topic, partitions: 1 }])
  await admin.disconnect()
}, 60_000)

test('records that retention took are OffsetOutOfRange, never a silent jump', async () => {
  const topic = unique('cut')
  await log.ensure([{ name: topic, partitions: 1 }])
  await log.append(['0', '1', '2', '3'].map(value => output(topic, value)))
  const admin = admin_of()
  await admin.connect()
  await admin.fetchTopicOffsets(topic) // loads the metadata that deleting needs
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '2' }] })
  await admin.disconnect()
  expect(await log.bounds(topic, 0)).toEqual({ start: 2, end: 4 })
  const held = hold(log, group_on(topic))
  const task = await held.task(0)
  task.reader(topic).seek(0)
  const failing = async () => {
    for (let i = 0; i < 50; i++) await task.wait(200)
  }
  await expect(failing()).rejects.toBeInstanceOf(OffsetOutOfRange)
  task.reader(topic).seek(2)
  expect((await take(task, task.reader(topic), 2)).map(record => `${record.value}`)).toEqual(['2', '3'])
  await held.stop()
}, 60_000)

test('a killed and restarted broker is outlasted by tasks, tails and appends', async () => {
  const topic = unique('outage')
  await log.ensure([{ name: topic, partitions: 1 }])
  const held = hold(log, group_on(topic))
  const task = await held.task(0)
  await task.acquire()
  task.reader(topic).seek(0)
  await task.commit([output(topic, 'before')])
  const stop = new AbortController()
  const tailed: string[] = []
  const tailing = (async () => {
    for await (const fetched of log.tail(topic, 0, 0, stop.signal))
      tailed.push(...fetched.records.map(record => `${record.value}`))
  })()
  await until('the tail has begun', () => tailed.length === 1)
  await broker.kill()
  expect(await log.health()).not.toBeNull()
  await broker.restart()
  for (let tries = 0; ; tries++) {
    try {
      await task.acquire()
      await task.commit([output(topic, 'after')])
      break
    } catch (error) {
      if (tries > 20) throw error
      await new Promise(resolve => setTimeout(resolve, 300))
    }
  }
  for (let tries = 0; ; tries++) {
    try {
      await log.append([output(topic, 'appended')])
      break
    } catch (error) {
      if (tries > 20) throw error
    }
  }
  const seen = (await take(task, task.reader(topic), 3, 30_000)).map(record => `${record.value}`)
  expect(seen[0]).toBe('before')
  expect(new Set(seen)).toEqual(new Set(['before', 'after', 'appended']))
  await until('the tail saw the same', () => tailed.length >= 3, 30_000)
  expect(tailed).toEqual(seen)
  expect(task.signal.aborted).toBe(false)
  expect(held.events).toEqual(['start 0'])
  stop.abort()
  await tailing
  await held.stop()
}, 120_000)
