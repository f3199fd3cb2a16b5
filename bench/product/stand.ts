/**
 * The whole product on services of its own: Kafka, registry and Redis as stack() gives them, the ClickHouse endpoint, and
 * `npm start` as a process of its own, so that what each costs can be told apart.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse_config } from '../../runtime/config.ts'
import { start_embedded_warehouse } from '../../runtime/embedded/warehouse.ts'
import { create_logger } from '../../runtime/logger.ts'
import { open_system, type System } from '../../runtime/system.ts'
import type { SinkStatus, TaskStatus } from '../../runtime/worker-types.ts'
import { ALONE, free_port, measure_services } from '../../test/services/process.ts'
import { stack } from '../../test/services/stack.ts'

const ROOT = join(import.meta.dirname, '../..')

export interface StandOptions {
  readonly partitions: number
  readonly workers: number
  /** Process ids of services that were there before, by name. */
  readonly known: ReadonlyMap<string, number>
  /** Where each process of the product leaves a CPU profile; null: it takes none. */
  readonly profiles: string | null
}

export interface Readiness {
  readonly tasks: readonly TaskStatus[]
  readonly sink: readonly SinkStatus[]
  readonly workers?: readonly { readonly pid: number | null }[]
}

export interface Ended {
  readonly code: number | null
  readonly output: string
}

export interface Stand {
  /** To fill the log through, as emitters do. */
  readonly system: System
  /** Process ids by what they are; of the product those that run now. */
  pids(): Promise<Readonly<Record<string, readonly number[]>>>
  /** Starts the product; resolves when it is spawned. */
  start(): void
  status(): Promise<Readiness | null>
  /** Sums over processes and labels, by series name or by name and one label's value. */
  metric(name: string, label?: string): Promise<ReadonlyMap<string, number>>
  /** Runs a command of the project to its end. */
  run(command: string, ...args: string[]): Promise<Ended>
  /** An orderly end of the product, as SIGTERM gives it: profiles are written then. */
  stop_product(): Promise<void>
  close(): Promise<void>
}

const end_of = (child: ChildProcess): Promise<Ended> => {
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', chunk => {
      output += chunk
    })
  return new Promise(resolve => child.on('close', code => resolve({ code, output })))
}

const series = (text: string, name: string, label: string | undefined): Map<string, number> => {
  const sums = new Map<string, number>()
  for (const line of text.split('\n')) {
    const [, series_name, labels = '', value] = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
    if (series_name !== name) continue
    const cell =
      label === undefined ? name : (new RegExp(`(?:^|,)${label}="([^"]*)"`).exec(labels)?.[1] ?? '')
    sums.set(cell, (sums.get(cell) ?? 0) + Number(value))
  }
  return sums
}

/** Opens everything but the product, with topics and tables; what it had opened it closes where that fails. */
export const open_stand = async ({ partitions, workers, profiles, known }: StandOptions): Promise<Stand> => {
  const directory = mkdtempSync(join(tmpdir(), 'tributary-product-'))
  const closers: (() => Promise<unknown> | unknown)[] = [
    () => rmSync(directory, { recursive: true, force: true }),
  ]
  let product: { readonly child: ChildProcess; readonly ended: Promise<Ended> } | null = null
  const stop_product = async (): Promise<void> => {
    const ending = product
    // Told once: a second signal would cut the orderly end short.
    product = null
    ending?.child.kill('SIGTERM')
    await ending?.ended
  }
  const close = async (): Promise<void> => {
    await stop_product()
    for (const each of closers.splice(0).reverse()) await each()
  }
  try {
    // The registry answers a few questions at the start: it is not worth a second compiler.
    const registry = await stack('registry', 'redis')
    closers.push(() => registry.stop())
    measure_services()
    const broker = await stack('kafka')
    closers.push(() => broker.stop())
    const endpoints = new Map([...registry.endpoints, ...broker.endpoints])
    const warehouse = await start_embedded_warehouse({ dir: join(directory, 'warehouse') })
    closers.push(() => warehouse.stop())
    const env = {
      ...process.env,
      // A job that falls due would be measured as if it were work on the records.
      TRIBUTARY_JOBS: 'false',
      KAFKA_BROKERS: broker.address('kafka'),
      SCHEMA_REGISTRY_URL: registry.address('registry'),
      REDIS_URL: registry.address('redis'),
      CLICKHOUSE_URL: warehouse.url,
    }
    const http_port = await free_port()
    const http = `http://127.0.0.1:${http_port}`
    const flags = ['--data-dir', join(directory, 'data'), '--http-port', `${http_port}`]
    flags.push('--partitions', `${partitions}`, '--log-level', 'warn')
    const { config } = parse_config(flags, env)
    const system = await open_system(config, create_logger('warn'))
    closers.push(() => system.close())
    const spawn_command = (command: string, args: readonly string[], extra: NodeJS.ProcessEnv = {}) => {
      const argv = [join(ROOT, 'commands', `${command}.ts`), ...args, ...flags]
      const child = spawn(process.execPath, argv, {
        env: { ...env, ...extra },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      const kill = () => child.kill('SIGKILL')
      process.once('exit', kill)
      child.once('exit', () => process.removeListener('exit', kill))
      return { child, ended: end_of(child) }
    }
    const status = async (): Promise<Readiness | null> => {
      if (product && product.child.exitCode !== null)
        throw new Error(`the product ended: ${(await product.ended).output}`)
      const answer = await fetch(`${http}/readyz`, { headers: ALONE }).catch(() => null)
      return answer ? ((await answer.json()) as Readiness) : null
    }
    const pid_of = (name: 'kafka' | 'redis' | 'registry'): number[] => {
      const pid = endpoints.get(name)?.service?.pid ?? known.get(name)
      return pid === undefined ? [] : [pid]
    }
    return {
      system,
      pids: async () => {
        const own = product?.child.pid
        const others = (await status())?.workers?.flatMap(({ pid }) => pid ?? []) ?? []
        return {
          product: own === undefined ? [] : [own, ...others],
          kafka: pid_of('kafka'),
          redis: pid_of('redis'),
          registry: pid_of('registry'),
          clickhouse: [warehouse.pid],
          'this program': [process.pid],
        }
      },
      start: () => {
        const options = profiles === null ? '' : `--cpu-prof --cpu-prof-dir=${profiles}`
        const args = workers > 1 ? ['--workers', `${workers}`] : []
        product = spawn_command('start', args, { NODE_OPTIONS: options })
      },
      status,
      metric: async (name, label) => {
        const answer = await fetch(`${http}/metrics`, { headers: ALONE }).catch(() => null)
        return series(answer ? await answer.text() : '', name, label)
      },
      run: (command, ...args) => spawn_command(command, args).ended,
      stop_product,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
