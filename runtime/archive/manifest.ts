/**
 * The table of contents of an archive: `manifest.json`, written last, so that a directory without one is no archive. It
 * names every file with its records, bytes and CRC, holds the schemas the records were written with, and a CRC of itself.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { z } from 'zod'

/** Raised when an older version could no longer read what is written. */
export const VERSION = 1
const FORMAT = 'tributary archive'
const FILE = 'manifest.json'

/** Why an archive is not written, read or put in: one sentence for a person. */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError'
}

const count = z.number().int().min(0)
const file_entry = z.object({
  topic: z.string().regex(/^[\w.-]+$/, 'a topic'),
  partition: count,
  records: count,
  bytes: count,
  crc32: count,
})
const schema_entry = z.object({
  /** Registered under `<topic>-value`. */
  topic: z.string(),
  /** In the registry that the bodies of the archive were written with. */
  id: z.number().int(),
  schema: z.union([z.record(z.string(), z.unknown()), z.array(z.unknown()), z.string()]),
})
const contents = z.object({
  format: z.literal(FORMAT),
  version: z.number(),
  app: z.string(),
  /** Of every topic that does not say otherwise. */
  partitions: count,
  created_at: z.string(),
  files: z.array(file_entry),
  schemas: z.array(schema_entry),
})

export type FileEntry = z.output<typeof file_entry>
export type SchemaEntry = z.output<typeof schema_entry>
export type Manifest = z.output<typeof contents>

/** Where the records of one partition are, within the archive's directory. */
export const file_of = ({ topic, partition }: Pick<FileEntry, 'topic' | 'partition'>): string =>
  join(topic, `${partition}.records`)

const checksum = (value: object): number => crc32(JSON.stringify(value))

/** Whole or not at all. */
export const write_manifest = (dir: string, manifest: Omit<Manifest, 'format' | 'version'>): void => {
  const written = { format: FORMAT, version: VERSION, ...manifest }
  const draft = join(dir, `${FILE}.draft`)
  writeFileSync(draft, `${JSON.stringify({ ...written, crc32: checksum(written) })}\n`, { flush: true })
  renameSync(draft, join(dir, FILE))
}

/** @throws ArchiveError for a directory that is no archive, a damaged manifest, a newer format */
export const read_manifest = (dir: string): Manifest => {
  const path = join(dir, FILE)
  if (!existsSync(path))
    throw new ArchiveError(
      `${dir} is no archive: it has no ${FILE}, which a backup writes last. Was the backup cut short?`,
    )
  const damaged = (why: string) => new ArchiveError(`${path} is damaged: ${why}`)
  let read: Record<string, unknown>
  try {
    read = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
  } catch {
    throw damaged('it is not JSON')
  }
  if (read === null || typeof read !== 'object' || read.format !== FORMAT) throw damaged('it is another file')
  if (typeof read.version === 'number' && read.version > VERSION)
    throw new ArchiveError(
      `${dir} was written in archive format ${read.version}, this version reads up to ${VERSION}: use a newer Tributary`,
    )
  const { crc32: noted, ...rest } = read
  if (noted !== checksum(rest)) throw damaged('its checksum differs')
  const parsed = contents.safeParse(rest)
  if (!parsed.success) throw damaged(parsed.error.issues[0]?.message ?? 'it lacks something')
  return parsed.data
}
