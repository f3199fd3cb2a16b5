/**
 * `npm run demo` as a person runs it: an own process and data directory, stopped and killed while it loads,
 * and begun again.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { business } from '../../commands/demo/business.ts'
import { read_saved, type SavedDemo, save_demo } from '../../commands/demo/saved.ts'

const root = join(import.meta.dirname, '../..')
const children = new Set<ChildProcess>()
let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'demo-'))
})
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
})

const run = (command: string, args: string[], env: Record<string, string> = {}) => {
  const child = spawn(process.execPath, [join(root, 'commands', `${command}.ts`), ...args], {
    cwd: dir,
    env: { PATH: process.env.PATH, HOME: dir, ...env },
  })
  children.add(child)
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', data => {
      text += data
    })
  const ended = new Promise<number | null>(resolve =>
    child.once('close', code => {
      children.delete(child)
      resolve(code)
    }),
  )
  return { child, out: () => text, ended }
}
const finish = async (args: string[], env: Record<string, string> = {}) => {
  const { out, ended } = run('demo', args, env)
  return { code: await ended, out: out() }
}
const on_free_ports = (data_dir: string): string[] => [
  '--data-dir',
  data_dir,
  '--http-port',
  '0',
  '--clickhouse-port',
  '0',
  '--partitions',
  '2',
]

describe('usage', () => {
  it('explains itself, its data directory included', async () => {
    const { code, out } = await finish(['--help'])
    expect(code).toBe(0)
    for (const text of ['--seed N', '--days N', '--speed N', '--no-live', '(./data/demo)', '--http-port'])
      expect(out).toContain(text)
  })

  it.each([
    [['--sed', '1'], {}, 2, '--sed'],
    [['--days', '0'], {}, 2, '--days: expected at least 1'],
    [['--speed', 'fast'], {}, 2, '--speed: expected a number'],
    [
      [],
      {
        KAFKA_BROKERS: 'b:9092',
        REDIS_URL: 'redis://r',
        CLICKHOUSE_URL: 'http://c',
        SCHEMA_REGISTRY_URL: 'http://s',
      },
      2,
      'embedded stack',
    ],
  ])('%j: a clear line', async (args, env, code, named) => {
    const told = await finish(args, env as Record<string, string>)
    expect([told.code, told.out.trim().split('\n').length]).toEqual([code, 1])
    expect(told.out).toContain(named)
  })

  it('leaves an installation alone that is no demo, and one of another seed', async () => {
    const real = join(dir, 'real')
    mkdirSync(join(real, 'log'), { recursive: true })
    const told = await finish(on_free_ports(real))
    expect([told.code, told.out.trim().split('\n').length]).toEqual([1, 1])
    expect(told.out).toContain('is no demo')
    expect(existsSync(join(real, 'demo.json'))).toBe(false)

    const other = join(dir, 'other')
    save_demo(other, {
      version: 3,
      seed: 7,
      origin_ms: 0,
      past_to_ms: 1,
      until_ms: 1,
      ends: false,
      starts: [],
    })
    const until = (time: string) => finish([...on_free_ports(other), '--until', time])
    expect((await until('2026-01-01T00:00:00Z')).out).toContain('--until is decided')
    expect((await until('2999-01-01T00:00:00Z')).out).toContain('is still to come')
    expect((await until('yesterday')).out).toContain('a time such as')
    expect((await finish([...on_free_ports(other), '--seed', '8'])).out).toContain('begun with --seed 7')
    expect((await finish([...on_free_ports(other), '--days', '8'])).out).toContain('--days is decided')
    writeFileSync(join(other, 'demo.json'), '{"version": 1}')
    expect((await finish(on_free_ports(other))).out).toContain('is not what a demo writes')
  })

  it('names a busy port before it loads anything', async () => {
    const busy = createServer().listen(0, '127.0.0.1')
    await new Promise(resolve => busy.once('listening', resolve))
    const { port } = busy.address() as { port: number }
    const data_dir = join(dir, 'busy')
    const { code, out } = await finish([...on_free_ports(data_dir), '--http-port', String(port)])
    busy.close()
    expect([code, out.trim().split('\n').length]).toEqual([1, 1])
    expect(out).toContain(`port ${port} of 127.0.0.1 is in use`)
    expect(existsSync(data_dir)).toBe(false)
  })

  it('lists the incidents of the past, and those of the next day', async () => {
    const { code, out } = await finish([...on_free_ports(join(dir, 'none')), '--incidents', '--days', '5'])
    const lines = out.trim().split('\n')
    expect([code, lines.length >= 5, lines.length <= 8]).toEqual([0, true, true])
    for (const line of lines) expect(line).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d {2}\w+, \d+ min: /)
  })
})

const saved_in = (data_dir: string): SavedDemo | null =>
  existsSync(join(data_dir, 'demo.json')) ? read_saved(data_dir) : null

const until = (look: () => boolean, timeout: number, told: () => string): Promise<void> =>
  expect.poll(() => look() || told(), { timeout, interval: 3 }).toBe(true)
/** A few steps of the past are in the log. */
const loading = (data_dir: string, more_than_ms: number) => () => {
  const saved = saved_in(data_dir)
  return saved !== null && saved.until_ms > Math.max(saved.origin_ms, more_than_ms)
}

describe('loading', () => {
  it('is stopped and killed midway and goes on each time: every event is there once, to the cent', {
    timeout: 120_000,
  }, async () => {
    const data_dir = join(dir, 'stopped')
    const first = run('demo', [...on_free_ports(data_dir), '--seed', '3', '--days', '6'])
    await until(loading(data_dir, 0), 20_000, first.out)
    const told_at = Date.now()
    first.child.kill('SIGTERM')
    expect([await first.ended, first.out()]).toEqual([
      0,
      expect.stringContaining('the same command goes on there'),
    ])
    expect(Date.now() - told_at).toBeLessThan(10_000)
    const stopped = saved_in(data_dir)!
    expect(stopped.until_ms).toBeLessThan(stopped.past_to_ms)

    const second = run('demo', on_free_ports(data_dir))
    await until(loading(data_dir, stopped.until_ms), 20_000, second.out)
    second.child.kill('SIGKILL')
    await second.ended

    const third = run('demo', [...on_free_ports(data_dir), '--speed', '20'])
    await until(() => third.out().includes('\nlive at 20 times'), 90_000, third.out)
    expect(third.out()).toMatch(/[\d,]+ events loaded, processed and inserted in \d+ s/)
    const live = saved_in(data_dir)!.starts.at(-1)!
    await until(() => saved_in(data_dir)!.until_ms > live.at_ms + 3000, 20_000, third.out)
    third.child.kill('SIGTERM')
    expect(await third.ended).toBe(0)

    const fourth = run('demo', [...on_free_ports(data_dir), '--no-live'])
    await until(() => fourth.out().includes(' inserted in '), 60_000, fourth.out)
    const { clickhouse } = JSON.parse(readFileSync(join(data_dir, 'endpoints.json'), 'utf8')) as {
      clickhouse: string
    }
    const ask = async (sql: string): Promise<string> =>
      (await (await fetch(`${clickhouse}/?query=${encodeURIComponent(sql)}`)).text()).trim()
    const saved = saved_in(data_dir)!
    expect(saved.starts.map(({ speed }) => speed)).toEqual([20])
    const expected: Record<string, number> = {}
    for (const { topic } of business(saved).advance(saved.until_ms))
      expected[topic] = (expected[topic] ?? 0) + 1
    const counted: Record<string, number> = {}
    for (const topic of Object.keys(expected))
      counted[topic] = Number(await ask(`SELECT count() FROM ${topic} FINAL`))
    expect(counted).toEqual(expected)
    expect(await ask('SELECT sum(outcomes.dead_letter), sum(outcomes.late) FROM batches FINAL')).toBe('0\t0')
    const reconciled = run('reconcile', ['--data-dir', data_dir])
    expect([await reconciled.ended, reconciled.out()]).toEqual([0, expect.stringContaining('to the cent')])
    fourth.child.kill('SIGINT')
    expect(await fourth.ended).toBe(0)
  })
})
