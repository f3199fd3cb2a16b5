/**
 * The state store on a bad wire: replies lost, cut in the middle, late, and a server that is busy, restarted or not the one
 * it was. Every failure is an error within a bounded time, and the same call again comes to the right end.
 */
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CheckpointHeader, StateStore, TaskId } from '../../runtime/ports.ts'
import { open_redis_state_store } from '../../runtime/redis/state-store.ts'
import type { Service } from './process.ts'
import { start } from './redis.ts'
import { start_tcp_proxy, type TcpProxy } from './tcp-proxy.ts'

const TIMEOUT_MS = 1000
const header = (seq: number, nonce = 'n'): CheckpointHeader => ({
  log_id: 'l',
  seq,
  digest: seq,
  nonce,
  code: 'c',
  task: '',
})
const task_of = (group: string): TaskId => ({ app: 'tributary', group, partition: 0 })
const entity = (key: string, value: string | Buffer) => ({
  key,
  fields: [['f', Buffer.from(value)] as const],
})

let service: Service
let raw: Redis
let proxy: TcpProxy
let store: StateStore
beforeAll(async () => {
  service = await start()
  raw = new Redis(service.address)
  raw.on('error', () => {})
  proxy = await start_tcp_proxy(new URL(service.address).host)
  store = await open_redis_state_store(`redis://${proxy.address}`, { command_timeout_ms: TIMEOUT_MS })
}, 60_000)
afterAll(async () => {
  await store?.close()
  await proxy?.close()
  raw?.disconnect()
  await service?.stop()
})

/** The same call again and again, as a task does, until it is answered. */
const again = async <T>(act: () => Promise<T>): Promise<T> => {
  const deadline = Date.now() + 10_000
  for (;;) {
    try {
      return await act()
    } catch (error) {
      if (Date.now() > deadline) throw error
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }
}
const value_of = async (task: TaskId, key: string) => String((await store.peek(task, key)).get('f'))

test('a save whose reply is lost was done: the same again is already_saved', async () => {
  const task = task_of('lost')
  expect(await store.save(task, null, header(1), [entity('a', 'old')])).toBe('saved')
  proxy.faults({ swallow: 'replies' })
  const began = Date.now()
  const lost = store.save(task, 1, header(2), [entity('a', 'new')])
  await expect(lost).rejects.toThrow(/timed out/i)
  expect(Date.now() - began).toBeLessThan(TIMEOUT_MS * 3)
  proxy.faults({})
  proxy.cut()
  expect(await again(() => store.save(task, 1, header(2), [entity('a', 'new')]))).toBe('already_saved')
  expect(await value_of(task, 'a')).toBe('new')
})

test('a connection cut behind the request: the save was done, and is not done twice', async () => {
  const task = task_of('cut')
  expect(await store.save(task, null, header(1), [entity('a', 'old')])).toBe('saved')
  proxy.faults({ cut_after_bytes: 0 })
  const began = Date.now()
  await expect(store.save(task, 1, header(2), [entity('a', 'new')])).rejects.toThrow(/lost/)
  expect(Date.now() - began).toBeLessThan(TIMEOUT_MS / 2)
  proxy.faults({})
  expect(await again(() => store.save(task, 1, header(2), [entity('a', 'other')]))).toBe('already_saved')
  expect(await value_of(task, 'a')).toBe('new')
})

test('a reply cut in the middle is an error, never half of the fields', async () => {
  const task = task_of('half')
  const writes = Array.from({ length: 200 }, (_, i) => entity(`k${i}`, Buffer.alloc(2000, i)))
  await store.save(task, null, header(1), writes)
  const keys = writes.map(({ key }) => key)
  for (const cut_after_bytes of [1, 7, 1000, 200_000, 399_000]) {
    proxy.faults({ cut_after_bytes })
    await expect(store.load(task, keys, [1]), String(cut_after_bytes)).rejects.toThrow()
    proxy.faults({})
    const loaded = await again(() => store.load(task, keys, [1]))
    expect(loaded?.map(fields => fields.get('f')?.length)).toEqual(keys.map(() => 2000))
  }
})

test('a request that never arrives, and a server out of reach: an error in time, a reason in health', async () => {
  const task = task_of('away')
  await store.save(task, null, header(1), [])
  proxy.faults({ swallow: 'requests' })
  await expect(store.save(task, 1, header(2), [])).rejects.toThrow(/timed out/i)
  proxy.faults({ down: true })
  await expect(store.header(task)).rejects.toThrow()
  expect(await store.health()).toMatch(/Redis does not answer: /)
  proxy.faults({})
  expect(await again(() => store.save(task, 1, header(2), []))).toBe('saved')
  expect(await store.health()).toBeNull()
})

test('slow is not broken: a delay below the deadline costs time only', async () => {
  const task = task_of('slow')
  proxy.faults({ delay_ms: 200 })
  expect(await store.save(task, null, header(1), [entity('a', 'x')])).toBe('saved')
  expect(await value_of(task, 'a')).toBe('x')
  proxy.faults({})
})

test('a server busy with somebody else’s script says so, and is used again when it is free', async () => {
  const task = task_of('busy')
  await store.save(task, null, header(1), [entity('a', 'x')])
  await raw.config('SET', 'busy-reply-threshold', '100')
  const endless = raw
    .duplicate()
    .eval('while true do end', 0)
    .then(
      () => 'ended',
      (error: Error) => error.message,
    )
  await again(async () => {
    const answer = await store.health()
    if (answer === null) throw new Error('not busy yet')
    expect(answer).toMatch(/BUSY|timed out/i)
  })
  await expect(store.save(task, 1, header(2), [entity('a', 'y')])).rejects.toThrow(/BUSY/)
  await expect(store.load(task, ['a'], [1])).rejects.toThrow(/BUSY/)
  await raw.script('KILL')
  expect(await endless).toMatch(/killed|abort/i)
  expect(await again(() => store.save(task, 1, header(2), [entity('a', 'y')]))).toBe('saved')
  expect(await value_of(task, 'a')).toBe('y')
})

test('a restart forgets the scripts and nothing else', async () => {
  const task = task_of('restart')
  await store.save(task, null, header(1), [entity('a', 'x')])
  await raw.config('SET', 'appendfsync', 'always')
  await store.save(task, 1, header(2), [entity('a', 'y')])
  await service.kill()
  await expect(store.save(task, 2, header(3), [])).rejects.toThrow()
  await service.restart()
  expect(await again(() => store.save(task, 2, header(3), [entity('b', 'z')]))).toBe('saved')
  expect((await store.load(task, ['a', 'b'], [3]))?.map(fields => String(fields.get('f')))).toEqual([
    'y',
    'z',
  ])
})

test('a checkpoint of the same number that another owner wrote is not read as one’s own', async () => {
  const task = task_of('foreign')
  await store.save(task, null, header(1), [entity('a', 'mine')])
  expect(String((await store.load(task, ['a'], [1]))?.[0]?.get('f'))).toBe('mine')
  const other = await open_redis_state_store(service.address)
  await other.wipe(task)
  await other.save(task, null, header(1, 'somebody'), [entity('a', 'theirs')])
  expect(await store.load(task, ['a'], [1])).toBeNull()
  // Who has read the header knows whose it is.
  expect((await store.header(task))?.nonce).toBe('somebody')
  expect(String((await store.load(task, ['a'], [1]))?.[0]?.get('f'))).toBe('theirs')
  await other.close()
})
