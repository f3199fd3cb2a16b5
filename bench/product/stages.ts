/** CPU by stage of a record's way, from a profile: a sample belongs to the innermost of its frames that is in a stage's files. */
import type { Frame, Profile } from './profile.ts'

const STAGES: readonly (readonly [stage: string, files: RegExp])[] = [
  [
    'checkpoint',
    /^runtime\/(?:checkpoint|progress|state-fields|partial-rows)\.ts|^runtime\/redis\/|ioredis|redis-parser/,
  ],
  ['sink', /^runtime\/(?:sink[a-z-]*\.ts|clickhouse\/)|@clickhouse|undici/],
  ['load', /^runtime\/(?:cold-keys|lookup)\.ts/],
  [
    'fetch',
    /^runtime\/kafka\/(?:fetch|mailbox|record-batch|waiting-records|abort-filter|codecs|group|tails)/,
  ],
  [
    'guard and decode',
    /^runtime\/(?:intake|id-memory|decoders|bodies|verdicts)\.ts|^runtime\/avro\/cursor\.ts/,
  ],
  [
    'transaction',
    /^runtime\/(?:batch-log\.ts|kafka\/(?:task|producer|send|batch-encoder|kafkajs|appender))|kafkajs/,
  ],
  ['outputs', /^runtime\/outputs\.ts|^runtime\/avro\/encoder\.ts/],
  [
    'operators',
    /^(?:operators|pipelines)\/|^runtime\/(?:processor|graph|feed|timers|entities|slots|sorted-ids|stream-time)\.ts/,
  ],
  ['batches', /^runtime\/live-task\.ts/],
  ['start', /^(?:commands|schemas)\/|^runtime\/(?:recovery|app|catalog)\.ts/],
]
const REST = 'rest (sockets, loop, HTTP)'

/** Microseconds by stage; what waits is not in it. */
export const add_stages = (
  profile: Profile,
  path_of: (frame: Frame) => string,
  sums: Map<string, number>,
): void => {
  const stage_of = new Map<number, string | null>()
  const nodes = new Map(profile.nodes.map(node => [node.id, node]))
  const walk = (id: number, above: string): void => {
    const node = nodes.get(id)
    if (!node) return
    const { functionName: name } = node.callFrame
    const path = path_of(node.callFrame)
    const own =
      name === '(garbage collector)' ? 'garbage collector' : STAGES.find(([, of]) => of.test(path))?.[0]
    const stage = name === '(idle)' ? null : (own ?? above)
    stage_of.set(id, stage)
    for (const child of node.children ?? []) walk(child, stage ?? above)
  }
  walk(profile.nodes[0]?.id ?? 0, REST)
  profile.samples.forEach((id, i) => {
    const stage = stage_of.get(id)
    if (stage) sums.set(stage, (sums.get(stage) ?? 0) + (profile.timeDeltas[i] ?? 0))
  })
}
