import { parse } from 'csv-parse'
import { expect, it } from 'vitest'
import { CommandError } from '../../commands/command.ts'
import { feed, read_error } from '../../commands/csv-file.ts'

it('feeds a file to the parser, and fails it where there is none', async () => {
  const rows: string[][] = []
  for await (const row of feed(import.meta.filename, parse({ delimiter: '\0', quote: null, to: 1 })))
    rows.push(row)
  expect(rows).toEqual([["import { parse } from 'csv-parse'"]])
  const nothing = async () => {
    for await (const _ of feed('nowhere.csv', parse())) rows.push([])
  }
  await expect(nothing()).rejects.toThrow('ENOENT')
})

it('tells errors of a file from those of the program', () => {
  const denied = Object.assign(new Error('EACCES: open'), { code: 'EACCES', syscall: 'open' })
  expect(read_error('a.csv', denied)).toEqual(new CommandError('a.csv cannot be read: permission denied'))
  const odd = Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO', syscall: 'read' })
  expect(read_error('a.csv', odd)).toEqual(new CommandError('a.csv cannot be read: EIO: i/o error, read'))
  const other = new TypeError('of ours')
  expect(read_error('a.csv', other)).toBe(other)
})
