/** What one installation runs: topics and pipelines, and the key groups that follow from them. */

import { readFileSync } from 'node:fs'
import { type Graph, type Pipeline, wire } from '../operators/core/keyed.ts'
import { pipelines } from '../pipelines/index.ts'
import { definitions } from '../schemas/definitions.ts'
import { batch_log_topic, rekeyed_topic, type TopicSpec, topics } from '../schemas/topics.ts'
import { Feed } from './feed.ts'
import type { TopicSettings } from './ports.ts'

export interface App {
  readonly name: string
  readonly topics: Readonly<Record<string, TopicSpec>>
  readonly pipelines: readonly Pipeline[]
  /** Avro schema by name, as in schemas/. */
  readonly schemas: Readonly<Record<string, object>>
  /** Partitions of every topic that does not say otherwise. Fixed for a generation. */
  readonly partitions: number
  /** Names of operators there are or were (operators/names.lock): others are those of newer code. */
  readonly operators_ever?: ReadonlySet<string>
}

export interface KeyGroup {
  readonly name: string
  readonly partitions: number
  /** Inputs in topic order: all input topics keyed so, and what our own tasks write for the group's pipelines. */
  readonly inputs: readonly string[]
  readonly pipelines: readonly Pipeline[]
}

export const tributary = (partitions: number): App => ({
  name: 'tributary',
  topics: with_returns(topics),
  pipelines,
  schemas: definitions,
  partitions,
  operators_ever: operators_ever(),
})

const operators_ever = (): ReadonlySet<string> => {
  const lines = readFileSync(new URL('../operators/names.lock', import.meta.url), 'utf8').split('\n')
  return new Set(
    lines.flatMap(line => (line === '' || line.startsWith('#') ? [] : [line.split(' ')[0] as string])),
  )
}

/** The topics, and behind them for each input whose partitions are checked the one where its records come in again. */
export const with_returns = (declared: App['topics']): App['topics'] => {
  const returns = Object.entries(declared).flatMap(([name, { table: _, ...spec }]) =>
    spec.role === 'input' && spec.partitioner === 'murmur2' && spec.keyed_by !== 'catalog'
      ? [[rekeyed_topic(name), { ...spec, dedupe: driven_once(spec), of: name }] as const]
      : [],
  )
  return { ...declared, ...Object.fromEntries(returns) }
}

/** How long a dead letter driven again is remembered: somebody may say it once more years later. */
const driven_once = ({ dedupe }: TopicSpec): TopicSpec['dedupe'] => (dedupe === 'none' ? 'none' : 'for_ever')

/** The topic as pipelines, ids and tables know it. */
export const declared_topic = (app: App, topic: string): string => app.topics[topic]?.of ?? topic

/** Topics that emitters may write. */
export const emitted_topics = (app: App): string[] =>
  Object.entries(app.topics).flatMap(([topic, { role, of }]) => (role === 'input' && !of ? [topic] : []))

/** What follows from a pipeline or an app alone is worked out once: every recovery asks for it. */
const once = <K extends object, V>(work: (of: K) => V): ((of: K) => V) => {
  const known = new WeakMap<K, V>()
  return of => {
    let value = known.get(of)
    if (value === undefined) {
      value = work(of)
      known.set(of, value)
    }
    return value
  }
}

interface Described {
  readonly reads: ReadonlyMap<string, ReadonlySet<string>>
  readonly writes: ReadonlySet<string>
}

/** Topics a pipeline reads (with the fields it projects) and writes, found by building it once. */
export const describe_pipeline = once((pipeline: Pipeline): Described => {
  const reads = new Map<string, Set<string>>()
  const writes = new Set<string>()
  wire(pipeline, tracing_graph(reads, writes))
  return { reads, writes }
})

export const partitions_of = (app: App, topic: string): number =>
  app.topics[topic]?.partitions ?? app.partitions

export const key_groups = once((app: App): readonly KeyGroup[] => {
  const names = new Set<string>()
  for (const spec of Object.values(app.topics)) if (spec.role === 'input') names.add(spec.keyed_by)
  for (const pipeline of app.pipelines) names.add(pipeline.keyed_by)
  return [...names].map(name => {
    const members = app.pipelines.filter(pipeline => pipeline.keyed_by === name)
    const read = new Set(members.flatMap(pipeline => [...describe_pipeline(pipeline).reads.keys()]))
    const inputs = Object.entries(app.topics)
      .filter(([topic, spec]) => spec.keyed_by === name && (spec.role === 'input' || read.has(topic)))
      .map(([topic]) => topic)
    for (const topic of read)
      if (!inputs.includes(topic))
        throw new Error(
          `a pipeline keyed by ${name} reads ${topic}, which is keyed by ${app.topics[topic]?.keyed_by}`,
        )
    const partitions = Math.max(...inputs.map(topic => partitions_of(app, topic)))
    return { name, partitions, inputs, pipelines: members }
  })
})

/** Topics that our own tasks write and our own pipelines read: their records say whose they are and at what stream time. */
export const staged_topics = once(
  (app: App): ReadonlySet<string> =>
    new Set(
      app.pipelines
        .flatMap(pipeline => [...describe_pipeline(pipeline).reads.keys()])
        .filter(topic => app.topics[topic]?.role !== 'input'),
    ),
)

/** What other groups read of this one's outputs: its stream time is told on all their partitions. */
export const marked_topics = (app: App, group: KeyGroup): string[] => {
  const staged = staged_topics(app)
  const written = new Set(group.pipelines.flatMap(pipeline => [...describe_pipeline(pipeline).writes]))
  return [...written].filter(topic => staged.has(topic) && !group.inputs.includes(topic)).sort()
}

/**
 * How many tasks write each staged input of a group: its stream time is the least of theirs. What the group writes
 * itself is not among them: waiting for oneself would be waiting for ever.
 */
export const writers_of = (app: App, group: KeyGroup): ReadonlyMap<string, number> => {
  const writers = new Map<string, number>()
  for (const topic of group.inputs) {
    if (app.topics[topic]?.role === 'input') continue
    const writing = key_groups(app).filter(g => g.pipelines.some(p => describe_pipeline(p).writes.has(topic)))
    const [writer] = writing
    if (!writer || writing.length > 1) throw new Error(`${topic} must be written by one key group`)
    if (writer.name !== group.name) writers.set(topic, writer.partitions)
  }
  return writers
}

/** Every topic the installation needs. */
export const topic_settings = (app: App): TopicSettings[] => [
  ...Object.keys(app.topics).map(name => ({ name, partitions: partitions_of(app, name), config: KEPT })),
  ...key_groups(app).map(group => ({
    name: batch_log_topic(group.name),
    partitions: group.partitions,
    config: KEPT,
  })),
]
const KEPT = { 'cleanup.policy': 'delete', 'retention.ms': '-1' }

const tracing_graph = (reads: Map<string, Set<string>>, writes: Set<string>): Graph => ({
  source: (topic, fields) => {
    reads.set(topic, new Set([...(reads.get(topic) ?? []), ...fields]))
    return new Feed<unknown>()
  },
  node: <I, O>() => ({ enter: (_: I) => {}, out: new Feed<O>() }),
  output: topic => {
    writes.add(topic)
  },
  sink() {},
  fail(error) {
    throw error
  },
})
