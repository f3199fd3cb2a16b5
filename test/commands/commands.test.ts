/**
 * start, import and reconcile as people run them: own processes, a real data directory, kill -9 in between.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const children = new Set<ChildProcess>()
let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'commands-'))
})
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
})

interface Run {
  readonly child: ChildProcess
  readonly out: () => string
  readonly ended: Promise<number | null>
}
const run = (command: string, args: string[], env: Record<string, string> = {}): Run => {
  const child = spawn(
    process.execPath,
    [join(root, 'commands', `${command}.ts`), '--log-level', 'warn', ...args],
    {
      cwd: dir,
      env: { PATH: process.env.PATH, HOME: dir, ...env },
    },
  )
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
const finish = async (command: string, args: string[], env: Record<string, string> = {}) => {
  const { out, ended } = run(command, args, env)
  return { code: await ended, out: out() }
}
const free_ports = ['--http-port', '0', '--clickhouse-port', '0']
const start = async (data_dir: string) => {
  const server = run('start', ['--data-dir', data_dir, ...free_ports])
  await expect.poll(() => server.out(), { timeout: 15_000, interval: 30 }).toContain('Tributary is running')
  const { http, clickhouse, pid } = JSON.parse(
    readFileSync(join(data_dir, 'endpoints.json'), 'utf8'),
  ) as Record<string, string>
  expect(pid).toBe(server.child.pid)
  return { ...server, http: http!, clickhouse: clickhouse! }
}

const HISTORY_ROWS = 3000
const history = (name: string, over: (i: number) => object = () => ({})): string => {
  const file = join(dir, name)
  const begin = Date.UTC(1997, 0, 1)
  const rows = Array.from({ length: HISTORY_ROWS }, (_, i) => ({
    tenant_id: 'shop',
    customer_id: `c${(i * 7919) % 97}`,
    occurred_at: begin + ((i * 1009) % HISTORY_ROWS) * 60_000,
    type: i % 10 === 9 ? 'refunded' : 'payment_succeeded',
    amount_minor: (i * 37) % 5000,
    currency: i % 3 ? 'USD' : 'JPY',
    ...over(i),
  }))
  writeFileSync(file, rows.map(row => JSON.stringify(row)).join('\n'))
  return file
}

describe('usage', () => {
  it.each(['start', 'import', 'reconcile'])('%s explains itself', async command => {
    const { code, out } = await finish(command, ['--help'])
    expect([code, out.includes('TRIBUTARY_DATA_DIR')]).toEqual([0, true])
  })

  it.each([
    ['start', ['--http-prt', '1'], '--http-prt'],
    ['import', ['payments'], 'TOPIC and FILE'],
    ['import', ['ledger', 'x.ndjson'], 'TOPIC must be one of'],
    ['import', ['payments', 'x.xls'], '.ndjson, .jsonl or .csv'],
    ['reconcile', ['--wait', 'long'], '--wait'],
  ])('%s %j: exit 2 and one line', async (command, args, named) => {
    const { code, out } = await finish(command, args)
    expect(code).toBe(2)
    expect(out).toContain(named)
    expect(out.trim().split('\n')).toHaveLength(1)
  })

  it('start names a busy port, and leaves nothing behind', async () => {
    const busy = createServer().listen(0, '127.0.0.1')
    await new Promise(resolve => busy.once('listening', resolve))
    const { port } = busy.address() as { port: number }
    const data_dir = join(dir, 'busy')
    const { code, out } = await finish('start', [
      '--data-dir',
      data_dir,
      '--http-port',
      String(port),
      '--clickhouse-port',
      '0',
    ])
    busy.close()
    expect([code, out.trim().split('\n').length]).toEqual([1, 1])
    expect(out).toContain(`port ${port} of 127.0.0.1 is in use`)
    expect(existsSync(join(data_dir, 'endpoints.json'))).toBe(false)
  })
})

it('start refuses data of another version in one line', async () => {
  const data_dir = join(dir, 'older')
  mkdirSync(join(data_dir, 'log'), { recursive: true })
  const { code, out } = await finish('start', ['--data-dir', data_dir, ...free_ports])
  expect([code, out.trim().split('\n').length]).toEqual([1, 1])
  expect(out).toContain('before formats were numbered')
})

describe('import into a running server', () => {
  it('survives kill -9 of server and importer, equals the file to the cent, and stops cleanly', {
    timeout: 60_000,
  }, async () => {
    const data_dir = join(dir, 'killed')
    const file = history('killed.ndjson')
    let server = await start(data_dir)
    const second = await finish('start', ['--data-dir', data_dir, ...free_ports])
    expect([second.code, second.out]).toEqual([1, expect.stringContaining('in use by process')])

    const args = ['payments', file, '--data-dir', data_dir, '--throttle', '1500', '--batch', '50']
    const progressed = () => readdirSync(join(data_dir, 'imports')).length > 0
    const importer = run('import', args)
    await expect
      .poll(() => existsSync(join(data_dir, 'imports')) && progressed(), { timeout: 10_000 })
      .toBe(true)
    server.child.kill('SIGKILL')
    await server.ended
    server = await start(data_dir)
    importer.child.kill('SIGKILL')
    await importer.ended
    const again = await finish('import', args)
    expect(again.out).toMatch(/3000 good rows sent to http:\S+, \d+ before, 0 bad rows/)
    expect(again.code).toBe(0)

    const reconciled = await finish('reconcile', ['--data-dir', data_dir])
    expect(reconciled.out).toContain('log = ledger = state = view, to the cent')
    expect(reconciled.out).toMatch(/shop +JPY +\d+ +1000 /)
    expect(reconciled.out).toMatch(/shop +USD +\d+ +2000 /)
    expect(reconciled.code).toBe(0)

    const view = `SELECT sum(net_minor) FROM revenue_daily(as_of = '2100-01-01 00:00:00') WHERE currency = 'USD'`
    const ask = async (sql: string) =>
      Number(await (await fetch(`${server.clickhouse}/?query=${encodeURIComponent(sql)}`)).text())
    const told = await ask(view)
    const rows = readFileSync(file, 'utf8')
      .split('\n')
      .map(line => JSON.parse(line) as { amount_minor: number; type: string; currency: string })
    const sum = rows.reduce(
      (s, r) => s + (r.currency === 'USD' ? (r.type === 'refunded' ? -r.amount_minor : r.amount_minor) : 0),
      0,
    )
    expect(told).toBe(sum)
    expect(await ask('SELECT sum(outcomes.late) FROM batches FINAL')).toBe(0)

    server.child.kill('SIGTERM')
    expect(await server.ended).toBe(0)
    expect(existsSync(join(data_dir, 'endpoints.json'))).toBe(false)
  })

  it('refuses history that is older than what was processed, naming the remedy', {
    timeout: 40_000,
  }, async () => {
    const data_dir = join(dir, 'late')
    const server = await start(data_dir)
    const now = {
      event_id: 'n',
      tenant_id: 'shop',
      customer_id: 'c',
      occurred_at: Date.now(),
      type: 'refunded',
      amount_minor: 1,
      currency: 'USD',
    }
    const posted = await fetch(`${server.http}/v1/events/payments`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(now),
    })
    expect(posted.status).toBe(202)
    const file = history('late.ndjson')
    const import_it = (...more: string[]) =>
      finish('import', ['payments', file, '--data-dir', data_dir, ...more])
    await expect.poll(async () => (await import_it()).out, { timeout: 10_000 }).toContain('--accept-late')
    const accepted = await import_it('--accept-late')
    expect([accepted.code, accepted.out]).toEqual([0, expect.stringContaining('3000 good rows')])
    const reconciled = await finish('reconcile', ['--data-dir', data_dir])
    expect(reconciled.out).toContain('to the cent')
    server.child.kill('SIGINT')
    expect(await server.ended).toBe(0)
  })
})

describe('import without a server', () => {
  it('imports the good rows, reports the bad ones, and leaves everything processed', {
    timeout: 60_000,
  }, async () => {
    const data_dir = join(dir, 'alone')
    const file = history('alone.ndjson', i => (i === 41 ? { amount_minor: -1 } : {}))
    const dry = await finish('import', ['payments', file, '--data-dir', data_dir, '--dry-run'])
    expect([dry.code, existsSync(data_dir)]).toEqual([1, false])
    expect(dry.out).toContain('line 42: amount_minor is below 0: -1')
    const imported = await finish('import', [
      'payments',
      file,
      '--data-dir',
      data_dir,
      '--clickhouse-port',
      '0',
    ])
    expect([imported.code, imported.out]).toEqual([1, expect.stringContaining('2999 good rows sent to')])
    const reconciled = await finish('reconcile', ['--data-dir', data_dir, '--clickhouse-port', '0'])
    expect([reconciled.code, reconciled.out]).toEqual([
      0,
      expect.stringMatching(/JPY +\d+ +1000 [\s\S]*USD +\d+ +1999 [\s\S]*to the cent/),
    ])
  })
})
