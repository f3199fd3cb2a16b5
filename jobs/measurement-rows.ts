/** What jobs that write measurements have in common: their ids, and that nothing is said twice of one moment. */
import type { Measurement } from '../schemas/types.ts'
import type { JobRow } from './job.ts'

/** Of all series of one moment the same: ids are unique per series. */
export const id_of = (job: string, at_ms: number): string => `${job}|${at_ms}`

/** A SELECT of the series and moments that the job has measured; `where` says of which moments. */
export const said_before = (job: string, where: string): string =>
  `SELECT DISTINCT tenant_id, metric, currency, dimension, toUnixTimestamp64Milli(occurred_at) AS at_ms
   FROM measurements
   WHERE startsWith(event_id, '${job}|') AND ${where}`

/** The rows of which nothing has been said. */
export const unsaid = (rows: readonly Measurement[], said: readonly JobRow[]): readonly Measurement[] => {
  const known = new Set(
    said.map(row => name_of(row.tenant_id, row.metric, row.currency, row.dimension, Number(row.at_ms))),
  )
  return rows.filter(
    ({ tenant_id, metric, currency, dimension, occurred_at }) =>
      !known.has(name_of(tenant_id, metric, currency, dimension, occurred_at)),
  )
}

const name_of = (...parts: readonly unknown[]): string => JSON.stringify(parts)
