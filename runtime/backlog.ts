/**
 * How much of what stands in the log now is still to be processed: the newest record of each partition beside
 * the newest batch-log range that covers it, for given topics and then for what follows from them in internal
 * topics. Reads the log only, so that it works beside processes that share the tasks.
 */
import { batch_log_topic } from '../schemas/topics.ts'
import { type App, describe_pipeline, key_groups, staged_topics } from './app.ts'
import { read_batch } from './batch-log.ts'
import type { Log } from './ports.ts'
import { newest, type Place, scan } from './scan.ts'

export interface Backlog {
  /** Records still to be processed, about; 0 only when there are none. Records appended since the first look do not count. */
  left(): Promise<number>
}

/** A topic and the key group that judges its records. */
export interface Judged {
  readonly topic: string
  readonly group: string
}

/** One partition on its way from where its batch log stands to where the topic stood at the first look. */
interface Stretch {
  readonly topic: string
  readonly batch_log: Place
  /** Offset behind the newest record. */
  readonly goal: number
  done: number
  /** Batch-log records below it have been read. */
  position: number
}

/** Follows what of `topics` stands in the log at the first look, and what follows from it. */
export const open_backlog = ({ app, log }: { app: App; log: Log }, topics: readonly string[]): Backlog => {
  const stages = stages_of(app, topics)
  let stage = 0
  let stretches: readonly Stretch[] | null = null
  const look = async (): Promise<number> => {
    for (; stage < stages.length; stage++, stretches = null) {
      // Outputs are committed with the batch that made them: a stage that is through has written all it will.
      stretches ??= (await Promise.all((stages[stage] ?? []).map(judged => measure(log, judged)))).flat()
      const left = await Promise.all(stretches.map(stretch => advance(log, stretch)))
      const sum = left.reduce((total, n) => total + n, 0)
      if (sum > 0) return sum
    }
    return 0
  }
  let looking: Promise<number> | null = null
  return {
    left: () => {
      looking ??= look().finally(() => {
        looking = null
      })
      return looking
    },
  }
}

/**
 * The topics with the groups that judge them, then what our own pipelines read of what follows from them, and so on: no
 * chain is longer than there are pipelines.
 */
export const stages_of = (app: App, topics: readonly string[]): Judged[][] => {
  const groups = key_groups(app)
  const flows = app.pipelines.map(describe_pipeline)
  const staged = staged_topics(app)
  const stages: Judged[][] = []
  for (let names = [...topics]; names.length > 0 && stages.length <= app.pipelines.length; ) {
    const judged = (topic: string) =>
      groups.flatMap(({ name, inputs }) => (inputs.includes(topic) ? [{ topic, group: name }] : []))
    stages.push(names.flatMap(judged))
    const reading = flows.filter(({ reads }) => names.some(topic => reads.has(topic)))
    names = [...new Set(reading.flatMap(({ writes }) => [...writes]))].filter(topic => staged.has(topic))
  }
  return stages
}

const measure = async (log: Log, { topic, group }: Judged): Promise<Stretch[]> => {
  const partitions = (await log.partitions(topic)) ?? 0
  const stretches = Array.from({ length: partitions }, async (_, partition): Promise<Stretch[]> => {
    const last = await newest(log, { topic, partition }, record => record.offset)
    if (last === null) return []
    const batch_log = { topic: batch_log_topic(group), partition }
    const { end } = await log.bounds(batch_log.topic, partition)
    const done = (await newest(log, batch_log, ({ value }) => end_of_range(value, topic))) ?? 0
    return [{ topic, batch_log, goal: last + 1, done, position: end }]
  })
  return (await Promise.all(stretches)).flat()
}

const advance = async (log: Log, stretch: Stretch): Promise<number> => {
  if (stretch.done < stretch.goal)
    stretch.position = await scan(log, stretch.batch_log, stretch.position, ({ value }) => {
      stretch.done = end_of_range(value, stretch.topic) ?? stretch.done
    })
  return Math.max(0, stretch.goal - stretch.done)
}

/** Offset behind the last record of a topic in one batch, or null where the batch holds none of it. */
const end_of_range = (value: Buffer | null, topic: string): number | null =>
  value ? (read_batch(value).ranges.find(range => range.topic === topic)?.to ?? null) : null
