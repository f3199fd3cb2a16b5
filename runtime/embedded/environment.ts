/**
 * One LMDB environment: opened once per directory, written in durable transactions only, and only by its newest opener.
 *
 * Two rules come from lmdb's own ways. With `overlappingSync` a commit is visible before it is on disk; it is off here, so
 * that a write that resolved is both. And a transaction is a batch of puts that is sent whole to the write thread: it
 * cannot be undone midway, therefore everything that may fail (encoding, checks) comes before write().
 */
import { existsSync, mkdirSync } from 'node:fs'
import { type Database, open, type RootDatabase } from 'lmdb'
import { check_disk, free_bytes } from './disk.ts'
import { take_lock } from './lock.ts'

export interface EnvironmentOptions {
  /** Reads beside a living writer; takes no lock. */
  readonly read_only?: boolean
  /** Bytes free where a path lies; for tests. */
  readonly free?: (path: string) => number
  /** Told once when the disk has become full, in a sentence, and once when there is room again (null). */
  readonly on_disk_full?: (message: string | null) => void
}

export type StoreKey = string | number | (string | number)[]

export interface Environment {
  readonly path: string
  readonly read_only: boolean
  /** Raw bytes under raw keys. */
  bytes(name: string): Database<Buffer, Uint8Array>
  /** JSON under ordered keys. */
  values<V>(name: string): Database<V, StoreKey>
  /**
   * One transaction: `put` may only call put and remove of this environment's stores, and must not throw. Resolves when it
   * is on disk. Rejects when nothing of it was written: the disk is full (DiskFull), or another process has taken the
   * directory over.
   */
  write(put: () => void): Promise<void>
  /** Reads that follow see the newest commit of whatever process. */
  refresh(): void
  /** Throws when closed: LMDB must not be touched any more. */
  check_open(): void
  /** null while writes succeed, else what became of the last one. */
  failure(): string | null
  close(): Promise<void>
}

/** Address space, not memory or disk: far beyond what a laptop holds, so that the map need never be moved. */
const MAP_BYTES = 2 ** 40
const OWNER = 'owner'

/** lmdb rejects with a wrapper whose cause comes later, or never. */
const cause_of = async (error: unknown): Promise<Error> => {
  const pending = (error as { commitError?: Promise<never> }).commitError
  if (!pending) return error as Error
  const timer = new Promise<Error>(resolve => setTimeout(() => resolve(error as Error), 1000).unref())
  return Promise.race([pending.catch((cause: Error) => cause), timer])
}

/** Takes the lock file inside a write transaction: two processes that find a stale lock cannot both take it. */
const lock_directory = (root: RootDatabase, lock_path: string): (() => void) => {
  let release = () => {}
  root.transactionSync(() => {
    release = take_lock(lock_path)
  })
  return release
}

/** The generation is stored: a former owner that lives on (a lock judged wrongly) can no longer write. */
const become_owner = (root: RootDatabase) => {
  const owners = root.openDB<number, string>({ name: OWNER, useVersions: true, encoding: 'json' })
  const generation = (owners.getEntry(OWNER)?.version ?? 0) + 1
  owners.transactionSync(() => {
    void owners.put(OWNER, process.pid, generation)
  })
  return { owners, generation }
}

/**
 * @param path directory of the environment, created when missing
 * @param lock_path the lock file, held until close() unless read_only
 * @throws DirectoryInUse while a living process holds it; DiskFull; Error when read_only and there is nothing to read
 */
export const open_environment = async (
  path: string,
  lock_path: string,
  { read_only = false, free = free_bytes, on_disk_full = () => {} }: EnvironmentOptions = {},
): Promise<Environment> => {
  if (read_only && !existsSync(`${path}/data.mdb`)) throw new Error(`there is no data in ${path} yet`)
  if (!read_only) {
    mkdirSync(path, { recursive: true })
    check_disk(path, free)
  }
  const root = open({
    path,
    noSubdir: false,
    readOnly: read_only,
    overlappingSync: false,
    // A batch of writes is atomic by write()'s condition; lmdb's own batches would add promises that, when the disk is
    // full, reject with nobody listening.
    eventTurnBatching: false,
    mapSize: MAP_BYTES,
    maxDbs: 12,
  })
  let release = () => {}
  try {
    if (!read_only) release = lock_directory(root, lock_path)
    const ownership = read_only ? null : become_owner(root)
    return environment_of({ root, path, ownership, release, free, on_disk_full })
  } catch (error) {
    release()
    await root.close()
    throw error
  }
}

interface Opened {
  readonly root: RootDatabase
  readonly path: string
  readonly ownership: ReturnType<typeof become_owner> | null
  release(): void
  free(path: string): number
  on_disk_full(message: string | null): void
}

const environment_of = ({ root, path, ownership, release, free, on_disk_full }: Opened): Environment => {
  let failed: string | null = null
  let closed = false
  const in_flight = new Set<Promise<unknown>>()

  const check_open = (): void => {
    if (closed) throw new Error(`${path} is closed`)
  }

  let full = false
  const check_room = (): void => {
    try {
      check_disk(path, free)
      if (full) on_disk_full(null)
      full = false
    } catch (error) {
      failed = (error as Error).message
      if (!full) on_disk_full(failed)
      full = true
      throw error
    }
  }

  const write = async (put: () => void): Promise<void> => {
    check_open()
    if (!ownership) throw new Error(`${path} is open for reading only`)
    check_room()
    const written = ownership.owners.ifVersion(OWNER, ownership.generation, put)
    in_flight.add(written)
    try {
      if (!(await written))
        throw new Error(`${path} was taken over by another process; this one can no longer write`)
      failed = null
    } catch (error) {
      const cause = await cause_of(error)
      failed = `the last write to ${path} failed: ${cause.message}`
      throw new Error(failed, { cause })
    } finally {
      in_flight.delete(written)
    }
  }

  return {
    path,
    read_only: ownership === null,
    bytes: name => root.openDB<Buffer, Uint8Array>({ name, encoding: 'binary', keyEncoding: 'binary' }),
    values: <V>(name: string) => root.openDB<V, StoreKey>({ name, encoding: 'json' }),
    check_open,
    write,
    refresh: () => root.resetReadTxn(),
    failure: () => (closed ? `${path} is closed` : failed),
    async close() {
      if (closed) return
      closed = true
      await Promise.allSettled(in_flight)
      await root.close()
      release()
    },
  }
}
