/** From failing payments to people: the whole embedded stack with routes of a tenant, receivers over HTTP and a mail server. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { kafka_log } from '../../runtime/kafka/log.ts'
import type { AlertRoutes } from '../../schemas/catalog-kinds.ts'
import { minutes } from '../../schemas/units.ts'
import { install } from '../server/delivery/installed.ts'
import { header, MailSink } from '../server/delivery/mail-sink.ts'
import { notification, Receiver } from '../server/delivery/receivers.ts'
import { memory_registry } from '../server/memory-ports.ts'
import { Installation } from './installation.ts'
import { ALONE, free_port } from './process.ts'
import { stack } from './stack.ts'

let installation: Installation
let hook: Receiver
let mail: MailSink
beforeAll(async () => {
  hook = await Receiver.open()
  mail = await MailSink.open()
  process.env.SMTP_URL = mail.url
  process.env.TRIBUTARY_SECRET_HOOK = 'shh'
  installation = await Installation.embedded()
  await installation.start()
}, 90_000)
afterAll(async () => {
  delete process.env.SMTP_URL
  delete process.env.TRIBUTARY_SECRET_HOOK
  await installation?.close()
  await hook?.end()
  await mail?.end()
})

const send = async (topic: string, ...rows: readonly object[]): Promise<void> => {
  const response = await fetch(`${installation.http}/v1/events/${topic}`, {
    method: 'POST',
    headers: { ...ALONE, 'content-type': 'application/json' },
    body: JSON.stringify(rows),
  })
  expect(response.status, await response.clone().text()).toBe(202)
}

const route = async (): Promise<void> => {
  const dead = `http://127.0.0.1:${await free_port()}/nobody`
  const body: AlertRoutes = {
    receivers: [
      { name: 'dead', channel: 'webhook', to: dead },
      { name: 'hook', channel: 'webhook', to: hook.url, secret: 'hook' },
      { name: 'mail', channel: 'email', to: 'duty@example.org' },
    ],
    routes: [{ receivers: ['dead', 'hook', 'mail'], matchers: { rule: 'payment_*' }, group_wait_ms: 500 }],
  }
  await send('catalog', {
    event_id: 'routes',
    tenant_id: '*',
    occurred_at: 0,
    kind: 'alert_routes',
    id: 'shop',
    effective_at: 0,
    body: JSON.stringify(body),
  })
}

const failures = (at_ms: number): object[] =>
  Array.from({ length: 40 }, (_, n) => ({
    event_id: `payment-${n}`,
    tenant_id: 'shop',
    customer_id: `c${n}`,
    payment_id: `p${n}`,
    occurred_at: at_ms + n,
    type: n < 30 ? 'payment_failed' : 'payment_succeeded',
    amount_minor: 1000,
    currency: 'EUR',
  }))

test('payments fail, the process is killed while it tells people, and they are told', {
  timeout: 120_000,
}, async () => {
  await route()
  const killed = new Promise<void>(resolve => {
    // Between the request and its answer: nobody has written down that it was told.
    hook.answer = n => {
      if (n === 0) void installation.kill().then(() => resolve())
      return n === 0 ? 'hang' : 200
    }
  })
  const sent_at = Date.now()
  await send('payments', ...failures(sent_at - minutes(20)))
  await killed
  await installation.start()
  await expect.poll(() => hook.heard.length, { timeout: 30_000 }).toBe(2)
  await expect.poll(() => mail.mails.length, { timeout: 30_000 }).toBeGreaterThanOrEqual(1)
  console.log(`told ${hook.heard[0]!.at - sent_at} ms after the payments were sent`)

  const [first, second] = hook.heard
  expect(second?.text).toBe(first?.text)
  expect(new Set(hook.keys).size).toBe(1)
  expect(second?.headers['x-tributary-signature']).toMatch(/^t=\d+,v1=[0-9a-f]{64}$/)
  expect(second?.body).toMatchObject({
    version: '4',
    status: 'firing',
    receiver: 'hook',
    alerts: [{ labels: { alertname: 'payment_failures' }, status: 'firing' }],
    tributary: { tenant_id: 'shop', sequence: 1, reason: 'new' },
  })
  expect(new Set(mail.mails.map(each => header(each, 'Message-ID'))).size).toBe(1)
  expect(mail.mails[0]?.to).toEqual(['duty@example.org'])

  const rows = () =>
    installation.query(
      `select receiver, max(outcome = 'delivered') as told, max(outcome = 'retrying') as tried
       from deliveries final group by receiver order by receiver`,
    )
  await expect.poll(rows, { timeout: 30_000 }).toEqual([
    { receiver: 'dead', told: 0, tried: 1 },
    { receiver: 'hook', told: 1, tried: 0 },
    { receiver: 'mail', told: 1, tried: 0 },
  ])
  expect(await installation.query('select count() as n from notifications final')).toEqual([{ n: 3 }])
  expect(await installation.stop()).toBe(0)
})

test('on Kafka: who comes next goes on where the other stopped, and tells nobody again', {
  timeout: 180_000,
}, async () => {
  const services = await stack('kafka')
  const brokers = services.address('kafka').split(',')
  const logger = { debug() {}, warn() {} }
  const open = () => kafka_log({ brokers, client_id: 'delivery', logger })
  const [one, other] = [open(), open()]
  const [good, dead] = [await Receiver.open(), await Receiver.open(() => 500)]
  const registry = memory_registry()
  const first = await install({ log: one, registry })
  const next = await install({ log: other, registry })
  const to_good = (n: number) => notification(n, { receiver: 'good', to: good.url })
  const heard = () => good.heard.map(({ body }) => (body.tributary as { sequence: number }).sequence)
  const poll = <T>(ask: () => T) => expect.poll(ask, { timeout: 30_000 })
  try {
    await first.start()
    await first.tell(notification(1, { receiver: 'dead', to: dead.url }), to_good(1), to_good(2))
    await poll(heard).toEqual([1, 2])
    await poll(() => dead.heard.length).toBeGreaterThan(1)
    await first.stop()
    dead.answer = () => 200
    await next.tell(to_good(3))
    const before = dead.heard.length
    await next.start()
    await poll(heard).toEqual([1, 2, 3])
    await poll(() => dead.heard.length).toBe(before + 1)
    expect(new Set(dead.keys).size).toBe(1)
  } finally {
    await first.close()
    await next.close()
    await good.end()
    await dead.end()
    await services.stop()
  }
})
