/**
 * Child process: the ClickHouse HTTP interface over chDB. Its configuration is the first line of stdin; it writes
 * `{"port": n}` to stdout when it listens and ends when stdin does, so that even a killed parent frees the data directory.
 */
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import { answer } from './warehouse-http.ts'
import { type ChdbSettings, open_sessions } from './warehouse-session.ts'

export interface ServerConfig extends ChdbSettings {
  readonly host: string
  /** 0 picks a free one. */
  readonly port: number
  /** Of user `default`, which may do everything; '' asks for none. */
  readonly password: string
  /** Of user `analyst`, which may only read. */
  readonly analyst_password: string
}

const serve = async (config: ServerConfig) => {
  const sessions = await open_sessions(config)
  const passwords = new Map([
    ['default', config.password],
    ['analyst', config.analyst_password],
  ])
  const server = createServer((request, response) => void answer({ sessions, passwords }, request, response))
  // Clients keep connections and reuse them after their own idle time; ours must be the longer one.
  server.keepAliveTimeout = 30_000
  server.requestTimeout = 0
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(config.port, config.host, resolve)
  })
  const address = server.address()
  process.stdout.write(
    `${JSON.stringify({ port: address && typeof address === 'object' ? address.port : 0 })}\n`,
  )
}

const refuse = (error: unknown) => {
  process.stdout.write(
    `${JSON.stringify({ error: error instanceof Error ? error.message : String(error) })}\n`,
    () => process.exit(1),
  )
}

/**
 * Ends at once: process.exit() would wait for every running statement. Data parts appear whole or not at all, so nothing
 * that was acknowledged is lost.
 */
const end = () => process.kill(process.pid, 'SIGKILL')
// A signal to the terminal's whole group reaches us too; our parent, which drains first, decides when we end.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined)
const input = createInterface({ input: process.stdin })
input.once('line', line => serve(JSON.parse(line) as ServerConfig).catch(refuse))
input.once('close', end)
