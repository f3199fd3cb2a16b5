/**
 * docker-compose.yml on images of this machine (docker-compose.local.yml), in a project of its own: ports that are free,
 * containers and volumes that go with it.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { free_port } from './process.ts'

const ROOT = join(import.meta.dirname, '../..')
const FILES = ['docker-compose.yml', 'docker-compose.local.yml'] as const
const UP_MS = 240_000

/** Of `docker inspect`, what a test looks at. */
export interface Inspected {
  readonly Config: { readonly Labels: Readonly<Record<string, string>>; readonly Healthcheck?: object }
  readonly HostConfig: {
    readonly ReadonlyRootfs: boolean
    readonly CapDrop: readonly string[] | null
    readonly PortBindings: Readonly<Record<string, readonly { readonly HostIp: string }[]>>
    readonly RestartPolicy: { readonly Name: string }
  }
  readonly State: { readonly Status: string; readonly ExitCode: number }
  readonly RestartCount: number
}

const answers = (...command: readonly string[]): string | null => {
  const [program = '', ...args] = command
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8' })
  return status === 0 ? stdout.trim() : null
}

/** Docker's own Compose 2, else the program docker-compose, which on Debian 12 is Compose 1. */
const find_compose = (): { readonly command: readonly string[]; readonly version: string } => {
  for (const command of [['docker', 'compose'], ['docker-compose']]) {
    const version = answers(...command, 'version', '--short')
    if (version !== null) return { command, version }
  }
  throw new Error('neither `docker compose` nor `docker-compose` is there')
}

export class Composed {
  readonly version: string
  readonly http: string
  readonly clickhouse: string
  readonly #command: readonly string[]
  readonly #project = `tributary-${randomBytes(4).toString('hex')}`
  readonly #dir = mkdtempSync(join(tmpdir(), 'tributary-compose-'))
  readonly #env: NodeJS.ProcessEnv

  private constructor(ports: readonly number[]) {
    const { command, version } = find_compose()
    const [http, clickhouse, kafka, registry] = ports
    this.version = version
    this.http = `http://127.0.0.1:${http}`
    this.clickhouse = `http://127.0.0.1:${clickhouse}`
    this.#env = {
      ...process.env,
      TRIBUTARY_HTTP_PORT: `${http}`,
      CLICKHOUSE_PORT: `${clickhouse}`,
      KAFKA_PORT: `${kafka}`,
      REGISTRY_PORT: `${registry}`,
      TRIBUTARY_PARTITIONS: '2',
    }
    // Compose 1 does not know a project's name in the file; nothing else is different.
    const files = FILES.map(name => {
      const file = join(this.#dir, name)
      const text = readFileSync(join(ROOT, name), 'utf8')
      writeFileSync(file, version.startsWith('1.') ? text.replace(/^name: .*$/m, '') : text)
      return ['-f', file]
    })
    this.#command = [...command, '--project-directory', ROOT, '-p', this.#project, ...files.flat()]
  }

  static async open(): Promise<Composed> {
    return new Composed([await free_port(), await free_port(), await free_port(), await free_port()])
  }

  #run(...args: readonly string[]): string {
    const [program = '', ...first] = this.#command
    const { status, stdout, stderr } = spawnSync(program, [...first, ...args], {
      env: this.#env,
      encoding: 'utf8',
      timeout: UP_MS,
    })
    if (status !== 0) throw new Error(`compose ${args.join(' ')}: ${status}\n${stderr}${stdout}`)
    return stdout
  }

  /** Throws what Compose says against the files. */
  check = (): string => this.#run('config')
  /** Returns when all are started, which those that others depend on are only when they are healthy. */
  up = (): string => this.#run('up', '-d', '--no-build')
  stop = (): string => this.#run('stop')
  logs = (service: string): string => this.#run('logs', '--no-color', service)

  /** Whether the user of that service's container may make a file. */
  may_write(service: string, file: string): boolean {
    const id = this.#run('ps', '--quiet', service).trim()
    return answers('docker', 'exec', id, 'sh', '-c', `: >'${file}'`) !== null
  }

  /** By the name of the service. */
  inspect(): ReadonlyMap<string, Inspected> {
    const ids = this.#run('ps', '--all', '--quiet').split('\n').filter(Boolean)
    const all = JSON.parse(execFileSync('docker', ['inspect', ...ids], { encoding: 'utf8' })) as Inspected[]
    return new Map(all.map(each => [each.Config.Labels['com.docker.compose.service'] ?? '', each]))
  }

  /** Containers and volumes are gone. */
  close(): void {
    try {
      this.#run('down', '--volumes', '--timeout', '5')
    } finally {
      rmSync(this.#dir, { recursive: true, force: true })
    }
  }
}
