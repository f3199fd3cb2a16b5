/**
 * The three things the runtime stands on, each with a production and an embedded adapter, and a simulated one in
 * test/simulation. Contract tests (test/runtime/contracts/) hold all adapters to the words written here.
 */

/** What a record between our own tasks says of the task that wrote it. */
export interface Upstream {
  readonly task: number
  /** Stream time of that task when it wrote the record; null: it has nothing to read and is not to be waited for. */
  readonly stream_time_ms: number | null
}

/** On a dead letter's record that is driven again: whom it is for. Believed on sister topics only (TopicSpec.of). */
export interface Redrive {
  /** The pipeline that failed on it; '': no pipeline, the warehouse had refused the row. */
  readonly pipeline: string
  /** event_id of the dead letter: driven twice, it is a duplicate. */
  readonly dead_letter_id: string
}

/** One committed record. Buffers may be slices of a larger one: copy what outlives the batch. */
export interface LogRecord {
  readonly offset: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly upstream?: Upstream | undefined
  readonly redrive?: Redrive | undefined
  /** The same key and value without a buffer of their own; where there is none, those above are to be read. */
  readonly in_place?: InPlace | undefined
}

/** Bytes from `_at` to `_end` (exclusive); an end of -1 stands for null. */
export interface InPlace {
  readonly bytes: Buffer
  readonly key_at: number
  readonly key_end: number
  readonly value_at: number
  readonly value_end: number
}

export interface Output {
  readonly topic: string
  readonly partition: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly upstream?: Upstream | undefined
  readonly redrive?: Redrive | undefined
}

/** Records of one partition as they arrive, committed ones only, in offset order. */
export interface Reader {
  readonly topic: string
  readonly partition: number
  /** Delivered and not yet shifted. */
  readonly length: number
  /** The i-th delivered record (0 is the next to shift). */
  at(i: number): LogRecord | undefined
  shift(): LogRecord | undefined
  /** As so many shifts. */
  skip(count: number): void
  /** Offset behind everything delivered or skipped (control and aborted records); moves without a delivery too. */
  readonly position: number
  /** Last stable offset as of the newest fetch, -1 before the first: `position < end` is lag. */
  readonly end: number
  /** Drops what is buffered; the next record delivered has an offset ≥ `offset`. Throws OffsetOutOfRange later, from wait(). */
  seek(offset: number): void
  /** As before the first seek: drops what is buffered, and nothing is delivered until the next one. */
  pause(): void
}

/**
 * One task's hold on its partition of a group's topics, from assignment to revocation. Readers start paused at no
 * position: nothing is delivered before the first seek.
 */
export interface TaskLog {
  readonly group: string
  readonly partition: number
  /** Aborted when the partition is revoked or the process stops: finish what runs and return. */
  readonly signal: AbortSignal
  reader(topic: string): Reader
  /** Resolves when a reader has something new (a record, position or end), at the latest after max_ms; rejects when a reader failed. */
  wait(max_ms: number): Promise<void>
  /**
   * A new producer on the task's own transactional id: from here on no earlier owner can commit. Call it first, and
   * again after any error of commit(). Retries while the earlier owner's transaction is being ended.
   */
  acquire(): Promise<void>
  /** All outputs in one transaction, or none. Any error is unclear: acquire() anew and read what became of it. */
  commit(outputs: readonly Output[]): Promise<{ readonly offsets: ReadonlyMap<string, number> }> // first offset per topic, of this task's own partition
  /** Progress of a group without transactions (the sink): topic -> next offset. */
  committed(): Promise<ReadonlyMap<string, number>>
  save(offsets: ReadonlyMap<string, number>): Promise<void>
}

export interface Group {
  readonly name: string
  /** Co-partitioned: a member gets partition p of all of them, or of none. A topic with fewer partitions joins where it has one. */
  readonly topics: readonly string[]
  readonly partitions: number
  /** true: tasks commit() in transactions; false: they save() offsets. */
  readonly transactional: boolean
}

export interface TopicSettings {
  readonly name: string
  readonly partitions: number
  /** Kafka topic configuration, e.g. retention.ms. Inputs and batch logs are never compacted. */
  readonly config?: Readonly<Record<string, string>>
}

export interface Fetched {
  readonly records: readonly LogRecord[]
  readonly position: number
  readonly end: number
}

export interface Log {
  /** Creates what is missing; throws when a topic exists with another partition count or is compacted. */
  ensure(topics: readonly TopicSettings[]): Promise<void>
  /** Partition count, or undefined where there is no such topic. */
  partitions(topic: string): Promise<number | undefined>
  /**
   * Joins the group and runs `work` once for each task this process holds, until `signal`. A task whose assignment a
   * rebalance leaves alone keeps running. On revocation its signal aborts, its `work` is awaited, then its producer is dropped.
   */
  run(group: Group, work: (task: TaskLog) => Promise<void>, signal: AbortSignal): Promise<void>
  /** Durable when it resolves. Offsets in the order given. For emitters: HTTP ingest, import. */
  append(outputs: readonly Output[]): Promise<readonly number[]>
  /** Committed records of one partition from an offset on, for ever, until `signal`; an empty fetch is yielded too (it moves position or end). */
  tail(topic: string, partition: number, from: number, signal: AbortSignal): AsyncIterable<Fetched>
  /** First kept offset and last stable offset. */
  bounds(topic: string, partition: number): Promise<{ readonly start: number; readonly end: number }>
  /** null when reachable, else why not. */
  health(): Promise<string | null>
  close(): Promise<void>
}

/**
 * Rejection of a task's `work`: this process must not work that partition, say because newer code wrote its state. Another
 * member of the group that has not refused it gets it; while there is none, nobody works it.
 */
export class TaskRefused extends Error {
  override readonly name = 'TaskRefused'
}

/** The log no longer has (or never had) the offset asked for. */
export class OffsetOutOfRange extends Error {
  override readonly name = 'OffsetOutOfRange'
}

/** Confluent wire format: a body is 0, int32 schema id, Avro. */
export interface Registry {
  /** Id of the schema under subject `<topic>-value`, registered when new (checked BACKWARD_TRANSITIVE). */
  register(subject: string, schema: object): Promise<number>
  /** The writer schema. Throws UnknownSchema when the registry says there is none; anything else is an outage and retryable. */
  schema(id: number): Promise<object>
  health(): Promise<string | null>
}
export class UnknownSchema extends Error {
  override readonly name = 'UnknownSchema'
}

/** Identifies a task's checkpoint: `{app}.{key group}.{partition}`. */
export interface TaskId {
  readonly app: string
  readonly group: string
  readonly partition: number
}

/** What a checkpoint says of itself; compared with the batch log before it is used. */
export interface CheckpointHeader {
  readonly log_id: string
  /** Batch it contains everything up to. */
  readonly seq: number
  readonly digest: number
  readonly nonce: string
  readonly code: string
  /** Whatever the task needs beside keyed state, as JSON text. */
  readonly task: string
}

/** Fields of one entity: `pipeline/as` or `pipeline/as#slot` -> bytes. */
export type Fields = ReadonlyMap<string, Buffer>
export interface EntityWrite {
  readonly key: string
  /** Each name once; null deletes the field. */
  readonly fields: readonly (readonly [field: string, value: Buffer | null])[]
}
export type SaveResult = 'saved' | 'already_saved' | 'conflict'

export interface StateStore {
  /** The header, or null when there is no checkpoint. Throws DirtyCheckpoint when a write was cut short midway. */
  header(task: TaskId): Promise<CheckpointHeader | null>
  /** All fields of each key (an empty map where there are none), or null when the header's seq (0 where there is no checkpoint) is none of `accepted`. One round trip. */
  load(task: TaskId, keys: readonly string[], accepted: readonly number[]): Promise<Fields[] | null>
  /**
   * Atomic compare and set. `from` is the seq that must stand in the header (null: no checkpoint).
   * already_saved: the header is `to` already (a retry after a lost reply). conflict: something else stands there; nothing was written.
   */
  save(
    task: TaskId,
    from: number | null,
    to: CheckpointHeader,
    writes: readonly EntityWrite[],
  ): Promise<SaveResult>
  /** Removes the task's checkpoint, whole. */
  wipe(task: TaskId): Promise<void>
  /** Fields of one key as checkpointed, whatever the header; for readers outside the task. */
  peek(task: TaskId, key: string): Promise<Fields>
  /** All keys with their fields, for reconcile and tests. */
  scan(task: TaskId): AsyncIterable<readonly [key: string, fields: Fields]>
  health(): Promise<string | null>
  close(): Promise<void>
}
export class DirtyCheckpoint extends Error {
  override readonly name = 'DirtyCheckpoint'
}

export interface Warehouse {
  /** Rows as objects; 64-bit integers as numbers where safe, else an error. Parameters are ClickHouse query parameters. */
  query<T = Record<string, unknown>>(sql: string, params?: Readonly<Record<string, unknown>>): Promise<T[]>
  command(sql: string): Promise<void>
  /** One Avro object container file into one table. Columns are matched by name. */
  insert_avro(table: string, columns: readonly string[], container: Buffer): Promise<void>
  /** The same container parsed and thrown away: rejects where insert_avro would. */
  check_avro(table: string, columns: readonly string[], container: Buffer): Promise<void>
  health(): Promise<string | null>
  close(): Promise<void>
}
/** The warehouse read the rows and refused them: not to be retried as they are. */
export class RowsRejected extends Error {
  override readonly name = 'RowsRejected'
}

/** Wall clock. Only the runtime reads it; what it decides is written in the batch log. */
export interface Clock {
  now(): number
  /** Resolves after ms, at once when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** A fresh unique name (nonces). */
  nonce(): string
}
