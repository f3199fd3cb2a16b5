/** Where archives come from and go to: only what stands still is read, only what is empty is filled, half of it never runs. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { topic_settings, tributary } from '../../runtime/app.ts'
import { open_directory_source, open_source, open_target } from '../../runtime/archive/places.ts'
import { parse_config } from '../../runtime/config.ts'
import { check_format } from '../../runtime/embedded/format.ts'
import { DirectoryInUse } from '../../runtime/embedded/lock.ts'
import { open_log } from '../../runtime/embedded/log.ts'

const logger = pino({ level: 'silent' })
let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'places-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))
const config_of = (data_dir: string) => parse_config(['--data-dir', data_dir, '--partitions', '3'], {}).config

const fill = async (data_dir: string) => {
  mkdirSync(data_dir, { recursive: true })
  check_format(data_dir)
  const log = await open_log(data_dir)
  await log.ensure(topic_settings(tributary(2)))
  return log
}

it('a data directory is read alone, with the partitions it has', async () => {
  const data_dir = join(dir, 'data')
  const log = await fill(data_dir)
  await expect(open_source(config_of(data_dir), logger)).rejects.toThrow(DirectoryInUse)
  await log.close()
  const source = await open_source(config_of(data_dir), logger)
  expect([source.app.partitions, source.alone]).toEqual([2, true])
  await expect(open_log(data_dir)).rejects.toThrow(DirectoryInUse)
  await source.close()
})

it('nothing is made where there is nothing to read', async () => {
  const nowhere = join(dir, 'nowhere')
  await expect(open_directory_source(nowhere)).rejects.toThrow(`there is no data in ${nowhere}`)
  expect(existsSync(nowhere)).toBe(false)
  const empty = join(dir, 'empty')
  mkdirSync(empty)
  check_format(empty)
  await (await open_log(empty)).close()
  await expect(open_directory_source(empty)).rejects.toThrow('holds no topics')
  // It was closed again.
  await (await open_log(empty)).close()
})

it('a directory that holds anything is not filled', async () => {
  writeFileSync(join(dir, 'notes'), '')
  await expect(open_target(config_of(dir), logger)).rejects.toThrow(/is not empty: .*--data-dir/)
})

it('half of a restore is refused by every start', async () => {
  const config = config_of(join(dir, 'new'))
  const target = await open_target(config, logger)
  expect(target.app.partitions).toBe(3)
  expect(() => check_format(config.data_dir)).toThrow("in format 'unfinished restore'")
  await target.close()
  expect(() => check_format(config.data_dir)).toThrow("in format 'unfinished restore'")
  await expect(open_target(config, logger)).rejects.toThrow(/is not empty/)
})

it('a whole one starts', async () => {
  const config = config_of(join(dir, 'new'))
  const target = await open_target(config, logger)
  target.done()
  await target.close()
  check_format(config.data_dir)
})
