/** The state store on a real Redis: the contract, single and in Cluster mode, and what can befall a Redis. */
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CheckpointHeader, DirtyCheckpoint, type TaskId } from '../../runtime/ports.ts'
import { open_redis_state_store } from '../../runtime/redis/state-store.ts'
import { state_store_contract } from '../runtime/contracts/state-store-contract.ts'
import { free_port, launch_service, type Service, service_directory } from './process.ts'
import { start } from './redis.ts'

const header = (seq: number): CheckpointHeader => ({
  log_id: 'l',
  seq,
  digest: seq,
  nonce: 'n',
  code: 'c',
  task: '',
})
const task_of = (group: string): TaskId => ({ app: 'app', group, partition: 0 })
const entity = (key: string, value: string, fields = 1) => ({
  key,
  fields: Array.from({ length: fields }, (_, i) => [`f${i}`, Buffer.from(value)] as const),
})

/** A Cluster of one node that has all slots. */
const start_cluster = async (): Promise<Service> => {
  const { dir, temporary } = await service_directory('redis-cluster')
  const port = await free_port()
  const service = await launch_service({
    name: 'redis-cluster',
    command: 'redis-server',
    args: Object.entries({
      port: `${port}`,
      bind: '127.0.0.1',
      dir,
      save: '',
      'cluster-enabled': 'yes',
      'cluster-port': `${await free_port()}`,
      'cluster-announce-ip': '127.0.0.1',
    }).flatMap(([setting, value]) => [`--${setting}`, value]),
    address: `redis://127.0.0.1:${port}`,
    dir,
    temporary,
    ready: async () => {
      const redis = new Redis(port, '127.0.0.1', { lazyConnect: true, retryStrategy: () => null })
      redis.on('error', () => {})
      try {
        await redis.connect()
        if (/cluster_slots_assigned:0/.test(await redis.cluster('INFO')))
          await redis.cluster('ADDSLOTSRANGE', 0, 16383)
        if (!/cluster_state:ok/.test(await redis.cluster('INFO'))) throw new Error('no cluster yet')
      } finally {
        redis.disconnect()
      }
    },
    ready_ms: 20_000,
  })
  return service
}

for (const [name, launch] of [
  ['Redis', start],
  ['a Redis Cluster', start_cluster],
] as const)
  state_store_contract(`the state store on ${name}`, async () => {
    const service = await launch()
    const store = await open_redis_state_store(service.address)
    return {
      store,
      async close() {
        await store.close()
        await service.stop()
      },
    }
  })

describe('what befalls a Redis', () => {
  let service: Service
  let raw: Redis
  beforeAll(async () => {
    service = await start()
    raw = new Redis(service.address)
  }, 60_000)
  afterAll(async () => {
    raw?.disconnect()
    await service?.stop()
  })

  test('keys of a task share one tag, are all known, and never expire', async () => {
    const store = await open_redis_state_store(service.address)
    await store.save(task_of('layout'), null, header(1), [entity('t|c', 'x')])
    const keys = (await raw.keys('*layout*')).toSorted()
    expect(keys).toEqual(['{app.layout.0}:e:t|c', '{app.layout.0}:h', '{app.layout.0}:k'])
    for (const key of keys) expect(await raw.pttl(key)).toBe(-1)
    await store.wipe(task_of('layout'))
    expect(await raw.keys('*layout*')).toEqual([])
    await store.close()
  })

  test('a script that died midway leaves a mark: header and load refuse, wipe heals', async () => {
    const store = await open_redis_state_store(service.address)
    const task = task_of('dirty')
    await store.save(task, null, header(1), [entity('a', 'x')])
    // A foreign type under an entity's key makes the script fail behind its first writes.
    await raw.set('{app.dirty.0}:e:broken', 'no hash')
    const broken = [entity('a', 'y'), entity('broken', 'y')]
    await expect(store.save(task, 1, header(2), broken)).rejects.toThrow(/WRONGTYPE/)
    await expect(store.header(task)).rejects.toBeInstanceOf(DirtyCheckpoint)
    await expect(store.load(task, ['a'], [1])).rejects.toBeInstanceOf(DirtyCheckpoint)
    expect(await store.save(task, 1, header(3), [entity('a', 'z')])).toBe('conflict')
    // The same save again, once what hindered it is gone, completes it.
    await raw.del('{app.dirty.0}:e:broken')
    expect(await store.save(task, 1, header(2), broken)).toBe('saved')
    expect(await store.header(task)).toEqual(header(2))
    await raw.hset('{app.dirty.0}:h', 'dirty', 'another')
    await expect(store.header(task)).rejects.toBeInstanceOf(DirtyCheckpoint)
    await store.wipe(task)
    expect(await store.header(task)).toBeNull()
    expect((await store.peek(task, 'a')).size).toBe(0)
    await store.close()
  })

  test('a save too large for one script goes in parts, and a cut between them is marked', async () => {
    const store = await open_redis_state_store(service.address, { part_fields_max: 100 })
    const task = task_of('parts')
    const writes = Array.from({ length: 50 }, (_, i) => entity(`k${i}`, `${i}`, 10))
    expect(await store.save(task, null, header(1), writes)).toBe('saved')
    expect(await store.header(task)).toEqual(header(1))
    expect(await raw.scard('{app.parts.0}:k')).toBe(50)
    expect(await store.save(task, null, header(1), writes)).toBe('already_saved')
    await raw.set('{app.parts.0}:e:k49', 'no hash')
    await expect(store.save(task, 1, header(2), writes)).rejects.toThrow(/WRONGTYPE/)
    await expect(store.header(task)).rejects.toBeInstanceOf(DirtyCheckpoint)
    expect((await store.load(task, ['k1'], [1, 2]))!.length).toBe(1)
    await expect(store.load(task, ['k1'], [1])).rejects.toBeInstanceOf(DirtyCheckpoint)
    await store.close()
  })

  test('a server that forgot the scripts is told them again', async () => {
    const store = await open_redis_state_store(service.address)
    await store.save(task_of('forgot'), null, header(1), [entity('a', 'x')])
    await raw.script('FLUSH')
    expect(await store.save(task_of('forgot'), 1, header(2), [entity('a', 'y')])).toBe('saved')
    await raw.script('FLUSH')
    expect((await store.load(task_of('forgot'), ['a'], [2]))!.length).toBe(1)
    await store.close()
  })

  test('a server short of memory refuses before it writes; one that evicts is refused', async () => {
    const store = await open_redis_state_store(service.address)
    const task = task_of('memory')
    await store.save(task, null, header(1), [entity('a', 'x')])
    await raw.config('SET', 'maxmemory', '1mb')
    await expect(store.save(task, 1, header(2), [entity('a', 'y')])).rejects.toThrow(/OOM/)
    expect(await store.header(task)).toEqual(header(1))
    // A wipe gives memory back.
    const other = task_of('memory-other')
    await store.wipe(other)
    await store.wipe(task)
    expect(await store.header(task)).toBeNull()
    await raw.config('SET', 'maxmemory', '0')
    await raw.config('SET', 'maxmemory-policy', 'allkeys-lru')
    await expect(open_redis_state_store(service.address)).rejects.toThrow(/allkeys-lru.*noeviction/)
    await raw.config('SET', 'maxmemory-policy', 'noeviction')
    await store.close()
  })

  test('a user who may not ask for the policy is warned, not stopped', async () => {
    await raw.call('ACL', 'SETUSER', 'worker', 'on', '>secret', '~*', '+@all', '-info')
    const address = service.address.replace('redis://', 'redis://worker:secret@')
    const warnings: string[] = []
    const store = await open_redis_state_store(address, { warn: text => warnings.push(text) })
    expect(warnings.join()).toMatch(/noeviction/)
    expect(warnings.join()).not.toMatch(/secret/)
    expect(await store.save(task_of('acl'), null, header(1), [])).toBe('saved')
    await store.close()
  })

  test('nobody there, or gone: a clear error at once, a reason in health, and back again', async () => {
    const port = await free_port()
    await expect(open_redis_state_store(`redis://:pass@127.0.0.1:${port}`)).rejects.toThrow(
      `redis://127.0.0.1:${port} cannot be reached`,
    )
    const own = await start()
    const store = await open_redis_state_store(own.address)
    await store.save(task_of('gone'), null, header(1), [entity('a', 'x')])
    await own.kill()
    const begin = Date.now()
    await expect(store.header(task_of('gone'))).rejects.toThrow()
    expect(await store.health()).toMatch(/does not answer/)
    expect(Date.now() - begin).toBeLessThan(5_000)
    await own.restart()
    await expect.poll(() => store.health(), { timeout: 10_000 }).toBeNull()
    // What the append-only file had not flushed is lost; an older checkpoint is a right one.
    expect([null, header(1)]).toContainEqual(await store.header(task_of('gone')))
    await store.close()
    await own.stop()
  })
})
