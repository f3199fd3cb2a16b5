import { createHmac } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { hours } from '../../../schemas/units.ts'
import { type Installed, install, quick } from './installed.ts'
import { notification, Receiver } from './receivers.ts'

let installed: Installed
let receivers: Receiver[] = []
beforeEach(async () => {
  installed = await install()
})
afterEach(async () => {
  await installed.close()
  for (const receiver of receivers) await receiver.end()
  receivers = []
})
const open = async (...given: Parameters<typeof Receiver.open>): Promise<Receiver> => {
  const receiver = await Receiver.open(...given)
  receivers.push(receiver)
  return receiver
}
const poll = <T>(ask: () => T | Promise<T>) => expect.poll(ask, { timeout: 8000, interval: 20 })
const sequences = ({ heard }: Receiver) =>
  heard.map(({ body }) => (body.tributary as { sequence: number }).sequence)
const outcomes = async () =>
  (await installed.deliveries()).map(({ outcome, status_code, attempt }) => [outcome, status_code, attempt])

test('a webhook hears each notification once, in order, signed, and each attempt is written down', async () => {
  const ops = await open()
  const to = { to: ops.url, secret: 'OPS' }
  await installed.tell(notification(1, to), notification(2, to))
  await installed.start()
  await installed.tell(notification(3, to))
  await poll(() => sequences(ops)).toEqual([1, 2, 3])
  await poll(outcomes).toEqual([1, 2, 3].map(() => ['delivered', 200, 1]))
  const { headers, text, body } = ops.heard[0]!
  const [, t, v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['x-tributary-signature']))!
  expect(v1).toBe(createHmac('sha256', 'shh').update(`${t}.${text}`).digest('hex'))
  expect(Math.abs(Number(t) - Date.now() / 1000)).toBeLessThan(60)
  expect(body).toMatchObject({ version: '4', status: 'firing', receiver: 'ops' })
  expect(new Set(ops.keys).size).toBe(3)
  expect((await installed.deliveries())[0]).toMatchObject({
    event_id: 'ops|{}|0|1|1',
    notification_id: 'ops|{}|0|1',
    receiver: 'ops',
    channel: 'webhook',
    group_key: '{}',
    error: null,
  })
})

test('what fails is tried again with the same key and body, the next of the group waits behind it', async () => {
  const ops = await open(n => ([503, 'hang', 500] as const)[n] ?? 200)
  await installed.start()
  await installed.tell(notification(1, { to: ops.url }), notification(2, { to: ops.url }))
  await poll(() => sequences(ops)).toEqual([1, 1, 1, 1, 2])
  expect(new Set(ops.keys.slice(0, 4)).size).toBe(1)
  expect(new Set(ops.heard.slice(0, 4).map(({ text }) => text)).size).toBe(1)
  await poll(outcomes).toEqual([
    ['retrying', 503, 1],
    ['retrying', null, 2],
    ['retrying', 500, 3],
    ['delivered', 200, 4],
    ['delivered', 200, 1],
  ])
  expect((await installed.deliveries())[1]).toMatchObject({ error: 'no answer in time' })
})

test('a dead, a hanging and a refusing receiver hold up nobody else', async () => {
  const [good, hangs, refuses] = [await open(), await open(() => 'hang'), await open(() => 404)]
  const gone = await open()
  await gone.end()
  await installed.start()
  const rows = [1, 2, 3].flatMap(n => [
    notification(n, { receiver: 'gone', to: gone.url }),
    notification(n, { receiver: 'hangs', to: hangs.url }),
    notification(n, { receiver: 'refuses', to: refuses.url }),
    notification(n, { receiver: 'good', to: good.url }),
  ])
  const began = Date.now()
  await installed.tell(...rows)
  await poll(() => sequences(good)).toEqual([1, 2, 3])
  expect(Date.now() - began).toBeLessThan(2000)
  // Refused for good: not tried again.
  await poll(() => sequences(refuses)).toEqual([1, 2, 3])
  await gone.begin()
  await poll(() => sequences(gone)).toEqual([1, 2, 3])
  expect(new Set(sequences(hangs))).toEqual(new Set([1]))
})

test('a group whose notification fails does not hold up another group of the receiver', async () => {
  const ops = await open(() => (response, { body }) => {
    response.writeHead(body.groupKey === '{bad}' ? 500 : 200).end()
  })
  await installed.start()
  await installed.tell(
    notification(1, { to: ops.url, group_key: '{bad}' }),
    notification(2, { to: ops.url, group_key: '{bad}' }),
    notification(1, { to: ops.url, group_key: '{good}' }),
    notification(2, { to: ops.url, group_key: '{good}' }),
  )
  await poll(() =>
    ops.heard
      .filter(({ body }) => body.groupKey === '{good}')
      .map(({ body }) => (body.tributary as { sequence: number }).sequence),
  ).toEqual([1, 2])
})

test('who is asked to come later comes later', async () => {
  const ops = await open(n =>
    n === 0
      ? response => {
          response.writeHead(429, { 'retry-after': '1' }).end()
        }
      : 200,
  )
  await installed.start()
  await installed.tell(
    notification(1, { to: ops.url }),
    notification(1, { to: ops.url, group_key: '{other}' }),
  )
  await poll(() => ops.heard.length).toBe(3)
  expect(ops.heard[1]!.at - ops.heard[0]!.at).toBeGreaterThanOrEqual(990)
  await poll(async () => (await outcomes()).sort()).toEqual([
    ['delivered', 200, 1],
    ['delivered', 200, 2],
    ['retrying', 429, 1],
  ])
})

test('redirects are not followed, and what is a day old is not told', async () => {
  const elsewhere = await open()
  const ops = await open(() => response => {
    response.writeHead(307, { location: elsewhere.url }).end()
  })
  await installed.start()
  const old = { occurred_at: Date.now() - hours(24) - 1, receiver: 'late' }
  await installed.tell(notification(1, { to: ops.url }), notification(1, { to: elsewhere.url, ...old }))
  await poll(async () => (await outcomes()).length).toBe(2)
  expect(elsewhere.heard).toEqual([])
  expect((await installed.deliveries()).map(({ outcome, error }) => [outcome, error]).sort()).toEqual([
    ['expired', 'older than 24 hours'],
    ['failed', 'redirects are not followed'],
  ])
})

test('a restart goes on where it was: what has ended is not told again, what has not is, with the same key', async () => {
  const [good, dead] = [await open(), await open(() => 500)]
  await installed.start()
  await installed.tell(notification(1, { receiver: 'dead', to: dead.url }))
  await installed.tell(...[1, 2, 3].map(n => notification(n, { receiver: 'good', to: good.url })))
  await poll(() => sequences(good)).toEqual([1, 2, 3])
  await poll(() => dead.heard.length).toBeGreaterThan(1)
  await installed.stop()
  const before = (await installed.deliveries()).filter(({ receiver }) => receiver === 'dead')
  await installed.tell(notification(4, { receiver: 'good', to: good.url }))
  dead.answer = () => 200
  await installed.start()
  await poll(() => sequences(good)).toEqual([1, 2, 3, 4])
  await poll(async () => (await installed.deliveries()).at(-1)?.outcome).toBe('delivered')
  await poll(async () =>
    (await installed.deliveries()).filter(row => row.receiver === 'dead').at(-1),
  ).toMatchObject({
    outcome: 'delivered',
    attempt: before.length + 1,
  })
  expect(new Set(dead.keys).size).toBe(1)
  await installed.stop()
  const heard = dead.heard.length
  await installed.start()
  await installed.tell(notification(5, { receiver: 'good', to: good.url }))
  await poll(() => sequences(good)).toEqual([1, 2, 3, 4, 5])
  expect(dead.heard).toHaveLength(heard)
})

test('told but not written down when the process ends: told again with the same key', async () => {
  const ops = await open()
  const { emitter } = installed.deps
  await installed.start({
    // Killed between the answer and the row.
    emitter: { ...emitter, append: () => new Promise(() => {}) },
    patience: { ...quick, stop_ms: 50 },
  })
  await installed.tell(notification(1, { to: ops.url }))
  await poll(() => ops.heard.length).toBe(1)
  await installed.stop()
  expect(await outcomes()).toEqual([])
  await installed.start()
  await poll(outcomes).toEqual([['delivered', 200, 1]])
  expect(ops.heard).toHaveLength(2)
  expect(new Set(ops.keys).size).toBe(1)
})

test('on stopping, an attempt under way is waited for and written down', async () => {
  const held: (() => void)[] = []
  const ops = await open(() => response => void held.push(() => response.writeHead(200).end()))
  await installed.start()
  await installed.tell(notification(1, { to: ops.url }), notification(2, { to: ops.url }))
  await poll(() => held.length).toBe(1)
  const stopped = installed.stop()
  held[0]?.()
  await stopped
  expect(await outcomes()).toEqual([['delivered', 200, 1]])
  expect(sequences(ops)).toEqual([1])
  ops.answer = () => 200
  await installed.start()
  await poll(() => sequences(ops)).toEqual([1, 2])
})

test('of more than may wait for a receiver the oldest are left out, and the audit says so', async () => {
  const ops = await open(() => 500)
  await installed.start({ patience: { ...quick, waiting_most: 3, backoff_ms: 300, backoff_most_ms: 300 } })
  const at = Date.now()
  await installed.tell(...[1, 2, 3, 4, 5].map(n => notification(n, { to: ops.url, occurred_at: at + n })))
  const left_out = async () =>
    (await installed.deliveries())
      .filter(({ error }) => error?.startsWith('more than 3 wait'))
      .map(row => row.notification_id)
  await poll(left_out).toEqual(['ops|{}|0|1', 'ops|{}|0|2'])
  ops.answer = () => 200
  await poll(() => sequences(ops).slice(-3)).toEqual([3, 4, 5])
})
