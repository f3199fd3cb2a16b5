/** One of several Tributary processes on the services of an installation, with a port and a data directory of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Installation, PARTITIONS, type Readiness } from './installation.ts'
import { ALONE, free_port } from './process.ts'

const ROOT = join(import.meta.dirname, '../..')

export interface MemberOptions {
  /** Another copy of the project. */
  readonly root?: string
  readonly args?: readonly string[]
  /** Silent for so long, a process loses its tasks. */
  readonly session_ms?: number
}

export interface MemberReadiness extends Readiness {
  readonly degraded: readonly string[]
  readonly workers?: readonly { worker: number; pid: number | null; error: string | null }[]
}

/** The environment that makes a process one of the installation's. */
export const cluster_env = (
  { services, clickhouse }: Installation,
  session_ms: number,
): Record<string, string> => {
  if (!services) throw new Error('an embedded installation is of one process')
  return {
    KAFKA_BROKERS: services.address('kafka'),
    SCHEMA_REGISTRY_URL: services.address('registry'),
    REDIS_URL: services.address('redis'),
    CLICKHOUSE_URL: clickhouse,
    KAFKA_SESSION_MS: String(session_ms),
  }
}

export class Member {
  readonly http: string
  readonly child: ChildProcess
  readonly ended: Promise<number | null>
  readonly #directory: string
  #output = ''

  private constructor(installation: Installation, port: number, options: MemberOptions) {
    const { root = ROOT, args = [], session_ms = 10_000 } = options
    this.http = `http://127.0.0.1:${port}`
    this.#directory = mkdtempSync(join(tmpdir(), 'tributary-member-'))
    const flags = ['--http-port', String(port), '--partitions', String(PARTITIONS)]
    const argv = [join(root, 'commands/start.ts'), '--data-dir', this.#directory, ...flags, ...args]
    this.child = spawn(process.execPath, argv, {
      env: { ...process.env, ...cluster_env(installation, session_ms) },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that a signal can go to all of it.
      detached: true,
    })
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on('data', chunk => {
        this.#output += chunk
      })
    this.ended = new Promise(resolve => this.child.once('close', code => resolve(code)))
    process.once('exit', () => this.child.kill('SIGKILL'))
  }

  static async start(installation: Installation, options: MemberOptions = {}): Promise<Member> {
    return new Member(installation, await free_port(), options)
  }

  get output(): string {
    return this.#output
  }

  async status(): Promise<MemberReadiness> {
    return (await (await fetch(`${this.http}/readyz`, { headers: ALONE })).json()) as MemberReadiness
  }

  /** Waits until its state is as asked. */
  async until(
    what: string,
    is: (state: MemberReadiness) => boolean,
    within_ms = 120_000,
  ): Promise<MemberReadiness> {
    for (const deadline = Date.now() + within_ms; ; await sleep(50)) {
      const state = await this.status().catch(() => null)
      if (state && is(state)) return state
      if (this.child.exitCode !== null) throw new Error(`ended before ${what}: ${this.#output}`)
      if (Date.now() > deadline)
        throw new Error(`not ${what} in ${within_ms} ms: ${JSON.stringify(state)}\n${this.#output}`)
    }
  }

  /** Its exit code; its directory is removed. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal)
    const code = await this.ended
    rmSync(this.#directory, { recursive: true, force: true })
    return code
  }
}

/** Recoveries that a process has counted since it began: one for each task that it took. */
export const recoveries = async ({ http }: { readonly http: string }): Promise<number> => {
  const text = await (await fetch(`${http}/metrics`, { headers: ALONE })).text()
  return text
    .split('\n')
    .filter(line => line.startsWith('tributary_recoveries_total{'))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
}
