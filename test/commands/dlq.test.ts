/** dlq and rebuild as people run them, on a data directory that a process has worked on. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
const LONG_MS = 60_000
let dir: string
let server: ChildProcess | null = null

const run = async (command: string, ...args: string[]) => {
  const child = spawn(
    process.execPath,
    [join(ROOT, 'commands', `${command}.ts`), ...args, '--data-dir', dir],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let out = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', text => {
      out += text
    })
  const code = await new Promise<number | null>(resolve => child.on('close', resolve))
  return { code, out }
}

const start = async (): Promise<string> => {
  const argv = [
    join(ROOT, 'commands/start.ts'),
    '--data-dir',
    dir,
    '--http-port',
    '0',
    '--clickhouse-port',
    '0',
  ]
  const child = spawn(process.execPath, [...argv, '--partitions', '2'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  server = child
  let out = ''
  child.stdout.on('data', text => {
    out += text
  })
  await vi.waitFor(() => expect(out).toContain('Tributary is running'), { timeout: 30_000, interval: 50 })
  return (JSON.parse(readFileSync(join(dir, 'endpoints.json'), 'utf8')) as { http: string }).http
}

const stop = async () => {
  const child = server
  server = null
  if (!child) return
  const ended = new Promise(resolve => child.on('close', resolve))
  child.kill('SIGTERM')
  await ended
}

const pay = async (url: string, amount_minor: number) => {
  const response = await fetch(`${url}/v1/events/payments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      event_id: 'pay-1',
      tenant_id: 'acme',
      customer_id: 'ada',
      occurred_at: 1_767_225_600_000,
      type: 'payment_succeeded',
      amount_minor,
      currency: 'EUR',
    }),
  })
  expect(response.status).toBe(202)
}

const count_of = (text: string): number => Number(/^\s*(\d+) {2}CONFLICT/m.exec(text)?.[1] ?? 0)
const conflicts = (count: number) =>
  vi.waitFor(async () => expect(count_of((await run('dlq', 'list')).out)).toBe(count), {
    timeout: LONG_MS,
    interval: 100,
  })

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'tributary-dlq-'))
})
afterAll(async () => {
  await stop()
  rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
})

test(
  'what was refused is listed beside the process, and shown with its bytes and row',
  async () => {
    const url = await start()
    await pay(url, 100)
    await pay(url, 200)
    await conflicts(1)
    const { code, out } = await run('dlq', 'list', '--reason', 'CONFLICT', '--topic', 'payments')
    expect([code, out]).toEqual([0, expect.stringContaining('replayable')])
    const id = /such as (\S+):/.exec(out)?.[1] as string
    const shown = await run('dlq', 'show', id)
    expect(JSON.parse(shown.out)).toMatchObject({
      event_id: id,
      reason: 'CONFLICT',
      key: 'acme|ada',
      row: { event_id: 'pay-1', amount_minor: 200 },
    })
    expect((await run('dlq', 'list', '--since', '2099-01-01')).out).toBe('no dead letters\n')
  },
  LONG_MS,
)

test.each([
  [['dlq', 'replay', '--reason', 'CONFLICT'], 1, 'stop the running process first'],
  [['rebuild', 'customer'], 1, 'stop the running process first'],
  [['dlq', 'replay'], 1, 'replay needs --reason'],
  [['dlq', 'show', 'nothing'], 1, 'there is no dead letter nothing'],
  [['dlq', 'list', '--since', 'soon'], 1, '--since soon is no time'],
  [['dlq', 'burn'], 2, 'npm run dlq -- list'],
  [['rebuild'], 2, 'npm run rebuild -- GROUP'],
  [['rebuild', 'customer', '--emit', 'some'], 2, '--emit'],
] as const)(
  '%j is answered by one clear line',
  async ([command, ...args], code, words) => {
    const ended = await run(command, ...args)
    expect([ended.code, ended.out]).toEqual([code, expect.stringContaining(words)])
  },
  LONG_MS,
)

test(
  'stopped, it takes them again: a conflict conflicts again; a dry run sends nothing',
  async () => {
    await stop()
    const tried = await run('dlq', 'replay', '--reason', 'CONFLICT', '--dry-run')
    expect([tried.code, tried.out]).toEqual([0, '1 dead letters of reason CONFLICT would be sent again\n'])
    const sent = await run('dlq', 'replay', '--reason', 'CONFLICT')
    expect([sent.code, sent.out]).toEqual([0, '1 dead letters of reason CONFLICT are sent again\n'])
    await start()
    await conflicts(2)
    await stop()
    // Both hold the same record: it is sent once, or their number would double each time.
    const once = await run('dlq', 'replay', '--reason', 'CONFLICT', '--dry-run')
    expect(once.out).toBe('1 dead letters of reason CONFLICT would be sent again\n')
  },
  LONG_MS,
)

test(
  'a rebuild of an unchanged group says so and emits nothing; an unknown group or pipeline is named',
  async () => {
    const rebuilt = await run('rebuild', 'customer')
    expect([rebuilt.code, rebuilt.out]).toEqual([0, expect.stringMatching(/customer is rebuilt\n$/)])
    expect(rebuilt.out).toContain('customer/1 is rebuilt')
    expect(rebuilt.out).not.toContain('rows emitted')
    expect((await run('rebuild', 'nobody')).out).toContain('there is no key group nobody')
    const wrong = await run('rebuild', 'customer', '--pipelines', 'nothing')
    expect([wrong.code, wrong.out]).toEqual([
      1,
      expect.stringContaining('there is no pipeline nothing keyed by customer'),
    ])
  },
  LONG_MS,
)
