/** A producer that has written very much is replaced before its sequence numbers run out. */
import type { Kafka } from 'kafkajs'
import { expect, test } from 'vitest'
import { Appender } from '../../../runtime/kafka/appender.ts'
import type { Output } from '../../../runtime/ports.ts'

const client = () => {
  const seen: string[] = []
  let next = 0
  const producer = () => {
    const name = `producer ${++next}`
    return {
      connect: async () => {},
      disconnect: async () => {
        seen.push(`${name} ends`)
      },
      sendBatch: async ({ topicMessages }: { topicMessages: { topic: string; messages: object[] }[] }) => {
        seen.push(`${name} writes`)
        return topicMessages.map(({ topic }) => ({ topicName: topic, partition: 0, baseOffset: '7' }))
      },
    }
  }
  return { seen, kafka: { producer } as unknown as Kafka }
}
const outputs = (count: number): Output[] =>
  Array.from({ length: count }, () => ({ topic: 't', partition: 0, key: null, value: Buffer.from('v') }))

test('after so many records the next ones go through a new producer', async () => {
  const { seen, kafka } = client()
  const appender = new Appender(kafka, async () => 1, 4)
  expect(await appender.append(outputs(2))).toEqual([7, 8])
  await appender.append(outputs(2))
  await appender.append(outputs(1))
  await appender.close()
  expect(seen).toEqual([
    'producer 1 writes',
    'producer 1 writes',
    'producer 1 ends',
    'producer 2 writes',
    'producer 2 ends',
  ])
})
