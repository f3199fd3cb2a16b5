/** Snapshots as files, and the taking of them: which are kept, what is left of a crash, and that nobody is held up by it. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { task_name } from '../../runtime/checkpoint-rules.ts'
import type { CheckpointHeader, Fields, StateStore } from '../../runtime/ports.ts'
import type { Progress } from '../../runtime/progress.ts'
import { type Snapshots, snapshot_directory } from '../../runtime/snapshots.ts'
import { Snapshotter } from '../../runtime/snapshotter.ts'
import type { TaskRun } from '../../runtime/task-run.ts'

const ADA = { app: 'app', group: 'customer', partition: 0 }
const header = (seq: number, log_id = 'log'): CheckpointHeader => ({
  log_id,
  seq,
  digest: seq,
  nonce: log_id,
  code: 'code',
  task: '{}',
})

let dir: string
let snapshots: Snapshots
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tributary-files-'))
  snapshots = snapshot_directory(dir)
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))
const files = () => readdirSync(join(dir, task_name(ADA))).sort()

async function* entities(list: readonly (readonly [string, Fields])[] = []) {
  yield* list
}

test('of a new log, whose batches are counted anew, the snapshots are kept, and those of the old one go', async () => {
  for (const seq of [900, 1000]) {
    await snapshots.save(ADA, header(seq, 'old'), entities())
    const before = new Date(Date.now() - 86_400_000 + seq)
    utimesSync(join(dir, task_name(ADA), `${seq}.snapshot`), before, before)
  }
  await snapshots.save(ADA, header(5, 'new'), entities())
  expect(files()).toEqual(['1000.snapshot', '5.snapshot'])
  const listed = await snapshots.list(ADA)
  expect(listed.map(one => one.header.log_id)).toEqual(['new', 'old'])
})

test('what a crash has left of a file on its way goes with the next', async () => {
  mkdirSync(join(dir, task_name(ADA)))
  writeFileSync(join(dir, task_name(ADA), '7.snapshot.4711.tmp'), 'half')
  await snapshots.save(ADA, header(8), entities())
  expect(files()).toEqual(['8.snapshot'])
})

test('an entity of many fields, as all timers of a task are, comes back whole', async () => {
  const fields = new Map(Array.from({ length: 50_000 }, (_, i) => [`timer ${i}`, Buffer.from(`due ${i}`)]))
  await snapshots.save(
    ADA,
    header(1),
    entities([
      ['|timers', fields],
      ['acme|nobody', new Map()],
    ]),
  )
  const [one] = await snapshots.list(ADA)
  const read = new Map<string, Map<string, string>>()
  let longest = 0
  for await (const writes of one?.entities() ?? [])
    for (const write of writes) {
      longest = Math.max(longest, write.fields.length)
      const of_key = read.get(write.key) ?? new Map<string, string>()
      for (const [field, bytes] of write.fields) of_key.set(field, String(bytes))
      read.set(write.key, of_key)
    }
  expect(longest).toBeLessThan(5000)
  expect(read.get('|timers')?.size).toBe(50_000)
  expect(read.get('|timers')?.get('timer 49999')).toBe('due 49999')
  expect(read.get('acme|nobody')?.size).toBe(0)
})

/** A task at seq 1 over a store that shows its header, and what a snapshotter asks of it. */
const taker = (over: {
  snapshots?: Partial<Snapshots>
  scan?: StateStore['scan']
  stands?: () => CheckpointHeader
}) => {
  const clock = { now: () => now }
  const told: string[] = []
  const logger = pino(
    { level: 'warn' },
    { write: (line: string) => told.push(JSON.parse(line).err?.message) },
  )
  const store = { header: async () => over.stands?.() ?? header(1), scan: over.scan ?? (() => entities()) }
  const deps = {
    snapshots: { ...snapshots, ...over.snapshots },
    store,
    clock,
    logger,
    settings: { snapshot_every_ms: 86_400_000 },
  }
  const run = { id: ADA, name: 'customer/0', deps } as unknown as TaskRun
  const checkpoints = { seq: 1, hold: async () => () => {} }
  const snapshotter = new Snapshotter(run, { seq: 1, checkpoints } as unknown as Progress)
  return { snapshotter, told }
}
let now = 1_000_000
const begin = (snapshotter: Snapshotter) => {
  snapshotter.offer()
  now += 61_000
  snapshotter.offer()
}

test('one whose checkpoint was written over while it was read is thrown away', async () => {
  let stands = header(1)
  const scan = async function* () {
    yield ['acme|ada', new Map([['f', Buffer.from('of batch 1')]])] as const
    stands = header(2)
    yield ['acme|bo', new Map([['f', Buffer.from('of batch 2')]])] as const
  }
  const { snapshotter, told } = taker({ scan, stands: () => stands })
  begin(snapshotter)
  await vi.waitFor(() => expect(told).toEqual(['the checkpoint moved on meanwhile']))
  expect(files()).toEqual([])
  await snapshotter.stop()
})

test('a task that stops does not wait for the snapshot of another', async () => {
  const open = Promise.withResolvers<void>()
  const scan = async function* () {
    await open.promise
    yield* entities()
  }
  const slow = taker({ scan })
  const waiting = taker({})
  begin(slow.snapshotter)
  begin(waiting.snapshotter)
  await waiting.snapshotter.stop()
  expect(waiting.told).toEqual([])
  open.resolve()
  await slow.snapshotter.stop()
})

test('a directory that cannot be read is told, and disturbs nobody', async () => {
  const newest_at = () => {
    throw new Error('EACCES')
  }
  const { snapshotter, told } = taker({ snapshots: { newest_at } })
  begin(snapshotter)
  await vi.waitFor(() => expect(files()).toEqual(['1.snapshot']))
  expect(told).toEqual(['EACCES'])
  await snapshotter.stop()
})
