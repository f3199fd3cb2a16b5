/**
 * This process's membership in one group: joins through kafkajs, fetches into the tasks' mailboxes, starts
 * and drains tasks as partitions come and go. Positions live in the mailboxes, so a task that keeps its
 * partition does not notice a rebalance at all.
 */
import type * as KafkaJs from 'kafkajs'
import { type Group, type TaskLog, TaskRefused } from '../ports.ts'
import { access_refused } from './access.ts'
import { member_assigner } from './assigner.ts'
import { fetch_once, Pace, recover_fetch, sleep, Waiters } from './fetch.ts'
import {
  type ConsumerGroup,
  type KafkaOptions,
  kafka_error,
  type Membership,
  open_cluster,
  rejoin_request,
  stop_request,
} from './kafkajs.ts'
import type { Mailbox } from './mailbox.ts'
import { dead_members, remove_members, this_process } from './predecessors.ts'
import { type PartitionCount, within } from './send.ts'
import { Task, type TaskGround } from './task.ts'
import { Watchdog } from './watchdog.ts'

const SESSION_MS = 10_000
/** A short session is for quick take-overs: a live member still gets a few seconds to notice a rebalance. */
const REBALANCE_MIN_MS = 5_000
const HEARTBEAT_MIN_MS = 200
/**
 * Who decides nothing gathers what comes for so long: a fetch asks for every partition, and costs the same for one record as for a
 * thousand.
 */
const GATHER_MS = 100
/** How long a revoked task may take to end, and a member to leave. */
const DRAIN_MS = 20_000
const OFFSETS_MS = 15_000
const RETRY_MS = 100
const CONNECT_PAUSE_MS = 5_000
const ASK_MS = 3_000

/** kafkajs's timeouts of a member; a revoked task ends beside the rebalance, which does not wait for it. */
export const timeouts = (session_ms: number) => ({
  sessionTimeout: session_ms,
  heartbeatInterval: Math.max(HEARTBEAT_MIN_MS, Math.floor(session_ms / 10)),
  rebalanceTimeout: Math.max(REBALANCE_MIN_MS, 2 * session_ms),
})

type Work = (task: TaskLog) => Promise<void>

export class Member implements Membership {
  readonly #group: Group
  readonly #options: KafkaOptions
  readonly #work: Work
  readonly #counts: ReadonlyMap<string, number>
  readonly #session_ms: number
  readonly #consumer: KafkaJs.Consumer
  readonly #ground: TaskGround
  readonly #tasks = new Map<number, Task>()
  readonly #draining = new Map<number, Promise<void>>()
  readonly #works = new Map<Task, Promise<void>>()
  /** For this process's life: what it runs does not change. */
  readonly #refused = new Set<number>()
  #stranded = ''
  #assigned = new Set<number>()
  #consumer_group: ConsumerGroup | null = null
  #heard_at = 0
  #rejoin = false
  /** Tasks end and none begins; heartbeats go on until they have ended. */
  #leaving = false
  #stopping = false
  readonly #idle = new Waiters()
  readonly #pace: Pace
  #end: (failure: unknown) => void = () => {}
  /** Joins, fetches and restarts follow each other for ever; a client that hangs is ended, and started again. */
  readonly #watchdog = new Watchdog(silent_ms =>
    this.#end(new Error(`the member of ${this.#group.name} has stood still for ${silent_ms} ms`)),
  )

  /** @param counts partition count of each of the group's topics */
  constructor(
    client: KafkaJs.Kafka,
    options: KafkaOptions,
    group: Group,
    counts: ReadonlyMap<string, number>,
    partition_count: PartitionCount,
    work: Work,
  ) {
    this.#group = group
    this.#options = options
    this.#session_ms = options.session_ms ?? SESSION_MS
    this.#pace = new Pace(timeouts(this.#session_ms).heartbeatInterval)
    this.#counts = counts
    this.#work = work
    this.#ground = {
      client,
      group: group.name,
      transactional: group.transactional,
      transactional_id: partition => `${options.client_id}.${group.name}.${partition}`,
      partition_count,
      wake: () => {
        this.#pace.moved()
        this.#idle.wake()
      },
      member: max_ms => this.#confirmed(max_ms),
      committed: (partition, topics) => this.#committed(partition, topics),
      save: (partition, offsets) => this.#save(partition, offsets),
    }
    const claim = () => ({
      generation: this.#consumer_group?.generationId ?? -1,
      holds: [...this.#tasks.keys()],
      refuses: [...this.#refused],
      process: this_process,
    })
    const stranded = (partitions: readonly number[]) => this.#tell_stranded(partitions)
    const assigner = member_assigner(counts, group.partitions, this, claim, stranded)
    this.#consumer = client.consumer({
      groupId: group.name,
      partitionAssigners: [() => assigner],
      ...timeouts(this.#session_ms),
      allowAutoTopicCreation: false,
      retry: {
        initialRetryTime: RETRY_MS,
        maxRetryTime: 2_000,
        retries: 8,
        restartOnFailure: async () => !this.#stopping,
      },
    })
  }

  /**
   * Resolves when the signal has aborted and every task has ended; rejects with the first failure, after the
   * same.
   */
  async run(signal: AbortSignal): Promise<void> {
    const ended = new Promise<unknown>(resolve => {
      this.#end = resolve
    })
    const abort = () => this.#end(null)
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
    // kafkajs restarts itself after errors that may pass; tasks keep what they have until the next
    // assignment.
    this.#consumer.on(this.#consumer.events.CRASH, ({ payload }) => {
      this.#watchdog.alive()
      if (!payload.restart) this.#end(payload.error)
    })
    let failure: unknown = null
    try {
      await this.#connect(signal)
      const follow = await this.#predecessors()
      this.#watchdog.start()
      this.#consumer
        .run({ autoCommit: false, eachBatch: async () => {} })
        .catch((error: unknown) => this.#end(error))
      void follow()
      failure = await ended
    } catch (error) {
      failure = error
    }
    signal.removeEventListener('abort', abort)
    this.#watchdog.stop()
    this.#leaving = true
    for (const partition of [...this.#tasks.keys()]) this.#revoke(partition)
    await Promise.all(this.#draining.values())
    this.#stopping = true
    await within(this.#consumer.disconnect(), DRAIN_MS, `leaving ${this.#group.name}`).catch(
      (error: unknown) =>
        this.#options.logger.warn(
          { group: this.#group.name, error: String(error) },
          'could not leave the group',
        ),
    )
    if (failure !== null) throw failure
  }

  /** A broker may be away at this very moment: tries until it is back, for as long as the signal allows. */
  async #connect(signal: AbortSignal): Promise<void> {
    for (let pause_ms = RETRY_MS; !signal.aborted; pause_ms = Math.min(pause_ms * 2, CONNECT_PAUSE_MS))
      try {
        await this.#consumer.connect()
        return await this.#consumer.subscribe({ topics: [...this.#group.topics], fromBeginning: true })
      } catch (error) {
        const refused = access_refused(error)
        if (refused) throw refused
        this.#options.logger.warn(
          { group: this.#group.name, error: kafka_error(error).message },
          'the group cannot be joined yet',
        )
        await sleep(pause_ms)
      }
  }

  /** Who died here before: to be told to the group when this member has begun to join it. A session ends by itself, too. */
  async #predecessors(): Promise<() => Promise<void>> {
    const { name } = this.#group
    const cluster = open_cluster(this.#ground.client)
    const quietly = async <T>(what: Promise<T>, max_ms = ASK_MS): Promise<T | null> => {
      try {
        return await within(what, max_ms, `dead members of ${name}`)
      } catch (error) {
        this.#options.logger.debug(
          { group: name, error: String(error) },
          'dead members are left to their sessions',
        )
        return null
      }
    }
    const dead = await quietly(cluster.connect().then(() => dead_members(cluster, name)))
    return async () => {
      if (dead?.length) {
        this.#options.logger.debug({ group: name, dead }, 'members whose processes have died are taken out')
        await quietly(remove_members(cluster, name, dead), this.#session_ms)
      }
      await quietly(cluster.disconnect())
    }
  }

  joining(): void {
    this.#watchdog.alive()
    if (this.#stopping) throw stop_request()
    this.#rejoin = false
  }

  joined(group: ConsumerGroup): void {
    if (this.#stopping) throw stop_request()
    this.#consumer_group = group
    this.#watchdog.alive()
    this.#heard_at = Date.now()
    this.#pace.moved()
    this.#assigned = new Set(group.assigned().flatMap(({ partitions }) => partitions))
    this.#options.logger.debug({ group: this.#group.name, partitions: [...this.#assigned] }, 'assigned')
    for (const partition of this.#tasks.keys())
      if (!this.#assigned.has(partition) && !this.#draining.has(partition)) this.#revoke(partition)
    if (this.#leaving) return
    for (const partition of this.#assigned)
      if (!this.#tasks.has(partition) && !this.#refused.has(partition)) this.#start(partition)
  }

  async fetch(group: ConsumerGroup, node_id: string): Promise<void> {
    this.#watchdog.alive()
    if (this.#rejoin) throw rejoin_request()
    try {
      // Idle until a mailbox wants something; no longer than a fetch would take, so that heartbeats go on.
      const moves = this.#pace.moves
      const asked = await fetch_once(group.cluster, node_id, this.#mailboxes(), this.#pace)
      if (!asked) await this.#idle.wait(this.#pace.wait_ms)
      else if (!this.#group.transactional && this.#pace.moves > moves) await sleep(GATHER_MS)
    } catch (error) {
      await recover_fetch(group.cluster, error)
    }
    if (this.#rejoin) throw rejoin_request()
  }

  *#mailboxes(): Iterable<Mailbox> {
    for (const task of this.#tasks.values()) yield* task.mailboxes.values()
  }

  #start(partition: number): void {
    const topics = this.#group.topics.filter(topic => partition < (this.#counts.get(topic) ?? 0))
    const task = new Task(this.#ground, partition, topics)
    this.#tasks.set(partition, task)
    const work = Promise.resolve()
      .then(() => this.#work(task))
      .catch((error: unknown) => {
        if (error instanceof TaskRefused) this.#refuse(partition, error)
        else this.#end(error)
      })
    this.#works.set(task, work)
  }

  /** Given up for good; another member gets it at the next join. */
  #refuse(partition: number, { message: reason }: TaskRefused): void {
    this.#refused.add(partition)
    this.#options.logger.warn(
      { group: this.#group.name, partition, reason },
      'this process must not work the partition and leaves it to others',
    )
    this.#revoke(partition)
  }

  /** Once for each set of partitions: a group joins often. */
  #tell_stranded(partitions: readonly number[]): void {
    const stranded = partitions.join()
    const { logger } = this.#options
    if (stranded !== this.#stranded && stranded !== '') {
      const what = { group: this.#group.name, partitions }
      const text = 'every process of the group refuses these partitions: nobody works them'
      if (logger.error) logger.error(what, text)
      else logger.warn(what, text)
    }
    this.#stranded = stranded
  }

  #revoke(partition: number): void {
    const task = this.#tasks.get(partition)
    if (!task || this.#draining.has(partition)) return
    const drain = async (): Promise<void> => {
      task.revoke()
      const work = this.#works.get(task) ?? Promise.resolve()
      await within(work, DRAIN_MS, `${this.#group.name}/${partition}`).catch((error: unknown) =>
        this.#options.logger.warn(
          { error: String(error) },
          'a revoked task does not end: its producer is taken away',
        ),
      )
      await task.close()
      this.#works.delete(task)
      this.#tasks.delete(partition)
      this.#draining.delete(partition)
      if (this.#leaving || this.#draining.size > 0) return
      // The group decided while these were held; now it may give them to others, or back.
      this.#rejoin = true
      this.#idle.wake()
    }
    this.#draining.set(partition, drain())
  }

  async #confirmed(max_ms: number): Promise<void> {
    const deadline = Date.now() + max_ms
    while (Date.now() - Math.max(this.#heard_at, this.#consumer_group?.lastRequest ?? 0) > this.#session_ms) {
      if (Date.now() > deadline) throw new Error(`not a member of ${this.#group.name} at present`)
      await sleep(RETRY_MS)
    }
  }

  async #committed(partition: number, topics: readonly string[]): Promise<Map<string, number>> {
    const responses = await this.#with_coordinator(async group => {
      const wanted = topics.map(topic => ({ topic, partitions: [{ partition }] }))
      return (await group.coordinator.offsetFetch({ groupId: group.groupId, topics: wanted })).responses
    })
    const offsets = responses.map(
      ({ topic, partitions }) => [topic, Number(partitions[0]?.offset ?? -1)] as const,
    )
    return new Map(offsets.filter(([, offset]) => offset >= 0))
  }

  async #save(partition: number, offsets: ReadonlyMap<string, number>): Promise<void> {
    const topics = [...offsets].map(([topic, offset]) => ({
      topic,
      partitions: [{ partition, offset: `${offset}` }],
    }))
    await this.#with_coordinator(group =>
      group.coordinator.offsetCommit({
        groupId: group.groupId,
        groupGenerationId: group.generationId,
        memberId: group.memberId,
        topics,
      }),
    )
  }

  /** Tries again through rebalances and lost connections; a member that the group has forgotten fails. */
  async #with_coordinator<T>(ask: (group: ConsumerGroup) => Promise<T>): Promise<T> {
    const deadline = Date.now() + OFFSETS_MS
    for (;;) {
      const group = this.#consumer_group
      if (!group) throw new Error(`not a member of ${this.#group.name} yet`)
      try {
        return await within(ask(group), OFFSETS_MS, `coordinator of ${this.#group.name}`)
      } catch (error) {
        const { type, retriable } = kafka_error(error)
        const passing =
          retriable === true || type === 'REBALANCE_IN_PROGRESS' || type === 'ILLEGAL_GENERATION'
        if (!passing || Date.now() + RETRY_MS > deadline) throw error
        await sleep(RETRY_MS)
      }
    }
  }
}
