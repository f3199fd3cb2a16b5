/** A full disk is refused before LMDB meets it, said once, and gone on from when there is room. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { check_disk, DiskFull, free_bytes, RESERVE_BYTES } from '../../../runtime/embedded/disk.ts'
import { open_log } from '../../../runtime/embedded/log.ts'

const dir = mkdtempSync(join(tmpdir(), 'tributary-disk-'))
afterEach(() => rmSync(dir, { recursive: true, force: true }))

it('keeps a reserve', () => {
  check_disk(dir, () => RESERVE_BYTES)
  expect(() => check_disk(dir, () => RESERVE_BYTES - 1)).toThrow(DiskFull)
  expect(() => check_disk(dir, () => 0)).toThrow(`the disk of ${dir} is full`)
  expect(free_bytes(dir)).toBeGreaterThan(0)
})

it('does not open, and names the directory', async () => {
  await expect(open_log(dir, { free: () => 0 })).rejects.toThrow(`the disk of ${dir}/log is full`)
})

it('refuses appends, says so once, and goes on by itself', async () => {
  let left = RESERVE_BYTES
  const told: (string | null)[] = []
  const log = await open_log(dir, { free: () => left, on_disk_full: message => told.push(message) })
  await log.ensure([{ name: 'payments', partitions: 1, config: {} }])
  const append = () => log.append([{ topic: 'payments', partition: 0, key: null, value: Buffer.from('x') }])
  expect(await append()).toEqual([0])
  left = 0
  for (let i = 0; i < 3; i++) await expect(append()).rejects.toBeInstanceOf(DiskFull)
  expect(await log.health()).toContain('is full')
  expect(told).toEqual([expect.stringContaining('is full')])
  left = RESERVE_BYTES
  expect(await append()).toEqual([1])
  expect(await log.health()).toBe(null)
  expect(told).toEqual([expect.any(String), null])
  await log.close()
})
