/** Server-sent events: order, resumption without gap or repeat, tenants apart, slow readers and shutdown. */
import { get, type IncomingMessage } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { compile_encoder } from '../../runtime/avro/encoder.ts'
import type { ServerDeps } from '../../server/server-deps.ts'
import { default_stream_limits } from '../../server/stream.ts'
import { memory_server } from './memory-ports.ts'

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  await Promise.all(closers.splice(0).map(close => close()))
})

interface Event {
  id: string
  row: { event_id?: string; note?: string }
}

const start = async (over: Partial<ServerDeps> = {}) => {
  const { server, deps } = await memory_server(over)
  await server.listen({ port: 0, host: '127.0.0.1' })
  closers.push(() => server.close())
  const { port } = server.server.address() as { port: number }
  const schema = deps.app.schemas.ledger!
  const encode = compile_encoder(schema, await deps.registry.register('ledger-value', schema))
  const write = (partition: number, tenant: string, event_id: string, text = '') =>
    deps.log.append([
      {
        topic: 'ledger',
        partition,
        key: Buffer.from(`${tenant}|c`),
        value: encode({
          event_id,
          tenant_id: tenant,
          customer_id: 'c',
          occurred_at: 1,
          type: 'refunded',
          amount_minor: -5,
          currency: 'USD',
          cause_event_id: event_id,
          quantity: 1,
          method: text || null,
        }),
      },
    ])
  const open = async (path: string, headers: Record<string, string> = {}) => {
    const response = await new Promise<IncomingMessage>((resolve, reject) =>
      get({ port, host: '127.0.0.1', path, headers }, resolve).on('error', reject),
    )
    closers.push(async () => response.destroy())
    return response
  }
  return { server, deps, write, open, port }
}

const texts = new WeakMap<IncomingMessage, string>()

/** All events once there are n with data that is not the opening one, and the opening id. */
const take = async (response: IncomingMessage, n: number): Promise<{ opened: string; events: Event[] }> => {
  if (!texts.has(response)) {
    texts.set(response, '')
    response.on('data', chunk => texts.set(response, texts.get(response)! + chunk))
  }
  const parse = () => {
    const text = texts.get(response)!
    const blocks = text.split('\n\n').slice(0, -1)
    const field = (block: string, name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1]
    const all = blocks
      .filter(block => field(block, 'data'))
      .map(block => ({ block, id: field(block, 'id')! }))
    const events = all.filter(({ block }) => field(block, 'event') !== 'open')
    const opened = all.find(({ block }) => field(block, 'event') === 'open')?.id ?? ''
    return { opened, events: events.map(({ block, id }) => ({ id, row: JSON.parse(field(block, 'data')!) })) }
  }
  await expect
    .poll(() => parse().opened !== '' && parse().events.length >= n, { timeout: 3000, interval: 5 })
    .toBe(true)
  return parse()
}

describe('GET /v1/topics/{topic}/stream', () => {
  it('sends rows from now on, with ids over all partitions', async () => {
    const { write, open } = await start()
    await write(0, 'acme', 'before')
    const response = await open('/v1/topics/ledger/stream')
    expect(response.headers['content-type']).toContain('text/event-stream')
    expect((await take(response, 0)).opened).toBe('0:1,1:0')
    await write(1, 'acme', 'a')
    const { events } = await take(response, 1)
    expect(events).toMatchObject([
      { id: '0:1,1:1', row: { event_id: 'a', amount_minor: -5, occurred_at: 1 } },
    ])
  })

  it('resumes by Last-Event-ID without gap or repeat', async () => {
    const { write, open } = await start()
    for (const id of ['a', 'b', 'c', 'd', 'e']) await write(0, 'acme', id)
    const first = await open('/v1/topics/ledger/stream?from=beginning')
    const { events } = await take(first, 2)
    first.destroy()
    const again = await open('/v1/topics/ledger/stream', { 'last-event-id': events[1]!.id })
    expect((await take(again, 3)).events.map(event => event.row.event_id)).toEqual(['c', 'd', 'e'])
    const from = await open('/v1/topics/ledger/stream?from=0:4')
    expect((await take(from, 1)).events.map(event => event.row.event_id)).toEqual(['e'])
  })

  it('shows a tenant only its own rows', async () => {
    const { createHash } = await import('node:crypto')
    const api_keys = new Map([[createHash('sha256').update('k').digest('hex'), 'acme']])
    const { write, open } = await start({ api_keys })
    for (const [tenant, id] of [
      ['acme', 'a'],
      ['other', 'b'],
      ['acmeX', 'c'],
      ['acme', 'd'],
    ] as const)
      await write(0, tenant, id)
    const response = await open('/v1/topics/ledger/stream?from=beginning', { 'x-api-key': 'k' })
    expect((await take(response, 2)).events.map(event => event.row.event_id)).toEqual(['a', 'd'])
    expect((await open('/v1/topics/ledger/stream?tenant=other', { 'x-api-key': 'k' })).statusCode).toBe(403)
    expect((await open('/v1/topics/ledger/stream')).statusCode).toBe(401)
  })

  it('beats while the topic is silent', async () => {
    const { open } = await start({ stream_limits: { ...default_stream_limits, heartbeat_ms: 10 } })
    const response = await open('/v1/topics/ledger/stream')
    let text = ''
    for await (const chunk of response) {
      text += chunk
      if (text.includes(': heartbeat')) break
    }
    expect(text).toContain(': heartbeat')
  })

  it('drops a reader that takes nothing', async () => {
    const { write, open, server } = await start({ stream_limits: { ...default_stream_limits, drain_ms: 50 } })
    for (let i = 0; i < 60; i++) await write(0, 'acme', `e${i}`, 'x'.repeat(500_000))
    const response = await open('/v1/topics/ledger/stream?from=beginning')
    response.pause()
    const connections = () =>
      new Promise<number>((resolve, reject) =>
        server.server.getConnections((e, n) => (e ? reject(e) : resolve(n))),
      )
    await expect.poll(connections, { timeout: 3000, interval: 20 }).toBe(0)
  })

  it('refuses what is not there', async () => {
    const { open } = await start({ stream_limits: { ...default_stream_limits, streams_max: 1 } })
    expect((await open('/v1/topics/payments/stream')).statusCode).toBe(404)
    expect((await open('/v1/topics/ledger/stream?from=7')).statusCode).toBe(400)
    expect((await open('/v1/topics/ledger/stream?from=9:0')).statusCode).toBe(400)
    expect((await open('/v1/topics/ledger/stream?from=0:1&from=1:1')).statusCode).toBe(400)
    expect((await open('/v1/topics/ledger/stream?tenant=a&tenant=b')).statusCode).toBe(400)
    expect((await open('/v1/topics/ledger/stream')).statusCode).toBe(200)
    expect((await open('/v1/topics/ledger/stream')).statusCode).toBe(503)
  })

  /** A log that says where it ends only when it is let. */
  const slow_log = ({ log }: Awaited<ReturnType<typeof start>>['deps']) => {
    const asked = Promise.withResolvers<void>()
    const gate = Promise.withResolvers<void>()
    const bounds = log.bounds.bind(log)
    log.bounds = async (topic, partition) => {
      asked.resolve()
      await gate.promise
      return bounds(topic, partition)
    }
    return { asked: asked.promise, let_go: gate.resolve }
  }

  it('does not count a reader that left before its stream began', async () => {
    const stream_limits = { ...default_stream_limits, streams_max: 1 }
    const { port, deps, open, server } = await start({ stream_limits })
    const { asked, let_go } = slow_log(deps)
    const request = get({ port, host: '127.0.0.1', path: '/v1/topics/ledger/stream' }).on('error', () => {})
    await asked
    request.destroy()
    const connections = () =>
      new Promise<number>((resolve, reject) =>
        server.server.getConnections((e, n) => (e ? reject(e) : resolve(n))),
      )
    await expect.poll(connections).toBe(0)
    let_go()
    expect((await open('/v1/topics/ledger/stream')).statusCode).toBe(200)
  })

  it('does not begin when the server is closing already', async () => {
    const { port, deps, server } = await start()
    const { asked, let_go } = slow_log(deps)
    const answer = new Promise<number | undefined>(resolve => {
      get({ port, host: '127.0.0.1', path: '/v1/topics/ledger/stream' }, response => {
        response.resume()
        resolve(response.statusCode)
      })
    })
    await asked
    const closed = server.close()
    await expect.poll(() => server.server.listening).toBe(false)
    let_go()
    expect(await answer).toBe(503)
    await closed
  })

  it('ends when the server closes', async () => {
    const { server, open } = await start()
    const response = await open('/v1/topics/ledger/stream')
    response.resume()
    const ended = new Promise(resolve => response.once('close', resolve))
    const before = Date.now()
    await server.close()
    await ended
    expect(Date.now() - before).toBeLessThan(2000)
  })
})
