/**
 * docker-compose.yml, brought up on images built here: a payment in over HTTP is a row of the ledger, it stops in
 * order, and after the next start the row is still there and the next payment joins it.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { Composed } from './containers-compose.ts'
import { docker_answers, name_images } from './images.ts'

const docker = docker_answers() || process.env.CI === 'true'
if (!docker) console.log('no Docker daemon answers: the suite of docker-compose.yml skips itself')

describe.runIf(docker)('docker-compose.yml', () => {
  let project: Composed
  beforeAll(async () => {
    const from = Date.now()
    await name_images()
    console.log(`images: ${Date.now() - from} ms`)
    project = await Composed.open()
    console.log(`Compose ${project.version}`)
  }, 300_000)
  afterAll(() => project?.close(), 60_000)

  const pay = async (event_id: string, amount_minor: number): Promise<void> => {
    const response = await fetch(`${project.http}/v1/events/payments`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        event_id,
        tenant_id: 'acme',
        customer_id: 'c-1',
        occurred_at: Date.now(),
        type: 'payment_succeeded',
        amount_minor,
        currency: 'EUR',
      }),
    })
    expect([response.status, await response.text()]).toEqual([202, expect.stringContaining(event_id)])
  }
  const ledger_is = (sum: string) =>
    vi.waitFor(
      async () => {
        const response = await fetch(project.clickhouse, {
          method: 'POST',
          headers: { 'x-clickhouse-user': 'analyst', 'x-clickhouse-key': 'local-only' },
          body: 'SELECT sum(amount_minor), count() FROM ledger FINAL',
        })
        expect((await response.text()).trim()).toBe(sum)
      },
      { timeout: 60_000, interval: 200 },
    )
  const up = async (): Promise<void> => {
    const from = Date.now()
    project.up()
    await vi.waitFor(
      async () => expect((await fetch(`${project.http}/readyz`)).status, project.logs('tributary')).toBe(200),
      { timeout: 90_000, interval: 1000 },
    )
    console.log(`up and ready: ${Date.now() - from} ms`)
  }

  test('Compose takes the files', () => {
    expect(project.check()).toContain('registry-store')
  })

  test('a payment in over HTTP is a row of the ledger', async () => {
    await up()
    await pay('pay-1', 1999)
    await ledger_is('1999\t1')
  })

  test('every service has a health check and is reached from this machine alone; Tributary may write its volume only', () => {
    const services = project.inspect()
    expect([...services.keys()].toSorted()).toEqual(
      ['clickhouse', 'kafka', 'redis', 'registry', 'registry-store', 'tributary'].toSorted(),
    )
    for (const [name, { Config, HostConfig, RestartCount }] of services) {
      expect(Config.Healthcheck, name).toBeTruthy()
      expect([name, HostConfig.RestartPolicy.Name, RestartCount]).toEqual([name, 'unless-stopped', 0])
      for (const bindings of Object.values(HostConfig.PortBindings ?? {}))
        expect(new Set(bindings.map(({ HostIp }) => HostIp))).toEqual(new Set(['127.0.0.1']))
    }
    const { ReadonlyRootfs, CapDrop } = services.get('tributary')!.HostConfig
    expect([ReadonlyRootfs, CapDrop]).toEqual([true, ['ALL']])
    expect(project.may_write('tributary', '/app/x')).toBe(false)
    expect(project.may_write('tributary', '/var/lib/tributary/snapshots/x')).toBe(true)
  })

  test('stop ends everything in order and in time; after the next start the row is there and money goes on', async () => {
    const from = Date.now()
    project.stop()
    console.log(`stopped: ${Date.now() - from} ms`)
    const codes = [...project.inspect()].map(([name, { State }]) => [name, State.Status, State.ExitCode])
    expect(codes.toSorted()).toEqual([
      ['clickhouse', 'exited', 0],
      // What a JVM says that ended in order at SIGTERM; 137 would be one that had to be killed.
      ['kafka', 'exited', 143],
      ['redis', 'exited', 0],
      ['registry', 'exited', 143],
      ['registry-store', 'exited', 0],
      ['tributary', 'exited', 0],
    ])
    await up()
    await ledger_is('1999\t1')
    await pay('pay-1', 1999)
    await pay('pay-2', 1)
    await ledger_is('2000\t2')
  })
})
