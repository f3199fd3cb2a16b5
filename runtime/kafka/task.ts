/**
 * A task's hold on its partition: mailboxes filled by the group's fetch loop, and its own transactional
 * producer.
 */
import type * as KafkaJs from 'kafkajs'
import type { Output, TaskLog } from '../ports.ts'
import { sleep, Waiters } from './fetch.ts'
import { kafka_error } from './kafkajs.ts'
import { Mailbox } from './mailbox.ts'
import { TaskProducer } from './producer.ts'
import type { PartitionCount } from './send.ts'

const ACQUIRE_MS = 30_000
const ACQUIRE_PAUSE_MS = 50

/** What a task needs of its group. */
export interface TaskGround {
  readonly client: KafkaJs.Kafka
  readonly group: string
  readonly transactional: boolean
  readonly transactional_id: (partition: number) => string
  readonly partition_count: PartitionCount
  /** The fetch loop has something to do. */
  readonly wake: () => void
  /** Resolves while this process is a member of the group; rejects after max_ms without. */
  readonly member: (max_ms: number) => Promise<void>
  readonly committed: (partition: number, topics: readonly string[]) => Promise<ReadonlyMap<string, number>>
  readonly save: (partition: number, offsets: ReadonlyMap<string, number>) => Promise<void>
}

export class Task implements TaskLog {
  readonly group: string
  readonly partition: number
  readonly mailboxes: ReadonlyMap<string, Mailbox>
  readonly #ground: TaskGround
  readonly #revoked = new AbortController()
  #producer: TaskProducer | null = null
  #closed = false
  #news = false
  readonly #waiters = new Waiters()

  constructor(ground: TaskGround, partition: number, topics: readonly string[]) {
    this.#ground = ground
    this.group = ground.group
    this.partition = partition
    this.mailboxes = new Map(
      topics.map(topic => [topic, new Mailbox(topic, partition, () => this.#notice(), ground.wake)] as const),
    )
  }

  get signal(): AbortSignal {
    return this.#revoked.signal
  }

  reader(topic: string): Mailbox {
    const mailbox = this.mailboxes.get(topic)
    if (!mailbox) throw new Error(`${this.group}/${this.partition} does not read ${topic}`)
    return mailbox
  }

  async wait(max_ms: number): Promise<void> {
    if (!this.#news && !this.#failure()) await this.#waiters.wait(max_ms)
    this.#news = false
    const failure = this.#failure()
    if (failure) throw failure
  }

  async acquire(): Promise<void> {
    if (!this.#ground.transactional) throw new Error(`${this.group} has no transactions`)
    const deadline = Date.now() + ACQUIRE_MS
    void this.#producer?.drop()
    this.#producer = null
    for (;;) {
      this.#check_open()
      // Who lost the membership must not fence its successor: first the group has to know this process again.
      await this.#ground.member(deadline - Date.now())
      this.#check_open()
      const producer = new TaskProducer(this.#ground.client, this.#ground.transactional_id(this.partition))
      try {
        await producer.init(deadline - Date.now())
        this.#check_open()
        this.#producer = producer
        return
      } catch (error) {
        void producer.drop()
        const { name, type, retriable } = kafka_error(error)
        const passing =
          retriable !== false ||
          name === 'KafkaJSNumberOfRetriesExceeded' ||
          type === 'INVALID_PRODUCER_EPOCH'
        if (this.#closed || !passing || Date.now() + ACQUIRE_PAUSE_MS > deadline) throw error
        await sleep(ACQUIRE_PAUSE_MS)
      }
    }
  }

  async commit(outputs: readonly Output[]): Promise<{ readonly offsets: ReadonlyMap<string, number> }> {
    this.#check_open()
    if (!this.#producer) throw new Error(`${this.group}/${this.partition} has no producer: acquire first`)
    return { offsets: await this.#producer.commit(outputs, this.partition, this.#ground.partition_count) }
  }

  async committed(): Promise<ReadonlyMap<string, number>> {
    return this.#ground.committed(this.partition, [...this.mailboxes.keys()])
  }

  async save(offsets: ReadonlyMap<string, number>): Promise<void> {
    this.#check_open()
    for (const topic of offsets.keys()) this.reader(topic)
    await this.#ground.save(this.partition, offsets)
  }

  /** Asks the work to end; it may still commit. */
  revoke(): void {
    this.#revoked.abort()
    this.#notice()
  }

  /** The end: nothing is delivered or committed any more. */
  async close(): Promise<void> {
    this.#closed = true
    this.revoke()
    for (const mailbox of this.mailboxes.values()) mailbox.close()
    await this.#producer?.drop()
    this.#producer = null
  }

  #check_open(): void {
    if (this.#closed) throw new Error(`${this.group}/${this.partition} was revoked`)
  }

  #failure(): Error | null {
    for (const { failure } of this.mailboxes.values()) if (failure) return failure
    return null
  }

  #notice(): void {
    this.#news = true
    this.#waiters.wake()
  }
}
