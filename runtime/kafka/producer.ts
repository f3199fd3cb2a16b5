/**
 * One life of a task's transactional producer. After any error it is poisoned: whether the transaction was
 * committed is then for its successor to find out, which fences it. kafkajs's state machine could not go on
 * anyway.
 */
import type * as KafkaJs from 'kafkajs'
import type { Output } from '../ports.ts'
import {
  check_destinations,
  named_partition,
  type PartitionCount,
  rounds,
  topic_messages,
  within,
} from './send.ts'

const TRANSACTION_TIMEOUT_MS = 10_000
const COMMIT_MS = 20_000
const DROP_MS = 10_000

export class TaskProducer {
  readonly #producer: KafkaJs.Producer
  readonly #id: string
  /** Begun with nothing in it: the first use of the producer id that was given. */
  #begun: KafkaJs.Transaction | null = null
  #busy: Promise<unknown> | null = null
  #poison: string | null = null

  constructor(client: KafkaJs.Kafka, transactional_id: string) {
    this.#id = transactional_id
    this.#producer = client.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      transactionalId: transactional_id,
      transactionTimeout: TRANSACTION_TIMEOUT_MS,
      allowAutoTopicCreation: false,
      createPartitioner: named_partition,
      // Short: what this cannot outlast is an unclear error, and recovery begins with the next producer.
      retry: { initialRetryTime: 2, maxRetryTime: 500, multiplier: 1.6, retries: 14 },
    })
  }

  /**
   * Gets a producer id and epoch: every earlier producer of this transactional id is fenced when it resolves.
   */
  async init(max_ms: number): Promise<void> {
    const begin = async () => {
      await this.#producer.connect()
      this.#begun = await this.#producer.transaction()
    }
    await within(begin(), max_ms, `producer ${this.#id}`)
  }

  /**
   * First offset per topic of `own_partition`. Rejects with an unclear outcome; never to be used again then.
   */
  async commit(
    outputs: readonly Output[],
    own_partition: number,
    count: PartitionCount,
  ): Promise<Map<string, number>> {
    if (this.#poison !== null) throw new Error(`producer ${this.#id} ${this.#poison}: acquire first`)
    if (this.#busy !== null) throw new Error(`producer ${this.#id} is in a transaction already`)
    const work = this.#transact(outputs, own_partition, count)
    this.#busy = work.catch(() => {})
    try {
      const first = await within(work, COMMIT_MS, `transaction of ${this.#id}`)
      this.#busy = null
      return first
    } catch (error) {
      this.#poison ??= 'failed earlier' // what may still run is awaited by drop()
      throw error
    }
  }

  async #transact(
    outputs: readonly Output[],
    own_partition: number,
    count: PartitionCount,
  ): Promise<Map<string, number>> {
    await check_destinations(outputs, count)
    const first = new Map<string, number>()
    const transaction = this.#begun ?? (await this.#producer.transaction())
    this.#begun = null
    for (const round of rounds(outputs)) {
      const written = await transaction.sendBatch({ acks: -1, topicMessages: topic_messages(round) })
      for (const { topicName, partition, baseOffset } of written)
        if (partition === own_partition && !first.has(topicName)) first.set(topicName, Number(baseOffset))
    }
    if (this.#poison !== null) throw new Error(`producer ${this.#id} ${this.#poison}`)
    await transaction.commit()
    return first
  }

  /**
   * Lets what is running end (bounded), then closes the connections. Nothing is aborted: the successor does
   * that.
   */
  async drop(): Promise<void> {
    this.#poison ??= 'was dropped'
    if (this.#busy) await within(this.#busy, DROP_MS, this.#id).catch(() => {})
    await within(this.#producer.disconnect(), DROP_MS, this.#id).catch(() => {})
  }
}
