/** What a key group writes for itself comes back to it through the log: here, after everything sent before. */
import { staged_topics } from '../../runtime/app.ts'
import type { Topics } from '../../schemas/types.ts'
import type { Driver } from './driver.ts'

const OWN = ['identity_links', 'identified_touches'] as const
const fed = new WeakMap<Driver, Map<string, number>>()

/** Runs what was sent, feeds back what it caused, and so on until nothing new comes. */
export const run_rounds = (driver: Driver): void => {
  const seen = fed.get(driver) ?? new Map<string, number>()
  fed.set(driver, seen)
  const staged = staged_topics(driver.app)
  for (;;) {
    driver.run()
    let fresh = 0
    for (const topic of OWN) {
      if (!staged.has(topic)) continue
      const rows: Topics[typeof topic][] = driver.outputs(topic).slice(seen.get(topic) ?? 0)
      seen.set(topic, (seen.get(topic) ?? 0) + rows.length)
      // Told a stream time long past: what a group hears of itself must not matter to it.
      driver.send(topic, rows as never, { task: 0, stream_time_ms: 0 })
      fresh += rows.length
    }
    if (fresh === 0) return
  }
}

/** The rows that readers see: the newest revision by key and event, without what was retracted. */
export const newest = <R extends { readonly event_id: string; readonly revision: number }>(
  rows: readonly R[],
  key_of: (row: R) => string,
): R[] => {
  const found = new Map<string, R>()
  for (const row of rows) {
    const id = `${key_of(row)} ${row.event_id}`
    if (row.revision >= (found.get(id)?.revision ?? -1)) found.set(id, row)
  }
  return [...found.values()]
    .filter(row => !('retracted' in row && row.retracted))
    .sort((a, b) => (a.event_id < b.event_id ? -1 : 1))
}
