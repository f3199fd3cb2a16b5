/**
 * Puts an archive into an installation that holds nothing. In the end the log is as it was, under names of a new life: what
 * a state store still holds of an earlier one is not mistaken for its checkpoints. The next start rebuilds state from the
 * beginning of the log, muted, and the sink fills the tables again.
 */
import { existsSync } from 'node:fs'
import { type App, key_groups, topic_settings } from '../app.ts'
import { system_clock } from '../clock.ts'
import type { Clock, Log, LogRecord, Output, Registry, TopicSettings } from '../ports.ts'
import type { Told } from './export.ts'
import { FileReader } from './file.ts'
import { ArchiveError, type FileEntry, type Manifest, read_manifest } from './manifest.ts'
import { place_name, type Rewrite, translator } from './translate.ts'

/** An archive whose every byte has been checked. */
export interface Archive {
  readonly manifest: Manifest
  readonly files: ReadonlyMap<string, FileReader>
  close(): void
}

export interface Target {
  readonly app: App
  readonly log: Log
  readonly registry: Registry
}

/** @throws ArchiveError naming the file that is missing, cut or damaged */
export const open_archive = (dir: string): Archive => {
  if (!existsSync(dir)) throw new ArchiveError(`there is no directory ${dir}`)
  const manifest = read_manifest(dir)
  const files = new Map<string, FileReader>()
  const close = (): void => {
    for (const file of files.values()) file.close()
  }
  try {
    for (const entry of manifest.files)
      files.set(place_name(entry.topic, entry.partition), new FileReader(dir, entry))
  } catch (error) {
    close()
    throw error
  }
  return { manifest, files, close }
}

/** @throws ArchiveError when this installation cannot take what the archive holds */
export const check_fits = (app: App, manifest: Manifest): void => {
  if (manifest.app !== app.name)
    throw new ArchiveError(`the archive is of '${manifest.app}', this is '${app.name}'`)
  check_partitions(app, manifest.partitions)
  const settings = new Map(topic_settings(app).map(each => [each.name, each]))
  for (const { topic, partition } of manifest.files) {
    const known = settings.get(topic)
    if (!known) throw new ArchiveError(`the archive holds topic ${topic}, which this version does not know`)
    if (partition >= known.partitions)
      throw new ArchiveError(
        `the archive holds ${topic}/${partition}, here it has ${known.partitions} partitions`,
      )
  }
}

/** @throws ArchiveError saying with which option it would fit */
export const check_partitions = (app: App, theirs: number): void => {
  if (theirs !== app.partitions)
    throw new ArchiveError(
      `it has ${theirs} partitions per topic, this installation is to have ${app.partitions}: ` +
        `add --partitions ${theirs}, here and at every start`,
    )
}

/** @throws ArchiveError naming a topic that holds, or has held, records */
export const check_topics_empty = async (log: Log, settings: readonly TopicSettings[]): Promise<void> => {
  for (const { name } of settings)
    for (let partition = ((await log.partitions(name)) ?? 0) - 1; partition >= 0; partition--) {
      const { end } = await log.bounds(name, partition)
      if (end > 0)
        throw new ArchiveError(
          `topic ${name} is not empty (partition ${partition} ends at ${end}): an archive goes into a new installation only`,
        )
    }
}

/** Puts everything in; whoever calls it has checked that the target is empty. Returns the number of records. */
export const import_archive = async (
  archive: Archive,
  target: Target,
  told: Told,
  clock: Clock = system_clock,
): Promise<number> => {
  const { app, log, registry } = target
  const { manifest, files } = archive
  check_fits(app, manifest)
  const settings = topic_settings(app)
  await check_topics_empty(log, settings)
  const ids = await register_all(registry, manifest)
  await log.ensure(settings)
  const rewrite = translator({ app, manifest, files, ids, life: clock.nonce() })
  const all = manifest.files.reduce((sum, { records }) => sum + records, 0)
  let done = 0
  for (const entry of in_order(app, manifest.files)) {
    const file = files.get(place_name(entry.topic, entry.partition)) as FileReader
    const before = done
    await append_file(target, clock, file, rewrite, records => told(before + records, all))
    done += entry.records
  }
  told(all, all)
  return all
}

/**
 * Batch logs first, then what tasks wrote, then what emitters sent: a process that was started on a half-filled log waits
 * for what the batch log names and writes nothing.
 */
const in_order = (app: App, files: readonly FileEntry[]): FileEntry[] => {
  const rank = ({ topic }: FileEntry): number => {
    const role = app.topics[topic]?.role
    return role === undefined ? 0 : role === 'input' ? 2 : 1
  }
  return [...files].sort((a, b) => rank(a) - rank(b))
}

/** New id by `topic id`. In the order of the old ids, which is the order in which they were registered. */
const register_all = async (registry: Registry, { schemas }: Manifest): Promise<Map<string, number>> => {
  const ids = new Map<string, number>()
  for (const { topic, id, schema } of [...schemas].sort((a, b) => a.id - b.id)) {
    const to = await register(registry, `${topic}-value`, id, schema as object)
    if (to !== null) ids.set(`${topic} ${id}`, to)
  }
  return ids
}

/** null for what no registry takes, because it is no Avro schema. */
const register = async (
  registry: Registry,
  subject: string,
  id: number,
  schema: object,
): Promise<number | null> => {
  try {
    return await registry.register(subject, schema)
  } catch {
    // An emitter's own, which was never a version of the topic's subject: it gets a subject of its own.
  }
  try {
    return await registry.register(`${subject}.restored-${id}`, schema)
  } catch (error) {
    if ((await registry.health()) === null) return null
    throw error
  }
}

const APPEND_RECORDS = 1000
const APPEND_BYTES = 1 << 20

const append_file = async (
  { log }: Target,
  clock: Clock,
  file: FileReader,
  rewrite: Rewrite,
  told: (records: number) => void,
): Promise<void> => {
  const { topic, partition } = file.entry
  let outputs: Output[] = []
  let bytes = 0
  let next = 0
  const flush = async (): Promise<void> => {
    await append_persistently(log, clock, outputs, next)
    next += outputs.length
    outputs = []
    bytes = 0
    told(next)
  }
  for (const [record] of file.records()) {
    const { key, value, upstream, redrive }: LogRecord = rewrite(topic, partition, record)
    outputs.push({ topic, partition, key, value, upstream, redrive })
    bytes += (key?.length ?? 0) + (value?.length ?? 0)
    if (outputs.length >= APPEND_RECORDS || bytes >= APPEND_BYTES) await flush()
  }
  if (outputs.length > 0) await flush()
}

const TRIES = 20
const PAUSE_MS = 1000

/**
 * Appends to one partition, at `first` and behind it. A broker that has just created hundreds of partitions is not ready
 * for each of them at once; after an error the end of the partition says how much of it arrived, since nobody else writes.
 */
const append_persistently = async (
  log: Log,
  clock: Clock,
  outputs: readonly Output[],
  first: number,
): Promise<void> => {
  const { topic, partition } = outputs[0] as Output
  let written = 0
  const check = (offset: number | undefined, wanted: number): void => {
    if (offset !== wanted)
      throw new ArchiveError(
        `${topic}/${partition}: record ${wanted} was given offset ${offset}: somebody else writes to this ` +
          'installation. Begin again with an empty one',
      )
  }
  for (let tries = 1; written < outputs.length; tries++) {
    try {
      for (const offset of await log.append(outputs.slice(written))) check(offset, first + written++)
    } catch (error) {
      if (error instanceof ArchiveError || tries === TRIES) throw error
      await clock.sleep(PAUSE_MS)
      const { end } = await log.bounds(topic, partition)
      if (end < first + written || end > first + outputs.length) check(end, first + written)
      written = end - first
    }
  }
}

/** Tasks of the app, for looking whether a state store holds something of theirs. */
export const tasks_of = (app: App) =>
  key_groups(app).flatMap(({ name, partitions }) =>
    Array.from({ length: partitions }, (_, partition) => ({ app: app.name, group: name, partition })),
  )
