/**
 * Redis, Kafka, a registry and the warehouse as containers, through Testcontainers: the store's contract, what a kill
 * and a restart leave, and payments through Tributary's own processes into the ledger.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { open_redis_state_store } from '../../runtime/redis/state-store.ts'
import { state_store_contract } from '../runtime/contracts/state-store-contract.ts'
import { start_redis, start_warehouse } from './containers.ts'
import { docker_answers } from './images.ts'
import { Installation } from './installation.ts'
import type { Service } from './process.ts'
import { stack } from './stack.ts'

const docker = docker_answers() || process.env.CI === 'true'
if (!docker) console.log('no Docker daemon answers: the suite of containers skips itself')

/** As if the environment asked for containers and named no service. */
const ask_for_containers = (): void => {
  vi.stubEnv('TRIBUTARY_TESTS_DOCKER', 'true')
  for (const name of ['KAFKA_BROKERS', 'SCHEMA_REGISTRY_URL', 'REDIS_URL']) vi.stubEnv(name, '')
}

describe.runIf(docker)('containers', () => {
  state_store_contract('the state store on a Redis container', async () => {
    const service = await start_redis()
    const store = await open_redis_state_store(service.address)
    return {
      store,
      async close() {
        await store.close()
        await service.stop()
      },
    }
  })

  describe('payments', () => {
    const PASSWORD = 'of-this-test'
    let installation: Installation
    let warehouse: Service

    beforeAll(async () => {
      const from = Date.now()
      ask_for_containers()
      warehouse = await start_warehouse(PASSWORD)
      installation = await Installation.cluster(async () => ({
        CLICKHOUSE_URL: warehouse.address,
        KAFKA_SESSION_MS: '3000',
      }))
      await installation.start()
      console.log(`four services in containers and Tributary on them: ${Date.now() - from} ms`)
    }, 300_000)
    afterAll(async () => {
      await installation?.close()
      await warehouse?.stop()
      vi.unstubAllEnvs()
    }, 120_000)

    const pay = async (event_id: string, amount_minor: number): Promise<void> => {
      const payment = {
        event_id,
        tenant_id: 'acme',
        customer_id: 'c-1',
        occurred_at: Date.now(),
        type: 'payment_succeeded',
        amount_minor,
        currency: 'EUR',
      }
      for (const deadline = Date.now() + 60_000; ; await sleep(250)) {
        const response = await fetch(`${installation.http}/v1/events/payments`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(payment),
        })
        const text = await response.text()
        if (response.status === 202) return
        if (response.status !== 503 || Date.now() > deadline) throw new Error(`${response.status} ${text}`)
      }
    }
    const ask = async (user: string, sql: string): Promise<{ status: number; text: string }> => {
      const { origin } = new URL(warehouse.address)
      const credentials = { 'x-clickhouse-user': user, 'x-clickhouse-key': PASSWORD }
      const response = await fetch(origin, { method: 'POST', headers: credentials, body: sql })
      return { status: response.status, text: (await response.text()).trim() }
    }
    const ledger = (sum: string) =>
      vi.waitFor(
        async () =>
          expect(await ask('analyst', 'SELECT sum(amount_minor), count() FROM ledger FINAL')).toEqual({
            status: 200,
            text: sum,
          }),
        { timeout: 60_000, interval: 200 },
      )

    test('a payment in over HTTP is a row of the ledger in the container', async () => {
      await pay('pay-1', 1999)
      await ledger('1999\t1')
    })

    test('the warehouse asks for its password, and its analyst may only read', async () => {
      const { origin } = new URL(warehouse.address)
      const bare = await fetch(origin, { method: 'POST', body: 'SELECT 1' })
      expect([401, 403, 516]).toContain(bare.status)
      expect((await ask('analyst', 'DROP TABLE ledger')).status).not.toBe(200)
    })

    test('broker and Redis killed, and started on the same ports: nothing is lost and nothing twice', async () => {
      for (const name of ['kafka', 'redis'] as const) {
        const service = installation.services?.endpoints.get(name)?.service
        const { address, pid } = service!
        await service!.kill()
        await service!.restart()
        expect(service!.address).toBe(address)
        expect(service!.pid).not.toBe(pid)
      }
      await pay('pay-2', 1)
      await pay('pay-1', 1999)
      await ledger('2000\t2')
    })
  })

  test('what the environment names is used as it is, with or without containers', async () => {
    ask_for_containers()
    vi.stubEnv('REDIS_URL', 'redis://named:6379')
    const named = await stack('redis')
    vi.unstubAllEnvs()
    expect(named.endpoints.get('redis')).toEqual({ address: 'redis://named:6379', service: null })
  })
})
