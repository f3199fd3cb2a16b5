/**
 * The only door to kafkajs. Loads version 2.2.4 with parts replaced: a timer that re-arms itself with negative delays for ever, the
 * quadratic grouping of messages, needless round trips of transactions, the filter and the codecs of its own consumers, how record
 * batches are written, and the group's fetch and its decoding, so that records reach mailboxes where they lie in their batches, with
 * the positions and stable offsets that kafkajs keeps to itself.
 */
import type * as KafkaJs from 'kafkajs'
import type { Logger } from 'pino'
import { codecs } from './codecs.ts'
import { committed_messages } from './consumer-messages.ts'
import { decode_fetch_response, type FetchResponse } from './fetch-response.ts'
import { patch_encoder, patch_record_batches } from './kafkajs-encoding.ts'
import { replace, require } from './kafkajs-parts.ts'

const VERSION = '2.2.4'

interface PartitionOffset {
  readonly partition: number
  readonly offset: string
}
interface TopicOffsets {
  readonly topic: string
  readonly partitions: readonly PartitionOffset[]
}

interface FetchRequest {
  readonly maxWaitTime: number
  readonly minBytes: number
  readonly maxBytes: number
  readonly isolationLevel: 1
  readonly topics: {
    topic: string
    partitions: { partition: number; fetchOffset: string; maxBytes: number }[]
  }[]
}
interface ProtocolRequest {
  readonly request: { readonly apiVersion: number }
  readonly response: { decode(payload: Buffer): Promise<unknown>; parse(decoded: unknown): unknown }
}

/** What is used of kafkajs's internals; their shapes are those of 2.2.4. */
export interface Broker {
  fetch(request: FetchRequest): Promise<unknown>
  disconnect(): Promise<void>
  readonly connectionPool: {
    send(request: ProtocolRequest): Promise<unknown>
  }
  offsetCommit(request: {
    groupId: string
    groupGenerationId: number
    memberId: string
    topics: TopicOffsets[]
  }): Promise<unknown>
  offsetFetch(request: {
    groupId: string
    topics: { topic: string; partitions: { partition: number }[] }[]
  }): Promise<{ responses: TopicOffsets[] }>
  describeGroups(request: { groupIds: string[] }): Promise<{
    groups: { state: string; members: { memberId: string; memberMetadata: Buffer }[] }[]
  }>
  leaveGroup(request: { groupId: string; memberId: string }): Promise<unknown>
}
export interface Cluster {
  connect(): Promise<void>
  disconnect(): Promise<void>
  isConnected(): boolean
  refreshMetadata(): Promise<void>
  refreshMetadataIfNecessary(): Promise<void>
  addMultipleTargetTopics(topics: string[]): Promise<void>
  findTopicPartitionMetadata(topic: string): { partitionId: number; leader: number }[]
  findBroker(node: { nodeId: string | number }): Promise<Broker>
  findGroupCoordinator(group: { groupId: string }): Promise<Broker>
  removeBroker(address: { host: string; port: number }): void
  fetchTopicsOffset(
    topics: { topic: string; partitions: { partition: number }[]; fromBeginning: boolean }[],
  ): Promise<TopicOffsets[]>
}
export interface ConsumerGroup {
  readonly cluster: Cluster
  readonly coordinator: Broker
  readonly groupId: string
  readonly memberId: string
  readonly generationId: number
  /** When the last heartbeat succeeded (ms since epoch). */
  readonly lastRequest: number
  assigned(): { topic: string; partitions: number[] }[]
}

/** Takes over the joins and fetches of the consumer whose assigner carries it as `membership`. */
export interface Membership {
  joining(): void
  joined(group: ConsumerGroup): void
  /** One round on one broker; throws what kafkajs shall see. */
  fetch(group: ConsumerGroup, node_id: string): Promise<void>
}
export interface MembershipAssigner extends KafkaJs.Assigner {
  readonly membership: Membership
}

const load = () => {
  const { version } = require('kafkajs/package.json') as { version: string }
  if (version !== VERSION)
    throw new Error(
      `kafkajs ${version} is installed, but its replaced parts are those of ${VERSION}: install that version`,
    )
  // First: whoever is loaded after it takes its encoder from there.
  patch_encoder()
  replace('kafkajs/src/producer/groupMessagesPerPartition.js', group_messages)
  const queue = require('kafkajs/src/network/requestQueue/index.js') as { prototype: RequestQueue }
  queue.prototype.scheduleCheckPendingRequests = schedule_pending
  patch_consumer()
  patch_record_batches()
  patch_consumer_group()
  patch_transactions()
  return require('kafkajs') as typeof KafkaJs
}

interface Grouping {
  topic: string
  partitionMetadata: readonly unknown[]
  messages: readonly unknown[]
  partitioner: (args: { topic: string; partitionMetadata: readonly unknown[]; message: unknown }) => number
}
const group_messages = ({ topic, partitionMetadata, messages, partitioner }: Grouping) => {
  const grouped: Record<number, unknown[]> = {}
  if (partitionMetadata.length === 0) return grouped
  for (const message of messages) {
    const partition = partitioner({ topic, partitionMetadata, message })
    grouped[partition] ??= []
    grouped[partition].push(message)
  }
  return grouped
}

interface RequestQueue {
  readonly pending: readonly unknown[]
  readonly throttledUntil: number
  throttleCheckTimeoutId: NodeJS.Timeout | null
  checkPendingRequests(): void
  scheduleCheckPendingRequests(): void
}
const PENDING_CHECK_MS = 10
/** A timer only while something waits to be sent; an idle connection has none. */
function schedule_pending(this: RequestQueue): void {
  if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return
  const throttled_ms = this.throttledUntil - Date.now()
  this.throttleCheckTimeoutId = setTimeout(
    () => {
      this.throttleCheckTimeoutId = null
      this.checkPendingRequests()
    },
    throttled_ms > 0 ? throttled_ms : PENDING_CHECK_MS,
  )
}

/** What consumers of kafkajs itself get: committed messages, whatever their codec. */
const patch_consumer = (): void => {
  // Where someone has loaded kafkajs before, their consumers keep its filter.
  replace('kafkajs/src/consumer/filterAbortedMessages.js', committed_messages)
  const { Codecs } = require('kafkajs/src/protocol/message/compression/index.js') as {
    Codecs: Record<number, () => object>
  }
  for (const [number, { name, decompress }] of codecs)
    Codecs[number] = () => ({
      compress: async () => {
        throw new Error(`nothing is written as ${name}`)
      },
      decompress: (input: Buffer) => decompress(input),
    })
}

interface GroupInternals extends ConsumerGroup {
  readonly assigners: readonly Partial<MembershipAssigner>[]
  joinAndSync(): Promise<void>
  leave(): Promise<void>
  fetch(node_id: string): Promise<unknown[]>
}
const patch_consumer_group = (): void => {
  const { prototype } = require('kafkajs/src/consumer/consumerGroup.js') as { prototype: GroupInternals }
  const { joinAndSync: join_and_sync, fetch } = prototype
  prototype.joinAndSync = async function (this: GroupInternals) {
    const membership = this.assigners[0]?.membership
    membership?.joining()
    await join_and_sync.call(this)
    try {
      membership?.joined(this)
    } catch (error) {
      await this.leave()
      throw error
    }
  }
  prototype.fetch = async function (this: GroupInternals, node_id: string) {
    const membership = this.assigners[0]?.membership
    if (!membership) return fetch.call(this, node_id)
    await membership.fetch(this, node_id)
    return [] // kafkajs sends a heartbeat after every empty fetch, and has no offsets to keep
  }
}

interface TransactionBroker {
  addPartitionsToTxn(request: unknown): Promise<unknown>
}
interface CoordinatorLookup {
  findGroupCoordinator(args: { groupId: string; coordinatorType?: number }): Promise<unknown>
  findGroupCoordinatorMetadata(args: { groupId: string; coordinatorType?: number }): Promise<unknown>
  findBroker(node: { nodeId: string | number }): Promise<unknown>
}
const TRANSACTION_COORDINATOR = 1
const MARKERS_MS = 2_000
/**
 * kafkajs asks for the coordinator before each of a transaction's requests, and answers
 * CONCURRENT_TRANSACTIONS, which every transaction begun right after another meets until the markers are
 * written, by reading all metadata anew. A producer here is discarded at its first error, so that it may keep
 * its coordinator for life.
 */
const patch_transactions = (): void => {
  const broker = (require('kafkajs/src/broker/index.js') as { prototype: TransactionBroker }).prototype
  const { addPartitionsToTxn: add_partitions } = broker
  broker.addPartitionsToTxn = async function (this: TransactionBroker, request: unknown) {
    for (const deadline = Date.now() + MARKERS_MS; ; )
      try {
        return await add_partitions.call(this, request)
      } catch (error) {
        if (kafka_error(error).type !== 'CONCURRENT_TRANSACTIONS' || Date.now() > deadline) throw error
        await new Promise(resolve => setTimeout(resolve, 1))
      }
  }
  const cluster = (require('kafkajs/src/cluster/index.js') as { prototype: CoordinatorLookup }).prototype
  const { findGroupCoordinatorMetadata: find_metadata } = cluster
  cluster.findGroupCoordinatorMetadata = async function (this: CoordinatorLookup, args) {
    try {
      return await find_metadata.call(this, args)
    } catch (error) {
      // Thrown while no broker is connected, which passes; kafkajs would end the consumer for good.
      if (error instanceof Error && error.name === 'KafkaJSGroupCoordinatorNotFound')
        Object.assign(error, { retriable: true })
      throw error
    }
  }
  const { findGroupCoordinator: find_coordinator } = cluster
  const known = new WeakMap<CoordinatorLookup, Map<string, string | number>>()
  cluster.findGroupCoordinator = async function (this: CoordinatorLookup, args) {
    if (args.coordinatorType !== TRANSACTION_COORDINATOR) return find_coordinator.call(this, args)
    const nodes = known.get(this) ?? new Map<string, string | number>()
    known.set(this, nodes)
    const node = nodes.get(args.groupId)
    if (node !== undefined) return this.findBroker({ nodeId: node })
    const found = (await find_coordinator.call(this, args)) as { nodeId: string | number }
    nodes.set(args.groupId, found.nodeId)
    return found
  }
}

const kafkajs = load()
const errors = require('kafkajs/src/errors.js') as {
  KafkaJSError: new (message: string, options?: { retriable?: boolean }) => Error
  KafkaJSNonRetriableError: new (message: string) => Error
}

/** Makes the runner join the group again. */
export const rejoin_request = (): Error =>
  Object.assign(new errors.KafkaJSError('partitions were given up, joining again'), {
    type: 'REBALANCE_IN_PROGRESS',
  })
/** Makes the runner give up. */
export const stop_request = (): Error => new errors.KafkaJSNonRetriableError('the member is stopping')

/** Fields of kafkajs errors that are looked at. */
export interface KafkaError {
  readonly name: string
  readonly message: string
  readonly type?: string
  readonly retriable?: boolean
  readonly topic?: string
  readonly partition?: number
  readonly host?: string
  readonly port?: number
}
export const kafka_error = (error: unknown): KafkaError =>
  error instanceof Error ? (error as KafkaError) : { name: 'unknown', message: String(error) }

export interface KafkaOptions {
  readonly brokers: readonly string[]
  /** Begins every transactional id, and names this client to the broker. */
  readonly client_id: string
  /** Passed to kafkajs as they are. */
  readonly ssl?: KafkaJs.KafkaConfig['ssl']
  readonly sasl?: KafkaJs.KafkaConfig['sasl']
  /** Replication factor of topics that ensure() creates; default 1. */
  readonly replication?: number
  /** How long a member may be silent before the group gives its tasks away; default 10 s. */
  readonly session_ms?: number
  readonly logger: Pick<Logger, 'debug' | 'warn'> & Partial<Pick<Logger, 'error'>>
}

/**
 * A client; opens no connection yet. Of kafkajs's log only errors that it does not retry are warnings, the
 * rest is for debugging.
 */
export const kafka_client = (options: KafkaOptions): KafkaJs.Kafka =>
  new kafkajs.Kafka({
    brokers: [...options.brokers],
    clientId: options.client_id,
    ...(options.ssl === undefined ? {} : { ssl: options.ssl }),
    ...(options.sasl === undefined ? {} : { sasl: options.sasl }),
    connectionTimeout: 3_000,
    requestTimeout: 30_000,
    retry: { initialRetryTime: 50, maxRetryTime: 1_000, retries: 6 },
    logLevel: kafkajs.logLevel.INFO,
    logCreator: () => entry => {
      const { message, timestamp: _, logger: __, ...rest } = entry.log
      const retried = 'retryCount' in rest && 'retryTime' in rest
      // Every refused response is logged by the connection, also those that are the protocol's ordinary course.
      const passing = retried || entry.namespace === 'Connection'
      const level = entry.level === kafkajs.logLevel.ERROR && !passing ? 'warn' : 'debug'
      options.logger[level]({ kafkajs: entry.namespace, ...rest }, message)
    },
  })

/**
 * A read-committed connection pool of its own; a partition assigner is the one public place where kafkajs
 * hands it out.
 */
export const open_cluster = (client: KafkaJs.Kafka): Cluster => {
  let opened: Cluster | undefined
  client.consumer({
    groupId: 'unused',
    allowAutoTopicCreation: false,
    partitionAssigners: [
      ({ cluster }) => {
        opened = cluster as unknown as Cluster
        return {
          name: 'unused',
          version: 0,
          assign: async () => [],
          protocol: () => ({ name: 'unused', metadata: Buffer.alloc(0) }),
        }
      },
    ],
  })
  if (!opened) throw new Error('kafkajs gave no cluster')
  return opened
}

/** kafkajs's fetch, but for the decoding of what is answered. */
export const fetch_from = (broker: Broker, request: FetchRequest): Promise<FetchResponse> => {
  const send = (protocol: ProtocolRequest) =>
    broker.connectionPool.send({
      ...protocol,
      response: {
        ...protocol.response,
        decode: payload => decode_fetch_response(payload, protocol.request.apiVersion),
      },
    })
  const view = Object.create(broker, {
    connectionPool: { value: { send } },
    disconnect: { value: () => broker.disconnect() },
  }) as Broker
  return view.fetch(request) as Promise<FetchResponse>
}

export const { AssignerProtocol, ConfigResourceTypes } = kafkajs
