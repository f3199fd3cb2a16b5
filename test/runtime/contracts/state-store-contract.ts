/** What every StateStore must do, sentence by sentence of runtime/ports.ts. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CheckpointHeader, EntityWrite, Fields, StateStore, TaskId } from '../../../runtime/ports.ts'

export interface OpenStateStore {
  readonly store: StateStore
  close(): Promise<void>
}

/** Under the name of the real application: a user of the store may be limited to its keys. */
const fresh_task = (): TaskId => ({
  app: 'tributary',
  group: `g-${randomBytes(5).toString('hex')}`,
  partition: 3,
})
const header = (seq: number, changes: Partial<CheckpointHeader> = {}): CheckpointHeader => ({
  log_id: 'log-1',
  seq,
  digest: 1000 + seq,
  nonce: 'owner-1',
  code: 'v1',
  task: '{"timers":[1,"ü"]}',
  ...changes,
})
const write = (key: string, fields: Record<string, string | Buffer | null>): EntityWrite => ({
  key,
  fields: Object.entries(fields).map(
    ([field, value]) => [field, value === null ? null : Buffer.from(value)] as const,
  ),
})
/** Fields in an order and form that compare. */
const shown = (fields: Fields | undefined) =>
  fields && [...fields].map(([field, value]) => [field, value.toString('latin1')]).toSorted()
const scanned = async (store: StateStore, task: TaskId) => {
  const found: [string, ReturnType<typeof shown>][] = []
  for await (const [key, fields] of store.scan(task)) found.push([key, shown(fields)])
  return found.toSorted(([a], [b]) => (a < b ? -1 : 1))
}

type Current = () => StateStore

const save_tests = (current: Current): void => {
  test('without a checkpoint: no header, seq 0, nothing to peek or scan', async () => {
    const task = fresh_task()
    expect(await current().header(task)).toBeNull()
    expect(await current().load(task, ['a'], [0, 1])).toEqual([new Map()])
    expect(await current().load(task, ['a'], [1])).toBeNull()
    expect((await current().peek(task, 'a')).size).toBe(0)
    expect(await scanned(current(), task)).toEqual([])
  })

  test('a first save, a second on top of it, and what they leave', async () => {
    const [store, task] = [current(), fresh_task()]
    expect(
      await store.save(task, null, header(5), [write('a', { x: '1', y: '2' }), write('b', { x: '3' })]),
    ).toBe('saved')
    expect(await store.header(task)).toEqual(header(5))
    const next = header(9, { task: 'anything' })
    expect(
      await store.save(task, 5, next, [write('a', { x: '7', y: null, z: '8' }), write('c', { s: '9' })]),
    ).toBe('saved')
    expect(await store.header(task)).toEqual(next)
    expect(await scanned(store, task)).toEqual([
      [
        'a',
        [
          ['x', '7'],
          ['z', '8'],
        ],
      ],
      ['b', [['x', '3']]],
      ['c', [['s', '9']]],
    ])
  })

  test('the same save again is already_saved and changes nothing', async () => {
    const [store, task] = [current(), fresh_task()]
    await store.save(task, null, header(1), [write('a', { x: '1' })])
    await store.save(task, 1, header(2), [write('a', { x: '2' })])
    expect(await store.save(task, 1, header(2), [write('a', { x: 'other' })])).toBe('already_saved')
    expect(shown(await store.peek(task, 'a'))).toEqual([['x', '2']])
  })

  test('a save from another seq, or onto another owner’s header of that seq, is a conflict and writes nothing', async () => {
    const [store, task] = [current(), fresh_task()]
    const writes = [write('a', { x: 'bad' })]
    expect(await store.save(task, 4, header(5), writes)).toBe('conflict')
    await store.save(task, null, header(5), [write('a', { x: 'good' })])
    expect(await store.save(task, null, header(6), writes)).toBe('conflict')
    expect(await store.save(task, 4, header(6), writes)).toBe('conflict')
    expect(await store.save(task, 4, header(5, { nonce: 'owner-2' }), writes)).toBe('conflict')
    expect(await store.save(task, 4, header(5, { digest: 7 }), writes)).toBe('conflict')
    expect(await store.header(task)).toEqual(header(5))
    expect(await scanned(store, task)).toEqual([['a', [['x', 'good']]]])
  })

  test('of two saves from the same seq at the same moment one wins, whole', async () => {
    const [store, task] = [current(), fresh_task()]
    await store.save(task, null, header(1), [])
    const results = await Promise.all(
      ['one', 'two'].map(nonce =>
        store.save(task, 1, header(2, { nonce }), [write('a', { x: nonce }), write('b', { x: nonce })]),
      ),
    )
    expect(results.toSorted()).toEqual(['conflict', 'saved'])
    const winner = (await store.header(task))!.nonce
    expect(results.indexOf('saved')).toBe(['one', 'two'].indexOf(winner))
    expect(await scanned(store, task)).toEqual([
      ['a', [['x', winner]]],
      ['b', [['x', winner]]],
    ])
  })

  test('an entity whose last field is deleted is gone; deleting what is not there is nothing', async () => {
    const [store, task] = [current(), fresh_task()]
    await store.save(task, null, header(1), [write('a', { x: '1' }), write('b', { x: '1' })])
    await store.save(task, 1, header(2), [write('a', { x: null, y: null }), write('never', { z: null })])
    expect(await scanned(store, task)).toEqual([['b', [['x', '1']]]])
  })

  test('bad arguments are refused before anything is written', async () => {
    const [store, task] = [current(), fresh_task()]
    const good = write('a', { x: '1' })
    const refused: [Parameters<StateStore['save']>, RegExp][] = [
      [[task, null, header(1), [good, write('', { x: '1' })]], /key/],
      [[task, null, header(1), [good, write('b', { '': '1' })]], /field/],
      [[task, null, header(1), [good, write('k'.repeat(5000), { x: '1' })]], /longer/],
      [[task, null, header(1), [good, write('\ud800', { x: '1' })]], /Unicode/],
      [[task, null, header(1.5), [good]], /seq/],
      [[task, -1, header(1), [good]], /from/],
      [[task, null, header(1, { digest: Number.NaN }), [good]], /digest/],
      [[{ ...task, app: 'a}b' }, null, header(1), [good]], /app/],
      [[{ ...task, group: 'a.b' }, null, header(1), [good]], /group/],
      [[{ ...task, partition: -1 }, null, header(1), [good]], /partition/],
    ]
    for (const [args, why] of refused) await expect(store.save(...args), String(why)).rejects.toThrow(why)
    expect(await store.header(task)).toBeNull()
    expect(await scanned(store, task)).toEqual([])
  })
}

const load_tests = (current: Current): void => {
  test('load answers every key in order when the header is accepted, else null', async () => {
    const [store, task] = [current(), fresh_task()]
    await store.save(task, null, header(7), [write('a', { x: '1', y: '2' }), write('b', { x: '3' })])
    const loaded = await store.load(task, ['b', 'none', 'a', 'b'], [6, 7])
    expect(loaded?.map(shown)).toEqual([
      [['x', '3']],
      [],
      [
        ['x', '1'],
        ['y', '2'],
      ],
      [['x', '3']],
    ])
    expect(await store.load(task, [], [7])).toEqual([])
    expect(await store.load(task, ['a'], [6, 8])).toBeNull()
    expect(await store.load(task, ['a'], [])).toBeNull()
    expect(shown(await store.peek(task, 'a'))).toEqual([
      ['x', '1'],
      ['y', '2'],
    ])
  })

  test('keys, fields and bytes of every kind come back as they were', async () => {
    const [store, task] = [current(), fresh_task()]
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
    const keys = ['tenant|customer', 'a', 'a\0b', 'ä€😀', '{x}', '__proto__', 'k'.repeat(1000), ' ', '*']
    const fields = {
      'p/x': bytes,
      'p/x#slot': Buffer.alloc(0),
      'ü#😀': Buffer.alloc(70_000, 3),
      __proto: 'x',
    }
    await store.save(
      task,
      null,
      header(1),
      keys.map(key => write(key, fields)),
    )
    const expected = shown(new Map(write('', fields).fields) as Fields)
    const loaded = await store.load(task, keys, [1])
    for (const [i, key] of keys.entries()) {
      expect(shown(loaded?.[i]), key).toEqual(expected)
      expect(shown(await store.peek(task, key)), key).toEqual(expected)
    }
    expect((await scanned(store, task)).map(([key]) => key)).toEqual(keys.toSorted())
  })

  test('a key that another one begins with is another key, and so is a task', async () => {
    const [store, task] = [current(), fresh_task()]
    const other = { ...task, partition: 31 }
    await store.save(task, null, header(1), [write('a', { bc: '1' }), write('ab', { c: '2' })])
    await store.save(other, null, header(8), [write('a', { bc: '3' })])
    expect(shown(await store.peek(task, 'a'))).toEqual([['bc', '1']])
    expect(shown(await store.peek(task, 'ab'))).toEqual([['c', '2']])
    await store.wipe(task)
    expect(await store.header(task)).toBeNull()
    expect(await scanned(store, task)).toEqual([])
    expect(await store.header(other)).toEqual(header(8))
    expect(await scanned(store, other)).toEqual([['a', [['bc', '3']]]])
    expect(await store.save(task, null, header(2), [write('z', { x: '1' })])).toBe('saved')
    expect(await scanned(store, task)).toEqual([['z', [['x', '1']]]])
  })

  test('50,000 fields in one save: over many keys, and in one key; all of it is read, scanned and wiped', async () => {
    const [store, task] = [current(), fresh_task()]
    const many = Array.from({ length: 12_500 }, (_, i) =>
      write(`t|c${i}`, { a: `${i}`, b: 'b', c: 'c', d: 'd' }),
    )
    expect(await store.save(task, null, header(1), many)).toBe('saved')
    const wide = Array.from({ length: 50_000 }, (_, i) => [`p/x#${i}`, Buffer.from(`${i}`)] as const)
    expect(await store.save(task, 1, header(2), [{ key: 'wide', fields: wide }])).toBe('saved')
    const loaded = await store.load(task, ['wide', 't|c12499'], [2])
    expect(loaded![0]!.size).toBe(50_000)
    expect(String(loaded![0]!.get('p/x#49999'))).toBe('49999')
    expect(shown(loaded![1])![0]).toEqual(['a', '12499'])
    const sizes = new Map<string, number>()
    for await (const [key, fields] of store.scan(task)) {
      expect(sizes.has(key)).toBe(false)
      sizes.set(key, fields.size)
    }
    expect([sizes.size, sizes.get('wide'), sizes.get('t|c77')]).toEqual([12_501, 50_000, 4])
    const gone = wide.map(([field]) => [field, null] as const)
    expect(await store.save(task, 2, header(3), [{ key: 'wide', fields: gone }])).toBe('saved')
    expect((await store.peek(task, 'wide')).size).toBe(0)
    await store.wipe(task)
    expect(await store.header(task)).toBeNull()
    expect((await store.peek(task, 't|c77')).size).toBe(0)
  })

  test('health is null while reachable', async () => {
    expect(await current().health()).toBeNull()
  })
}

/** Registers the contract's tests. */
export const state_store_contract = (name: string, open: () => Promise<OpenStateStore>): void => {
  describe(`${name} keeps the StateStore contract`, { timeout: 30_000 }, () => {
    let opened: OpenStateStore
    beforeAll(async () => {
      opened = await open()
    }, 60_000)
    afterAll(async () => {
      await opened?.close()
    }, 30_000)
    const current: Current = () => opened.store
    describe('save', () => save_tests(current))
    describe('load', () => load_tests(current))
  })
}
