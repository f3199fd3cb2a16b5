/** What the benches of latency and growth stand on: a broker and a Redis of their own, programs that end with them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { createInterface } from 'node:readline'
import { Redis } from 'ioredis'
import { Kafka, logLevel } from 'kafkajs'
import pino from 'pino'
import { kafka_log } from '../../runtime/kafka/log.ts'
import type { Log } from '../../runtime/ports.ts'
import { measure_services } from '../../test/services/process.ts'
import { type Stack, stack } from '../../test/services/stack.ts'

export const machine = (): string =>
  `${cpus().length} cores of ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, load ${loadavg()[0]?.toFixed(1)}`

export const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
export const say = (text: string): void => console.error(`${new Date().toISOString().slice(11, 19)} ${text}`)
export const numbers = (text: string): number[] => text.split(',').filter(Boolean).map(Number)

export interface Program {
  readonly pid: number
  /** Throws when it has ended by itself. */
  check(): void
  /** Orderly, by force after ten seconds. */
  stop(): Promise<void>
}
export interface Launch {
  readonly cmd: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly on_line?: (line: string) => void
}

const STOP_MS = 10_000
const KEPT_LINES = 20
const running = new Map<ChildProcess, Program>()
process.on('exit', () => {
  for (const child of running.keys()) child.kill('SIGKILL')
})

export const start_program = ({ cmd, args, cwd, env, on_line }: Launch): Program => {
  const child = spawn(cmd, args, { cwd, env: env as NodeJS.ProcessEnv, stdio: ['ignore', 'pipe', 'pipe'] })
  const said: string[] = []
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', line => {
      said.push(line)
      if (said.length > KEPT_LINES) said.shift()
      on_line?.(line)
    })
  let end: string | null = null
  const ended = new Promise<void>(resolve => {
    const over = (how: string): void => {
      end ??= how
      running.delete(child)
      resolve()
    }
    child.once('error', error => over(error.message))
    child.once('close', (code, signal) => over(`ended with ${code ?? signal}`))
  })
  const program: Program = {
    pid: child.pid ?? 0,
    check: () => {
      if (end !== null) throw new Error(`${cmd} ${end}:\n${said.join('\n')}`)
    },
    stop: async () => {
      child.kill('SIGTERM')
      const forced = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
      await ended
      clearTimeout(forced)
    },
  }
  running.set(child, program)
  return program
}

const stop_programs = async (): Promise<void> => {
  await Promise.all([...running.values()].map(program => program.stop()))
}

/** Ends this process orderly on a signal. */
export const on_signal = (stop: () => Promise<unknown>): void => {
  const leave = (): void => {
    void stop_programs()
      .then(stop)
      .finally(() => process.exit(130))
  }
  process.once('SIGTERM', leave)
  process.once('SIGINT', leave)
}

export interface Services {
  readonly brokers: readonly string[]
  readonly redis: string
  /** A client of its own for each run, closed before forget(): kafkajs fails on a topic that it knew and that is gone. */
  open_log(): Log
  /** null where the environment names the broker. */
  readonly broker_pid: number | null
  /** What earlier runs left: the batch log is named after the key group, so that each run must begin with none. */
  forget(also?: readonly string[]): Promise<void>
  /** Microseconds of CPU since Redis started. */
  redis_cpu(): Promise<number>
  stop(): Promise<void>
}

export const open_services = async (): Promise<Services> => {
  // A broker that is measured runs as in production.
  measure_services()
  const services = await stack('kafka', 'redis')
  const brokers = services.address('kafka').split(',')
  const redis = new Redis(services.address('redis'))
  const stop = (): Promise<void> => close_all(services, redis)
  on_signal(stop)
  return {
    brokers,
    redis: services.address('redis'),
    open_log: () => kafka_log({ brokers, client_id: 'bench', logger: pino({ level: 'error' }) }),
    broker_pid: services.endpoints.get('kafka')?.service?.pid ?? null,
    forget: async (also = []) => {
      await delete_topics(brokers, also)
      await redis.flushdb()
    },
    redis_cpu: async () => {
      const text = await redis.info('cpu')
      const seconds = ['user', 'sys'].map(of =>
        Number(new RegExp(`used_cpu_${of}:([\\d.]+)`).exec(text)?.[1]),
      )
      return seconds.reduce((sum, each) => sum + each, 0) * 1e6
    },
    stop,
  }
}

const close_all = async (services: Stack, redis: Redis): Promise<void> => {
  await stop_programs()
  redis.disconnect()
  await services.stop()
}

const delete_topics = async (brokers: readonly string[], also: readonly string[]): Promise<void> => {
  const admin = new Kafka({ brokers: [...brokers], clientId: 'bench', logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  const topics = (await admin.listTopics()).filter(
    name => /^(batch_log\.|dead_letters$)/.test(name) || also.includes(name),
  )
  if (topics.length) await admin.deleteTopics({ topics })
  await admin.disconnect()
  // Deleted topics are gone from the broker's answers a moment later.
  await sleep(1500)
}

const TICK_US = 10_000
/** Microseconds of CPU of processes, user and system (Linux). */
export const cpu_us = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return sum + (Number(fields[11]) + Number(fields[12])) * TICK_US
  }, 0)

/** MiB of processes together: resident now (VmRSS) or at most so far (VmHWM). */
export const memory_mib = (pids: readonly number[], of: 'VmRSS' | 'VmHWM'): number =>
  pids.reduce((sum, pid) => {
    const text = readFileSync(`/proc/${pid}/status`, 'latin1')
    return sum + Number(new RegExp(`${of}:\\s+(\\d+)`).exec(text)?.[1] ?? 0) / 1024
  }, 0)
