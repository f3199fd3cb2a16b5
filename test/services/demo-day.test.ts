/**
 * A day of the simulated business, fast-forwarded: memory stays flat, and every place agrees on the money.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const dir = mkdtempSync(join(tmpdir(), 'demo-day-'))
afterAll(() => rmSync(dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }))

const run = (args: readonly string[]): Promise<{ code: number | null; out: string; err: string }> =>
  new Promise(resolve => {
    const child = spawn(process.execPath, args, { cwd: dir })
    let [out, err] = ['', '']
    child.stdout.on('data', data => {
      out += data
    })
    child.stderr.on('data', data => {
      err += data
    })
    child.once('close', code => resolve({ code, out, err }))
  })

interface Sample {
  readonly hour: number
  readonly heap: number
  readonly array_buffers: number
  readonly rss: number
}

/**
 * What a day's new customers leave behind for good: each has a timer per operator until it has been silent
 * for long, and the simulated visitors who will come back are processes on the same heap. 9,000 events
 * leave about 2 MB.
 */
const HEAP_MARGIN = 5 << 20
/** The same for memory outside the heap: ids of events, parts of pages of the log. */
const RSS_MARGIN = 60 << 20

const mean = (list: readonly number[]): number => list.reduce((sum, n) => sum + n, 0) / list.length

it('24 h of simulated business, fast-forwarded: memory flat, reconcile 0', { timeout: 170_000 }, async () => {
  const data = ['--data-dir', join(dir, 'data'), '--partitions', '2']
  const day = await run(['--expose-gc', join(root, 'test/services/demo-day-run.ts'), ...data])
  expect([day.code, day.err]).toEqual([0, ''])
  const lines = day.out
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Sample | { events: number })
  const samples = lines.filter((line): line is Sample => 'hour' in line)
  const [{ events }] = lines.filter((line): line is { events: number } => 'events' in line) as [
    { events: number },
  ]
  expect(samples.map(({ hour }) => hour)).toEqual([2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24])
  expect(events).toBeGreaterThan(7000)
  const third = samples.length / 3
  const grown = (of: (sample: Sample) => number): number =>
    mean(samples.slice(-third).map(of)) - mean(samples.slice(0, third).map(of))
  expect(grown(({ heap }) => heap)).toBeLessThan(HEAP_MARGIN)
  expect(grown(({ rss }) => rss)).toBeLessThan(RSS_MARGIN)
  const reconciled = await run([join(root, 'commands/reconcile.ts'), ...data, '--clickhouse-port', '0'])
  expect(reconciled.err).toBe('')
  expect(reconciled.code).toBe(0)
  expect(reconciled.out).toContain('to the cent')
  for (const tenant of ['brightdesk', 'komorebi', 'albasol']) expect(reconciled.out).toContain(tenant)
})
