/**
 * The log that cannot be written: the broker gone for 20 s under load (a broker whose disk is full goes away), and the
 * embedded log on a full disk. Emitters are told to come again, /readyz says why, nothing is lost, and it goes on by itself.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { topic_settings, tributary } from '../../runtime/app.ts'
import { system_clock } from '../../runtime/clock.ts'
import { RESERVE_BYTES } from '../../runtime/embedded/disk.ts'
import { open_log } from '../../runtime/embedded/log.ts'
import { open_registry } from '../../runtime/embedded/registry.ts'
import { open_state_store } from '../../runtime/embedded/state-store.ts'
import { create_emitter } from '../../runtime/emit.ts'
import { create_logger } from '../../runtime/logger.ts'
import { create_metrics } from '../../runtime/metrics.ts'
import { default_settings } from '../../runtime/settings.ts'
import { start_worker } from '../../runtime/worker.ts'
import type { TaskStatus } from '../../runtime/worker-types.ts'
import { create_server } from '../../server/server.ts'
import { memory_deps } from '../server/memory-ports.ts'
import { Installation } from './installation.ts'
import { committed, metric, nothing_lost, payment_of, seen, start_load } from './outages.ts'

describe('a broker that is gone', () => {
  let installation: Installation
  beforeAll(async () => {
    installation = await Installation.cluster()
    await installation.start()
  })
  afterAll(() => installation?.close())

  test('for 20 s under load: 503 with Retry-After, then everything is there once', {
    timeout: 240_000,
  }, async () => {
    const kafka = installation.services?.endpoints.get('kafka')?.service
    if (!kafka) throw new Error('this test kills the broker: it must not be given by the environment')
    const load = start_load(installation, 'broker')
    const before = await seen(installation, 'load', state => committed(state) > 20)
    expect(before.ready).toBe(true)
    await kafka.kill()
    const killed_at = Date.now()
    const gone = await seen(installation, 'the log is missed', ({ reasons }) =>
      reasons.some(reason => reason.startsWith('log: ')),
    )
    expect(gone.ready).toBe(false)
    expect(await metric(installation, 'tributary_dependency_up', { dependency: 'log' })).toBe(0)
    await expect.poll(() => load.answers.get(503) ?? 0, { timeout: 20_000 }).toBeGreaterThan(0)
    expect(load.retry_after).toBe('1')
    await sleep(Math.max(0, killed_at + 20_000 - Date.now()))
    await kafka.restart()
    const back = await seen(installation, 'ready again', state => state.ready, 60_000)
    expect(back.tasks.length).toBe(installation.tasks)
    await sleep(2000)
    await load.stop()
    expect(new Set(load.answers.keys())).toEqual(new Set([202, 503]))
    await nothing_lost(installation, 'broker', load)
    expect(await metric(installation, 'tributary_dependency_up', { dependency: 'log' })).toBe(1)
  })
})

describe('the embedded log on a full disk', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tributary-full-disk-'))
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  test('507 with Retry-After, tasks wait and say so, and with room again it goes on', async () => {
    let left = RESERVE_BYTES * 2
    const free = (): number => left
    const app = tributary(2)
    const log = await open_log(directory, { free })
    const store = await open_state_store(directory, { free })
    const registry = open_registry(log.environment)
    await log.ensure(topic_settings(app))
    const metrics = create_metrics()
    const settings = { ...default_settings, checkpoint_every_ms: 20, retry_ms: 20 }
    const common = {
      app,
      log,
      store,
      registry,
      settings,
      metrics,
      clock: system_clock,
      logger: create_logger('silent'),
    }
    const worker = start_worker({ ...common, observe: metrics.observe })
    metrics.watch(worker, null, () => system_clock.now())
    const deps = await memory_deps({ ...common, worker, emitter: create_emitter(app, log, registry) })
    const server = create_server({ ...deps, ...common })
    const http = await server.listen({ host: '127.0.0.1', port: 0 })
    const status = async () => {
      const response = await fetch(`${http}/readyz`)
      return (await response.json()) as { ready: boolean; reasons: string[]; tasks: TaskStatus[] }
    }
    const post = (from: number) =>
      fetch(`${http}/v1/events/payments`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(Array.from({ length: 10 }, (_, i) => payment_of('disk', from + i))),
      })
    const processed = () =>
      metric({ http }, 'tributary_records_total', { topic: 'payments', outcome: 'processed' })
    try {
      await expect.poll(async () => (await status()).ready, { timeout: 20_000 }).toBe(true)
      expect((await post(0)).status).toBe(202)
      await expect.poll(processed, { timeout: 20_000 }).toBe(10)

      left = RESERVE_BYTES - 1
      const refused = await post(10)
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([507, '10'])
      expect(await refused.json()).toMatchObject({
        error: 'DISK_FULL',
        reason: expect.stringContaining('is full'),
      })
      const { ready, reasons } = await status()
      expect(ready).toBe(false)
      expect(reasons.join('\n')).toMatch(/log: the disk of \S+ is full: .*free some space and it goes on/)
      expect(await metric({ http }, 'tributary_dependency_up', { dependency: 'log' })).toBe(0)

      left = RESERVE_BYTES * 2
      expect((await post(10)).status).toBe(202)
      await expect.poll(processed, { timeout: 20_000 }).toBe(20)
      await expect.poll(async () => (await status()).reasons, { timeout: 20_000 }).toEqual([])
      expect(await metric({ http }, 'tributary_dependency_up', { dependency: 'log' })).toBe(1)
    } finally {
      await server.close()
      await worker.stop()
      await store.close()
      await log.close()
    }
  }, 60_000)
})
