/**
 * Records of the topics the page follows, as they are committed: one tail per partition for all readers, open while
 * there is one. A log that is away is tried again; what was committed before anybody looked is not shown.
 */
import { body_reader } from '../../runtime/bodies.ts'
import { tenant_of } from '../../runtime/keys.ts'
import type { LogRecord } from '../../runtime/ports.ts'
import type { ServerDeps } from '../server-deps.ts'

export const followed_topics = ['ledger', 'lead_scores', 'prices', 'alerts'] as const
export type FollowedTopic = (typeof followed_topics)[number]
export type See = (topic: FollowedTopic, row: Readonly<Record<string, unknown>>) => void

export interface SharedTails {
  /** Calls `see` with the tenant's rows, until the function returned is called. */
  follow(tenant: string, see: See): () => void
}

const RETRY_MS = 1000

type Deps = Pick<ServerDeps, 'log' | 'registry' | 'clock' | 'logger'>

export const shared_tails = (deps: Deps): SharedTails => {
  const readers = new Map<string, Set<See>>()
  const read = body_reader(deps.registry)
  let stop: AbortController | null = null

  const show = async (topic: FollowedTopic, { key, value }: LogRecord): Promise<void> => {
    if (!key || !value) return
    const seers = readers.get(tenant_of(key.toString()))
    if (!seers) return
    const row = await read(value)
    for (const see of [...seers]) see(topic, row)
  }
  const start = (): void => {
    stop = new AbortController()
    for (const topic of followed_topics) void follow_topic(deps, topic, show, stop.signal)
  }
  return {
    follow: (tenant, see) => {
      const seers = readers.get(tenant) ?? new Set()
      readers.set(tenant, seers.add(see))
      if (!stop) start()
      return () => {
        seers.delete(see)
        if (seers.size === 0 && readers.get(tenant) === seers) readers.delete(tenant)
        if (readers.size > 0) return
        stop?.abort()
        stop = null
      }
    },
  }
}

type Show = (topic: FollowedTopic, record: LogRecord) => Promise<void>

const follow_topic = async (
  deps: Deps,
  topic: FollowedTopic,
  show: Show,
  signal: AbortSignal,
): Promise<void> => {
  const { log } = deps
  let partitions = 0
  await patiently(deps, topic, signal, async () => {
    partitions = (await log.partitions(topic)) ?? 0
    if (partitions === 0) throw new Error(`there is no topic ${topic} yet`)
  })
  for (let partition = 0; partition < partitions; partition++)
    void follow_partition(deps, topic, partition, show, signal)
}

const follow_partition = async (
  deps: Deps,
  topic: FollowedTopic,
  partition: number,
  show: Show,
  signal: AbortSignal,
): Promise<void> => {
  const { log, logger } = deps
  let from: number | null = null
  await patiently(deps, topic, signal, async () => {
    try {
      from ??= (await log.bounds(topic, partition)).end
      for await (const { records, position } of log.tail(topic, partition, from, signal)) {
        for (const record of records) {
          if (signal.aborted) return
          await show(topic, record).catch(error =>
            logger.warn({ err: error, topic, partition, offset: record.offset }, 'a row could not be read'),
          )
          from = record.offset + 1
        }
        from = Math.max(from ?? 0, position)
      }
    } catch (error) {
      if ((error as Error).name === 'OffsetOutOfRange') from = null
      throw error
    }
  })
}

/** Until it succeeds or the signal aborts; says so once. */
const patiently = async (
  { clock, logger }: Deps,
  topic: FollowedTopic,
  signal: AbortSignal,
  work: () => Promise<void>,
): Promise<void> => {
  for (let told = false; !signal.aborted; ) {
    try {
      await work()
      return
    } catch (error) {
      if (signal.aborted) return
      if (!told) logger.warn({ err: error, topic }, 'a topic cannot be followed; it is tried again')
      told = true
      await clock.sleep(RETRY_MS, signal)
    }
  }
}
