/** Bounded reads over a log that has no end: what is committed now, once, for commands and lookups. */
import type { Log, LogRecord } from './ports.ts'

export interface Place {
  readonly topic: string
  readonly partition: number
}

/**
 * Visits the committed records of one partition from `from` to the end as it stands when called, in offset
 * order. Returns the position behind them: what comes later starts there.
 */
export const scan = async (
  log: Log,
  { topic, partition }: Place,
  from: number,
  visit: (record: LogRecord) => void | Promise<void>,
): Promise<number> => {
  const { start, end } = await log.bounds(topic, partition)
  let position = Math.max(from, start)
  if (position >= end) return position
  const stop = new AbortController()
  try {
    for await (const fetched of log.tail(topic, partition, position, stop.signal)) {
      for (const record of fetched.records) if (record.offset < end) await visit(record)
      // What was appended meanwhile may have come along: it is for the next scan.
      position = Math.max(position, Math.min(fetched.position, end))
      if (position >= end) break
    }
  } finally {
    stop.abort()
  }
  return position
}

/**
 * The newest committed record that `wanted` accepts, or null. Looks back in doubling steps, since control
 * records and aborted transactions leave gaps before the end.
 */
export const newest = async <T>(
  log: Log,
  place: Place,
  wanted: (record: LogRecord) => T | null | Promise<T | null>,
): Promise<T | null> => {
  const { start, end } = await log.bounds(place.topic, place.partition)
  for (let back = 16; ; back *= 8) {
    const from = Math.max(start, end - back)
    let found: T | null = null
    await scan(log, place, from, async record => {
      found = (await wanted(record)) ?? found
    })
    if (found !== null || from === start) return found
  }
}
