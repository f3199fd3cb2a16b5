/** State, health, metrics, imports and the description of the API. */
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { compile_encoder } from '../../runtime/avro/encoder.ts'
import { acquisition } from '../../runtime/batch-log.ts'
import { body_reader } from '../../runtime/bodies.ts'
import { partition_of } from '../../runtime/keys.ts'
import type { SinkStatus } from '../../runtime/worker-types.ts'
import { definitions } from '../../schemas/definitions.ts'
import type { ServerDeps } from '../../server/server-deps.ts'
import { live_task, memory_server, memory_store, payment, running } from './memory-ports.ts'

describe('GET /v1/customers/{tenant}/{id}', () => {
  it('shows checkpointed state, 404 where there is none, 403 to other tenants', async () => {
    const store = memory_store(new Map([['acme|c 1', new Map([['p/op', Buffer.from('xyz')]])]]))
    const api_keys = new Map([[createHash('sha256').update('k').digest('hex'), 'acme']])
    const { server } = await memory_server({ store, api_keys })
    const get = (url: string) => server.inject({ url, headers: { 'x-api-key': 'k' } })
    const found = await get('/v1/customers/acme/c%201')
    expect(found.json()).toEqual({ tenant_id: 'acme', customer_id: 'c 1', operators: { 'p/op': 3 } })
    expect((await get('/v1/customers/acme/c2')).statusCode).toBe(404)
    expect((await get('/v1/customers/other/c1')).statusCode).toBe(403)
  })
})

describe('health', () => {
  it('is ready when dependencies answer and tasks are live', async () => {
    const { server } = await memory_server()
    expect((await server.inject('/healthz')).json()).toEqual({ status: 'ok' })
    const ready = await server.inject('/readyz')
    expect([ready.statusCode, ready.json().ready, ready.json().reasons]).toEqual([200, true, []])
  })

  it.each([
    [{ ...live_task, state: 'recovering' }, 'task customer/0 is recovering'],
    [{ ...live_task, state: 'refused', error: 'foreign Redis; run reset' }, 'foreign Redis; run reset'],
    [{ ...live_task, state: 'blocked', error: 'no registry' }, 'no registry'],
  ] as const)('is not ready with a task %j', async (task, reason) => {
    const { server } = await memory_server({ worker: running([task]) })
    const response = await server.inject('/readyz')
    expect(response.statusCode).toBe(503)
    expect(response.json().reasons.join()).toContain(reason)
  })

  it('is not ready before its tasks exist, or when the log is down', async () => {
    const starting = await memory_server({ worker: running([]) })
    expect((await starting.server.inject('/readyz')).statusCode).toBe(503)
    const down = await memory_server()
    down.deps.log.outage = 'broker gone'
    const response = await down.server.inject('/readyz')
    expect([response.statusCode, response.json().dependencies.log]).toEqual([503, 'broker gone'])
  })

  it('is only degraded by a warehouse that is down: decisions go on', async () => {
    const sink = running<SinkStatus>([{ partition: 3, lag: {}, error: 'refused' }])
    const { server } = await memory_server({
      warehouse: { health: async () => 'no route', query: async () => [] },
      sink,
    })
    const response = await server.inject('/readyz')
    expect([response.statusCode, response.json().degraded]).toEqual([
      200,
      ['sink/3: refused', 'warehouse: no route'],
    ])
  })

  it('serves metrics by route pattern', async () => {
    const { server } = await memory_server()
    await server.inject('/v1/customers/acme/secret-name')
    const { body, headers } = await server.inject('/metrics')
    expect(headers['content-type']).toContain('text/plain')
    expect(body).toContain('route="/v1/customers/:tenant/:id",status="404"} 1')
    expect(body).not.toContain('secret-name')
  })
})

/** The batch-log record of a task that took the payments of c1 up to an offset. */
const judge = async ({ log, registry }: Pick<ServerDeps, 'log' | 'registry'>, to: number): Promise<void> => {
  const schema = definitions.batch_log
  const encode = compile_encoder(schema, await registry.register('batch_log.customer-value', schema))
  const partition = partition_of(Buffer.from('acme|c1'), 2)
  const opening = acquisition({ key_group: 'customer', partition, nonce: 'n', wall_at: 1, code: '' })
  const range = { topic: 'payments', from: 0, to, count: to, crc: 0 }
  const value = encode({ ...opening, kind: 'batch', seq: to, ranges: [range] })
  await log.append([{ topic: 'batch_log.customer', partition, key: null, value }])
}

describe('POST /v1/imports', () => {
  const id = 'ab'.repeat(32)
  const open = { id, topic: 'payments', action: 'open', first_occurred_at: 1000 }

  it('opens, renews and closes the lease in the catalog', async () => {
    const { server, deps } = await memory_server()
    const post = (payload: object) => server.inject({ method: 'POST', url: '/v1/imports', payload })
    const first = await post(open)
    expect([first.statusCode, first.json()]).toEqual([201, { id, known: false }])
    expect((await post({ id, topic: 'payments', action: 'renew' })).statusCode).toBe(200)
    expect((await post({ id, topic: 'payments', action: 'close' })).statusCode).toBe(200)
    expect((await post(open)).json()).toEqual({ id, known: true })
    const read = body_reader(deps.registry)
    const entries = await Promise.all(deps.log.of('catalog', 0).map(record => read(record.value!)))
    expect(
      entries.map(entry => [
        entry.kind,
        entry.tenant_id,
        entry.revision,
        JSON.parse(entry.body as string).state,
      ]),
    ).toEqual([
      ['imports', '*', 1, 'open'],
      ['imports', '*', 2, 'open'],
      ['imports', '*', 3, 'closed'],
      ['imports', '*', 4, 'open'],
    ])
  })

  it('closes when what was sent is processed, or at once when told to', async () => {
    const { server, deps } = await memory_server()
    const post = (payload: object) => server.inject({ method: 'POST', url: '/v1/imports', payload })
    const sent = [1, 2, 3].map(n => deps.emitter.check('payments', payment({ event_id: `e${n}` })))
    await post(open)
    await deps.emitter.append('payments', sent)
    const close = { id, topic: 'payments', action: 'close' }
    const waiting = await post(close)
    expect([waiting.statusCode, waiting.json()]).toEqual([202, { id, left: 3 }])
    expect(deps.log.of('catalog', 0)).toHaveLength(1)
    await judge(deps, 2)
    expect((await post(close)).json()).toEqual({ id, left: 1 })
    // Sent by others since: not this import's.
    await deps.emitter.append('payments', [deps.emitter.check('payments', payment({ event_id: 'later' }))])
    await judge(deps, 3)
    expect([(await post(close)).statusCode, deps.log.of('catalog', 0).length]).toEqual([200, 2])

    await post(open)
    expect((await post(close)).json()).toEqual({ id, left: 1 })
    expect((await post({ ...close, at_once: true })).statusCode).toBe(200)
    expect(deps.log.of('catalog', 0)).toHaveLength(4)
  })

  it('refuses history that tasks are past, unless lateness is accepted', async () => {
    const { server, deps } = await memory_server({
      worker: running([{ ...live_task, stream_time_ms: 1000 + 10 * 60_000 + 1 }]),
    })
    const post = (payload: object) => server.inject({ method: 'POST', url: '/v1/imports', payload })
    const refused = await post(open)
    expect(refused.statusCode).toBe(409)
    expect(refused.json().remedy).toContain('--accept-late')
    expect(deps.log.of('catalog', 0)).toHaveLength(0)
    expect((await post({ ...open, first_occurred_at: 1001 })).statusCode).toBe(201)
    expect((await post({ ...open, topic: 'catalog' })).statusCode).toBe(201)
    expect((await post({ ...open, accept_late: true })).statusCode).toBe(201)
  })

  it('says what is wrong with a request', async () => {
    const { server } = await memory_server()
    const post = async (payload: object) =>
      (await server.inject({ method: 'POST', url: '/v1/imports', payload })).statusCode
    expect(await post({ ...open, id: 'x' })).toBe(400)
    expect(await post({ ...open, first_occurred_at: undefined })).toBe(400)
    expect(await post({ ...open, topic: 'ledger' })).toBe(404)
  })
})

it('describes itself from its routes and schemas', async () => {
  const { server } = await memory_server()
  const document = (await server.inject('/openapi.json')).json()
  // That none is missing is said in openapi.test.ts.
  expect(Object.keys(document.paths)).toEqual(
    expect.arrayContaining(['/healthz', '/v1/events/{topic}', '/v1/topics/{topic}/stream']),
  )
  expect(document.components.schemas.payments.required).toContain('amount_minor')
  const [topic] = document.paths['/v1/events/{topic}'].post.parameters
  expect(topic).toMatchObject({ name: 'topic', in: 'path', required: true })
  expect(topic.schema.enum).toContain('payments')
  expect(topic.schema.enum).not.toContain('ledger')
})
