/** `npm run backtest` as a person runs it, against the embedded endpoint as user analyst. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Served, serve_warehouse } from '../sql/served-warehouse.ts'

const COMMAND = join(import.meta.dirname, '../../commands/backtest.ts')
const dir = mkdtempSync(join(tmpdir(), 'backtest-'))
const MINUTE = 60_000
const FIRST = Date.UTC(2026, 4, 1)
const iso = (ms: number): string => new Date(ms).toISOString()

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
  // Two weeks; half an hour of the third and of the ninth day is low.
  const points = Array.from({ length: 14 * 288 }, (_, i) => {
    const low = (i >= 600 && i < 606) || (i >= 2400 && i < 2406)
    return {
      ...{ _key: 't1', tenant_id: 't1', event_id: `visits||${i}`, occurred_at: iso(FIRST + i * 5 * MINUTE) },
      ...{
        window_ms: 5 * MINUTE,
        revision: 0,
        metric: 'visits',
        kind: 'count',
        dimension: '',
        denominator: 1,
      },
      ...{ value: low ? 1 : 50, numerator: low ? 1 : 50, expected: 50, samples: 50 },
    }
  })
  await served.fill('metric_points', points)
  const entry = (kind: string, id: string, revision: number, body: unknown) => ({
    ...{ _key: `${kind}|${id}|0|${revision}`, event_id: `${kind}${id}${revision}`, tenant_id: 't1' },
    ...{ occurred_at: iso(0), kind, id, effective_at: iso(0), revision, body: JSON.stringify(body) },
  })
  const kept = { name: 'kept', metric: 'visits', when: 'below', threshold: 10, keep_firing_ms: 5 * MINUTE }
  await served.fill('catalog', [
    entry('alert_rule_lists', 't1', 1, { rules: [] }),
    entry('alert_rule_lists', 't1', 2, { rules: [kept] }),
    entry('alert_rules', 'visits_drop', 1, { enabled: false }),
  ])
  writeFileSync(join(dir, 'rule.json'), JSON.stringify({ ...kept, name: 'tried', title: 'Few' }))
  writeFileSync(join(dir, 'bad.json'), JSON.stringify({ ...kept, when: 'sideways' }))
  const label = (from: number) => `${iso(FIRST + from * 5 * MINUTE)},${iso(FIRST + (from + 6) * 5 * MINUTE)}`
  writeFileSync(join(dir, 'labels.csv'), `from,to\n${[600, 1000, 1500].map(label).join('\n')}\n`)
  writeFileSync(join(dir, 'wrong.csv'), 'from,to\n2026-05-01T00:00:00Z,soon\n')
  const endpoints = { http: 'http://127.0.0.1:1', clickhouse: served.url, pid: process.pid }
  writeFileSync(join(dir, 'endpoints.json'), JSON.stringify(endpoints))
})
afterAll(async () => {
  await served.stop()
  rmSync(dir, { recursive: true, force: true })
})

const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  new Promise<{ code: number; out: string; err: string }>(resolve => {
    const whole = ['--data-dir', dir, '--tenant', 't1', '--to', '2026-05-15T00:00:00Z', ...args]
    const options = { cwd: dir, env: { PATH: process.env.PATH, HOME: dir, ...env } }
    execFile(process.execPath, [COMMAND, ...whole], options, (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, out, err }),
    )
  })

it('says when a rule of a file would have fired, and how right it was', { timeout: 60_000 }, async () => {
  const args = ['--rule', 'rule.json', '--labels', 'labels.csv', '--from', '2026-05-01T00:00:00Z']
  const { code, out, err } = await run(args)
  expect({ code, err }).toEqual({ code: 0, err: '' })
  const lines = out.trimEnd().split('\n')
  expect(lines.slice(0, 5)).toEqual([
    '# rule tried: visits below 10',
    '# 4032 points and 0 anomalies from 2026-05-01T00:00:00.000Z to 2026-05-15T00:00:00.000Z',
    expect.stringMatching(/^# fired 2 times, 1 a week, \d\.\d h in all, 0\.\d h the longest$/),
    '# precision 50.0 % (1 of 2), recall 33.3 % (1 of 3 labels)',
    'from,to,minutes,severity,value,expected,dimension,right',
  ])
  expect(lines.slice(5).map(line => line.split(','))).toEqual([
    [iso(FIRST + 601 * 5 * MINUTE), expect.any(String), expect.any(String), 'medium', '1', '50', '', 'true'],
    [
      iso(FIRST + 2401 * 5 * MINUTE),
      expect.any(String),
      expect.any(String),
      'medium',
      '1',
      '50',
      '',
      'false',
    ],
  ])
})

it('knows rules by name, over a server too', { timeout: 60_000 }, async () => {
  const own = await run(['--rule', 'kept'])
  expect(own.out).toMatch(/^# rule kept: visits below 10\n/)
  expect(own.out).toContain('precision is not known')
  const built_in = await run(['--rule', 'payment_failures'], { CLICKHOUSE_URL: served.url })
  expect(built_in.out).toMatch(/# rule payment_failures: payment_failure_rate above 0.05\n# 0 points/)
})

it.each([
  [['--rule', 'visits_drop'], 1, /switched off/],
  [['--rule', 'nothing'], 1, /there is no rule nothing of tenant t1/],
  [['--rule', 'bad.json'], 1, /bad\.json: when must be one of/],
  [['--rule', 'absent.json'], 1, /absent\.json cannot be read/],
  [['--rule', 'rule.json', '--labels', 'wrong.csv'], 1, /wrong\.csv:2: to "soon" is no time/],
  [['--rule', 'rule.json', '--labels', 'none.csv'], 1, /none\.csv cannot be read/],
  [['--rule', 'rule.json', '--from', '2026-06-01T00:00:00Z'], 2, /--from is not before --to/],
  [['--rule', 'rule.json', '--from', 'may'], 2, /--from/],
  [[], 2, /--rule is needed/],
])('%j: exit %i and a sentence', { timeout: 60_000 }, async (args, code, message) => {
  const found = await run(args)
  expect([found.code, found.out]).toEqual([code, ''])
  expect(found.err).toMatch(message)
  expect(found.err.trimEnd().split('\n')).toHaveLength(1)
})
