/**
 * What changes when records move to another log: schema ids, offsets, and the names of the log's life. In the new log a
 * partition's records stand at 0, 1, 2 …; whoever names an offset (the batch log, dead letters) is told the new one. Bodies
 * behind their registry prefix stay, and with them CRCs of bodies and digests.
 */
import { createHash } from 'node:crypto'
import type avsc from 'avsc'
import type { Batch, BatchRange, DeadLetter } from '../../schemas/types.ts'
import type { App } from '../app.ts'
import { PREFIX_BYTES } from '../avro/encoder.ts'
import { exact_type } from '../avro/exact-type.ts'
import { chain_crc } from '../batch-log.ts'
import { crc_of } from '../intake.ts'
import type { LogRecord } from '../ports.ts'
import { schema_id_of } from './export.ts'
import type { FileReader } from './file.ts'
import { ArchiveError, type Manifest } from './manifest.ts'

const DEAD_LETTERS = 'dead_letters'
/**
 * The id of bodies whose id named no Avro schema: none that a registry gives. As it was it might, by chance, name one here,
 * and a body that was refused would be read.
 */
export const NOBODY = 0x7fff_ffff

export interface Translation {
  readonly app: App
  readonly manifest: Manifest
  readonly files: ReadonlyMap<string, FileReader>
  /** New schema id by `topic id`. */
  readonly ids: ReadonlyMap<string, number>
  /** Makes the names of this life differ from those of every other. */
  readonly life: string
}

export const place_name = (topic: string, partition: number): string => `${topic}/${partition}`

export type Rewrite = (topic: string, partition: number, record: LogRecord) => LogRecord

/** Rewrites the records of an archive, each partition's in offset order. */
export const translator = (translation: Translation): Rewrite => {
  const { app, manifest, ids, files, life } = translation
  const types = new Map<string, avsc.Type>()
  for (const { topic, id, schema } of manifest.schemas)
    if (topic === DEAD_LETTERS || topic.startsWith('batch_log.'))
      types.set(`${topic} ${id}`, exact_type(schema as object))

  const with_id = (topic: string, value: Buffer | null): Buffer | null => {
    const id = schema_id_of(app, topic, value)
    if (value === null || id === null) return value
    const to = ids.get(`${topic} ${id}`) ?? NOBODY
    if (to === id) return value
    const copy = Buffer.from(value)
    copy.writeInt32BE(to, 1)
    return copy
  }

  /** New body with the row changed; the body as it is where it cannot be read. */
  const rewritten = <T>(topic: string, value: Buffer, change: (row: T) => T): Buffer => {
    const type = types.get(`${topic} ${schema_id_of(app, topic, value)}`)
    if (!type) throw new ArchiveError(`a record of ${topic} names a schema that the archive has not got`)
    const row = type.fromBuffer(value.subarray(PREFIX_BYTES)) as T
    return Buffer.concat([value.subarray(0, PREFIX_BYTES), type.toBuffer(change(row))])
  }

  const moved = (topic: string, partition: number, offset: number): number => {
    const { found, number } = files.get(place_name(topic, partition))?.rank(offset) ?? { found: false }
    return found && number !== undefined ? number : offset
  }

  /** An id that names a record's place names its new one: two dead letters must not come to bear the same id. */
  const dead_letter_id = (id: string): string => {
    const [, topic = '', partition, offset, rest = ''] = PLACE_ID.exec(id) ?? []
    if (!files.has(place_name(topic, Number(partition)))) return id
    return `${topic}:${partition}:${moved(topic, Number(partition), Number(offset))}${rest}`
  }

  const dead_letter = (row: DeadLetter): DeadLetter => {
    const { topic, partition, offset, value, schema_id } = row
    return {
      ...row,
      event_id: dead_letter_id(row.event_id),
      offset: moved(topic, partition, offset),
      schema_id: schema_id === null ? null : (ids.get(`${topic} ${schema_id}`) ?? NOBODY),
      value: with_id(topic, value as Buffer | null),
    }
  }

  const renamed = (name: string): string =>
    name === '' ? '' : createHash('sha256').update(`${life} ${name}`).digest('hex').slice(0, 32)
  const batch = batch_translator(files, renamed)

  return (topic, partition, record) => {
    const { redrive } = record
    let { value } = record
    if (value && topic.startsWith('batch_log.'))
      value = rewritten<Batch>(topic, value, row => batch(topic, partition, row))
    if (value && topic === DEAD_LETTERS) value = rewritten(topic, value, dead_letter)
    return {
      ...record,
      value: with_id(topic, value),
      ...(redrive && {
        redrive: { ...redrive, dead_letter_id: dead_letter_id(redrive.dead_letter_id) },
      }),
    }
  }
}
const PLACE_ID = /^([\w.-]+):(\d+):(\d+)(:.*)?$/s

/** Rewrites batch-log records: reads along what they read. */
const batch_translator = (files: ReadonlyMap<string, FileReader>, renamed: (name: string) => string) => {
  /** Where the walk over a partition stands, per batch log: ranges follow each other. */
  const walks = new Map<string, { next: number; records: ReturnType<FileReader['records']> }>()
  const walk = (batch_log: string, name: string, from: number) => {
    const file = files.get(name)
    if (!file) throw new ArchiveError(`${batch_log} names ${name}, which the archive has not got`)
    const key = `${batch_log} ${name}`
    let walking = walks.get(key)
    if (!walking || walking.next > from) {
      walking = { next: from, records: file.records(from) }
      walks.set(key, walking)
    }
    return walking
  }

  const range = (
    batch_log: string,
    partition: number,
    range: BatchRange,
    left_out: Map<string, number>,
  ): BatchRange => {
    const { topic, from, to, count, crc } = range
    const walking = walk(batch_log, place_name(topic, partition), from)
    let [old_crc, new_crc, seen, first] = [0, 0, 0, 0]
    while (walking.next < to) {
      const step = walking.records.next()
      if (step.done) break
      const [record, number] = step.value
      walking.next = record.offset + 1
      if (record.offset < from) continue
      if (seen++ === 0) first = number
      const body_crc = crc_of(record.value)
      old_crc = chain_crc(old_crc, record.offset, body_crc)
      new_crc = chain_crc(new_crc, number, body_crc)
      const place = `${topic} ${record.offset}`
      if (left_out.has(place)) left_out.set(place, number)
    }
    if (seen !== count || old_crc !== crc || walking.next !== to)
      throw new ArchiveError(
        `${batch_log} says that ${topic}/${partition} held ${count} records from ${from} to ${to}; ` +
          'the archive holds others. It cannot be restored',
      )
    return { ...range, from: first, to: first + count, crc: new_crc }
  }

  return (batch_log: string, partition: number, row: Batch): Batch => {
    const left_out = new Map(row.left_out.map(({ topic, offset }) => [`${topic} ${offset}`, offset]))
    const ranges = row.ranges.map(each => range(batch_log, partition, each, left_out))
    return {
      ...row,
      log_id: renamed(row.log_id),
      nonce: renamed(row.nonce),
      ranges,
      left_out: row.left_out.map(each => ({
        ...each,
        offset: left_out.get(`${each.topic} ${each.offset}`) as number,
      })),
      catalog_offset: files.get(place_name('catalog', 0))?.rank(row.catalog_offset).number ?? 0,
    }
  }
}
