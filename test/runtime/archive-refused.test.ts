/** What is no archive, does not fit, or would not be whole, is refused in one sentence that names it. */
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { export_archive } from '../../runtime/archive/export.ts'
import { open_archive } from '../../runtime/archive/import.ts'
import { read_manifest } from '../../runtime/archive/manifest.ts'
import { system_clock } from '../../runtime/clock.ts'
import {
  backup,
  body,
  bytes,
  dir,
  installation,
  noise,
  quietly,
  restore,
  write_archive,
} from './archive-installation.ts'

describe('an archive is refused', () => {
  const archive = () => join(dir, 'archive')
  const file = () => join(archive(), 'payments/0.records')
  beforeEach(() => {
    const records = Array.from({ length: 20 }, (_, i) => ({ offset: i, key: null, value: noise(100_000, i) }))
    write_archive(archive(), { payments: records })
    open_archive(archive()).close()
  })

  it.each([
    [
      'without a manifest',
      () => rmSync(join(archive(), 'manifest.json')),
      /is no archive: it has no manifest/,
    ],
    [
      'without a file',
      () => rmSync(file()),
      /payments\/0.records is damaged: it cannot be opened \(ENOENT\)/,
    ],
    ['with a file cut short', () => truncateSync(file(), 1_500_000), /0.records is damaged: it ends after/],
    ['with a file gone on with', () => writeFileSync(file(), 'x', { flag: 'a' }), /it is longer than it was/],
    [
      'with a byte changed in a file',
      () => flip(file(), 700_000),
      /0.records is damaged: its checksum differs/,
    ],
    [
      'with a byte changed in the manifest',
      () => edit(/"records":20/, '"records":21'),
      /its checksum differs/,
    ],
    ['whose manifest is not JSON', () => edit(/^\{/, ''), /manifest.json is damaged: it is not JSON/],
    [
      'of a newer version',
      () => edit(/"version":1/, '"version":2'),
      /archive format 2, this version reads up to 1/,
    ],
  ])('%s', (_, break_it, said) => {
    break_it()
    expect(() => open_archive(archive())).toThrow(said)
  })

  const flip = (path: string, at: number): void => {
    const text = readFileSync(path)
    text[at] = (text[at] as number) ^ 1
    writeFileSync(path, text)
  }
  const edit = (pattern: RegExp, by: string): void => {
    const path = join(archive(), 'manifest.json')
    writeFileSync(path, readFileSync(path, 'utf8').replace(pattern, by))
  }

  it('that has other partitions, topics this version does not know, or is of another app', async () => {
    const target = await installation('target')
    write_archive(join(dir, 'a'), {}, [], 4)
    await expect(restore(target, join(dir, 'a'))).rejects.toThrow(/4 partitions .* add --partitions 4/)
    write_archive(join(dir, 'b'), { parcels: [] })
    await expect(restore(target, join(dir, 'b'))).rejects.toThrow(/topic parcels, which this version/)
  })

  it('by an installation that holds something', async () => {
    const target = await installation('target')
    await target.append([{ topic: 'ledger', partition: 1, key: null, value: null }])
    await expect(restore(target)).rejects.toThrow(/topic ledger is not empty \(partition 1 ends at 1\)/)
    expect(await target.read('payments', 0)).toEqual([])
  })
})

describe('a backup', () => {
  it('goes into a new directory only, and is none before its manifest is written', async () => {
    const source = await installation('source')
    await source.append([{ topic: 'payments', partition: 0, key: null, value: bytes('x') }])
    writeFileSync(join(dir, 'there'), '')
    await expect(backup(source, dir)).rejects.toThrow(/is not empty: name a new directory/)
    const cut = {
      ...source,
      registry: { ...source.registry, schema: () => Promise.reject(new Error('down')) },
    }
    await source.append([{ topic: 'payments', partition: 0, key: null, value: body(1, 'x') }])
    await expect(backup(cut)).rejects.toThrow('down')
    expect(() => read_manifest(join(dir, 'archive'))).toThrow(/Was the backup cut short/)
  })

  it.each([
    ['ledger', 'is none while tasks write', /ledger\/0 moved while it was read: stop every process/],
    ['batch_log.tenant', 'is none while batches are committed', /batch_log.tenant\/0 moved/],
    ['payments', 'does not mind emitters', null],
  ])('of a cluster: %s moves, it %s', async (topic, _, said) => {
    const source = await installation('source')
    const output = { topic, partition: 0, key: null, value: null }
    await source.append([output])
    let slept = 0
    const clock = {
      ...system_clock,
      now: () => 1000 + slept,
      sleep: async (ms: number) => {
        slept += ms
        await source.append([output])
      },
    }
    const made = export_archive({ ...source, alone: false }, join(dir, 'archive'), quietly, clock)
    if (said) await expect(made).rejects.toThrow(said)
    else expect(await made).toBe(1)
    expect(slept).toBe(12_000)
  })
})
