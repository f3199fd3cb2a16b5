/** Fetch responses of the versions that brokers speak, field by field. */
import { expect, test } from 'vitest'
import { decode_fetch_response } from '../../../runtime/kafka/fetch-response.ts'
import { records_of } from '../../../runtime/kafka/record-batch.ts'
import { batch_bytes } from './record-bytes.ts'

const int16 = (value: number) => {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}
const int32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
const int64 = (value: number) => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(value))
  return bytes
}
const list = (items: readonly Buffer[]) => Buffer.concat([int32(items.length), ...items])

const response = (version: number, records: Buffer | null): Buffer => {
  const partition = (number: number, of: Buffer | null) =>
    Buffer.concat([
      int32(number),
      int16(number),
      int64(100),
      int64(90 + number),
      ...(version >= 5 ? [int64(2)] : []),
      list([Buffer.concat([int64(7), int64(30)])]),
      ...(version >= 11 ? [int32(-1)] : []),
      int32(of ? of.length : -1),
      ...(of ? [of] : []),
    ])
  const name = Buffer.from('tópico')
  const topic = Buffer.concat([int16(name.length), name, list([partition(0, records), partition(3, null)])])
  return Buffer.concat([int32(25), ...(version >= 7 ? [int16(0), int32(0)] : []), list([topic])])
}

test.each([4, 5, 6, 7, 8, 9, 10, 11])('version %d', async version => {
  const records = batch_bytes({
    first: 5,
    records: [{ value: Buffer.from('a') }, { value: Buffer.from('b') }],
  })
  const { clientSideThrottleTime, responses } = await decode_fetch_response(
    response(version, records),
    version,
  )
  expect(clientSideThrottleTime).toBe(25)
  const [topic] = responses
  expect([topic?.topicName, topic?.partitions.length]).toEqual(['tópico', 2])
  const aborted = [{ producer: 7n, first: 30 }]
  expect(topic?.partitions[0]).toMatchObject({ partition: 0, errorCode: 0, last_stable: 90, aborted })
  expect(topic?.partitions[0]?.batches.flatMap(batch => records_of(batch, 0).map(r => `${r.value}`))).toEqual(
    ['a', 'b'],
  )
  expect(topic?.partitions[1]).toMatchObject({ partition: 3, errorCode: 3, last_stable: 93, batches: [] })
})

test('records outlive the response of all partitions', async () => {
  const payload = response(11, batch_bytes({ first: 0, records: [{ value: Buffer.from('kept') }] }))
  const { responses } = await decode_fetch_response(payload, 11)
  const [record] = records_of(responses[0]!.partitions[0]!.batches[0]!, 0)
  payload.fill(0)
  expect(`${record?.value}`).toBe('kept')
})
