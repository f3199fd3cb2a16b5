/** Dead letters: read, and sent in again for whom they had failed. */

import { rekeyed_topic } from '../schemas/topics.ts'
import type { DeadLetter } from '../schemas/types.ts'
import { type App, declared_topic, partitions_of } from './app.ts'
import { body_reader } from './bodies.ts'
import { partition_of } from './keys.ts'
import type { Log, Output, Registry } from './ports.ts'
import { scan } from './scan.ts'

export const DEAD_LETTERS = 'dead_letters'
/** Refused by the warehouse, not by a task (sink.ts). */
export const SINK_REJECTED = 'SINK_REJECTED'

/** Visits every dead letter once, partition by partition: one that was written again has the same id. */
export const visit_dead_letters = async (
  { app, log, registry }: { readonly app: App; readonly log: Log; readonly registry: Registry },
  visit: (letter: DeadLetter) => void | Promise<void>,
): Promise<void> => {
  const read = body_reader(registry)
  const seen = new Set<string>()
  for (let partition = 0; partition < partitions_of(app, DEAD_LETTERS); partition++)
    await scan(log, { topic: DEAD_LETTERS, partition }, 0, async ({ value }) => {
      if (!value) return
      const letter = (await read(value)) as unknown as DeadLetter
      if (seen.has(letter.event_id)) return
      seen.add(letter.event_id)
      await visit(letter)
    })
}

/**
 * The record to append, or why there is none. What failed in one pipeline goes to that pipeline only, through the sister
 * topic, once; what no pipeline has seen goes in as if its emitter had sent it again.
 */
export const redriven = (app: App, letter: DeadLetter): Output | string => {
  const topic = declared_topic(app, letter.topic)
  const spec = app.topics[topic]
  if (letter.offset < 0 || letter.value === null)
    return letter.offset < 0
      ? 'a timer has no record: mend the operator and rebuild its group'
      : 'a record without a body'
  if (spec?.role !== 'input')
    return `${topic || 'it'} is written by our own tasks: mend the table, and rebuild the group`
  const { event_id: dead_letter_id } = letter
  const key = letter.key && Buffer.from(letter.key)
  const partition = key ? partition_of(key, partitions_of(app, topic)) : letter.partition
  const record = { partition, key, value: Buffer.from(letter.value) }
  const pipeline = letter.reason === SINK_REJECTED ? '' : letter.pipeline
  if (pipeline === null) return { topic, ...record }
  const sister = rekeyed_topic(topic)
  if (!app.topics[sister]) return `${topic} has no sister topic to come in through`
  return { topic: sister, ...record, redrive: { pipeline, dead_letter_id } }
}
