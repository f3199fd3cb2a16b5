/**
 * An installation whose checkpoints are in a Redis Cluster of three: from payment to ledger to checkpoint to restart, and a
 * master that dies under load and comes back.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Installation } from './installation.ts'
import { metric, nothing_lost, seen, start_load } from './outages.ts'
import { type RedisCluster, start_redis_cluster } from './redis-cluster.ts'

let cluster: RedisCluster
let installation: Installation
beforeAll(async () => {
  cluster = await start_redis_cluster()
  installation = await Installation.cluster(async () => ({ REDIS_URL: cluster.address }))
  await installation.start()
})
afterAll(async () => {
  await installation?.close()
  await cluster?.stop()
})

test('checkpoints lie on all nodes, and a restart begins from them', { timeout: 90_000 }, async () => {
  const load = start_load(installation, 'nodes')
  await seen(
    installation,
    'checkpoints',
    ({ tasks }) => tasks.filter(task => task.checkpoint_seq > 2).length > 3,
  )
  await load.stop()
  await nothing_lost(installation, 'nodes', load)
  const headers = await Promise.all(cluster.clients.map(client => client.keys('{tributary.*}:h')))
  expect(
    headers.every(of_node => of_node.length > 0),
    JSON.stringify(headers),
  ).toBe(true)
  await installation.stop()
  await installation.start()
  expect(await metric(installation, 'tributary_recoveries_total', { group: 'customer', kind: 'clean' })).toBe(
    4,
  )
  expect(
    await metric(installation, 'tributary_recoveries_total', { group: 'customer', kind: 'rebuilt' }),
  ).toBe(0)
})

test('a master killed under load: said in /readyz, nothing lost, back by itself', {
  timeout: 120_000,
}, async () => {
  const load = start_load(installation, 'master', 2000)
  await seen(installation, 'load', ({ tasks }) => tasks.some(task => task.checkpoint_seq > 5))
  const node = cluster.nodes[await cluster.owner('{tributary.customer.0}:h')]!
  await node.kill()
  const missed = await seen(installation, 'the store is missed', ({ reasons }) =>
    reasons.some(reason =>
      /^store: (Redis does not answer|the Redis Cluster is down|no answer)/.test(reason),
    ),
  )
  expect(missed.ready).toBe(false)
  // Longer than the nodes take to miss it, and all the time.
  for (let i = 0; i < 40; i++) {
    expect(await metric(installation, 'tributary_dependency_up', { dependency: 'store' })).toBe(0)
    await sleep(100)
  }
  await node.restart()
  await cluster.well()
  await seen(installation, 'ready again', state => state.ready, 60_000)
  await load.stop()
  expect([...load.answers.keys()]).toEqual([202])
  await nothing_lost(installation, 'master', load)
})
