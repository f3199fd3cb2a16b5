/** Ingest over HTTP: what is taken, what is refused and in which words, and who may send for whom. */
import { createHash } from 'node:crypto'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { body_reader } from '../../runtime/bodies.ts'
import { partition_of } from '../../runtime/keys.ts'
import { memory_server, payment } from './memory-ports.ts'

const post = async (
  payload: unknown,
  topic = 'payments',
  headers: Record<string, string> = {},
  keys?: Map<string, string>,
) => {
  const { server, deps } = await memory_server(keys ? { api_keys: keys } : {})
  const response = await server.inject({
    method: 'POST',
    url: `/v1/events/${topic}`,
    headers: { 'content-type': 'application/json', ...headers },
    payload: typeof payload === 'string' || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload),
  })
  return {
    response,
    body: response.json() as Record<string, unknown>,
    log: deps.log,
    registry: deps.registry,
  }
}
const hash = (key: string) => createHash('sha256').update(key).digest('hex')
const keys = new Map([
  [hash('acme-key'), 'acme'],
  [hash('root-key'), '*'],
])

describe('POST /v1/events/{topic}', () => {
  it('takes an object, and the record has the right key, partition and body', async () => {
    const { response, body, log, registry } = await post(payment())
    expect(response.statusCode).toBe(202)
    expect(body).toEqual({ accepted: 1, ids: ['e1'] })
    const key = Buffer.from('acme|c1')
    const [record] = log.of('payments', partition_of(key, 2))
    expect(record?.key).toEqual(key)
    expect(await body_reader(registry)(record!.value!)).toMatchObject({
      event_id: 'e1',
      amount_minor: 1999,
      quantity: 1,
    })
  })

  it('takes an array in order, with ISO times', async () => {
    const rows = [1, 2, 3].map(i => payment({ event_id: `e${i}`, occurred_at: `2026-01-0${i}T00:00:00Z` }))
    const { body, log, registry } = await post(rows)
    expect(body.ids).toEqual(['e1', 'e2', 'e3'])
    const records = log.of('payments', partition_of(Buffer.from('acme|c1'), 2))
    const read = body_reader(registry)
    expect(await Promise.all(records.map(async r => (await read(r.value!)).event_id))).toEqual([
      'e1',
      'e2',
      'e3',
    ])
  })

  it('keys anonymous touches by anonymous_id', async () => {
    const touch = {
      event_id: 't',
      tenant_id: 'acme',
      anonymous_id: 'a',
      occurred_at: 1,
      channel: 'ads',
      interaction: 'view',
      currency: 'USD',
    }
    const { log } = await post(touch, 'touchpoints')
    expect(log.of('touchpoints', partition_of(Buffer.from('acme|~a'), 2))).toHaveLength(1)
  })

  it.each([
    [[payment(), payment({ amount_minor: -1 })], 'amount_minor', 1],
    [payment({ currency: 'XXX' }), 'currency', 0],
    [payment({ amount_minor: 1.5 }), 'amount_minor', 0],
    [payment({ amount_minor: '5' }), 'amount_minor', 0],
    [payment({ event_id: undefined }), 'event_id', 0],
    [payment({ occurred_at: undefined }), 'occurred_at', 0],
    [payment({ tenant_id: 'a|b' }), 'tenant_id', 0],
    [payment({ colour: 'red' }), 'colour', 0],
    [payment({ type: 'gift' }), 'type', 0],
    [[payment(), 7], '', 1],
    [null, '', 0],
  ])('refuses %j naming the field, and takes none', async (payload, field, index) => {
    const { response, body, log } = await post(payload)
    expect(response.statusCode).toBe(400)
    expect(body).toMatchObject({ error: 'INVALID_ROW', field, index })
    expect(body.reason).toEqual(expect.stringMatching(/\w+/))
    expect(log.records.size).toBe(0)
  })

  it('answers what it cannot read with a clear 4xx', async () => {
    const status = async (...args: Parameters<typeof post>) => {
      const { response, body } = await post(...args)
      return [response.statusCode, body.error]
    }
    expect(await status('{"event_id": ')).toEqual([400, 'INVALID_JSON'])
    expect(await status('')).toEqual([400, 'INVALID_JSON'])
    expect(await status([])).toEqual([400, 'INVALID_ROW'])
    expect(await status('a=1', 'payments', { 'content-type': 'application/x-www-form-urlencoded' })).toEqual([
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ])
    expect(await status('hello', 'payments', { 'content-type': 'text/plain' })).toEqual([
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ])
    expect(await status(Buffer.from([0, 1, 255]), 'payments', { 'content-type': 'avro/binary' })).toEqual([
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ])
    expect(await status(Buffer.from([0, 1, 255]))).toEqual([400, 'INVALID_JSON'])
    expect(await status('{"__proto__": {"x": 1}}')).toEqual([400, 'INVALID_JSON'])
    expect(await status(payment(), 'ledger')).toEqual([404, 'UNKNOWN_TOPIC'])
    expect(await status(payment(), 'nonsense')).toEqual([404, 'UNKNOWN_TOPIC'])
    expect(
      await status(`[${'{"event_id":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"},'.repeat(90_000)}1]`),
    ).toEqual([413, 'TOO_LARGE'])
    expect(await status(`[${'1,'.repeat(10_001)}1]`)).toEqual([413, 'TOO_LARGE'])
  })

  it('tells unknown paths from wrong methods', async () => {
    const { server } = await memory_server()
    const wrong = await server.inject({ method: 'PUT', url: '/v1/events/payments?x=1', payload: {} })
    expect([wrong.statusCode, wrong.headers.allow]).toEqual([405, 'POST'])
    expect((await server.inject({ method: 'GET', url: '/v2/x' })).statusCode).toBe(404)
  })

  it('answers 503 with Retry-After while the log is down, and recovers', async () => {
    const { server, deps } = await memory_server()
    const send = () => server.inject({ method: 'POST', url: '/v1/events/payments', payload: payment() })
    deps.log.outage = 'disk on fire'
    const down = await send()
    expect([down.statusCode, down.headers['retry-after'], down.json().error]).toEqual([
      503,
      '1',
      'UNAVAILABLE',
    ])
    deps.log.outage = null
    expect((await send()).statusCode).toBe(202)
  })

  it('survives garbage on the socket', async () => {
    const { server } = await memory_server()
    await server.listen({ port: 0, host: '127.0.0.1' })
    const { port } = server.server.address() as { port: number }
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(Buffer.from([22, 3, 1, 0, 200, 255, 254])))
      let text = ''
      socket.on('data', data => {
        text += data
      })
      socket.on('close', () => resolve(text))
      socket.on('error', reject)
    })
    expect(answer).toMatch(/^HTTP\/1.1 400/)
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200)
    await server.close()
  })
})

describe('API keys', () => {
  const auth = (key: string) => ({ authorization: `Bearer ${key}` })

  it('are required once configured', async () => {
    expect((await post(payment(), 'payments', {}, keys)).response.statusCode).toBe(401)
    expect((await post(payment(), 'payments', auth('wrong'), keys)).response.statusCode).toBe(401)
    expect((await post(payment(), 'payments', auth(hash('acme-key')), keys)).response.statusCode).toBe(401)
    expect((await post(payment(), 'payments', auth('acme-key'), keys)).response.statusCode).toBe(202)
    expect((await post(payment(), 'payments', { 'x-api-key': 'acme-key' }, keys)).response.statusCode).toBe(
      202,
    )
  })

  it('are bound to a tenant', async () => {
    const { response, body, log } = await post(
      [payment(), payment({ tenant_id: 'other' })],
      'payments',
      auth('acme-key'),
      keys,
    )
    expect(response.statusCode).toBe(403)
    expect(body).toMatchObject({ error: 'TENANT_MISMATCH', index: 1 })
    expect(log.records.size).toBe(0)
    expect(
      (await post(payment({ tenant_id: 'other' }), 'payments', auth('root-key'), keys)).response.statusCode,
    ).toBe(202)
  })

  it("need to be an administrator's for '*' in the catalog", async () => {
    const entry = {
      event_id: 'x',
      tenant_id: '*',
      occurred_at: 1,
      kind: 'products',
      id: 'p',
      effective_at: 1,
      body: '{}',
    }
    expect((await post(entry, 'catalog', auth('acme-key'), keys)).response.statusCode).toBe(403)
    expect((await post(entry, 'catalog', auth('root-key'), keys)).response.statusCode).toBe(202)
  })
})
