import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { instant_of, read_series } from '../../commands/series-file.ts'

let file: string
beforeAll(() => {
  file = join(mkdtempSync(join(tmpdir(), 'series-')), 'a.csv')
})
afterAll(() => rmSync(join(file, '..'), { recursive: true }))
const read = async (text: string) => {
  writeFileSync(file, text)
  return (await read_series(file)).map(({ name, values }) => [name, ...values])
}
const refused = async (text: string) =>
  read(text).then(
    () => 'read',
    (error: Error) => error.message.replace(file, 'a.csv'),
  )
const rows = (...lines: string[]) => ['timestamp,value', ...lines, ''].join('\n')

describe('a file of series', () => {
  it('is put in order, one series or several, whatever the columns beside', async () => {
    expect(await read(rows('2024-01-03,3', '2024-01-01,1', '2024-01-02,-2.5e1'))).toEqual([['', 1, -25, 3]])
    const several = '\ufeffValue,note,Series,Timestamp\n1,"x,y",b,2\n5,,a,10\n2,,b,3\n\n6,,a,20\n7,,a,30\n'
    expect(await read(several)).toEqual([
      ['b', 1, 2],
      ['a', 5, 6, 7],
    ])
  })

  it.each([
    ['months', ['2023-12-01', '2024-01-01', '2024-02-01', '2024-03-01']],
    ['ends of months', ['2023-12-31', '2024-01-31', '2024-02-29', '2024-03-31']],
    ['months without a day', ['2023-12', '2024-01', '2024-02']],
    ['quarters', ['2023-10-15', '2024-01-15', '2024-04-15']],
    ['years', ['2023-01-01', '2024-01-01', '2025-01-01']],
    ['hours over midnight', ['2024-01-01T23:00', '2024-01-02T00:00Z', '2024-01-02T02:00:00+01:00']],
    ['rounded fractions of years', ['1949', '1949.08333333333', '1949.16666666667', '1949.25']],
    ['negative numbers', ['-2', '-1', '0']],
    ['a single row', ['7']],
  ])('%s are even', async (_, times) => {
    expect((await read(rows(...times.map((time, i) => `${time},${i}`))))[0]!.slice(1)).toEqual([
      ...times.keys(),
    ])
  })

  it.each([
    ['a gap', ['1,1', '2,1', '5,1'], 'a.csv:4: timestamp 5 comes after 2 on line 3: 2 missing'],
    [
      'a gap of rows in any order',
      ['5,1', '1,1', '2,1'],
      'a.csv:2: timestamp 5 comes after 2 on line 4: 2 missing',
    ],
    [
      'a month missing',
      ['2024-01-01,1', '2024-02-01,1', '2024-04-01,1'],
      'a.csv:4: timestamp 2024-04-01 comes after 2024-02-01 on line 3: 1 missing',
    ],
    [
      'an uneven step',
      ['0,1', '10,1', '25,1'],
      'a.csv:4: timestamp 25 comes after 10 on line 3: 1.50 periods later',
    ],
    ['a duplicate', ['2,1', '1,1', '2,9'], 'a.csv:4: timestamp 2 is already on line 2'],
    [
      'the same moment said twice',
      ['2024-01-01T00:00Z,1', '2024-01-02,2', '2024-01-01T02:00+02:00,3'],
      'a.csv:4: timestamp 2024-01-01T02:00+02:00 is already on line 2',
    ],
    ['numbers among dates', ['2024-01-01,1', '7,1'], 'a.csv:3: timestamp "7" is a number, the first a date'],
    ['no date', ['2024-02-30,1'], 'a.csv:2: timestamp "2024-02-30" is neither an ISO date nor a number'],
    ['no number', ['1,NaN'], 'a.csv:2: value "NaN" is no decimal number'],
    ['a huge value', ['1,-1e200'], 'a.csv:2: value is beyond 1e+100, it is -1e+200'],
    ['a huge timestamp', ['1,1', '1e400,2'], 'a.csv:3: timestamp is beyond 1e+100, it is Infinity'],
    ['an empty value', ['1,'], 'a.csv:2: value is empty'],
    ['no rows', [], 'a.csv: there is no row below the header'],
  ])('refuses %s', async (_, lines, said) => {
    expect(await refused(rows(...lines))).toContain(said)
  })

  it('refuses a file without its columns, and names the series it means', async () => {
    expect(await refused('')).toContain('a.csv:1: the file is empty')
    expect(await refused('time,value\n1,2\n')).toBe('a.csv:1: the header lacks timestamp')
    expect(await refused('series,timestamp,value\nx,1,1\ny,1,1\nx,1,2\n')).toBe(
      'a.csv:4: timestamp 1 of series x is already on line 2',
    )
    expect(await refused('timestamp,value\n1,"2\n')).toMatch(/^a\.csv:\d+: Quote Not Closed/)
  })
})

it('says of a directory that it cannot be read', async () => {
  const directory = join(file, '..')
  await expect(read_series(directory)).rejects.toThrow(`${directory} cannot be read: it is a directory`)
})

it('reads a zone as an offset and a date as midnight UTC', () => {
  expect(instant_of('2024-01-01')).toEqual({ kind: 'date', x: Date.UTC(2024, 0, 1) })
  expect(instant_of('2024-01-01 02:00:30.5+0200')).toEqual({
    kind: 'date',
    x: Date.UTC(2024, 0, 1, 0, 0, 30, 500),
  })
  expect(instant_of('2024')).toEqual({ kind: 'number', x: 2024 })
  expect(instant_of('01.02.2024')).toBeNull()
})
