/** `npm run forecast` as people run it. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { forecast_series, METHODS } from '../../jobs/forecast/forecast.ts'

const command = join(import.meta.dirname, '../../commands/forecast.ts')
let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'forecast-'))
})
afterAll(() => rmSync(dir, { recursive: true }))

const run = (text: string, ...args: string[]) => {
  const file = join(dir, 'in.csv')
  writeFileSync(file, text)
  return new Promise<{ code: number; out: string; error: string }>(resolve => {
    execFile(process.execPath, [command, file, ...args], (failure, out, error) =>
      resolve({ code: failure ? Number(failure.code) : 0, out, error }),
    )
  })
}
const values = Array.from({ length: 30 }, (_, i) => 100 + i + [9, -3, -6][i % 3]! + ((i * 7) % 5))
const one = `timestamp,value\n${values.map((x, i) => `${i + 1},${x}\n`).join('')}`
const two = `series,timestamp,value\n${['a', 'b, c'].flatMap(name => values.map((x, i) => `"${name}",${i},${x}\n`)).join('')}`

it('prints best with its intervals, as the library gives it', async () => {
  const { code, out, error } = await run(one, '--horizon', '2', '--season', '3')
  expect({ code, error }).toEqual({ code: 0, error: '' })
  const [{ forecasts }] = forecast_series([{ name: '', values, seasons: [3] }], { horizon: 2 }) as [
    ReturnType<typeof forecast_series>[number],
  ]
  const { value, lo80, hi80, lo95, hi95 } = forecasts[0]!
  const lines = [0, 1].map(
    h => `,${h + 1},best,${[value, lo80, hi80, lo95, hi95].map(of => Number(of[h]!.toPrecision(10))).join()}`,
  )
  expect(out).toBe(`series,step,method,forecast,lo80,hi80,lo95,hi95\n${lines.join('\n')}\n`)
})

it('prints every method of every series, and quotes names', async () => {
  const { out } = await run(two, '--horizon', '1', '--season', '3', '--method', 'all')
  const cells = out.trim().split('\n').slice(1)
  expect(cells.map(line => line.replace(/,-?[\d.e]+,-?[\d.e]+,-?[\d.e]+,-?[\d.e]+,-?[\d.e]+$/, ''))).toEqual(
    ['a', '"b, c"'].flatMap(name => METHODS.map(method => `${name},1,${method}`)),
  )
})

it('falls back where a series is too short, and says so', async () => {
  const short = `series,timestamp,value\n${values.map((x, i) => `long,${i},${x}\n`).join('')}s,1,5\ns,2,6\ns,3,9\nt,1,1\n`
  const { code, out, error } = await run(
    short,
    '--horizon',
    '1',
    '--season',
    '12',
    '--method',
    'holt_winters',
  )
  expect(code).toBe(0)
  expect(out).toMatch(/^long,1,holt_winters,.*\ns,1,best,[^\n]*\n$/m)
  expect(error.split('\n')).toEqual([
    'series s: 3 values are less than two seasons of 12: that season is not fitted',
    'series s: holt_winters needs 29 values, there are 3: best is printed',
    'series t: 1 values: nothing is foretold from fewer than 3',
    '',
  ])
  const nothing = await run('timestamp,value\n1,5\n', '--horizon', '1')
  expect(nothing).toMatchObject({ code: 1, out: '' })
  expect(nothing.error).toContain('nothing is foretold: every series is too short\n')
})

it.each([
  [['--season', '3'], 2, '--horizon H is needed: how many periods to foretell\n'],
  [['--horizon', '0'], 2, '--horizon: expected a whole number from 1 to 10000, not "0"\n'],
  [
    ['--horizon', '2', '--season', '7,x'],
    2,
    '--season: expected up to 3 whole numbers of periods like 24,168, not "7,x"\n',
  ],
  [['--horizon', '2', '--method', 'magic'], 2, '--method: expected all or one of naive'],
  [['--horizon', '2', '--seasons', '7'], 2, "Unknown option '--seasons'; see --help\n"],
  [['--horizon', '2', 'more'], 2, 'unexpected argument "more"\n'],
])('refuses %j', async (args, code, said) => {
  const refused = await run(one, ...args)
  expect(refused).toMatchObject({ code, out: '' })
  expect(refused.error).toContain(said)
  expect(refused.error.trim().split('\n')).toHaveLength(1)
})

it('names the line of a bad row, and explains itself', async () => {
  const gap = await run('timestamp,value\n1,1\n2,1\n4,1\n', '--horizon', '1')
  expect(gap.code).toBe(1)
  expect(gap.error).toMatch(/in\.csv:4: timestamp 4 comes after 2 on line 3: 1 missing\n$/)
  const help = await run('', '--help')
  expect(help).toMatchObject({ code: 0, error: '' })
  for (const method of METHODS) expect(help.out).toContain(method)
})
