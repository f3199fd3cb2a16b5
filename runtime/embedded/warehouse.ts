/** Starts the embedded warehouse: a child process that speaks the ClickHouse HTTP interface over chDB. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { ServerConfig } from './warehouse-server.ts'

export interface EmbeddedWarehouseOptions {
  /** The data directory of the installation; the warehouse keeps `clickhouse` in it. */
  readonly dir: string
  readonly host?: string
  /** 0 (default) picks a free one. */
  readonly port?: number
  /** Of the users `default` (everything) and `analyst` (reads only). May be left out on loopback only. */
  readonly password?: string
  readonly analyst_password?: string
  readonly analyst_seconds_max?: number
  readonly analyst_bytes_max?: number
  /** How long a start waits for a dying predecessor to free the directory or the port. */
  readonly start_ms?: number
  readonly on_exit?: (reason: string) => void
}

export interface EmbeddedWarehouse {
  /** Without credentials. */
  readonly url: string
  readonly port: number
  /** Of the child. */
  readonly pid: number
  /** Resolves when the child is gone and the directory free. */
  stop(): Promise<void>
}

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost'])
const RETRY_MS = 200
// chDB does not say why it cannot open a directory; in practice another process has it.
const HELD = /failed to create connection|cannot lock file|another server instance|EADDRINUSE/i

/**
 * Resolves when queries are answered. Rejects when chDB does not run here (naming --clickhouse-url), when passwords are
 * missing off loopback, and when the directory stays held by a living process.
 */
export const start_embedded_warehouse = async (
  options: EmbeddedWarehouseOptions,
): Promise<EmbeddedWarehouse> => {
  const config: ServerConfig = {
    dir: options.dir,
    host: options.host ?? '127.0.0.1',
    port: options.port ?? 0,
    password: options.password ?? '',
    analyst_password: options.analyst_password ?? '',
    analyst_seconds_max: options.analyst_seconds_max ?? 60,
    analyst_bytes_max: options.analyst_bytes_max ?? 2 * 2 ** 30,
  }
  if (!LOOPBACK.has(config.host) && (!config.password || !config.analyst_password))
    throw new Error(
      `the warehouse may listen on ${config.host} only with passwords for the users default and analyst`,
    )
  mkdirSync(config.dir, { recursive: true })
  const deadline = Date.now() + (options.start_ms ?? 15_000)
  for (;;) {
    try {
      return await start_once(config, options.on_exit)
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error)
      if (!HELD.test(text)) throw error
      if (Date.now() > deadline)
        throw new Error(
          `the warehouse cannot start: another process holds ${config.dir} or its port (${text})`,
        )
      await new Promise(resolve => setTimeout(resolve, RETRY_MS))
    }
  }
}

const start_once = async (
  config: ServerConfig,
  on_exit?: (reason: string) => void,
): Promise<EmbeddedWarehouse> => {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'warehouse-server.ts')], {
    stdio: ['pipe', 'pipe', 'pipe'],
    // chDB runs each statement on a thread of libuv's pool.
    env: { ...process.env, UV_THREADPOOL_SIZE: '32', NODE_OPTIONS: '', TZ: 'UTC' },
  })
  const errors: string[] = []
  child.stderr.setEncoding('utf8').on('data', text => {
    errors.push(String(text))
    if (errors.length > 50) errors.shift()
  })
  // The child may be gone before it has read its configuration: its exit says so better than EPIPE.
  child.stdin.on('error', () => undefined)
  child.stdin.write(`${JSON.stringify(config)}\n`)
  const port = await first_words(child, errors)
  let stopping = false
  const gone = new Promise<void>(resolve => child.once('exit', () => resolve()))
  void gone.then(() => {
    if (!stopping)
      on_exit?.(
        `the warehouse process ended (${child.exitCode ?? child.signalCode}): ${errors.join('').trim()}`,
      )
  })
  // Everybody's address is nobody's: we reach our own child on loopback.
  const reached = config.host === '0.0.0.0' ? '127.0.0.1' : config.host === '::' ? '::1' : config.host
  const host = reached.includes(':') ? `[${reached}]` : reached
  return {
    url: `http://${host}:${port}`,
    port,
    pid: child.pid ?? 0,
    stop: () => {
      stopping = true
      child.stdin.end()
      return gone
    },
  }
}

/** The port the child listens on; rejects with its reason when it ends instead. */
const first_words = (child: ChildProcess, errors: readonly string[]): Promise<number> =>
  new Promise((resolve, reject) => {
    const { stdout } = child
    if (!stdout) return reject(new Error('the warehouse process has no output'))
    const lines = createInterface({ input: stdout })
    lines.once('line', line => {
      const said = parsed(line)
      if (typeof said.port === 'number') resolve(said.port)
      else child.once('exit', () => reject(new Error(said.error ?? line)))
    })
    child.once('error', reject)
    child.once('exit', (code, signal) =>
      setImmediate(() =>
        reject(new Error(`the warehouse process ended (${code ?? signal}): ${errors.join('').trim()}`)),
      ),
    )
  })

const parsed = (line: string): { readonly port?: number; readonly error?: string } => {
  try {
    return JSON.parse(line) as { port?: number; error?: string }
  } catch {
    return { error: line }
  }
}
