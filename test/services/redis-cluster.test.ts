/**
 * The state store on a Redis Cluster of three masters: the contract, one slot per task, slots that move while they are used,
 * and a master that dies.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CheckpointHeader, StateStore, TaskId } from '../../runtime/ports.ts'
import { open_redis_state_store } from '../../runtime/redis/state-store.ts'
import { state_store_contract } from '../runtime/contracts/state-store-contract.ts'
import { type RedisCluster, start_redis_cluster } from './redis-cluster.ts'

state_store_contract('the state store on a Redis Cluster of three', async () => {
  const own = await start_redis_cluster()
  const opened = await open_redis_state_store(own.address)
  return {
    store: opened,
    async close() {
      await opened.close()
      await own.stop()
    },
  }
})

const header = (seq: number): CheckpointHeader => ({
  log_id: 'l',
  seq,
  digest: seq,
  nonce: 'n',
  code: 'c',
  task: '',
})
const task_of = (partition: number): TaskId => ({ app: 'tributary', group: 'customer', partition })
const tag = (partition: number): string => `{tributary.customer.${partition}}`
const entities = (value: string, count = 20) =>
  Array.from({ length: count }, (_, i) => ({ key: `t|c${i}`, fields: [['f', Buffer.from(value)] as const] }))

let cluster: RedisCluster
let store: StateStore
beforeAll(async () => {
  cluster = await start_redis_cluster()
  store = await open_redis_state_store(cluster.address, { command_timeout_ms: 3000 })
}, 60_000)
afterAll(async () => {
  await store?.close()
  await cluster?.stop()
})

const values = async (partition: number): Promise<ReadonlySet<string>> => {
  const found = new Set<string>()
  for await (const [, fields] of store.scan(task_of(partition))) found.add(String(fields.get('f')))
  return found
}

test('all keys of a task lie in one slot, and tasks on all nodes', async () => {
  const partitions = Array.from({ length: 24 }, (_, i) => i)
  for (const partition of partitions) {
    await store.save(task_of(partition), null, header(1), entities('x', 3))
    const node = await cluster.owner(tag(partition))
    const slot = await cluster.clients[0]!.cluster('KEYSLOT', tag(partition))
    // Header, index, three entities.
    expect(await cluster.clients[node]!.cluster('COUNTKEYSINSLOT', slot)).toBe(5)
  }
  const used = new Set(await Promise.all(partitions.map(partition => cluster.owner(tag(partition)))))
  expect([...used].toSorted()).toEqual([0, 1, 2])
})

/** Moves a task's slot key by key; `midway` is called when some keys are here and some there, and again behind the last. */
const move_slot = async (partition: number, midway: (moved: number) => Promise<void>): Promise<void> => {
  const { clients } = cluster
  const from = await cluster.owner(tag(partition))
  const to = (from + 1) % clients.length
  const [source, target] = [clients[from]!, clients[to]!]
  const slot = await source.cluster('KEYSLOT', tag(partition))
  const ids = await Promise.all(
    [source, target].map(client => client.call('CLUSTER', 'MYID') as Promise<string>),
  )
  await target.cluster('SETSLOT', slot, 'IMPORTING', ids[0]!)
  await source.cluster('SETSLOT', slot, 'MIGRATING', ids[1]!)
  const keys = await source.cluster('GETKEYSINSLOT', slot, 1000)
  const { port } = target.options
  for (const [i, key] of keys.entries()) {
    if (i === keys.length >> 1) await midway(i)
    await source.migrate('127.0.0.1', port!, key, 0, 5000)
  }
  await midway(keys.length)
  for (const client of [target, source]) await client.cluster('SETSLOT', slot, 'NODE', ids[1]!)
  await cluster.well()
}

test('a slot that moves: half here, half there is waited for; then the store follows it', {
  timeout: 60_000,
}, async () => {
  const partition = 100
  const task = task_of(partition)
  await store.save(task, null, header(1), entities('1'))
  const answers: string[] = []
  let waiting: Promise<unknown> = Promise.resolve()
  await move_slot(partition, async moved => {
    if (moved <= 11) {
      // Keys of one script on two nodes: TRYAGAIN until all have arrived, or a deadline of ours.
      waiting = store.save(task, 1, header(2), entities('2')).then(
        result => answers.push(result),
        (error: Error) => answers.push(error.message),
      )
      await new Promise(resolve => setTimeout(resolve, 300))
      expect(answers).toEqual([])
    }
  })
  await waiting
  expect(answers.length).toBe(1)
  // Whatever came of that call, the same again leads to the same end.
  expect(['saved', 'already_saved']).toContain(await store.save(task, 1, header(2), entities('2')))
  expect(await values(partition)).toEqual(new Set(['2']))
  expect(await store.save(task, 2, header(3), entities('3'))).toBe('saved')
  expect((await store.load(task, ['t|c0'], [3]))?.[0]?.get('f')?.toString()).toBe('3')
})

test('a slot under use that moves as a whole: no save is lost, none is done twice', {
  timeout: 60_000,
}, async () => {
  const partition = 101
  const task = task_of(partition)
  await store.save(task, null, header(1), entities('1'))
  let seq = 1
  let stop = false
  const saving = (async () => {
    while (!stop) {
      const result = await store
        .save(task, seq, header(seq + 1), entities(String(seq + 1)))
        .catch((error: Error) => error)
      if (result instanceof Error) continue
      expect(['saved', 'already_saved']).toContain(result)
      seq++
    }
  })()
  await move_slot(partition, async () => {})
  const moved_at = seq
  await expect.poll(() => seq, { timeout: 10_000 }).toBeGreaterThan(moved_at + 5)
  stop = true
  await saving
  expect((await store.header(task))?.seq).toBe(seq)
  expect(await values(partition)).toEqual(new Set([String(seq)]))
})

test('a master killed while saving: errors for its tasks, a reason in health, and back by itself', {
  timeout: 90_000,
}, async () => {
  const partition = 102
  const task = task_of(partition)
  await store.save(task, null, header(1), entities('1'))
  const node = cluster.nodes[await cluster.owner(tag(partition))]!
  let seq = 1
  let failed = 0
  let stop = false
  const saving = (async () => {
    while (!stop) {
      const result = await store
        .save(task, seq, header(seq + 1), entities(String(seq + 1)))
        .catch((error: Error) => error)
      if (result instanceof Error) {
        failed++
        await new Promise(resolve => setTimeout(resolve, 100))
      } else {
        expect(['saved', 'already_saved']).toContain(result)
        seq++
      }
    }
  })()
  await expect.poll(() => seq, { timeout: 10_000 }).toBeGreaterThan(5)
  await node.kill()
  await expect.poll(() => failed, { timeout: 20_000 }).toBeGreaterThan(3)
  await expect
    .poll(() => store.health(), { timeout: 10_000 })
    .toMatch(/Redis (does not answer|Cluster is down)/)
  const stood = seq
  await node.restart()
  await cluster.well()
  await expect.poll(() => seq, { timeout: 30_000 }).toBeGreaterThan(stood + 5)
  stop = true
  await saving
  await expect.poll(() => store.health(), { timeout: 10_000 }).toBeNull()
  expect((await store.header(task))?.seq).toBe(seq)
  expect(await values(partition)).toEqual(new Set([String(seq)]))
})
