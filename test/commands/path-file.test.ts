/** A file of paths in every spelling that is right, and what is said of those that are not. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { read_paths } from '../../commands/path-file.ts'

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'paths-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const read = (text: string) => {
  const file = join(dir, 'paths.csv')
  writeFileSync(file, text)
  return read_paths(file)
}
const refused = async (text: string): Promise<string> => {
  const error = await read(text).then(
    () => new Error('it was read'),
    (reason: Error) => reason,
  )
  return error.message.replace(`${dir}/`, '')
}
const HEAD = 'path,total_conversions,total_conversion_value,total_null\n'
const KNOWN = [
  { places: ['a, b', 'c'], conversions: 2, value: 3.5, nulls: 1 },
  { places: ['say "hi"'], conversions: 1, value: 100, nulls: 0 },
]

describe('reads', () => {
  it.each([
    ['commas', `${HEAD}"a, b > c",2,3.5,1\n"say ""hi""",1,100,0\n`],
    ['semicolons', `${HEAD.replaceAll(',', ';')}a, b > c;2;3.5;1\n"say ""hi""";1;1e2;0`],
    [
      'a mark at the beginning, another order, columns of its own, Windows line ends, empty lines',
      '\uFEFFnote,total_null, path ,total_conversions,total_conversion_value\r\n' +
        '"x\ny",1,"a, b  >  c",2,3.5\r\n\r\n,0,"say ""hi""", 1 ,+100.\r\n',
    ],
  ])('%s', async (_, text) => {
    expect(await read(text)).toEqual(KNOWN)
  })
})

describe('refuses', () => {
  it.each([
    ['a,1,2,3\nb > ,1,2,3\n', '3:1: path must be channels separated by " > ", not "b > "'],
    [',1,2,3\n', '2:1: path must be channels separated by " > ", not ""'],
    ['a,1,2,3\n"a, > b",-1,2,3\n', '3:10: a count must not be negative, it is -1'],
    ['a,1,2,-3\n', '2:7: a count must not be negative, it is -3'],
    ['"a\n > b",1,2,3\n"a",x,2,3\n', '4:5: expected a number, not "x"'],
    ['a,1,2,3\n\n"a\n > b",x,2,3\nb,1,2,3\n', '5:7: expected a number, not "x"'],
    ['" > a\nb",1,2,3\n', '2:1: path must be channels separated by " > ", not " > a\\nb"'],
    ['a,1,,3\n', '2:5: expected a number, not ""'],
    ['a,1,2,0x10\n', '2:7: expected a number, not "0x10"'],
    ['a,1,1e999,3\n', '2:5: expected a number, not "1e999"'],
    ['a,2e15,2,3\n', '2:3: a count must not be beyond 1000000000000000, it is 2000000000000000'],
    ['a,1,2,1e200\n', '2:7: a number must not be beyond 1e+100, it is 1e+200'],
    ['a,1,-1e101,3\n', '2:5: a number must not be beyond 1e+100, it is -1e+101'],
    ['a > > b,1,2,3\n', '2:1: path must be channels separated by " > ", not "a > > b"'],
    ['a> > b,1,2,3\n', '2:1: path must be channels separated by " > ", not "a> > b"'],
    ['>a,1,2,3\n', '2:1: path must be channels separated by " > ", not ">a"'],
    ['a,1\n', '2:3: the row has 2 cells and ends before column 3'],
    ['', '2:1: no path follows the header'],
  ])('%j', async (body, said) => {
    expect(await refused(HEAD + body)).toBe(`paths.csv:${said}`)
  })

  it('a directory', async () => {
    await expect(read_paths(dir)).rejects.toThrow(`${dir} cannot be read: it is a directory`)
  })

  it('a file without the columns, without anything, with a quote left open', async () => {
    expect(await refused('path;conversions\na;1\n')).toBe(
      'paths.csv:1:1: the header lacks total_conversions, total_conversion_value, total_null ' +
        '(columns are separated by , or ;)',
    )
    expect(await refused('')).toBe(
      'paths.csv:1:1: the file is empty; its first line must name path, total_conversions, ' +
        'total_conversion_value, total_null',
    )
    expect(await refused(`${HEAD}a,1,2,3\n"a,1,2,3\n`)).toMatch(/^paths\.csv:[34]:1: Quote Not Closed/)
    expect(await refused(`${HEAD}a,1,2,3\na"b,1,2,3\n`)).toMatch(/^paths\.csv:3:1: Invalid Opening Quote/)
  })
})
