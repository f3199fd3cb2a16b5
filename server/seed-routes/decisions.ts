/**
 * Reads what the pipelines decide of an event just sent: where to look is noted before it is sent. Of an event that was
 * sent before nothing new comes: what was decided then is in the warehouse.
 */

import { partitions_of } from '../../runtime/app.ts'
import { body_reader } from '../../runtime/bodies.ts'
import { key_of, partition_of } from '../../runtime/keys.ts'
import type { Topics } from '../../schemas/types.ts'
import { iso_of } from '../board/asking.ts'
import { refusal, unavailable } from '../refusals.ts'
import type { ServerDeps } from '../server-deps.ts'

/** Decisions take milliseconds; a task that is being recovered or far behind takes longer than anybody waits. */
export const DECIDED_WITHIN_MS = 5000
/** The warehouse is asked this long after sending, then after twice as long, and so on. */
const RECALL_AFTER_MS = 250

/** The row to wait for, by topic: the fields it is known by, of which event_id finds it in its table. */
export type Wanted = {
  readonly [T in keyof Topics]?: { readonly customer_id: string; readonly event_id: string }
}
/** `started_at` is not promised: the warehouse has instants as text. */
export type Decision<T extends keyof Topics> = Omit<Topics[T], 'started_at'>
export type Decided<W extends Wanted> = { readonly [T in keyof W & keyof Topics]: Decision<T> }

type Deps = Pick<ServerDeps, 'app' | 'log' | 'registry' | 'clock' | 'warehouse' | 'logger'>
interface Place {
  readonly topic: keyof Topics & string
  readonly key: string
  readonly partition: number
  readonly from: number
}

/**
 * Sends, then waits for one row of each topic. `key` is what the rows' keys are formed from. Rejects as `send` does; a 503
 * refusal when the log is out of reach before anything is sent, a 504 refusal when the rows do not come in time: the event is
 * durable all the same, and `again` says how to send it again without counting it twice.
 */
export const decide = async <W extends Wanted>(
  deps: Deps,
  key: { readonly tenant_id: string; readonly customer_id: string },
  wanted: W,
  send: () => Promise<void>,
  again: string,
): Promise<Decided<W>> => {
  const topics = Object.keys(wanted) as (keyof W & keyof Topics & string)[]
  const places = await Promise.all(topics.map(topic => place_of(deps, topic, key))).catch(error => {
    deps.logger.warn({ err: error }, 'the log could not be asked where it ends')
    throw unavailable('the log is out of reach')
  })
  await send()
  const stop = new AbortController()
  const late = deps.clock.sleep(DECIDED_WITHIN_MS, stop.signal).then(() => {
    throw refusal(504, 'NOT_DECIDED_YET', 'the event is durable, and not decided on yet', {
      remedy: `${again}, or ask /readyz what is in the way`,
    })
  })
  late.catch(() => {})
  const from_log = Promise.all(places.map(place => first_row(deps, place, wanted, stop.signal)))
  const from_warehouse = recalled(deps, key.tenant_id, places, wanted, stop.signal)
  try {
    const found = await Promise.race([until(from_log), until(from_warehouse), late])
    return Object.fromEntries(found.map((row, i) => [topics[i], row])) as Decided<W>
  } finally {
    stop.abort()
  }
}

/** A way that fails leaves the others, and the time that is given to them. */
const until = <T>(way: Promise<T>): Promise<T> => way.catch(() => new Promise<never>(() => {}))

const place_of = async (
  { app, log }: Deps,
  topic: Place['topic'],
  who: { readonly tenant_id: string; readonly customer_id: string },
): Promise<Place> => {
  const key = key_of(app.topics[topic]!, who)
  const partition = partition_of(Buffer.from(key), partitions_of(app, topic))
  return { topic, key, partition, from: (await log.bounds(topic, partition)).end }
}

const first_row = async (
  { log, registry }: Deps,
  { topic, partition, from }: Place,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<unknown> => {
  const read = body_reader(registry)
  const { customer_id, event_id } = wanted[topic]!
  for await (const { records } of log.tail(topic, partition, from, signal))
    for (const { key, value } of records) {
      if (!value || !key) continue
      const row = await read(value)
      if (row.customer_id === customer_id && row.event_id === event_id) return row
    }
  throw new Error(`nothing was decided on ${topic}`)
}

/** All rows out of the warehouse, as soon as it has them. */
const recalled = async (
  { warehouse, clock }: Deps,
  tenant_id: string,
  places: readonly Place[],
  wanted: Wanted,
  signal: AbortSignal,
): Promise<unknown[]> => {
  const ask = async ({ topic, key }: Place): Promise<unknown> => {
    const sql = `SELECT * FROM ${topic} FINAL
      WHERE tenant_id = {tenant_id:String} AND _key = {key:String}
        AND event_id = {event_id:String} AND customer_id = {customer_id:String}
      LIMIT 1`
    const params = { tenant_id, key, ...wanted[topic]! }
    const [row] = await warehouse.query<{ occurred_at: string }>(sql, params)
    return row && { ...row, occurred_at: Date.parse(iso_of(row.occurred_at)) }
  }
  for (let wait_ms = RECALL_AFTER_MS; !signal.aborted; wait_ms *= 2) {
    await clock.sleep(wait_ms, signal)
    if (signal.aborted) break
    const rows: unknown[] = []
    for (const place of places) {
      const row = await ask(place).catch(() => undefined)
      if (!row) break
      rows.push(row)
    }
    if (rows.length === places.length) return rows
  }
  throw new Error('the warehouse does not know it')
}
