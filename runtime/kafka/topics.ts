/** Topics as the broker has them: created, counted, checked. */
import type * as KafkaJs from 'kafkajs'
import type { TopicSettings } from '../ports.ts'
import { access_refused } from './access.ts'
import { ConfigResourceTypes, kafka_error } from './kafkajs.ts'
import { within } from './send.ts'

const ASK_MS = 30_000
const COMPACTED = /compact/

export class Topics {
  readonly #admin: KafkaJs.Admin
  readonly #replication: number
  /** Partition counts do not change within a generation, so that those seen are kept. */
  readonly #known = new Map<string, number>()
  #connected: Promise<void> | null = null

  constructor(client: KafkaJs.Kafka, replication: number) {
    this.#admin = client.admin()
    this.#replication = replication
  }

  /** As Log.ensure. */
  async ensure(topics: readonly TopicSettings[]): Promise<void> {
    for (const { name, config } of topics)
      if (COMPACTED.test(config?.['cleanup.policy'] ?? ''))
        throw new Error(`topic ${name} must not be compacted: it is replayed`)
    const missing: TopicSettings[] = []
    for (const topic of topics) if ((await this.#look(topic.name)) === undefined) missing.push(topic)
    if (missing.length > 0) await this.#create(missing)
    for (const { name, partitions } of topics) {
      const found = await this.#look(name)
      if (found === undefined) throw new Error(`topic ${name} was not created`)
      if (found !== partitions)
        throw new Error(`topic ${name} has ${found} partitions, ${partitions} are needed`)
    }
    await this.#refuse_compacted(topics.map(({ name }) => name))
  }

  /** Partition count, or undefined where there is no such topic. */
  async count(name: string): Promise<number | undefined> {
    return this.#known.get(name) ?? (await this.#look(name))
  }

  /** null when the cluster answers, else why not. */
  async health(): Promise<string | null> {
    try {
      const { brokers } = await this.#ask(() => this.#admin.describeCluster(), 5_000)
      return brokers.length > 0 ? null : 'Kafka has no broker'
    } catch (error) {
      return `Kafka is not reachable: ${kafka_error(error).message}`
    }
  }

  async close(): Promise<void> {
    await this.#admin.disconnect()
  }

  async #look(name: string): Promise<number | undefined> {
    try {
      const { topics } = await this.#ask(() => this.#admin.fetchTopicMetadata({ topics: [name] }), ASK_MS)
      const partitions = topics.find(topic => topic.name === name)?.partitions.length
      if (partitions !== undefined) this.#known.set(name, partitions)
      return partitions
    } catch (error) {
      if (kafka_error(error).type === 'UNKNOWN_TOPIC_OR_PARTITION') return undefined
      throw error
    }
  }

  async #create(topics: readonly TopicSettings[]): Promise<void> {
    const wanted = topics.map(({ name, partitions, config }) => ({
      topic: name,
      numPartitions: partitions,
      replicationFactor: this.#replication,
      configEntries: Object.entries(config ?? {}).map(([key, value]) => ({ name: key, value })),
    }))
    // false: another process was faster, which is as well; the counts are checked afterwards.
    await this.#ask(() => this.#admin.createTopics({ topics: wanted, waitForLeaders: true }), ASK_MS)
  }

  async #refuse_compacted(names: readonly string[]): Promise<void> {
    if (names.length === 0) return
    const resources = names.map(name => ({
      type: ConfigResourceTypes.TOPIC,
      name,
      configNames: ['cleanup.policy'],
    }))
    const described = await this.#ask(
      () => this.#admin.describeConfigs({ resources, includeSynonyms: false }),
      ASK_MS,
    )
    for (const { resourceName, configEntries } of described.resources)
      for (const { configName, configValue } of configEntries)
        if (configName === 'cleanup.policy' && COMPACTED.test(configValue))
          throw new Error(
            `topic ${resourceName} is compacted (${configValue}): set cleanup.policy=delete, it is replayed`,
          )
  }

  async #ask<T>(question: () => Promise<T>, max_ms: number): Promise<T> {
    this.#connected ??= this.#admin.connect()
    try {
      await within(this.#connected, max_ms, 'Kafka')
    } catch (error) {
      this.#connected = null
      throw access_refused(error) ?? error
    }
    return within(question(), max_ms, 'Kafka').catch((error: unknown) => {
      throw access_refused(error) ?? error
    })
  }
}
