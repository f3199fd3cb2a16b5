/** What a job is: rows of views as of a moment in, records of topics out; nothing else goes in, nothing is kept. */

export type JobRow = Readonly<Record<string, unknown>>

export interface JobOutput {
  /** One of the job's `writes`. */
  readonly topic: string
  /** Fields as in the topic's schema; instants are epoch milliseconds. */
  readonly row: JobRow
}

export interface Job {
  readonly name: string
  /** It runs as of every multiple of this since the epoch, once all that happened before it is in the tables. */
  readonly every_ms: number
  /** What it reads, by a name of its own: a SELECT from views (or tables FINAL) that takes the parameter as_of. */
  readonly reads: Readonly<Record<string, string>>
  /** Where that is not so, since records come all the time, it runs so long after the moment was first seen; 5 minutes without. */
  readonly settled_after_ms?: number
  /** Topics it writes; a result of the same moment has the same event ids, so that running it again changes nothing. */
  readonly writes: readonly string[]
  /** Where others write them, too: the ids of its own rows are this, a bar and more. */
  readonly ids_begin?: string
  /** The rows by the names of `reads`; `as_of`: epoch milliseconds. Deterministic: the same rows give the same records. */
  run(rows: Readonly<Record<string, readonly JobRow[]>>, as_of: number): readonly JobOutput[]
}
