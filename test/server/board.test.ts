/** The board: routes and who may ask, cadence, one question at a time, failures. */
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { HEAVY_MS, LIGHT_MS } from '../../server/board/board-shelf.ts'
import { type Panels, panel_names, type Sources, tenant_board } from '../../server/board/tenant-board.ts'
import type { ServerDeps } from '../../server/server-deps.ts'
import { FakeClock } from './fake-clock.ts'
import { memory_deps, memory_server } from './memory-ports.ts'

const NOW = Date.UTC(2026, 2, 11, 10, 10)
type Query = ServerDeps['warehouse']['query']

/** A warehouse that notes what it is asked and answers by `rows`, [] by default. */
const noting = (rows: (sql: string, params: Readonly<Record<string, unknown>>) => object[] = () => []) => {
  const asked: { readonly sql: string; readonly params: Readonly<Record<string, unknown>> }[] = []
  const query = (async (sql: string, params = {}) => {
    asked.push({ sql, params })
    return rows(sql, params)
  }) as Query
  return { asked, warehouse: { query, health: async () => null } }
}
const keys = new Map([
  [createHash('sha256').update('k').digest('hex'), 'acme'],
  [createHash('sha256').update('admin').digest('hex'), '*'],
])

describe('GET /v1/board', () => {
  it('gives all panels of a tenant, as of now', async () => {
    const { warehouse, asked } = noting(sql => (sql.includes('AS said') ? [{ said: null, used: 'JPY' }] : []))
    const { server } = await memory_server({ warehouse, clock: new FakeClock(NOW) })
    const response = await server.inject('/v1/board?tenant=acme')
    expect([response.statusCode, response.headers['cache-control']]).toEqual([200, 'no-store'])
    const board = response.json()
    expect(board).toMatchObject({ tenant_id: 'acme', currency: 'JPY', currency_exponent: 0 })
    const asked_at = new Date(NOW).toISOString()
    for (const name of panel_names) expect(board[name]).toMatchObject({ asked_at, took_ms: 0 })
    expect(board.revenue).toMatchObject({ today_minor: 0, payments_today: 0 })
    expect([board.revenue.minutes.length, board.revenue.hours.length]).toEqual([12, 24])
    expect(board.alerts).toMatchObject({ firing: 0, rows: [] })
    expect(board.trust.reconciliation).toMatchObject({ state: 'never', checked_at: null, differences: [] })
    const of_panels = asked.filter(({ sql }) => sql.includes('{tenant:String}') && !sql.includes('AS said'))
    expect(of_panels.length).toBeGreaterThan(8)
    for (const { params } of of_panels)
      expect(params).toEqual({ tenant: 'acme', currency: 'JPY', as_of: '2026-03-11 10:10:00.000' })
  })

  it('asks nothing before it is asked, and light and heavy panels again at their own pace', async () => {
    const clock = new FakeClock(NOW)
    const { warehouse, asked } = noting()
    const { server } = await memory_server({ warehouse, clock })
    await server.ready()
    await clock.advance(60_000)
    expect(asked).toEqual([])
    const about = (word: string) => asked.filter(({ sql }) => sql.includes(word)).length
    await server.inject('/v1/board?tenant=acme')
    await server.inject('/v1/board?tenant=acme')
    expect([about('AS today_minor'), about('FROM forecasts FINAL')]).toEqual([1, 1])
    await clock.advance(LIGHT_MS)
    await server.inject('/v1/board?tenant=acme')
    expect([about('AS today_minor'), about('FROM forecasts FINAL')]).toEqual([2, 1])
    await clock.advance(HEAVY_MS)
    await server.inject('/v1/board?tenant=acme')
    expect([about('AS today_minor'), about('FROM forecasts FINAL')]).toEqual([3, 2])
    const before = asked.length
    await clock.advance(600_000)
    expect(asked.length).toBe(before)
  })

  it('shows a tenant key its own tenant only, and says what is wrong with a request', async () => {
    const { warehouse } = noting()
    const { server } = await memory_server({ warehouse, api_keys: keys, clock: new FakeClock(NOW) })
    const get = (url: string, key?: string) =>
      server.inject({ url, ...(key && { headers: { 'x-api-key': key } }) })
    expect((await get('/v1/board?tenant=acme')).statusCode).toBe(401)
    expect((await get('/v1/board?tenant=other', 'k')).json()).toMatchObject({ error: 'TENANT_MISMATCH' })
    expect((await get('/v1/board?tenant=other', 'k')).statusCode).toBe(403)
    expect((await get('/v1/board', 'k')).json().tenant_id).toBe('acme')
    expect((await get('/v1/board?tenant=other', 'admin')).json().tenant_id).toBe('other')
    for (const path of ['/v1/board', '/v1/live'])
      for (const query of ['', '?tenant=', '?tenant=a%7Cb', '?tenant=*', '?tenant=a&tenant=b']) {
        const refused = await get(path + query, 'admin')
        expect([refused.statusCode, refused.json().error, refused.json().field]).toEqual([
          400,
          'INVALID_TENANT',
          'tenant',
        ])
      }
    expect((await get('/v1/live?tenant=other', 'k')).statusCode).toBe(403)
    expect((await get('/v1/live')).statusCode).toBe(401)
  })

  it('is refused while the warehouse has never answered, and keeps the last panel when it fails later', async () => {
    const clock = new FakeClock(NOW)
    let down = true
    const { warehouse } = noting(sql => {
      if (down) throw new Error('no route')
      return sql.includes('AS today_minor') ? [{ today_minor: 77 }] : []
    })
    const { server } = await memory_server({ warehouse, clock })
    const refused = await server.inject('/v1/board?tenant=acme')
    expect([refused.statusCode, refused.json().error]).toEqual([503, 'UNAVAILABLE'])
    expect(refused.json().reason).toContain('revenue')
    down = false
    await clock.advance(HEAVY_MS)
    expect((await server.inject('/v1/board?tenant=acme')).json().revenue.today_minor).toBe(77)
    down = true
    await clock.advance(HEAVY_MS)
    const { revenue } = (await server.inject('/v1/board?tenant=acme')).json()
    expect([revenue.today_minor, revenue.asked_at]).toEqual([77, new Date(NOW + HEAVY_MS).toISOString()])
  })
})

describe('GET /v1/tenants', () => {
  it('lists those known, at most every ten seconds; a tenant key sees its own', async () => {
    const clock = new FakeClock(NOW)
    const { warehouse, asked } = noting(() => [{ tenant_id: 'acme' }, { tenant_id: 'bolt' }])
    const { server } = await memory_server({ warehouse, clock, api_keys: keys })
    const get = async (key: string) =>
      (await server.inject({ url: '/v1/tenants', headers: { 'x-api-key': key } })).json()
    expect(await get('k')).toEqual({ tenants: ['acme'] })
    expect(asked).toHaveLength(0)
    expect(await get('admin')).toEqual({ tenants: ['acme', 'bolt'] })
    await get('admin')
    expect(asked).toHaveLength(1)
    await clock.advance(10_000)
    await get('admin')
    expect(asked).toHaveLength(2)
    expect((await server.inject('/v1/tenants')).statusCode).toBe(401)
  })

  it('is refused while the warehouse has never answered', async () => {
    const { warehouse } = noting(() => {
      throw new Error('no route')
    })
    const { server } = await memory_server({ warehouse })
    expect((await server.inject('/v1/tenants')).statusCode).toBe(503)
  })
})

/** A tenant's board whose panels answer when told. */
const slow_board = async (currency: () => string = () => 'EUR') => {
  const clock = new FakeClock(NOW)
  const asked: Record<string, number> = {}
  const open: Record<string, ((answer: object | Error) => void)[]> = {}
  const source = (name: string, every_ms: number) => ({
    every_ms,
    ask: () => {
      asked[name] = (asked[name] ?? 0) + 1
      return new Promise<never>((resolve, reject) => {
        open[name] = [
          ...(open[name] ?? []),
          answer => (answer instanceof Error ? reject(answer) : resolve(answer as never)),
        ]
      })
    },
  })
  const sources = Object.fromEntries(
    panel_names.map(name => [name, source(name, name === 'forecast' ? HEAVY_MS : LIGHT_MS)]),
  ) as unknown as Sources
  const closing = new AbortController()
  const { logger } = await memory_deps()
  const board = tenant_board({
    tenant: 'acme',
    sources,
    clock,
    logger,
    closing: closing.signal,
    currency: async () => currency(),
    asking: about => ({ ...about, query: async () => [] }),
  })
  const answer = async (name: string, body: object | Error) => {
    for (const resolve of open[name]?.splice(0) ?? []) resolve(body)
    await clock.settle()
  }
  const seen: Partial<Panels>[] = []
  let changes = 0
  const watch = () => board.watch({ changed: panels => seen.push(panels), currency_changed: () => changes++ })
  return { board, clock, asked, answer, watch, seen, closing, changes: () => changes }
}

describe('a watched board', () => {
  it('never asks the same twice at once, however many look', async () => {
    const { board, clock, asked, watch, answer } = await slow_board()
    watch()
    watch()
    void board.read()
    await clock.settle()
    await clock.advance(30_000)
    expect(asked).toEqual(Object.fromEntries(panel_names.map(name => [name, 1])))
    await answer('revenue', { today_minor: 1 })
    await clock.advance(LIGHT_MS)
    expect([asked.revenue, asked.alerts]).toEqual([2, 1])
  })

  it('shows each panel as it is asked anew, at its own pace', async () => {
    const { clock, asked, watch, answer, seen } = await slow_board()
    watch()
    await clock.settle()
    for (let i = 0; i < 20; i++) {
      await answer('revenue', { today_minor: i })
      await answer('forecast', { methods: [i] })
      await clock.advance(1000)
    }
    expect([asked.revenue, asked.forecast]).toEqual([11, 2])
    const minors = seen.flatMap(panels => (panels.revenue ? [panels.revenue.today_minor] : []))
    expect(minors).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16, 18])
    expect(seen.flatMap(panels => Object.keys(panels)).filter(name => name === 'forecast')).toHaveLength(2)
  })

  it('stops asking when nobody looks, and does not ask what is fresh when one looks again', async () => {
    const { clock, asked, watch, answer, seen } = await slow_board()
    const leave = watch()
    await clock.settle()
    for (const name of panel_names) await answer(name, {})
    leave()
    await clock.advance(1000)
    expect(clock.sleeping).toBe(0)
    seen.length = 0
    watch()
    await clock.settle()
    expect(Object.keys(seen[0]!).sort()).toEqual([...panel_names].sort())
    expect(asked.revenue).toBe(1)
    await clock.advance(1000)
    expect(asked.revenue).toBe(2)
    expect(asked.forecast).toBe(1)
  })

  it('keeps the last panel when a question fails, and asks on', async () => {
    const { board, clock, asked, watch, answer, seen } = await slow_board()
    watch()
    await clock.settle()
    await answer('revenue', { today_minor: 5 })
    await clock.advance(LIGHT_MS)
    await answer('revenue', new Error('no route'))
    expect(seen.filter(panels => panels.revenue)).toHaveLength(1)
    await clock.advance(LIGHT_MS)
    await answer('revenue', { today_minor: 6 })
    expect([asked.revenue, seen.at(-1)?.revenue?.today_minor]).toEqual([3, 6])
    void board.read()
  })

  it('drops panels in another currency and tells those who watch', async () => {
    let currency = 'USD'
    const { clock, asked, watch, answer, changes } = await slow_board(() => currency)
    watch()
    await clock.settle()
    for (const name of panel_names) await answer(name, {})
    currency = 'EUR'
    for (let i = 0; i < 10; i++) {
      await clock.advance(LIGHT_MS)
      await answer('revenue', {})
      await answer('alerts', {})
    }
    expect(changes()).toBe(1)
    expect(asked.forecast).toBe(2)
  })

  it('asks nothing more when the server closes', async () => {
    const { clock, asked, watch, answer, closing } = await slow_board()
    watch()
    await clock.settle()
    closing.abort()
    for (const name of panel_names) await answer(name, new Error('closed'))
    await clock.advance(60_000)
    expect(asked.revenue).toBe(1)
    expect(clock.sleeping).toBe(0)
  })
})
