/** The command as a person runs it. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { exponential, gamma_draw, simulate } from '../jobs/lifetime/simulate.ts'

const directory = mkdtempSync(join(tmpdir(), 'tributary-ltv-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
const file = join(directory, 'purchases.csv')
const END = Date.UTC(2025, 5, 30)
const shop = simulate(
  9,
  200,
  i => 250 + (i % 30),
  exponential(1, 6, 0.7, 9),
  random => gamma_draw(random, 5) * 8,
)
const day = (age: number): string => new Date(END - age * 86_400_000).toISOString().slice(0, 10)

const ltv = (...args: string[]): Promise<{ code: number; out: string; err: string }> =>
  new Promise(resolve => {
    const script = join(import.meta.dirname, '../../commands/ltv.ts')
    execFile(process.execPath, [script, ...args], { maxBuffer: 1 << 26 }, (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, out, err }),
    )
  })

beforeAll(() => {
  const rows = shop.flatMap(({ customer_id, repeat_days, age_days, mean_spend }) =>
    [0, ...repeat_days].map(at => `"${customer_id}, Inc",${day(age_days - at)},${mean_spend.toFixed(2)}`),
  )
  writeFileSync(file, `customer_id,date,amount\n${rows.join('\n')}\n`)
})

it('prints what every model found, and a line per customer', { timeout: 60_000 }, async () => {
  const { code, out, err } = await ltv(file, '--end', '2025-06-30', '--horizon-weeks', '26')
  expect({ code, err }).toEqual({ code: 0, err: '' })
  const lines = out.trimEnd().split('\n')
  const said = lines.filter(line => line.startsWith('# '))
  expect(said.slice(2, 5).map(line => line.split(' (')[0]!.replace(/[\d.]+$/, ''))).toEqual([
    '# bg_nbd: r ',
    '# mbg_nbd: r ',
    '# pareto_nbd: r ',
  ])
  for (const line of said.slice(2, 5)) expect(line).toMatch(/log-likelihood -\d+\.\d{6}, 200 customers$/)
  expect(said.at(-1)).toMatch(/^# model (bg_nbd|mbg_nbd|pareto_nbd): least error/)
  const model = said.at(-1)!.split(/[ :]/)[2]!
  const rows = lines.slice(said.length)
  expect(rows[0]).toBe('customer_id,model,p_alive,expected_purchases,expected_value')
  expect(rows).toHaveLength(1 + shop.length)
  for (const [i, { customer_id }] of shop.entries())
    expect(rows[i + 1]).toMatch(new RegExp(`^"${customer_id}, Inc",${model},[\\d.e-]+,[\\d.e-]+,[\\d.e-]+$`))
})

it('exits 1 with one line where nothing can be foretold, and says why above', {
  timeout: 60_000,
}, async () => {
  const few = join(directory, 'few.csv')
  writeFileSync(few, 'customer_id,date,amount\na,2025-01-01,3\n')
  const { code, out, err } = await ltv(few, '--end', '2025-06-30', '--horizon-weeks', '26')
  expect(code).toBe(1)
  expect(err).toBe('nothing is foretold: every model of purchases was refused\n')
  expect(out).toContain('# bg_nbd: refused, 1 customers, fewer than 50\n')
})

it.each([
  [[], 2, 'FILE.csv is needed'],
  [
    ['x.csv', '--end', '2025-06-31', '--horizon-weeks', '3'],
    2,
    '--end: expected YYYY-MM-DD, not "2025-06-31"',
  ],
  [['x.csv', '--end', '2025-06-30', '--horizon-weeks', '0'], 2, '--horizon-weeks: expected more than 0'],
  [['x.csv', '--end', '2025-06-30'], 2, '--horizon-weeks W is needed'],
  [['x.csv', '--ende', '1'], 2, "Unknown option '--ende'; see --help"],
  [['no.csv', '--end', '2025-06-30', '--horizon-weeks', '3'], 1, 'there is no file no.csv'],
] as [string[], number, string][])('%j: exit and one line', { timeout: 60_000 }, async (args, exit, said) => {
  const { code, err } = await ltv(...args)
  expect([code, err.trimEnd().split('\n').length]).toEqual([exit, 1])
  expect(err).toContain(said)
})
