/**
 * Some hundred seeds of the simulation in every test run (`npm run simulate -- --seeds A..B` runs
 * thousands), and tests of the simulator itself: one that sees nothing would pass everything.
 */
import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import './memo.ts'
import { create_broker, read_committed, stable_end } from './broker.ts'
import { exhaust, parse_blows } from './exhaustive.ts'
import { murmur2_partition } from './murmur.ts'
import { apply_patch } from './mutant-loader.ts'
import { mutants } from './mutants.ts'
import { no_faults, start_process } from './process.ts'
import { parse_range, pieces_left, read_progress, write_progress } from './ranges.ts'
import { rare } from './rare.ts'
import { regressions } from './regressions.ts'
import { create_scheduler } from './scheduler.ts'
import { create_shared_store, create_store } from './store.ts'
import { create_shared_warehouse, read_container } from './warehouse.ts'
import { simulate } from './world.ts'

const SEEDS = 120

test('every rule holds over many seeds, and every fault was met', { timeout: 240_000 }, async () => {
  const met = new Map<string, number>()
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { violation, counters } = await simulate(seed)
    expect(violation?.message, `seed ${seed}`).toBeUndefined()
    for (const [name, n] of counters) met.set(name, (met.get(name) ?? 0) + n)
  }
  for (const name of rare) expect(met.get(name) ?? 0, name).toBeGreaterThan(0)
})

test.each(regressions)('seed %i: %s', { timeout: 30_000 }, async seed => {
  const { violation } = await simulate(seed)
  expect(violation?.message).toBeUndefined()
})

test('the same seed gives the same run, another seed another', { timeout: 30_000 }, async () => {
  for (const seed of [3, 4]) {
    const [first, second] = [await simulate(seed), await simulate(seed)]
    expect(second.hash).toBe(first.hash)
    expect(second.events).toBe(first.events)
  }
  expect((await simulate(3)).hash).not.toBe((await simulate(4)).hash)
})

test('every planted bug still has its place in the code', async () => {
  for (const { name, patches } of mutants)
    for (const patch of patches) {
      const source = await readFile(new URL(`../../${patch.file}`, import.meta.url), 'utf8')
      expect(apply_patch(source, patch), name).not.toBe(source)
    }
  expect(() => apply_patch('a a', { file: 'x', search: 'a', replace: 'b' })).toThrow('2 times')
  expect(() => apply_patch('a', { file: 'x', search: 'b', replace: 'c' })).toThrow('0 times')
})

const bench = () => {
  const counters = new Map<string, number>()
  const scheduler = create_scheduler(1, 0, 100, () => {})
  return { counters, scheduler, settle: () => scheduler.run(() => false, scheduler.now() + 10_000) }
}
const record = (topic: string, text: string) => ({ topic, partition: 0, key: null, value: Buffer.from(text) })

test('an open transaction holds readers back, an aborted one leaves a gap', async () => {
  const { counters, scheduler, settle } = bench()
  const broker = create_broker(scheduler, counters, 60_000)
  broker.create('t', 1)
  const at = broker.partition('t', 0)
  const aborted = broker.begin('emitter')
  broker.append(record('t', 'a'), aborted)
  broker.append(record('t', 'b'), null)
  expect(stable_end(at)).toBe(0)
  broker.finish(aborted, 'aborted')
  expect(stable_end(at)).toBe(0)
  await settle()
  expect(stable_end(at)).toBe(3)
  expect(read_committed(at, 0, 10).records.map(one => one.value?.toString())).toEqual(['b'])
  expect(read_committed(at, 0, 10).position).toBe(3)
})

test('a new producer fences the old one and ends what it left open', async () => {
  const { counters, scheduler, settle } = bench()
  const broker = create_broker(scheduler, counters, 60_000)
  broker.create('t', 1)
  const first = broker.init('task') ?? 0
  expect(broker.produce('task', first, [record('t', 'a')])).toEqual([0])
  expect(broker.init('task')).toBeNull()
  await settle()
  const second = broker.init('task') ?? 0
  expect(() => broker.end('task', first)).toThrow('newer producer')
  expect(() => broker.produce('task', first, [record('t', 'b')])).toThrow('newer producer')
  broker.produce('task', second, [record('t', 'c')])
  broker.end('task', second)
  await settle()
  expect(read_committed(broker.partition('t', 0), 0, 10).records.map(one => one.value?.toString())).toEqual([
    'c',
  ])
})

test('a dead process hears nothing; its clock and calls stop', async () => {
  const { counters, scheduler, settle } = bench()
  const process = start_process('p', scheduler, no_faults(), counters)
  const heard: string[] = []
  const hear = (what: string) => () => heard.push(what)
  void process.call('log', 'before', () => 1).then(hear('before'))
  await settle()
  void process.call('log', 'during', () => 1).then(hear('during'))
  void process.clock.sleep(5).then(hear('slept'))
  process.crash()
  void process.call('log', 'after', () => 1).then(hear('after'))
  await settle()
  expect(heard).toEqual(['before'])
})

test('a checkpoint is written only over the one it follows', async () => {
  const { counters, scheduler, settle } = bench()
  const store = create_store(create_shared_store(), start_process('p', scheduler, no_faults(), counters))
  const task = { app: 'a', group: 'g', partition: 0 }
  const header = (seq: number) => ({ log_id: 'l', seq, digest: seq, nonce: 'n', code: 'c', task: '{}' })
  const write = (text: string) => [{ key: 'k', fields: [['f', Buffer.from(text)] as const] }]
  const results: unknown[] = []
  const keep = (result: unknown) => {
    results.push(result)
  }
  void (async () => {
    keep(await store.save(task, null, header(1), write('one')))
    keep(await store.save(task, null, header(1), write('one')))
    keep(await store.save(task, null, header(2), write('lost')))
    keep(await store.save(task, 1, header(2), write('two')))
    keep((await store.load(task, ['k'], [1]))?.length ?? null)
    keep((await store.load(task, ['k'], [1, 2]))?.[0]?.get('f')?.toString())
  })()
  await settle()
  expect(results).toEqual(['saved', 'already_saved', 'conflict', 'saved', null, 'two'])
})

test('the warehouse refuses what is no container and shows the newest version of a row', () => {
  expect(() => read_container(Buffer.from('Obj'))).toThrow()
  expect(() => read_container(Buffer.alloc(100))).toThrow('no Avro container')
  const shared = create_shared_warehouse(() => ({ identity: ['id'], version: 'v' }))
  shared.tables.set('t', [
    { id: 1, v: 2, x: 'new' },
    { id: 1, v: 1, x: 'old' },
  ])
  expect(shared.final('t')).toEqual([{ id: 1, v: 2, x: 'new' }])
})

test('keys lie where Kafka puts them', () => {
  // Published vectors of Kafka's own UtilsTest, made positive, modulo 1000.
  for (const [key, hash] of [
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
  ] as const)
    expect(murmur2_partition(Buffer.from(key), 1000)).toBe((hash & 0x7fffffff) % 1000)
})

test('deaths are named by run, call and way to die', () => {
  expect(parse_blows('17:204/after,12/ghost')).toEqual({
    seed: 17,
    blows: [
      { call: 204, death: 'after' },
      { call: 12, death: 'ghost' },
    ],
  })
  for (const wrong of ['17', '17:204', '17:204/sometimes', 'x:1/after'])
    expect(() => parse_blows(wrong)).toThrow(RangeError)
})

test('a process that dies in a call is replaced, whenever and however it dies', {
  timeout: 60_000,
}, async () => {
  // Every 60th call here; `npm run simulate -- --exhaustive` takes all of them.
  const { calls, runs, failed } = await exhaust(simulate, 1, 0, { part: 20, of: 60 })
  expect(failed).toBeNull()
  expect(calls).toBeGreaterThan(100)
  expect(runs).toBe(3 * Math.ceil((calls - 20) / 60))
})

test('a range goes on where it was stopped, and only over the same code', async () => {
  expect(pieces_left([1, 10], 4, [])).toEqual([
    [1, 4],
    [5, 8],
    [9, 10],
  ])
  expect(pieces_left([1, 10], 4, [[3, 6]])).toEqual([
    [1, 2],
    [7, 10],
  ])
  expect(pieces_left([1, 4], 4, [[1, 8]])).toEqual([])
  const file = join(await mkdtemp(join(tmpdir(), 'seeds-')), 'state.json')
  const progress = read_progress(file, 'this code')
  progress.done.push([1, 4])
  write_progress(file, progress)
  expect(read_progress(file, 'this code').done).toEqual([[1, 4]])
  expect(() => read_progress(file, 'other code')).toThrow('other code')
})

test('ranges of seeds are checked', () => {
  expect(parse_range('7')).toEqual([7, 7])
  expect(parse_range('1..2000')).toEqual([1, 2000])
  for (const wrong of ['', '5..2', 'x', '1..', '-1']) expect(() => parse_range(wrong)).toThrow(RangeError)
})
