/** Installations without processes, and archives written by hand, for the tests of archives. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { afterEach, beforeEach } from 'vitest'
import { topic_settings, tributary } from '../../runtime/app.ts'
import { export_archive } from '../../runtime/archive/export.ts'
import { FileWriter } from '../../runtime/archive/file.ts'
import { import_archive, open_archive } from '../../runtime/archive/import.ts'
import { type SchemaEntry, write_manifest } from '../../runtime/archive/manifest.ts'
import { system_clock } from '../../runtime/clock.ts'
import { open_log } from '../../runtime/embedded/log.ts'
import { open_registry } from '../../runtime/embedded/registry.ts'
import type { LogRecord, Output } from '../../runtime/ports.ts'
import { scan } from '../../runtime/scan.ts'

const app = tributary(2)
export let dir: string
const closers: (() => Promise<void>)[] = []
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'archive-'))
})
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
  rmSync(dir, { recursive: true, force: true })
})

/** An empty installation. */
export const installation = async (name: string) => {
  const log = await open_log(join(dir, name))
  closers.push(() => log.close())
  const registry = open_registry(log.environment)
  const append = async (outputs: readonly Output[]) => {
    await log.ensure(topic_settings(app))
    await log.append(outputs)
  }
  const read = async (topic: string, partition: number): Promise<LogRecord[]> => {
    const records: LogRecord[] = []
    await scan(log, { topic, partition }, 0, record => {
      records.push(record)
    })
    return records
  }
  return { app, log, registry, alone: true, append, read }
}

/** Sleeps no time. */
const clock = { ...system_clock, sleep: async () => {} }
export const quietly = (): void => {}
export const backup = (from: Awaited<ReturnType<typeof installation>>, to = join(dir, 'archive')) =>
  export_archive(from, to, quietly)
export const restore = async (to: Awaited<ReturnType<typeof installation>>, from = join(dir, 'archive')) => {
  const archive = open_archive(from)
  try {
    return await import_archive(archive, to, quietly, clock)
  } finally {
    archive.close()
  }
}

/** Buffers as text, long ones as their CRC: comparing megabytes byte by byte takes long. */
export const shown = (records: readonly LogRecord[]) =>
  records.map(({ key, value, ...rest }) => ({
    ...rest,
    key: key?.toString('base64') ?? null,
    value: value && value.length > 1000 ? crc32(value) : (value?.toString('base64') ?? null),
  }))

export const body = (id: number, text: string): Buffer => {
  const value = Buffer.from(`\0\0\0\0\0${text}`)
  value.writeInt32BE(id, 1)
  return value
}
export const bytes = Buffer.from

/** Bytes that do not pack away, and do not begin like a body of schema id and Avro. */
export const noise = (length: number, seed: number): Buffer => {
  const value = Buffer.alloc(length)
  for (let i = 0, x = seed; i < length; i++) {
    x = (Math.imul(x, 1103515245) + 12345) >>> 0
    value[i] = x >>> 16
  }
  value[0] = 1
  return value
}

/** Everything in partition 0. */
export const write_archive = (
  to: string,
  topics: Readonly<Record<string, readonly LogRecord[]>>,
  schemas: readonly SchemaEntry[] = [],
  partitions = 2,
) => {
  mkdirSync(to)
  const files = Object.entries(topics).map(([topic, records]) => {
    const file = new FileWriter(to, { topic, partition: 0 })
    for (const record of records) file.add(record)
    return file.close()
  })
  write_manifest(to, { app: 'tributary', partitions, created_at: '', files, schemas: [...schemas] })
}
