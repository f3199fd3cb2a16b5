/** What a replay runs: the pipelines that come to some topics, with all they read, group by group in the order of the stages. */
import type { Pipeline } from '../operators/core/keyed.ts'
import { type App, describe_pipeline, type KeyGroup, key_groups, writers_of } from './app.ts'

export interface ReplayGroup {
  /** All inputs, as the task has them, since they move its time; of the pipelines only those that count. */
  readonly group: KeyGroup
  /** All of the group's pipelines. */
  readonly whole: KeyGroup
  /** Tasks that write each staged input. */
  readonly writers: ReadonlyMap<string, number>
}

/** The key groups to replay for `topics`, those first whose rows others read. Throws Error for a topic that nobody writes. */
export const replay_groups = (app: App, topics: readonly string[]): readonly ReplayGroup[] => {
  const wanted = pipelines_making(app, topics)
  const groups = key_groups(app)
    .filter(group => group.pipelines.some(pipeline => wanted.has(pipeline)))
    .map(whole => {
      const writers = writers_of(app, whole)
      const pipelines = whole.pipelines.filter(one => wanted.has(one) || tells_time(app, one, writers))
      return { whole, writers, group: { ...whole, pipelines } }
    })
  const ordered: ReplayGroup[] = []
  const made = (topic: string) => ordered.some(({ whole }) => writes(whole, topic))
  while (ordered.length < groups.length) {
    const ready = groups.find(
      one =>
        !ordered.includes(one) &&
        [...one.writers.keys()].every(
          topic => made(topic) || !groups.some(({ whole }) => writes(whole, topic)),
        ),
    )
    if (!ready) throw new Error('key groups read each other in a circle')
    ordered.push(ready)
  }
  return ordered
}

const writes = ({ pipelines }: KeyGroup, topic: string): boolean =>
  pipelines.some(pipeline => describe_pipeline(pipeline).writes.has(topic))

const pipelines_making = (app: App, topics: readonly string[]): ReadonlySet<Pipeline> => {
  const found = new Set<Pipeline>()
  const open = [...topics]
  for (let topic = open.pop(); topic !== undefined; topic = open.pop()) {
    const makers = app.pipelines.filter(pipeline => describe_pipeline(pipeline).writes.has(topic))
    if (makers.length === 0 && topics.includes(topic)) throw new Error(`no pipeline writes ${topic}`)
    for (const maker of makers) {
      if (found.has(maker)) continue
      found.add(maker)
      open.push(...describe_pipeline(maker).reads.keys())
    }
  }
  return found
}

/** Where other tasks write, an emitter's input moves time only if somebody reads it: that must be as it was. */
const tells_time = (app: App, pipeline: Pipeline, writers: ReadonlyMap<string, number>): boolean =>
  writers.size > 0 &&
  [...describe_pipeline(pipeline).reads.keys()].some(topic => app.topics[topic]?.role === 'input')
