/**
 * One fetch from one broker into the mailboxes whose partitions it leads, and what is done when that fails.
 */
import { type Cluster, fetch_from, kafka_error } from './kafkajs.ts'
import type { Mailbox } from './mailbox.ts'

/** How long a broker holds a fetch that has nothing new; also how late a seek may be noticed. */
const BUSY_WAIT_MS = 150
/** The same once nothing has come for a while: half of what an idle process costs is asking again. */
const IDLE_WAIT_MS = 1_000
const IDLE_AFTER_MS = 3_000
const PARTITION_BYTES = 1024 * 1024
const RESPONSE_BYTES = 10 * 1024 * 1024
const PAUSE_MS = 100
const READ_COMMITTED = 1

export const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

/** Those who wait for news, each with its own limit. */
export class Waiters {
  readonly #all = new Set<() => void>()

  /** Resolves at the next wake(), at the latest after max_ms. */
  wait(max_ms: number): Promise<void> {
    return new Promise(resolve => {
      const done = () => {
        clearTimeout(timer)
        this.#all.delete(done)
        resolve()
      }
      const timer = setTimeout(done, max_ms)
      this.#all.add(done)
    })
  }

  wake(): void {
    for (const done of this.#all) done()
  }
}

/**
 * How long a fetch may be held. A fetch under way cannot be called back, so that the first seek after a quiet
 * time waits for it, at most the idle wait; from then on the waits are short again.
 */
export class Pace {
  readonly #idle_ms: number
  #moved_at = Date.now()
  /** How often moved() was called. */
  moves = 0

  /** @param most_ms what else limits it, such as heartbeats that go out between fetches */
  constructor(most_ms = IDLE_WAIT_MS) {
    this.#idle_ms = Math.max(BUSY_WAIT_MS, Math.min(IDLE_WAIT_MS, most_ms))
  }

  /** Something has come, or is about to. */
  moved(): void {
    this.#moved_at = Date.now()
    this.moves++
  }

  get wait_ms(): number {
    return Date.now() - this.#moved_at < IDLE_AFTER_MS ? BUSY_WAIT_MS : this.#idle_ms
  }
}

interface Wanted {
  readonly mailbox: Mailbox
  readonly epoch: number
  readonly offset: number
}

const wanted_from = (cluster: Cluster, node_id: string, mailboxes: Iterable<Mailbox>): Wanted[] => {
  const wanted: Wanted[] = []
  for (const mailbox of mailboxes) {
    const offset = mailbox.wants()
    if (offset === null) continue
    const partition = cluster
      .findTopicPartitionMetadata(mailbox.topic)
      .find(at => at.partitionId === mailbox.partition)
    if (partition && String(partition.leader) === node_id)
      wanted.push({ mailbox, epoch: mailbox.epoch, offset })
  }
  return wanted
}

/** A partition is asked for once, from the least offset wanted: mailboxes further on drop what they have had. */
const request_of = (wanted: readonly Wanted[]) => {
  const topics = new Map<string, { partition: number; fetchOffset: string; maxBytes: number }[]>()
  for (const { mailbox, offset } of [...wanted].sort((a, b) => a.offset - b.offset)) {
    const partitions = topics.get(mailbox.topic) ?? []
    topics.set(mailbox.topic, partitions)
    if (partitions.some(({ partition }) => partition === mailbox.partition)) continue
    partitions.push({ partition: mailbox.partition, fetchOffset: `${offset}`, maxBytes: PARTITION_BYTES })
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }))
}

/**
 * Fetches once.
 * @returns false when no mailbox wants anything of this broker
 * @throws what kafkajs throws; see recover_fetch
 */
export const fetch_once = async (
  cluster: Cluster,
  node_id: string,
  mailboxes: Iterable<Mailbox>,
  pace: Pace,
): Promise<boolean> => {
  await cluster.refreshMetadataIfNecessary()
  const wanted = wanted_from(cluster, node_id, mailboxes)
  if (wanted.length === 0) return false
  const broker = await cluster.findBroker({ nodeId: node_id })
  const of = (topic: string, partition: number): readonly Wanted[] =>
    wanted.filter(({ mailbox }) => mailbox.topic === topic && mailbox.partition === partition)
  try {
    const { responses } = await fetch_from(broker, {
      maxWaitTime: pace.wait_ms,
      minBytes: 1,
      maxBytes: RESPONSE_BYTES,
      isolationLevel: READ_COMMITTED,
      topics: request_of(wanted),
    })
    for (const { topicName, partitions } of responses)
      for (const fetched of partitions)
        for (const { mailbox, epoch } of of(topicName, fetched.partition))
          if (mailbox.deliver(epoch, fetched)) pace.moved()
  } catch (error) {
    const { name, topic, partition } = kafka_error(error)
    const targets = name === 'KafkaJSOffsetOutOfRange' ? of(topic ?? '', partition ?? -1) : []
    if (targets.length === 0) throw error
    const least = Math.min(...targets.map(({ offset }) => offset))
    for (const { mailbox, epoch, offset } of targets) if (offset === least) mailbox.out_of_range(epoch)
  }
  return true
}

const STALE = new Set([
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'REPLICA_NOT_AVAILABLE',
  'KAFKA_STORAGE_ERROR',
])

/**
 * Makes the next fetch possible after moved leaders and lost connections; throws again what it cannot mend.
 */
export const recover_fetch = async (cluster: Cluster, error: unknown): Promise<void> => {
  const { name, type, host, port } = kafka_error(error)
  if (name === 'KafkaJSConnectionClosedError' && host !== undefined && port !== undefined)
    cluster.removeBroker({ host, port })
  const stale = STALE.has(type ?? '') || name === 'KafkaJSTopicMetadataNotLoaded'
  const lost =
    name === 'KafkaJSConnectionClosedError' ||
    name === 'KafkaJSConnectionError' ||
    name === 'KafkaJSRequestTimeoutError' ||
    name === 'KafkaJSBrokerNotFound'
  if (!stale && !lost) throw error
  await sleep(PAUSE_MS)
  await cluster.refreshMetadata()
}
