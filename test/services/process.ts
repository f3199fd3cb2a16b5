/** Child processes of the local stack: started on free ports, waited for, stopped by their own pid. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface ServiceOptions {
  /** A free one is chosen when missing. */
  readonly port?: number
  /** Where it keeps its data; a temporary directory, removed by stop(), when missing. */
  readonly dir?: string
}

export interface Service {
  /** host:port, or the URL that clients are given. */
  readonly address: string
  readonly pid: number
  /** Orderly end; resolves when the process is gone. */
  stop(): Promise<void>
  /** SIGKILL: what it had not written is lost. */
  kill(): Promise<void>
  /** Starts it again (ending it first where it runs) on the same port and directory; resolves when ready. */
  restart(): Promise<void>
}

export interface Launch {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly address: string
  readonly dir: string
  /** Resolves when it serves requests; called again and again until it does. */
  readonly ready: () => Promise<void>
  readonly ready_ms: number
  /** Remove `dir` in stop(). */
  readonly temporary: boolean
}

/** Services are part of what is measured, and run as in production: see measure_services. */
export const are_measured = (): boolean => process.env.STACK_MEASURED === '1'

/** Called by benches before they start services. */
export const measure_services = (): void => {
  process.env.STACK_MEASURED = '1'
}

/** JVMs of tests live for a minute or two: the second compiler costs them more than it gives. */
export const java_options = (): readonly string[] => (are_measured() ? [] : ['-XX:TieredStopAtLevel=1'])

const STOP_MS = 20_000
const children = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

/**
 * Headers of a request with a connection of its own: a test that asks once in a while must not fail because the server gave up
 * the connection in the very moment of the next question, which fetch reports as it reports a dead server.
 */
export const ALONE = { connection: 'close' }

export const free_port = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (address === null || typeof address === 'string') return reject(new Error('no port'))
      server.close(() => resolve(address.port))
    })
  })

export const service_directory = async (name: string, dir?: string) => {
  if (dir !== undefined) {
    await mkdir(dir, { recursive: true })
    return { dir, temporary: false }
  }
  return { dir: await mkdtemp(join(tmpdir(), `tributary-${name}-`)), temporary: true }
}

const gone = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null

const end = async (child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
  if (gone(child)) return
  const exited = new Promise<void>(resolve => child.once('exit', () => resolve()))
  child.kill(signal)
  const forced = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  await exited
  clearTimeout(forced)
}

const begin = async (launch: Launch): Promise<ChildProcess> => {
  const log_file = join(launch.dir, `${launch.name}.log`)
  const log = openSync(log_file, 'a')
  const child = spawn(launch.command, launch.args, {
    cwd: launch.dir,
    env: { ...process.env, ...launch.env },
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  children.add(child)
  child.once('exit', () => children.delete(child))
  let spawn_error: Error | null = null
  child.once('error', error => {
    spawn_error = error
  })
  const deadline = Date.now() + launch.ready_ms
  for (let last: unknown = null; ; ) {
    if (spawn_error !== null) throw new Error(`${launch.command} does not start: ${String(spawn_error)}`)
    if (gone(child))
      throw new Error(`${launch.name} ended at its start:\n${readFileSync(log_file, 'utf8').slice(-4_000)}`)
    if (Date.now() > deadline) {
      await end(child, 'SIGKILL')
      throw new Error(`${launch.name} was not ready in ${launch.ready_ms} ms: ${String(last)}`)
    }
    try {
      await launch.ready()
      return child
    } catch (error) {
      last = error
      await new Promise(resolve => setTimeout(resolve, 100))
    }
  }
}

/** Starts a process and waits until it serves. */
export const launch_service = async (launch: Launch): Promise<Service> => {
  let child = await begin(launch)
  return {
    address: launch.address,
    get pid() {
      return child.pid!
    },
    stop: async () => {
      await end(child, 'SIGTERM')
      if (launch.temporary) await rm(launch.dir, { recursive: true, force: true })
    },
    kill: () => end(child, 'SIGKILL'),
    restart: async () => {
      await end(child, 'SIGTERM')
      child = await begin(launch)
    },
  }
}
