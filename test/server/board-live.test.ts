/** The live stream: what is sent, to whom, how bursts are drawn together, and what an outage does. */
import { createHash } from 'node:crypto'
import { get, type IncomingMessage } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { compile_encoder } from '../../runtime/avro/encoder.ts'
import type { Log } from '../../runtime/ports.ts'
import { EVENTS_PER_WINDOW, event_of, outgoing, WINDOW_MS } from '../../server/board/live.ts'
import { shared_tails } from '../../server/board/shared-tails.ts'
import { panel_names } from '../../server/board/tenant-board.ts'
import type { ServerDeps } from '../../server/server-deps.ts'
import { default_stream_limits } from '../../server/stream.ts'
import { FakeClock } from './fake-clock.ts'
import { memory_deps, memory_server } from './memory-ports.ts'

const NOW = Date.UTC(2026, 2, 11, 10, 10)
const iso = (ms: number): string => new Date(ms).toISOString()

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  await Promise.all(closers.splice(0).map(close => close()))
})

const ledger = (event_id: string, more: object = {}) => ({
  event_id,
  tenant_id: 'acme',
  customer_id: 'c',
  occurred_at: NOW,
  type: 'payment_succeeded',
  amount_minor: 5,
  currency: 'USD',
  cause_event_id: event_id,
  quantity: 1,
  ...more,
})
const alert = (event_id: string, more: object = {}) => ({
  event_id,
  tenant_id: 'acme',
  occurred_at: NOW,
  fingerprint: 'f',
  rule: 'r',
  severity: 'high',
  status: 'firing',
  title: 'Less than usual',
  description: 'x',
  started_at: NOW,
  suppressed: 0,
  cause_event_ids: [],
  policy_version: '1',
  ...more,
})
const score = (conversation_id: string, total_score: number) => ({
  event_id: `${conversation_id}${total_score}`,
  tenant_id: 'acme',
  customer_id: 'c',
  conversation_id,
  occurred_at: NOW,
  total_score,
  quality_tier: 'basic',
  conversion_probability: 0,
  market_ratio: 1,
  base_points: 0,
  behavior_points: 0,
  timing_points: 0,
  market_points: 0,
  parts: [],
  missing: [],
  policy_version: '1',
})

type Deps = Awaited<ReturnType<typeof memory_deps>>
const writer =
  ({ app, log, registry }: Deps) =>
  async (topic: string, key: string, row: object, partition = 0) => {
    const schema = app.schemas[topic]!
    const encode = compile_encoder(schema, await registry.register(`${topic}-value`, schema))
    await log.append([{ topic, partition, key: Buffer.from(key), value: encode(row as never) }])
  }

const start = async (over: Partial<ServerDeps> = {}) => {
  const { server, deps } = await memory_server(over)
  await server.listen({ port: 0, host: '127.0.0.1' })
  closers.push(() => server.close())
  const { port } = server.server.address() as { port: number }
  const open = async (path: string, headers: Record<string, string> = {}) => {
    const response = await new Promise<IncomingMessage>((resolve, reject) =>
      get({ port, host: '127.0.0.1', path, headers }, resolve).on('error', reject),
    )
    closers.push(async () => response.destroy())
    let text = ''
    response.on('data', chunk => {
      text += chunk
    })
    const events = () =>
      text
        .split('\n\n')
        .slice(0, -1)
        .flatMap(block => {
          const match = /^event: (.*)\ndata: (.*)$/.exec(block)
          return match ? [{ name: match[1]!, body: JSON.parse(match[2]!) }] : []
        })
    const of = (name: string) => events().flatMap(event => (event.name === name ? [event.body] : []))
    return { response, of, text: () => text }
  }
  return { server, deps, open, write: writer(deps) }
}

describe('GET /v1/live', () => {
  it('sends the board as it is asked, and what is committed in between', async () => {
    const { open, write } = await start()
    await write('ledger', 'acme|c', ledger('before'))
    const { response, of, text } = await open('/v1/live?tenant=acme')
    expect([response.statusCode, response.headers['content-type']]).toEqual([
      200,
      'text/event-stream; charset=utf-8',
    ])
    const panels = () => Object.assign({}, ...of('board')) as object
    await expect.poll(() => Object.keys(panels()).sort()).toEqual([...panel_names].sort())
    await write('ledger', 'acme|c', ledger('a'), 1)
    await write('lead_scores', 'acme|c', score('k', 61.5))
    await write('alerts', 'acme', alert('x'))
    await expect.poll(() => of('alert').length + of('ledger').length + of('score').length).toBe(3)
    expect(of('ledger')).toEqual([{ at: iso(NOW), amount_minor: 5, currency: 'USD' }])
    expect(of('score')).toEqual([
      { customer_id: 'c', conversation_id: 'k', at: iso(NOW), total_score: 61.5, quality_tier: 'basic' },
    ])
    expect(of('alert')).toEqual([
      {
        event_id: 'x',
        at: iso(NOW),
        ...{ fingerprint: 'f', rule: 'r', severity: 'high', status: 'firing' },
        ...{ title: 'Less than usual', description: 'x', dimension: '' },
        started_at: iso(NOW),
        suppressed: 0,
        ...{ money_at_risk_minor: null, money_currency: null, contributor: null, contributor_share: null },
        ...{ inhibited_by: null, silenced_by: null, acknowledged_by: null, escalation: 0, recurrences: 0 },
        reason: '',
      },
    ])
    expect(text().startsWith('retry: 1000\n\n')).toBe(true)
  })

  it('shows a tenant only its own rows', async () => {
    const api_keys = new Map([[createHash('sha256').update('k').digest('hex'), 'acme']])
    const { open, write } = await start({ api_keys })
    const { of } = await open('/v1/live', { 'x-api-key': 'k' })
    await expect.poll(() => of('board').length).toBeGreaterThan(0)
    await write('alerts', 'other', alert('theirs', { tenant_id: 'other' }))
    await write('alerts', 'acmeX', alert('nearly', { tenant_id: 'acmeX' }))
    await write('alerts', 'acme', alert('mine'))
    await expect.poll(() => of('alert').length).toBe(1)
    expect(of('alert')[0].event_id).toBe('mine')
  })

  it('beats, counts among the open streams, and ends when the server closes', async () => {
    const { open, server } = await start({
      stream_limits: { ...default_stream_limits, heartbeat_ms: 10, streams_max: 1 },
    })
    const { response, text } = await open('/v1/live?tenant=acme')
    await expect.poll(text).toContain(': heartbeat')
    expect((await open('/v1/live?tenant=acme')).response.statusCode).toBe(503)
    expect((await open('/v1/topics/ledger/stream')).response.statusCode).toBe(503)
    const ended = new Promise(resolve => response.once('close', resolve))
    await server.close()
    await ended
  })

  it('drops a reader that takes nothing', async () => {
    const { open, write, server } = await start({
      stream_limits: { ...default_stream_limits, drain_ms: 50 },
    })
    const { response, of } = await open('/v1/live?tenant=acme')
    await expect.poll(() => of('board').length).toBeGreaterThan(0)
    response.pause()
    const description = 'x'.repeat(500_000)
    for (let i = 0; i < 60; i++) await write('alerts', 'acme', alert(`e${i}`, { description }))
    const connections = () =>
      new Promise<number>((resolve, reject) =>
        server.server.getConnections((error, n) => (error ? reject(error) : resolve(n))),
      )
    await expect.poll(connections, { timeout: 3000, interval: 20 }).toBe(0)
  })

  it('ends when the tenant’s currency changes, so that the reader asks for the board anew', async () => {
    const clock = new FakeClock(NOW)
    let used = 'USD'
    const query = (async (sql: string) => (sql.includes('AS said') ? [{ said: null, used }] : [])) as never
    const { open } = await start({ clock, warehouse: { query, health: async () => null } })
    const { response, of } = await open('/v1/live?tenant=acme')
    await expect.poll(() => of('board').length).toBeGreaterThan(0)
    const ended = new Promise(resolve => response.once('end', resolve))
    used = 'EUR'
    await clock.advance(60_000)
    await ended
  })
})

describe('shared tails', () => {
  /** Tenant and id of what each reader saw. */
  const followed = async () => {
    const clock = new FakeClock(NOW)
    const deps = await memory_deps({ clock })
    let tails_open = 0
    const { log } = deps
    const tail = log.tail.bind(log)
    const watched: Log['tail'] = async function* (topic, partition, from, signal) {
      if (log.outage) throw new Error(log.outage)
      tails_open++
      try {
        for await (const fetched of tail(topic, partition, from, signal)) {
          if (log.outage) throw new Error(log.outage)
          yield fetched
        }
      } finally {
        tails_open--
      }
    }
    const tails = shared_tails({ ...deps, log: Object.assign(log, { tail: watched }) })
    const follow = (tenant: string) => {
      const seen: string[] = []
      const leave = tails.follow(tenant, (_, row) => seen.push(row.event_id as string))
      return { seen, leave }
    }
    return { clock, log, follow, write: writer(deps), open: () => tails_open }
  }

  it('are one per partition for all readers, and closed behind the last', async () => {
    const { clock, follow, write, open } = await followed()
    expect(open()).toBe(0)
    const [a, b, other] = [follow('acme'), follow('acme'), follow('other')]
    await clock.settle()
    // Four topics with two partitions each.
    expect(open()).toBe(8)
    await write('ledger', 'acme|c', ledger('1'))
    await clock.settle()
    expect([a.seen, b.seen, other.seen]).toEqual([['1'], ['1'], []])
    a.leave()
    b.leave()
    await write('ledger', 'acme|c', ledger('2'))
    await clock.settle()
    expect([a.seen, open()]).toEqual([['1'], 8])
    other.leave()
    await clock.settle()
    expect(open()).toBe(0)
    const again = follow('acme')
    await clock.settle()
    await write('ledger', 'acme|c', ledger('3'))
    await clock.settle()
    expect(again.seen).toEqual(['3'])
  })

  it('go on where they were when the log was away', async () => {
    const { clock, log, follow, write } = await followed()
    log.outage = 'broker gone'
    const { seen } = follow('acme')
    await clock.advance(5000)
    log.outage = null
    await clock.advance(1000)
    await write('ledger', 'acme|c', ledger('1'))
    await clock.settle()
    expect(seen).toEqual(['1'])
    await write('ledger', 'acme|c', ledger('2'))
    log.outage = 'broker gone'
    await clock.settle()
    await clock.advance(3000)
    log.outage = null
    await write('ledger', 'acme|c', ledger('3'))
    await clock.advance(2000)
    expect(seen).toEqual(['1', '2', '3'])
  })

  it('pass over a body that cannot be read', async () => {
    const { clock, log, follow, write } = await followed()
    const { seen } = follow('acme')
    await clock.settle()
    await log.append([{ topic: 'ledger', partition: 0, key: Buffer.from('acme|c'), value: Buffer.from('?') }])
    await write('ledger', 'acme|c', ledger('1'))
    await clock.settle()
    expect(seen).toEqual(['1'])
  })
})

describe('bursts', () => {
  const money = (amount_minor: number, more: object = {}) =>
    event_of('ledger', ledger(String(amount_minor), { amount_minor, ...more }))!

  it('beyond so many a second, amounts are summed and of a conversation the newest counts', async () => {
    const clock = new FakeClock(NOW)
    const queue = outgoing(clock)
    const sent: ReturnType<typeof queue.take> = []
    for (let i = 0; i < EVENTS_PER_WINDOW; i++) {
      queue.put(money(1))
      sent.push(...queue.take())
    }
    expect(sent).toHaveLength(EVENTS_PER_WINDOW)
    for (let i = 1; i <= 100; i++) queue.put(money(i))
    for (let i = 1; i <= 100; i++) queue.put(event_of('lead_scores', score('k', i))!)
    queue.put(money(3, { currency: 'JPY' }))
    expect(queue.take()).toEqual([])
    await clock.advance(WINDOW_MS)
    expect(queue.take()).toEqual([
      ['ledger', { at: iso(NOW), amount_minor: 5050, currency: 'USD' }],
      [
        'score',
        { customer_id: 'c', conversation_id: 'k', at: iso(NOW), total_score: 100, quality_tier: 'basic' },
      ],
      ['ledger', { at: iso(NOW), amount_minor: 3, currency: 'JPY' }],
    ])
    expect(queue.take()).toEqual([])
  })

  it('the newest price of a lead counts, and none of one that is not for sale', () => {
    const queue = outgoing(new FakeClock(NOW))
    for (let i = 0; i < EVENTS_PER_WINDOW; i++) queue.put(money(1, { occurred_at: NOW - i * 300_000 }))
    queue.take()
    const who = { customer_id: 'c', conversation_id: 'k' }
    const row = { ...who, occurred_at: NOW, currency: 'EUR', buyer_tier: 'volume' }
    for (const price_minor of [500, 700]) queue.put(event_of('prices', { ...row, price_minor })!)
    expect(event_of('prices', { ...row, price_minor: 0, buyer_tier: null })).toBeNull()
    expect(queue.take()).toEqual([])
    const fresh = outgoing(new FakeClock(NOW))
    fresh.put(event_of('prices', { ...row, price_minor: 500 })!)
    fresh.put(event_of('prices', { ...row, price_minor: 700 })!)
    expect(fresh.take()).toEqual([['price', { ...who, at: iso(NOW), price_minor: 700, currency: 'EUR' }]])
  })

  it('two customers may call their conversations the same', () => {
    const queue = outgoing(new FakeClock(NOW))
    const row = { conversation_id: 'k', occurred_at: NOW, currency: 'EUR', buyer_tier: 'volume' }
    for (const customer_id of ['a', 'b'])
      queue.put(event_of('prices', { ...row, customer_id, price_minor: 5 })!)
    expect(queue.take()).toHaveLength(2)
  })

  it('never sends more than so many a second, oldest first', async () => {
    const clock = new FakeClock(NOW)
    const queue = outgoing(clock)
    for (let i = 0; i < 50; i++) queue.put(event_of('lead_scores', score(`k${i}`, i))!)
    const counts: number[] = []
    const ids: string[] = []
    for (let i = 0; i < 4; i++) {
      const taken = queue.take()
      counts.push(taken.length)
      for (const [, body] of taken) ids.push((body as { conversation_id: string }).conversation_id)
      await clock.advance(WINDOW_MS)
    }
    expect(counts).toEqual([20, 20, 10, 0])
    expect(ids).toEqual(Array.from({ length: 50 }, (_, i) => `k${i}`))
  })

  it('shows no alert that may come to nothing', () => {
    expect(event_of('alerts', alert('p', { status: 'pending' }))).toBeNull()
  })

  it('does not hold back alerts, nor panels: the newest of each', () => {
    const queue = outgoing(new FakeClock(NOW))
    for (let i = 0; i < 300; i++) queue.put(event_of('lead_scores', score(`k${i}`, i))!)
    queue.take()
    for (let i = 0; i < 500; i++) queue.put(event_of('alerts', alert(`a${i}`))!)
    queue.put(['board', { revenue: 1 as never }])
    queue.put(['board', { alerts: 2 as never }])
    queue.put(['board', { revenue: 3 as never }])
    const [board, ...alerts] = queue.take()
    expect(board).toEqual(['board', { revenue: 3, alerts: 2 }])
    expect(alerts.map(([, body]) => (body as { event_id: string }).event_id)).toEqual(
      Array.from({ length: 500 }, (_, i) => `a${i}`),
    )
  })

  it('wakes when something comes, or when more may be sent', async () => {
    const clock = new FakeClock(NOW)
    const queue = outgoing(clock)
    const { signal } = new AbortController()
    let woken = 0
    const wait = () => void queue.wait(signal).then(() => woken++)
    wait()
    await clock.advance(5000)
    expect(woken).toBe(0)
    queue.put(money(1))
    await clock.settle()
    expect(woken).toBe(1)
    for (let i = 0; i < 30; i++) queue.put(event_of('lead_scores', score(`k${i}`, i))!)
    queue.take()
    wait()
    await clock.advance(WINDOW_MS - 100)
    expect(woken).toBe(1)
    await clock.advance(100)
    expect(woken).toBe(2)
    expect(clock.sleeping).toBe(0)
    const stop = new AbortController()
    queue.take()
    void queue.wait(stop.signal).then(() => woken++)
    stop.abort()
    await clock.settle()
    expect(woken).toBe(3)
  })
})
