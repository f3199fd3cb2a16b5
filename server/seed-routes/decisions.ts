/** Reads what the pipelines decide of an event just sent: where to look is noted before it is sent. */

import { partitions_of } from '../../runtime/app.ts'
import { body_reader } from '../../runtime/bodies.ts'
import { key_of, partition_of } from '../../runtime/keys.ts'
import type { Topics } from '../../schemas/types.ts'
import { refusal } from '../refusals.ts'
import type { ServerDeps } from '../server-deps.ts'

/** Decisions take milliseconds; a task that is being recovered or far behind takes longer than anybody waits. */
export const DECIDED_WITHIN_MS = 5000

/** The row to wait for, by topic: the first that fits. */
export type Wanted = {
  readonly [T in keyof Topics]?: (row: Topics[T]) => boolean
}
export type Decided<W extends Wanted> = { readonly [T in keyof W & keyof Topics]: Topics[T] }

type Deps = Pick<ServerDeps, 'app' | 'log' | 'registry' | 'clock'>
interface Place {
  readonly topic: string
  readonly partition: number
  readonly from: number
}

/**
 * Sends, then waits for one row of each topic. `key` is what the rows' keys are formed from. Rejects as `send` does; a 504
 * refusal when the rows do not come in time: the event is durable all the same.
 */
export const decide = async <W extends Wanted>(
  deps: Deps,
  key: { readonly tenant_id: string; readonly customer_id: string },
  wanted: W,
  send: () => Promise<void>,
): Promise<Decided<W>> => {
  const { app, log, clock } = deps
  const topics = Object.keys(wanted) as (keyof W & keyof Topics & string)[]
  const places = await Promise.all(
    topics.map(async (topic): Promise<Place> => {
      const partitions = partitions_of(app, topic)
      const partition = partition_of(Buffer.from(key_of(app.topics[topic]!, key)), partitions)
      return { topic, partition, from: (await log.bounds(topic, partition)).end }
    }),
  )
  await send()
  const stop = new AbortController()
  const late = clock.sleep(DECIDED_WITHIN_MS, stop.signal).then(() => {
    throw refusal(504, 'NOT_DECIDED_YET', 'the event is durable, and not decided on yet', {
      remedy: 'read the decision from /v1/topics/lead_scores/stream, or ask /readyz what is in the way',
    })
  })
  late.catch(() => {})
  try {
    const rows = Promise.all(places.map(place => first_row(deps, place, wanted, stop.signal)))
    rows.catch(() => {})
    const found = await Promise.race([rows, late])
    return Object.fromEntries(found.map((row, i) => [topics[i], row])) as Decided<W>
  } finally {
    stop.abort()
  }
}

const first_row = async (
  { log, registry }: Deps,
  { topic, partition, from }: Place,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<unknown> => {
  const read = body_reader(registry)
  const fits = wanted[topic as keyof Topics] as (row: unknown) => boolean
  for await (const { records } of log.tail(topic, partition, from, signal))
    for (const { value } of records) {
      const row = value ? await read(value) : null
      if (row && fits(row)) return row
    }
  throw new Error(`nothing was decided on ${topic}`)
}
