/**
 * What both producers share: checked destinations, messages in kafkajs's shape, requests the broker accepts,
 * deadlines.
 */
import type * as KafkaJs from 'kafkajs'
import type { Output } from '../ports.ts'
import { redrive_header, upstream_header } from './record-batch.ts'

/**
 * kafkajs puts all of a partition's messages into one record batch, which brokers limit to 1 MiB by default.
 */
const BATCH_BYTES = 900_000
const MESSAGE_OVERHEAD_BYTES = 64

/** Partition count of a topic, or undefined where there is no such topic. */
export type PartitionCount = (topic: string) => Promise<number | undefined>

/**
 * kafkajs loses messages for partitions that do not exist without an error, hence this check.
 * @throws naming the topic or partition that is not there
 */
export const check_destinations = async (
  outputs: readonly Output[],
  count: PartitionCount,
): Promise<void> => {
  const highest = new Map<string, number>()
  for (const { topic, partition } of outputs) {
    if (!Number.isSafeInteger(partition) || partition < 0)
      throw new Error(`${topic}: no partition ${partition}`)
    highest.set(topic, Math.max(highest.get(topic) ?? 0, partition))
  }
  for (const [topic, partition] of highest) {
    const partitions = await count(topic)
    if (partitions === undefined) throw new Error(`there is no topic ${topic}`)
    if (partition >= partitions)
      throw new Error(`${topic} has ${partitions} partitions, none is ${partition}`)
  }
}

export const output_bytes = (output: Output): number =>
  (output.key?.length ?? 0) + (output.value?.length ?? 0) + MESSAGE_OVERHEAD_BYTES

/**
 * Consecutive outputs such that no partition of one round exceeds a record batch; one larger output is a
 * round alone.
 */
export const rounds = <T extends Output>(outputs: readonly T[]): T[][] => {
  const all: T[][] = []
  let round: T[] = []
  let sizes = new Map<string, number>()
  const close = () => {
    if (round.length > 0) all.push(round)
    round = []
    sizes = new Map()
  }
  for (const output of outputs) {
    const bytes = output_bytes(output)
    const place = `${output.partition} ${output.topic}`
    if ((sizes.get(place) ?? 0) + bytes > BATCH_BYTES) close()
    round.push(output)
    sizes.set(place, (sizes.get(place) ?? 0) + bytes)
    if (bytes > BATCH_BYTES) close()
  }
  close()
  return all
}

export const topic_messages = (outputs: readonly Output[]): KafkaJs.TopicMessages[] => {
  const topics = new Map<string, KafkaJs.Message[]>()
  for (const { topic, partition, key, value, upstream, redrive } of outputs) {
    const message = {
      partition,
      key,
      value,
      ...(upstream || redrive
        ? {
            headers: {
              ...(upstream && { u: upstream_header(upstream) }),
              ...(redrive && { r: redrive_header(redrive) }),
            },
          }
        : {}),
    }
    const messages = topics.get(topic)
    if (messages) messages.push(message)
    else topics.set(topic, [message])
  }
  return [...topics].map(([topic, messages]) => ({ topic, messages }))
}

/** Every message names its partition. */
export const named_partition: KafkaJs.ICustomPartitioner =
  () =>
  ({ message }) => {
    if (message.partition === undefined) throw new Error('a message without partition')
    return message.partition
  }

/** The promise's outcome, or an error after max_ms; the promise itself goes on unwatched. */
export const within = <T>(promise: Promise<T>, max_ms: number, what: string): Promise<T> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what} had no answer in ${max_ms} ms`)), max_ms)
    promise.then(resolve, reject).finally(() => clearTimeout(timer))
  })
