/**
 * One process per data directory. The lock file names its holder by pid and start time, so that a holder that was killed,
 * even one whose pid was given to another process since, never blocks a restart.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'

/** The directory is held by a living process. */
export class DirectoryInUse extends Error {
  override readonly name = 'DirectoryInUse'
}

interface Holder {
  readonly pid: number
  /** When the process began, as the system tells it; null where the system does not. */
  readonly started: string | null
  readonly host: string
}

/**
 * Start of a process in the system's own words: undefined when there is no such process (or only its unreaped rest),
 * null when the system does not tell.
 */
export const process_start = (pid: number): string | null | undefined => {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return undefined
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The command's name stands in parentheses and may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : (fields[19] ?? null)
  } catch {
    return start_by_ps(pid)
  }
}

/** For systems without /proc. */
const start_by_ps = (pid: number): string | null => {
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || null
  } catch {
    return null
  }
}

/** A half-written or unreadable lock file names nobody. */
const read_holder = (path: string): Holder | null => {
  try {
    const holder = JSON.parse(readFileSync(path, 'utf8')) as Partial<Holder>
    if (!Number.isSafeInteger(holder.pid) || holder.pid! <= 0) return null
    return { pid: holder.pid!, started: holder.started ?? null, host: holder.host ?? '' }
  } catch {
    return null
  }
}

const is_alive = ({ pid, started }: Holder): boolean => {
  const now = process_start(pid)
  return now !== undefined && (now === null || started === null || now === started)
}

/**
 * Writes this process into the lock file. Call it where no other process can be doing the same (the environment does
 * so inside an LMDB write transaction, whose mutex dies with its process).
 * @returns releases the lock
 * @throws DirectoryInUse naming the pid of the living holder
 */
export const take_lock = (path: string): (() => void) => {
  const holder = read_holder(path)
  if (holder && is_alive(holder)) {
    const who = holder.pid === process.pid ? 'by this process itself' : `by process ${holder.pid}`
    throw new DirectoryInUse(
      `the data directory is in use ${who} (pid ${holder.pid} on ${holder.host || 'this machine'}, lock ${path}); ` +
        'stop it first, or choose another data directory',
    )
  }
  const own: Holder = { pid: process.pid, started: process_start(process.pid) ?? null, host: hostname() }
  const text = JSON.stringify(own)
  const draft = `${path}.${process.pid}`
  writeFileSync(draft, text)
  renameSync(draft, path)
  return () => {
    const now = read_holder(path)
    if (now && JSON.stringify(now) === text) rmSync(path, { force: true })
  }
}
