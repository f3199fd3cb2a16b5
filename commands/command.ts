/** What the commands share: how they fail, and how they find a running process. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ConfigError } from '../runtime/config.ts'

/** A failure that a person can act on: printed as one line, exit 1. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}

/**
 * Runs a command and sets the exit code: what it returns, 2 on wrong usage, 1 on failure. Errors are one line
 * on stderr; TRIBUTARY_DEBUG=1 adds where they come from.
 */
export const run_command = async (main: () => Promise<number>): Promise<void> => {
  // Who reads the output has seen enough, as `head` has.
  process.stdout.on('error', error => {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
    process.exit(0)
  })
  try {
    process.exitCode = await main()
  } catch (error) {
    const { name } = error as Error
    process.stderr.write(`${one_line(error)}\n`)
    if (process.env.TRIBUTARY_DEBUG === '1') console.error(error)
    process.exitCode = name === ConfigError.name ? 2 : 1
  }
}

const REMEDIES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use; choose another with --http-port or --clickhouse-port',
  EACCES: 'permission denied; choose a directory or port that this user may use',
  EROFS: 'the file system is read-only; choose another with --data-dir',
  ENOSPC: 'the disk is full; free some space, nothing acknowledged is lost',
}

/** An error as one line, with what to do where that is known. */
export const one_line = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const remedy = REMEDIES[(error as NodeJS.ErrnoException).code ?? '']
  const text = error.message.replace(/\s+/g, ' ').trim() || error.name
  return remedy ? `${text}: ${remedy}` : text
}

/** Writes whole or not at all, also when the process is killed midway. */
export const write_whole = (file: string, text: string): void => {
  mkdirSync(dirname(file), { recursive: true })
  const draft = `${file}.${process.pid}.tmp`
  writeFileSync(draft, text)
  renameSync(draft, file)
}

export interface Endpoints {
  readonly http: string
  readonly clickhouse: string
  readonly pid: number
}

const endpoints_file = (data_dir: string): string => join(data_dir, 'endpoints.json')

/** Where the process that runs on this data directory listens; null when none is alive. */
export const read_endpoints = (data_dir: string): Endpoints | null => {
  try {
    const endpoints = JSON.parse(readFileSync(endpoints_file(data_dir), 'utf8')) as Endpoints
    return is_alive(endpoints.pid) ? endpoints : null
  } catch {
    return null
  }
}

export const write_endpoints = (data_dir: string, endpoints: Endpoints): void =>
  write_whole(endpoints_file(data_dir), `${JSON.stringify(endpoints, null, 2)}\n`)

/** Only our own: a process started after us has replaced it. */
export const remove_endpoints = (data_dir: string): void => {
  if (read_endpoints(data_dir)?.pid === process.pid) rmSync(endpoints_file(data_dir), { force: true })
}

const is_alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
