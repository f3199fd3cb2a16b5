import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { check_format, FORMAT } from '../../../runtime/embedded/format.ts'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tributary-format-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

it('notes the format of a new directory and takes it again', () => {
  check_format(dir)
  expect(readFileSync(join(dir, 'format'), 'utf8')).toBe(`tributary ${FORMAT}\n`)
  mkdirSync(join(dir, 'log'))
  check_format(dir)
})

it('refuses data of another format, and data without one', () => {
  mkdirSync(join(dir, 'log'))
  expect(() => check_format(dir)).toThrow(/before formats were numbered.*--data-dir/)
  writeFileSync(join(dir, 'format'), 'tributary 0\n')
  expect(() => check_format(dir)).toThrow(/in format 'tributary 0'.*--data-dir/)
})

it('writes nothing where it only reads', () => {
  check_format(dir, true)
  expect(() => readFileSync(join(dir, 'format'))).toThrow('ENOENT')
})
