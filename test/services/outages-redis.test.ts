/**
 * Redis short of memory, out of reach, slow, on a running installation under load: decisions go on or wait, /readyz and
 * /metrics say what is the matter, nothing is lost, and it goes on by itself.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { Installation } from './installation.ts'
import { committed, metric, nothing_lost, seen, start_load } from './outages.ts'
import { start_tcp_proxy, type TcpProxy } from './tcp-proxy.ts'

let installation: Installation
let proxy: TcpProxy
let raw: Redis
beforeAll(async () => {
  installation = await Installation.cluster(async services => {
    const address = services.address('redis')
    raw = new Redis(address)
    proxy = await start_tcp_proxy(new URL(address).host)
    return { REDIS_URL: `redis://${proxy.address}` }
  })
  await installation.start()
})
afterAll(async () => {
  raw?.disconnect()
  await installation?.close()
  await proxy?.close()
})

/** One outage that was not overcome is not the next one's. */
afterEach(async () => {
  proxy.faults({})
  await raw.config('SET', 'maxmemory', '0')
})

const used_memory = async (): Promise<number> =>
  Number(/^used_memory:(\d+)/m.exec(await raw.info('memory'))?.[1])

test('at maxmemory: decisions go on, checkpoints wait and say so, also across a restart', {
  timeout: 90_000,
}, async () => {
  const load = start_load(installation, 'memory')
  await seen(installation, 'checkpoints', ({ tasks }) => tasks.some(task => task.checkpoint_seq > 2))
  await raw.config('SET', 'maxmemory', String((await used_memory()) >> 1))
  const short = await seen(installation, 'the memory is short', ({ degraded }) =>
    degraded.some(reason => /^task customer\/\d+: checkpoint: .*OOM/.test(reason)),
  )
  // Events are taken and decided on: that is what ready means.
  expect(short.ready).toBe(true)
  await seen(installation, 'decisions go on', state => committed(state) > committed(short) + 20)
  expect(
    await metric(installation, 'tributary_checkpoint_lag_batches', { group: 'customer' }),
  ).toBeGreaterThan(10)
  expect(
    await metric(installation, 'tributary_checkpoint_age_seconds', { group: 'customer' }),
  ).toBeGreaterThan(1)
  // A process that dies now comes to the same place from the log.
  await installation.kill()
  await installation.start(
    ({ tasks }) => tasks.length === installation.tasks && tasks.every(task => task.state === 'live'),
  )
  await seen(installation, 'still short', ({ degraded }) => degraded.some(reason => /OOM/.test(reason)))
  expect(load.answers.get(202)).toBeGreaterThan(10)
  await raw.config('SET', 'maxmemory', '0')
  await load.stop()
  await nothing_lost(installation, 'memory', load)
  await expect
    .poll(() => metric(installation, 'tributary_checkpoint_lag_batches'), { timeout: 20_000 })
    .toBe(0)
})

test('out of reach for 10 s: events are taken, tasks that need state wait, all of it resumes', {
  timeout: 90_000,
}, async () => {
  const load = start_load(installation, 'away', 2000)
  await seen(installation, 'load', ({ tasks }) => tasks.some(task => task.committed_seq > 5))
  proxy.faults({ down: true })
  const blocked = await seen(
    installation,
    'the store is missed and a task waits for it',
    ({ reasons, tasks }) =>
      reasons.some(reason => /^store: Redis does not answer/.test(reason)) &&
      tasks.some(task => task.state === 'blocked' && task.error !== null),
  )
  expect(blocked.ready).toBe(false)
  expect(blocked.reasons.join('\n')).toMatch(/task \w+\/\d is blocked: \S/)
  expect(await metric(installation, 'tributary_dependency_up', { dependency: 'store' })).toBe(0)
  expect(await metric(installation, 'tributary_tasks', { state: 'blocked' })).toBeGreaterThan(0)
  const taken = load.sent
  await sleep(10_000)
  expect(load.sent).toBeGreaterThan(taken + 500)
  expect([...load.answers.keys()]).toEqual([202])
  proxy.faults({})
  await load.stop()
  await nothing_lost(installation, 'away', load)
  expect(await metric(installation, 'tributary_dependency_up', { dependency: 'store' })).toBe(1)
  expect(await metric(installation, 'tributary_tasks', { state: 'blocked' })).toBe(0)
})

test('connections cut again and again, replies late or lost: nothing but delay', {
  timeout: 90_000,
}, async () => {
  const load = start_load(installation, 'wire', 2000)
  for (let i = 0; i < 10; i++) {
    proxy.faults(i % 2 === 0 ? { delay_ms: 100, cut_after_bytes: 2000 * i } : { delay_ms: 50 })
    await sleep(700)
    proxy.cut()
  }
  proxy.faults({})
  await load.stop()
  await nothing_lost(installation, 'wire', load)
})

test('a process that starts while Redis is away waits for it', { timeout: 90_000 }, async () => {
  await installation.stop()
  proxy.faults({ down: true })
  setTimeout(() => proxy.faults({}), 4000)
  const began = Date.now()
  await installation.start()
  expect(Date.now() - began).toBeGreaterThan(4000)
  const load = start_load(installation, 'start')
  await sleep(1000)
  await load.stop()
  await nothing_lost(installation, 'start', load)
})
