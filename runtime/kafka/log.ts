/** The Log port on Kafka: one client per process, its parts opened when they are first used. */
import type { Group, Log, TaskLog } from '../ports.ts'
import { Appender } from './appender.ts'
import { Member } from './group.ts'
import { type KafkaOptions, kafka_client, open_cluster } from './kafkajs.ts'
import { Tails } from './tails.ts'
import { Topics } from './topics.ts'

/** Partition counts of the group's topics; throws naming a topic that is missing or too wide. */
const group_counts = async (topics: Topics, group: Group): Promise<Map<string, number>> => {
  const counts = new Map<string, number>()
  for (const topic of group.topics) {
    const count = await topics.count(topic)
    if (count === undefined) throw new Error(`group ${group.name} reads ${topic}, which does not exist`)
    if (count > group.partitions)
      throw new Error(`group ${group.name} has ${group.partitions} partitions, but ${topic} has ${count}`)
    counts.set(topic, count)
  }
  return counts
}

/**
 * Opens nothing yet: the first call connects. Errors of every call say what is missing; calls have deadlines.
 * @param options brokers, security and names; see KafkaOptions
 */
export const kafka_log = (options: KafkaOptions): Log => {
  const client = kafka_client(options)
  const topics = new Topics(client, options.replication ?? 1)
  const partition_count = (topic: string) => topics.count(topic)
  const appender = new Appender(client, partition_count)
  const tails = new Tails(open_cluster(client), open_cluster(client))
  const closing = new AbortController()
  const running = new Set<Promise<void>>()

  const run = async (
    group: Group,
    work: (task: TaskLog) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> => {
    if (closing.signal.aborted) throw new Error('the log is closed')
    const counts = await group_counts(topics, group)
    const member = new Member(client, options, group, counts, partition_count, work)
    const ended = member.run(AbortSignal.any([signal, closing.signal]))
    running.add(ended)
    try {
      await ended
    } finally {
      running.delete(ended)
    }
  }

  return {
    ensure: settings => topics.ensure(settings),
    partitions: topic => topics.count(topic),
    run,
    append: outputs => appender.append(outputs),
    tail: (topic, partition, from, signal) => tails.tail(topic, partition, from, signal),
    bounds: (topic, partition) => tails.bounds(topic, partition),
    health: () => topics.health(),
    close: async () => {
      closing.abort()
      await Promise.allSettled(running)
      await Promise.all([appender.close(), tails.close(), topics.close()])
    },
  }
}
