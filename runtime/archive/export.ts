/**
 * A backup is an archive of the log: the log is the truth, the state store and the warehouse are made from it again. All
 * committed records of every topic and partition go into files, with the schemas they were written with.
 */
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { batch_log_topic } from '../../schemas/topics.ts'
import { type App, key_groups, topic_settings } from '../app.ts'
import { body_schema_id, PREFIX_BYTES } from '../avro/encoder.ts'
import { system_clock } from '../clock.ts'
import type { Clock, Log, LogRecord, Registry } from '../ports.ts'
import { UnknownSchema } from '../ports.ts'
import { FileWriter } from './file.ts'
import { ArchiveError, type FileEntry, type SchemaEntry, write_manifest } from './manifest.ts'

export interface Source {
  readonly app: App
  readonly log: Log
  readonly registry: Registry
  /** Nobody else can write while it is open; otherwise it is watched for standing still. */
  readonly alone: boolean
}

/** Records done and records there are, now and then. */
export type Told = (done: number, all: number) => void

interface Place {
  readonly topic: string
  readonly partition: number
  readonly end: number
}

/**
 * Longer than a transaction can stay open: a process that died may have left one, behind which committed records of others
 * are not to be seen yet. It ends within this time, and its partition moves.
 */
const STANDSTILL_MS = 12_000

/** Writes an archive into a new or empty directory. Returns how many records it holds. */
export const export_archive = async (
  source: Source,
  dir: string,
  told: Told,
  clock: Clock = system_clock,
  standstill_ms: number = STANDSTILL_MS,
): Promise<number> => {
  if (existsSync(dir) && readdirSync(dir).length > 0)
    throw new ArchiveError(`${dir} is not empty: name a new directory`)
  mkdirSync(dir, { recursive: true })
  const began = clock.now()
  const places = await look(source)
  const all = places.reduce((sum, { end }) => sum + end, 0)
  const schemas = schema_collection(source)
  const files: FileEntry[] = []
  let done = 0
  for (const place of places) {
    const before = done
    const visit = (record: LogRecord): Promise<void> | undefined => {
      told(before + record.offset, all)
      return schemas.see(place.topic, record.value)
    }
    files.push(await export_partition(source.log, dir, place, visit))
    done += place.end
  }
  if (!source.alone) {
    const left_ms = began + standstill_ms - clock.now()
    if (left_ms > 0) await clock.sleep(left_ms)
    check_standstill(source.app, places, await look(source))
  }
  told(all, all)
  const { name, partitions } = source.app
  const created_at = new Date(clock.now()).toISOString()
  write_manifest(dir, { app: name, partitions, created_at, files, schemas: schemas.entries() })
  return files.reduce((sum, { records }) => sum + records, 0)
}

/** Every partition of the app's topics and where it ends; topics that the log has not got yet are left out. */
const look = async ({ app, log }: Source): Promise<Place[]> => {
  const places: Promise<Place>[] = []
  for (const { name: topic } of topic_settings(app)) {
    const partitions = (await log.partitions(topic)) ?? 0
    for (let partition = 0; partition < partitions; partition++) places.push(bounded(log, topic, partition))
  }
  return Promise.all(places)
}

const bounded = async (log: Log, topic: string, partition: number): Promise<Place> => {
  const { start, end } = await log.bounds(topic, partition)
  if (start > 0)
    throw new ArchiveError(
      `${topic}/${partition} begins at offset ${start}: what retention has removed cannot be backed up, ` +
        'and without it nothing can be rebuilt',
    )
  return { topic, partition, end }
}

/** Emitters may go on: what they append comes after. What tasks write must not have moved. */
const check_standstill = (app: App, before: readonly Place[], after: readonly Place[]): void => {
  const batch_logs = new Set(key_groups(app).map(group => batch_log_topic(group.name)))
  const ends = new Map(after.map(({ topic, partition, end }) => [`${topic}/${partition}`, end]))
  for (const { topic, partition, end } of before) {
    const spec = app.topics[topic]
    const ours = batch_logs.has(topic) || spec?.role !== 'input' || spec.of !== undefined
    if (ours && ends.get(`${topic}/${partition}`) !== end)
      throw new ArchiveError(
        `${topic}/${partition} moved while it was read: stop every process of the installation, then back it up`,
      )
  }
}

const export_partition = async (
  log: Log,
  dir: string,
  { topic, partition, end }: Place,
  visit: (record: LogRecord) => Promise<void> | undefined,
): Promise<FileEntry> => {
  const file = new FileWriter(dir, { topic, partition })
  const stop = new AbortController()
  try {
    if (end > 0)
      for await (const fetched of log.tail(topic, partition, 0, stop.signal)) {
        for (const record of fetched.records) {
          if (record.offset >= end) break
          file.add(record)
          const looked_up = visit(record)
          if (looked_up) await looked_up
        }
        if (fetched.position >= end) break
      }
    return file.close()
  } catch (error) {
    file.abandon()
    throw error
  } finally {
    stop.abort()
  }
}

/** The schemas that bodies name, by topic: ids the registry does not know are somebody's mistake and stay what they are. */
const schema_collection = ({ app, registry }: Source) => {
  const found = new Map<string, Map<number, object | null>>()
  const look_up = async (id: number): Promise<object | null> => {
    try {
      return await registry.schema(id)
    } catch (error) {
      if (error instanceof UnknownSchema) return null
      throw error
    }
  }
  return {
    see(topic: string, value: Buffer | null): Promise<void> | undefined {
      const id = schema_id_of(app, topic, value)
      if (id === null) return undefined
      const of_topic = found.get(topic) ?? new Map<number, object | null>()
      found.set(topic, of_topic)
      if (of_topic.has(id)) return undefined
      return look_up(id).then(schema => {
        of_topic.set(id, schema)
      })
    },
    entries: (): SchemaEntry[] =>
      [...found].flatMap(([topic, ids]) =>
        [...ids].flatMap(([id, schema]) =>
          schema === null ? [] : [{ topic, id, schema: schema as SchemaEntry['schema'] }],
        ),
      ),
  }
}

/** The id that a body names, or null where it names none. */
export const schema_id_of = (app: App, topic: string, value: Buffer | null): number | null =>
  value === null || value.length <= PREFIX_BYTES || value[0] !== 0 || app.topics[topic]?.encode
    ? null
    : body_schema_id(value)
