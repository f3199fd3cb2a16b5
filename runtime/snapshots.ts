/**
 * Snapshots: a task's whole checkpoint as a file, once a day, two kept. Where the state store has lost its checkpoint the
 * newest one that fits the log takes its place, and the replay is that of a day, not of all time.
 *
 * A file is gzip over lines of JSON: the header, then [key, {field: base64}] per entity (a large one in several lines), then
 * {"entities": lines}; it gets its name when it is whole.
 */
import {
  createReadStream,
  createWriteStream,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { pipeline as pipe, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { task_name } from './checkpoint-rules.ts'
import type { CheckpointHeader, EntityWrite, Fields, TaskId } from './ports.ts'

const ENDING = '.snapshot'
/** A file on its way; what a crash has left of one goes with the next. */
const DRAFT = '.tmp'
const KEPT = 2
/** Fields in one line: all timers of a task are one entity. */
const FIELDS_IN_LINE = 2000

export interface Snapshot {
  readonly header: CheckpointHeader
  /** All entities, some at a time. Throws on a file that is cut short or damaged. */
  entities(): AsyncGenerator<readonly EntityWrite[]>
}

export interface Snapshots {
  /** Writes a snapshot, then removes all but the two newest. Rejects without leaving a trace. */
  save(
    task: TaskId,
    header: CheckpointHeader,
    entities: AsyncIterable<readonly [string, Fields]>,
  ): Promise<void>
  /** Newest first, by when they were written: a new log counts its batches from 1. */
  list(task: TaskId): Promise<Snapshot[]>
  /** When the newest one was written, epoch ms; null: there is none. */
  newest_at(task: TaskId): number | null
}

/** In a directory, which processes that share tasks should share too. */
export const snapshot_directory = (dir: string): Snapshots => {
  const folder = (task: TaskId): string => join(dir, task_name(task))
  const files = (task: TaskId): string[] => {
    try {
      return readdirSync(folder(task))
        .filter(name => name.endsWith(ENDING))
        .map(name => join(folder(task), name))
        .map(file => ({ file, seq: Number.parseInt(basename(file), 10), at: written_at(file) }))
        .sort((a, b) => b.at - a.at || b.seq - a.seq)
        .map(({ file }) => file)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error
    }
  }
  return {
    async save(task, header, entities) {
      mkdirSync(folder(task), { recursive: true })
      const file = join(folder(task), `${header.seq}${ENDING}`)
      for (const name of readdirSync(folder(task)))
        if (name.endsWith(DRAFT)) rmSync(join(folder(task), name), { force: true })
      const draft = `${file}.${process.pid}${DRAFT}`
      try {
        await pipeline(
          Readable.from(lines(header, entities)),
          createGzip({ level: 3 }),
          createWriteStream(draft),
        )
        renameSync(draft, file)
      } catch (error) {
        rmSync(draft, { force: true })
        throw error
      }
      for (const older of files(task).slice(KEPT)) rmSync(older, { force: true })
    },
    async list(task) {
      const found: Snapshot[] = []
      for (const file of files(task)) {
        const header = await header_of(file)
        if (header) found.push({ header, entities: () => entities_of(file) })
      }
      return found
    },
    newest_at(task) {
      const [newest] = files(task)
      return newest === undefined ? null : written_at(newest)
    },
  }
}

const written_at = (file: string): number => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0

async function* lines(
  header: CheckpointHeader,
  entities: AsyncIterable<readonly [string, Fields]>,
): AsyncGenerator<string> {
  yield `${JSON.stringify(header)}\n`
  let count = 0
  for await (const [key, fields] of entities) {
    const named = [...fields].map(([field, bytes]) => [field, bytes.toString('base64')] as const)
    for (let from = 0; from === 0 || from < named.length; from += FIELDS_IN_LINE) {
      const some = Object.fromEntries(named.slice(from, from + FIELDS_IN_LINE))
      yield `${JSON.stringify([key, some])}\n`
      count++
    }
  }
  yield `${JSON.stringify({ entities: count })}\n`
}

/** null for a file that cannot be read: an older one may do. */
const header_of = async (file: string): Promise<CheckpointHeader | null> => {
  try {
    for await (const line of unzipped(file)) return JSON.parse(line) as CheckpointHeader
  } catch {}
  return null
}

/** Lines of the file; throws what reading and unzipping throw. */
async function* unzipped(file: string): AsyncGenerator<string> {
  let rest = ''
  const text = pipe(createReadStream(file), createGunzip(), () => {}).setEncoding('utf8')
  for await (const chunk of text) {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop() ?? ''
    yield* parts
  }
}

const AT_ONCE = 500

async function* entities_of(file: string): AsyncGenerator<readonly EntityWrite[]> {
  let some: EntityWrite[] = []
  let count = 0
  let end: number | null = null
  let first = true
  for await (const line of unzipped(file)) {
    if (first) {
      first = false
      continue
    }
    const parsed = JSON.parse(line) as [string, Record<string, string>] | { entities: number }
    if (!Array.isArray(parsed)) {
      end = parsed.entities
      continue
    }
    const [key, fields] = parsed
    const bytes = Object.entries(fields).map(([field, text]) => [field, Buffer.from(text, 'base64')] as const)
    some.push({ key, fields: bytes })
    count++
    if (some.length < AT_ONCE) continue
    yield some
    some = []
  }
  if (end !== count) throw new Error(`${file} is cut short: ${count} of ${end ?? 'many'} entities`)
  yield some
}
