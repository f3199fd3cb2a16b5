/**
 * Rows of output topics handed to the requests that wait for them: one tail per partition for all requests, where a tail
 * for each request would read, and decode, every row once per request.
 */
import { body_reader } from '../../runtime/bodies.ts'
import type { LogRecord } from '../../runtime/ports.ts'
import type { ServerDeps } from '../server-deps.ts'

/** A tail that nobody has waited on for so long ends with the next record it is given. */
export const IDLE_MS = 60_000
const RETRY_MS = 200

export interface Place {
  readonly topic: string
  readonly partition: number
}
/** `key` is the record's, so that another tenant's row of the same ids is none. */
export interface RowName {
  readonly key: string
  readonly customer_id: string
  readonly event_id: string
}
export type FoundRow = Readonly<Record<string, unknown>>

export interface RowTails {
  /**
   * Resolves, when rows committed from now on are seen, to the promise of the first that is named so; that one stays open
   * for ever when none comes before `signal`. Rejects when the log cannot be asked where it ends.
   */
  expect(place: Place, name: RowName, signal: AbortSignal): Promise<{ readonly row: Promise<FoundRow> }>
}

type Deps = Pick<ServerDeps, 'log' | 'registry' | 'clock' | 'logger'>

interface Tail {
  /** Resolves when it stands where nothing later is missed. */
  readonly opened: Promise<void>
  /** By record key, then by the row's ids. */
  readonly waiting: Map<string, Map<string, Set<(row: FoundRow) => void>>>
  used_ms: number
}

export const row_tails = (deps: Deps, closing: AbortSignal): RowTails => {
  const tails = new Map<string, Tail>()
  const tail_of = (place: Place): Tail => {
    const name = `${place.topic}/${place.partition}`
    const known = tails.get(name)
    if (known) return known
    const end = () => {
      if (tails.get(name) === tail) tails.delete(name)
    }
    const first = deps.log.bounds(place.topic, place.partition)
    const opened = first.then(bounds => {
      void follow(deps, place, tail, bounds.end, closing, end).finally(end)
    })
    opened.catch(end)
    const tail: Tail = { opened, waiting: new Map(), used_ms: deps.clock.now() }
    tails.set(name, tail)
    return tail
  }
  return {
    expect: async (place, name, signal) => {
      const tail = tail_of(place)
      const row = await_row(tail, name, signal)
      await tail.opened
      tail.used_ms = deps.clock.now()
      return { row }
    },
  }
}

const ids_of = (row: FoundRow): string => JSON.stringify([row.customer_id, row.event_id])

const await_row = ({ waiting }: Tail, name: RowName, signal: AbortSignal): Promise<FoundRow> =>
  new Promise(resolve => {
    const ids = ids_of({ ...name })
    const of_key = waiting.get(name.key) ?? new Map<string, Set<(row: FoundRow) => void>>()
    const takers = of_key.get(ids) ?? new Set()
    waiting.set(name.key, of_key.set(ids, takers.add(resolve)))
    const leave = () => {
      takers.delete(resolve)
      if (takers.size === 0 && of_key.get(ids) === takers) of_key.delete(ids)
      if (of_key.size === 0 && waiting.get(name.key) === of_key) waiting.delete(name.key)
    }
    if (signal.aborted) leave()
    else signal.addEventListener('abort', leave, { once: true })
  })

/** Hands rows out until `closing`, or until nobody has waited for a while. Never rejects. */
const follow = async (
  deps: Deps,
  { topic, partition }: Place,
  tail: Tail,
  first: number,
  closing: AbortSignal,
  end: () => void,
): Promise<void> => {
  const { log, clock, logger } = deps
  const read = body_reader(deps.registry)
  const idle = () => tail.waiting.size === 0 && clock.now() - tail.used_ms >= IDLE_MS
  let from = first
  for (let told = false; !closing.aborted; ) {
    try {
      for await (const { records, position } of log.tail(topic, partition, from, closing)) {
        for (const record of records) {
          await hand_out(tail, record, read).catch(error =>
            logger.warn({ err: error, topic, partition, offset: record.offset }, 'a row could not be read'),
          )
          from = record.offset + 1
        }
        from = Math.max(from, position)
        told = false
        // At once: who comes while the tail is being closed opens another.
        if (idle()) return end()
      }
    } catch (error) {
      if (closing.aborted) return
      if (!told) logger.warn({ err: error, topic, partition }, 'decisions cannot be followed; tried again')
      told = true
      // What was passed over meanwhile is in the warehouse, which those who wait ask too.
      if ((error as Error).name === 'OffsetOutOfRange')
        from = await log.bounds(topic, partition).then(
          bounds => bounds.end,
          () => from,
        )
    }
    await clock.sleep(RETRY_MS, closing)
  }
}

const hand_out = async (
  { waiting }: Tail,
  { key, value }: LogRecord,
  read: (body: Buffer) => Promise<FoundRow>,
): Promise<void> => {
  const of_key = key && value ? waiting.get(key.toString()) : undefined
  if (!of_key || !value) return
  const row = await read(value)
  for (const take of of_key.get(ids_of(row)) ?? []) take(row)
}
