/**
 * Reads what the pipelines decide of an event just sent: where to look is noted before it is sent. Of an event that was
 * sent before nothing new comes: what was decided then is in the warehouse.
 */

import { partitions_of } from '../../runtime/app.ts'
import { key_of, partition_of } from '../../runtime/keys.ts'
import type { Topics } from '../../schemas/types.ts'
import { in_lanes, iso_of } from '../board/asking.ts'
import { refusal, unavailable } from '../refusals.ts'
import type { ServerDeps } from '../server-deps.ts'
import { row_tails } from './row-tails.ts'

/** Decisions take milliseconds; a task that is being recovered or far behind takes longer than anybody waits. */
export const DECIDED_WITHIN_MS = 5000
/** The warehouse is asked this long after sending, then after twice as long, and so on. */
const RECALL_AFTER_MS = 250
/** Behind a slow log every request asks the warehouse; it has others to answer. */
const RECALL_LANES = 2

/** The row to wait for, by topic: the fields it is known by, of which event_id finds it in its table. */
export type Wanted = {
  readonly [T in keyof Topics]?: { readonly customer_id: string; readonly event_id: string }
}
/** `started_at` is not promised: the warehouse has instants as text. */
export type Decision<T extends keyof Topics> = Omit<Topics[T], 'started_at'>
export type Decided<W extends Wanted> = { readonly [T in keyof W & keyof Topics]: Decision<T> }

type Deps = Pick<ServerDeps, 'app' | 'log' | 'registry' | 'clock' | 'warehouse' | 'logger'>
type Query = ServerDeps['warehouse']['query']
interface Who {
  readonly tenant_id: string
  readonly customer_id: string
}
interface Place {
  readonly topic: keyof Topics & string
  readonly key: string
  readonly partition: number
}

export interface Decider {
  /**
   * Sends, then waits for one row of each topic. `who` is what the rows' keys are formed from. Rejects as `send` does; a 503
   * refusal when the log is out of reach before anything is sent, a 504 refusal when the rows do not come in time: the event
   * is durable all the same, and `again` says how to send it again without counting it twice.
   */
  decide<W extends Wanted>(who: Who, wanted: W, send: () => Promise<void>, again: string): Promise<Decided<W>>
}

export const decider = (deps: Deps, closing: AbortSignal): Decider => {
  const tails = row_tails(deps, closing)
  const in_lane = in_lanes(RECALL_LANES)
  return {
    decide: async (who, wanted, send, again) => {
      const stop = new AbortController()
      try {
        const places = (Object.keys(wanted) as Place['topic'][]).map(topic => place_of(deps, topic, who))
        const expected = await Promise.all(
          places.map(place => tails.expect(place, { key: place.key, ...wanted[place.topic]! }, stop.signal)),
        ).catch(error => {
          deps.logger.warn({ err: error }, 'the log could not be asked where it ends')
          throw unavailable('the log is out of reach')
        })
        await send()
        const late = deps.clock.sleep(DECIDED_WITHIN_MS, stop.signal).then(() => {
          throw refusal(504, 'NOT_DECIDED_YET', 'the event is durable, and not decided on yet', {
            remedy: `${again}, or ask /readyz what is in the way`,
          })
        })
        late.catch(() => {})
        const from_log = Promise.all(expected.map(({ row }) => row))
        const query: Query = (sql, params) =>
          in_lane(async () => (stop.signal.aborted ? [] : deps.warehouse.query(sql, params)))
        const from_warehouse = recalled(deps.clock, query, who.tenant_id, places, wanted, stop.signal)
        const found = await Promise.race([from_log, until(from_warehouse), late])
        return Object.fromEntries(found.map((row, i) => [places[i]!.topic, row])) as Decided<typeof wanted>
      } finally {
        stop.abort()
      }
    },
  }
}

/** A way that fails leaves the others, and the time that is given to them. */
const until = <T>(way: Promise<T>): Promise<T> => way.catch(() => new Promise<never>(() => {}))

const place_of = ({ app }: Deps, topic: Place['topic'], who: Who): Place => {
  const key = key_of(app.topics[topic]!, who)
  return { topic, key, partition: partition_of(Buffer.from(key), partitions_of(app, topic)) }
}

/** All rows out of the warehouse, as soon as it has them. */
const recalled = async (
  clock: Deps['clock'],
  query: Query,
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
    const [row] = await query<{ occurred_at: string }>(sql, params)
    return row && { ...row, occurred_at: Date.parse(iso_of(row.occurred_at)) }
  }
  for (let wait_ms = RECALL_AFTER_MS; !signal.aborted; wait_ms *= 2) {
    await clock.sleep(wait_ms, signal)
    if (signal.aborted) break
    const rows: unknown[] = []
    for (const place of places) {
      if (signal.aborted) break
      const row = await ask(place).catch(() => undefined)
      if (!row) break
      rows.push(row)
    }
    if (rows.length === places.length) return rows
  }
  throw new Error('the warehouse does not know it')
}
