import { afterEach, expect, test } from 'vitest'
import { type Post, post_json } from '../../../server/delivery/post-json.ts'
import { Receiver } from './receivers.ts'

let receiver: Receiver | null = null
afterEach(() => receiver?.end())

const post = (url: string, more: Partial<Post> = {}) =>
  post_json({
    url,
    body: '{"ä":1}',
    headers: { 'idempotency-key': 'k' },
    private_allowed: true,
    signal: AbortSignal.timeout(200),
    now: Date.now,
    ...more,
  })

test('posts the body as it is', async () => {
  receiver = await Receiver.open()
  expect(await post(receiver.url)).toMatchObject({ ended: 'delivered', status_code: 200 })
  expect(receiver.heard[0]).toMatchObject({
    text: '{"ä":1}',
    headers: { 'content-type': 'application/json', 'idempotency-key': 'k', 'content-length': '8' },
  })
})

test('does not wait for an answer without end, nor for one that does not come', async () => {
  receiver = await Receiver.open(n =>
    n === 0 ? response => void response.writeHead(200).write('x') : 'hang',
  )
  expect((await post(receiver.url)).ended).toBe('delivered')
  expect(await post(receiver.url)).toMatchObject({ ended: 'failed', error: 'no answer in time' })
})

test('who is not there is asked again; what is no place to ask is not', async () => {
  receiver = await Receiver.open()
  const { url } = receiver
  await receiver.end()
  expect(await post(url)).toMatchObject({ ended: 'failed', error: expect.stringContaining('ECONNREFUSED') })
  for (const bad of ['ftp://example.org', 'no url', 'http://169.254.169.254/latest'])
    expect((await post(bad)).ended).toBe('refused')
  expect((await post(url, { private_allowed: false })).ended).toBe('refused')
  expect((await post('http://localhost:1', { private_allowed: false })).error).toContain('is not public')
})
