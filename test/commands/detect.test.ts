/** `npm run detect` as people run it. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { judge_value, new_detector } from '../../operators/anomaly/judge-series.ts'
import { hours } from '../../schemas/units.ts'

const command = join(import.meta.dirname, '../../commands/detect.ts')
let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'detect-'))
})
afterAll(() => rmSync(dir, { recursive: true }))

const run = (text: string | null, ...args: string[]) => {
  const file = join(dir, 'in.csv')
  if (text !== null) writeFileSync(file, text)
  return new Promise<{ code: number; out: string; error: string }>(resolve => {
    execFile(process.execPath, [command, ...(text === null ? [] : [file]), ...args], (failure, out, error) =>
      resolve({ code: failure ? Number(failure.code) : 0, out, error: error.replaceAll(dir, '') }),
    )
  })
}
const values = Array.from({ length: 500 }, (_, i) => (i === 450 ? 900 : 100 + (i % 24) + ((i * 7) % 5)))
const at = (i: number) => new Date(Date.UTC(2026, 0, 5) + i * hours(1)).toISOString().slice(0, 19)

it('prints what the library says of each value, and finds the one that is odd', async () => {
  const { code, out, error } = await run(
    `timestamp,value\n${values.map((x, i) => `${at(i)},${x}\n`).join('')}`,
  )
  expect({ code, error }).toEqual({ code: 0, error: '' })
  let state = new_detector()
  const lines = values.map((value, i) => {
    const one = judge_value(state, Date.parse(`${at(i)}Z`), value)
    state = one.state
    return `,${at(i)},${value},${Number(one.verdict.score.toFixed(6))},${one.verdict.anomaly ? 1 : 0}\n`
  })
  expect(out).toBe(`series,timestamp,value,score,anomaly\n${lines.join('')}`)
  expect(lines.filter(line => line.endsWith(',1\n'))).toEqual([lines[450]])
})

it('judges many series of one file each by itself, in the order of the file', async () => {
  const rows = values.flatMap((x, i) => [`${i},"b, c",${x}`, `${i},a,${1000 - x}`])
  const { out } = await run(`timestamp,series,value\n${rows.join('\n')}\n`)
  const alone = await run(`timestamp,value\n${values.map((x, i) => `${i},${x}\n`).join('')}`)
  const lines = out.trim().split('\n').slice(1)
  expect(lines.length).toBe(1000)
  const of_first = lines.filter(line => line.startsWith('"b, c",')).map(line => line.slice('"b, c"'.length))
  expect(of_first).toEqual(alone.out.trim().split('\n').slice(1))
  expect(lines.at(-1)).toMatch(/^a,499,/)
})

it('takes a season, gaps, repeated times, and times in seconds as in milliseconds', async () => {
  const text = (of: (i: number) => number) =>
    `timestamp,value\n${values.map((x, i) => (i % 50 === 9 ? '' : `${of(i - (i % 60 === 7 ? 1 : 0))},${x}\n`)).join('')}`
  const scores = (out: string) => out.split('\n').map(line => line.split(',').slice(2).join())
  const seconds = await run(text(i => 1_767_571_200 + 3600 * i))
  const milliseconds = await run(text(i => 1_767_571_200_000 + 3_600_000 * i))
  expect(seconds.code).toBe(0)
  expect(scores(seconds.out)).toEqual(scores(milliseconds.out))
  const other = await run(
    text(i => 1_767_571_200 + 3600 * i),
    '--season',
    '30',
  )
  expect(other.code).toBe(0)
  expect(scores(other.out)).not.toEqual(scores(seconds.out))
})

it.each([
  ['time,value\n1,2\n', 1, '/in.csv:1: the header lacks timestamp\n'],
  ['timestamp,value\n1,2\nsoon,3\n', 1, '/in.csv:3: timestamp "soon" is neither an ISO date nor a number\n'],
  ['timestamp,value\n1,2\n2,many\n', 1, '/in.csv:3: value "many" is no decimal number\n'],
  ['timestamp,value\n1,2\n2,\n', 1, '/in.csv:3: value is empty\n'],
  ['timestamp,series,value\n1,,2\n', 1, '/in.csv:2: series is empty\n'],
  ['timestamp,value\n1,1e200\n', 1, '/in.csv:2: value is beyond 1e+100, it is 1e+200\n'],
  ['timestamp,value\n', 1, '/in.csv: there is no row below the header\n'],
  ['', 1, '/in.csv:1: the file is empty; its first line must name timestamp, value\n'],
  ['timestamp,value\n1,"2\n', 1, '/in.csv:'],
])('names line and column of what is wrong: %j', async (text, code, error) => {
  const got = await run(text)
  expect(got.code).toBe(code)
  expect(got.error.startsWith(error)).toBe(true)
  expect(got.error.trim().split('\n').length).toBe(1)
})

it('explains itself, and refuses what it does not know', async () => {
  expect((await run(null, '--help')).out).toMatch(/^npm run detect -- FILE\.csv/)
  expect(await run(null)).toMatchObject({ code: 2, error: expect.stringMatching(/^FILE\.csv is needed/) })
  expect(await run(null, 'no.csv')).toMatchObject({ code: 1, error: 'there is no file no.csv\n' })
  expect(await run('', '--season', '1.5')).toMatchObject({
    code: 2,
    error: expect.stringMatching(/^--season: expected/),
  })
  expect(await run('', '--horizon', '1')).toMatchObject({ code: 2 })
  expect(await run('', 'more.csv')).toMatchObject({ code: 2 })
})
