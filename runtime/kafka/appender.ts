/**
 * Appends of many callers in few requests: while one is under way the next ones gather, and go out together.
 * Idempotent and acknowledged by all replicas, so that an offset given is a record kept.
 */
import type * as KafkaJs from 'kafkajs'
import type { Output } from '../ports.ts'
import {
  check_destinations,
  named_partition,
  output_bytes,
  type PartitionCount,
  rounds,
  topic_messages,
  within,
} from './send.ts'

const SEND_MS = 30_000
/** So much goes out at once at most; what one caller gives stays together. */
const GATHER_BYTES = 4 * 1024 * 1024
/** kafkajs counts sequence numbers wrongly past 2^31: a producer is replaced long before. */
const RETIRE_AT = 2 ** 30

interface Call {
  readonly outputs: readonly Output[]
  readonly resolve: (offsets: readonly number[]) => void
  readonly reject: (error: unknown) => void
}
/** An output that remembers where its offset goes. */
interface Placed extends Output {
  readonly call: number
  readonly index: number
}

export class Appender {
  readonly #client: KafkaJs.Kafka
  readonly #count: PartitionCount
  #producer: Promise<KafkaJs.Producer> | null = null
  #calls: Call[] = []
  #running: Promise<void> | null = null
  #closed = false
  #sent = 0
  readonly #retire_at: number

  /** @param retire_at records of one producer, other than for tests */
  constructor(client: KafkaJs.Kafka, count: PartitionCount, retire_at = RETIRE_AT) {
    this.#retire_at = retire_at
    this.#client = client
    this.#count = count
  }

  /**
   * As Log.append. After a rejection the records may be there or not: who repeats them relies on their event
   * ids.
   */
  async append(outputs: readonly Output[]): Promise<readonly number[]> {
    if (outputs.length === 0) return []
    await check_destinations(outputs, this.#count)
    if (this.#closed) throw new Error('the log is closed')
    return new Promise((resolve, reject) => {
      this.#calls.push({ outputs, resolve, reject })
      this.#running ??= this.#run().finally(() => {
        this.#running = null
      })
    })
  }

  /** What was given is sent first. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#running
    const producer = this.#producer
    this.#producer = null
    await producer?.then(
      opened => opened.disconnect(),
      () => {},
    )
  }

  async #run(): Promise<void> {
    while (this.#calls.length > 0) {
      const calls = this.#gather()
      try {
        const offsets = await this.#send(calls)
        for (const [i, call] of calls.entries()) call.resolve(offsets[i] ?? [])
        this.#sent += calls.reduce((sum, { outputs }) => sum + outputs.length, 0)
        if (this.#sent >= this.#retire_at) await this.#discard()
      } catch (error) {
        await this.#discard()
        for (const call of calls) call.reject(error)
      }
    }
  }

  #gather(): Call[] {
    let bytes = 0
    let n = 0
    for (const call of this.#calls) {
      const more = call.outputs.reduce((sum, output) => sum + output_bytes(output), 0)
      if (n > 0 && bytes + more > GATHER_BYTES) break
      bytes += more
      n++
    }
    return this.#calls.splice(0, n)
  }

  async #send(calls: readonly Call[]): Promise<number[][]> {
    const producer = await within(this.#open(), SEND_MS, 'append')
    const placed: Placed[] = calls.flatMap(({ outputs }, call) =>
      outputs.map((output, index) => ({ ...output, call, index })),
    )
    const offsets = calls.map(({ outputs }) => new Array<number>(outputs.length).fill(-1))
    for (const round of rounds(placed)) {
      const written = await within(
        producer.sendBatch({ acks: -1, topicMessages: topic_messages(round) }),
        SEND_MS,
        'append',
      )
      const next = new Map(written.map(at => [`${at.partition} ${at.topicName}`, Number(at.baseOffset)]))
      for (const { topic, partition, call, index } of round) {
        const place = `${partition} ${topic}`
        const offset = next.get(place)
        const mine = offsets[call]
        if (offset === undefined || mine === undefined)
          throw new Error(`${topic}/${partition}: no offset came back`)
        mine[index] = offset
        next.set(place, offset + 1)
      }
    }
    return offsets
  }

  #open(): Promise<KafkaJs.Producer> {
    const open = async () => {
      const producer = this.#client.producer({
        idempotent: true,
        maxInFlightRequests: 1,
        allowAutoTopicCreation: false,
        createPartitioner: named_partition,
        retry: { initialRetryTime: 50, maxRetryTime: 1_000, retries: 8 },
      })
      await producer.connect()
      return producer
    }
    this.#producer ??= open().catch((error: unknown) => {
      this.#producer = null
      throw error
    })
    return this.#producer
  }

  /** After an error the sequence numbers are in doubt: a new producer begins anew. */
  async #discard(): Promise<void> {
    const producer = this.#producer
    this.#producer = null
    this.#sent = 0
    void producer?.then(
      opened => opened.disconnect(),
      () => {},
    )
  }
}
