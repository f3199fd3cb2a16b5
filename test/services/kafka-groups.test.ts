/** Members of a group on a real broker: refused partitions go to who takes them, short sessions to quick successors. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import pino from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { kafka_log } from '../../runtime/kafka/log.ts'
import { type Group, type Log, TaskRefused } from '../../runtime/ports.ts'
import { hold, until } from '../runtime/contracts/log-steps.ts'
import * as kafka from './kafka.ts'
import type { Service } from './process.ts'

const SESSION_MS = 1_000
const PARTITIONS = 4

let broker: Service
beforeAll(async () => {
  broker = await kafka.start()
}, 120_000)
afterAll(() => broker?.stop(), 60_000)

const logs: Log[] = []
/** A log as of another process, and what it has said. */
const open = () => {
  const said: string[] = []
  const formatters = { level: (label: string) => ({ level: label }) }
  const logger = pino({ level: 'warn', base: null, formatters }, { write: line => said.push(line) })
  const brokers = [broker.address]
  const log = kafka_log({ brokers, client_id: 'groups', logger, session_ms: SESSION_MS })
  logs.push(log)
  return { log, said }
}
afterAll(async () => {
  await Promise.all(logs.map(log => log.close()))
}, 60_000)

const fresh_group = async (log: Log): Promise<Group> => {
  const name = `group-${randomBytes(5).toString('hex')}`
  await log.ensure([{ name: `${name}.in`, partitions: PARTITIONS }])
  return { name, topics: [`${name}.in`], partitions: PARTITIONS, transactional: true }
}

/** A member whose work rejects for some partitions. */
const refusing = (log: Log, group: Group, refuses: readonly number[]) => {
  const tried: number[] = []
  const works = new Set<number>()
  const stopping = new AbortController()
  const ended = log.run(
    group,
    async task => {
      tried.push(task.partition)
      if (refuses.includes(task.partition)) throw new TaskRefused(`newer code wrote ${task.partition}`)
      works.add(task.partition)
      await new Promise<void>(resolve => {
        if (task.signal.aborted) resolve()
        else task.signal.addEventListener('abort', () => resolve(), { once: true })
      })
      works.delete(task.partition)
    },
    stopping.signal,
  )
  const stop = async (): Promise<void> => {
    stopping.abort()
    await ended
  }
  return { tried, works, stop }
}

test('a refused partition goes to the member that takes it; while there is none nobody works it', async () => {
  const [a, b] = [open(), open()]
  const group = await fresh_group(a.log)
  const old = refusing(a.log, group, [1, 3])
  await until('the old member works what it does not refuse', () => old.works.size === 2)
  await until('it is said that nobody works the others', () => a.said.some(line => line.includes('"error"')))
  expect([...old.works].toSorted()).toEqual([0, 2])
  expect(a.said.filter(line => line.includes('newer code wrote 1')).length).toBe(1)
  expect(a.said.find(line => line.includes('"error"'))).toContain('nobody works them')

  const newer = refusing(b.log, group, [])
  await until('everything is worked', () => old.works.size + newer.works.size === PARTITIONS, 30_000)
  expect([...newer.works].toSorted()).toEqual([1, 3])
  // Tried once for each: neither rebalance brought a refused partition back.
  expect(old.tried.toSorted()).toEqual([0, 1, 2, 3])
  await newer.stop()
  await until(
    'the old member has heard',
    () => a.said.filter(line => line.includes('"error"')).length >= 2,
    30_000,
  )
  expect([...old.works].toSorted()).toEqual([0, 2])
  await old.stop()
}, 90_000)

test('a member that dies without a word is inherited from after its session', async () => {
  const { log } = open()
  const group = await fresh_group(log)
  const member = spawn(
    process.execPath,
    [join(import.meta.dirname, 'kafka-member.ts'), broker.address, String(SESSION_MS), JSON.stringify(group)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let started = 0
  member.stdout.on('data', chunk => {
    started += String(chunk).split('start').length - 1
  })
  await until('the other process has all tasks', () => started === PARTITIONS, 40_000)
  const held = hold(log, group)
  await until('they are shared', () => held.tasks.size === PARTITIONS / 2, 30_000)
  const killed_at = Date.now()
  member.kill('SIGKILL')
  await until('they are inherited', () => held.tasks.size === PARTITIONS, 30_000)
  const took_ms = Date.now() - killed_at
  console.log(`take-over after kill -9 with a session of ${SESSION_MS} ms: ${took_ms} ms`)
  // Without the setting the session alone is 10 s.
  expect(took_ms).toBeLessThan(9_000)
  await held.stop()
}, 120_000)
