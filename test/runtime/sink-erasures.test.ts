/** A person who wishes to be forgotten: state goes at once, rows go from the warehouse, money stays to the cent. */
import pino from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { tributary } from '../../runtime/app.ts'
import { erasable_tables, erase_rows, keep_erasing } from '../../runtime/sink-erasures.ts'
import type { LedgerEntry } from '../../schemas/types.ts'
import { days, minutes } from '../../schemas/units.ts'
import { type Served, serve_warehouse } from '../sql/served-warehouse.ts'
import { payment, type SmallSystem, small_system } from './small-system.ts'

const app = tributary(2)
const T = Date.UTC(2026, 0, 5, 12)
const touch = (event_id: string, customer_id: string, at_ms: number) => ({
  event_id,
  tenant_id: 'acme',
  customer_id,
  session_id: null,
  anonymous_id: null,
  occurred_at: at_ms,
  channel: 'search',
  campaign: null,
  content_id: null,
  interaction: 'click',
  funnel_step: null,
  product_id: null,
  device: null,
  country: null,
  cost_minor: 0,
  currency: 'EUR',
  properties: {},
})
const wish = (event_id: string, customer_id: string, occurred_at: number) => ({
  event_id,
  tenant_id: 'acme',
  customer_id,
  anonymous_id: null,
  occurred_at,
})

test('tables of behaviour are erased, those of money are not', () => {
  const tables = erasable_tables(app).map(({ table, column }) => `${table} by ${column}`)
  expect(tables).toEqual(
    expect.arrayContaining([
      'touchpoints by _key',
      'sessions by _key',
      'prices by customer_id',
      'dead_letters by _key',
    ]),
  )
  for (const kept of ['payments', 'ledger', 'conversions', 'erasures', 'catalog', 'revenue_windows'])
    expect(tables.join()).not.toContain(kept)
})

test('a table whose rows name a person is erasable, or kept by decision', () => {
  const personal = Object.entries(app.topics).flatMap(([topic, spec]) => {
    const { fields } = app.schemas[spec.schema] as { fields: { name: string }[] }
    return spec.table && !spec.of && fields.some(({ name }) => name === 'customer_id') ? [topic] : []
  })
  const erasable = new Set(erasable_tables(app).map(({ table }) => table))
  expect(personal.filter(topic => !erasable.has(topic) && !app.topics[topic]?.kept_on_erasure)).toEqual([])
})

test('what could become SQL in a key stays text', async () => {
  const served = await serve_warehouse()
  try {
    const evil = "x') OR 1=1 -- \\"
    const row = (customer_id: string) => ({ ...touch('t', customer_id, T), _key: `acme|${customer_id}` })
    await served.fill('touchpoints', [row(evil), row('other')])
    await served.fill('erasures', [{ ...wish('e', evil, T + minutes(1)), _key: `acme|${evil}` }])
    expect(await erase_rows({ app, warehouse: served.warehouse }, 0)).toEqual(new Map([['touchpoints', 1]]))
    expect(await served.warehouse.query('SELECT customer_id FROM touchpoints FINAL')).toEqual([
      { customer_id: 'other' },
    ])
  } finally {
    await served.stop()
  }
})

test('a wish that comes months after its time is found within a day', async () => {
  let now = T + days(100)
  const stop = new AbortController()
  const since: number[] = []
  const warehouse = {
    query: async (_sql: string, params?: Readonly<Record<string, unknown>>) => {
      since.push(Number(params?.since))
      return []
    },
  } as unknown as Served['warehouse']
  const clock = {
    now: () => now,
    nonce: () => '',
    sleep: async (ms: number) => {
      now += ms
      if (now > T + days(102)) stop.abort()
    },
  }
  await keep_erasing({ app, warehouse, clock, logger: pino({ level: 'silent' }) }, stop.signal)
  expect(since.filter(from_ms => from_ms === 0)).toHaveLength(2)
  const of_a_week = since.filter(from_ms => from_ms > 0 && from_ms < now - days(8))
  expect(of_a_week.length).toBeGreaterThan(20)
})

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
})
afterAll(() => served.stop())

test('rows up to the wish go, of that person only; later ones and those of others stay; again is nothing', async () => {
  const row = (event_id: string, customer_id: string, at_ms: number) => ({
    ...touch(event_id, customer_id, at_ms),
    _key: `acme|${customer_id}`,
  })
  await served.fill('touchpoints', [
    row('before', 'ada', T),
    row('after', 'ada', T + minutes(9)),
    row('hers', 'bo', T),
  ])
  await served.fill('payments', [{ ...payment({ event_id: 'paid', occurred_at: T }), _key: 'acme|ada' }])
  await served.fill('erasures', [{ ...wish('e1', 'ada', T + minutes(5)), _key: 'acme|ada' }])
  const erase = () => erase_rows({ app, warehouse: served.warehouse }, 0)
  expect(await erase()).toEqual(new Map([['touchpoints', 1]]))
  expect(await served.warehouse.query('SELECT event_id FROM touchpoints FINAL ORDER BY event_id')).toEqual([
    { event_id: 'after' },
    { event_id: 'hers' },
  ])
  expect(await served.warehouse.query('SELECT event_id FROM payments FINAL')).toEqual([{ event_id: 'paid' }])
  expect(await erase()).toEqual(new Map())
  // Inserted again by a sink that begins anew: deleted again.
  await served.fill('touchpoints', [row('before', 'ada', T)])
  expect(await erase()).toEqual(new Map([['touchpoints', 1]]))
  expect(await erase_rows({ app, warehouse: served.warehouse }, T + minutes(6))).toEqual(new Map())
})

let system: SmallSystem
beforeEach(async () => {
  system = await small_system()
})
afterEach(() => system.close())

const run = async () => {
  const worker = system.start()
  await system.settled(worker)
  await worker.stop()
}
const fields_of = async (customer: string) => {
  const names: string[] = []
  for (const partition of [0, 1])
    for await (const [key, fields] of system.deps.store.scan({ app: app.name, group: 'customer', partition }))
      if (key === `acme|${customer}`) names.push(...fields.keys())
  return names.filter(name => !name.startsWith('~ids/')).map(name => name.split('/')[0])
}

test("a task forgets a person's state but for the money, and a replay from the beginning forgets it, too", async () => {
  for (const name of ['ada', 'bo'])
    await system.send('touchpoints', [touch(`t-${name}`, name, T), touch(`u-${name}`, name, T + minutes(1))])
  await system.send('payments', [payment({ event_id: 'paid', occurred_at: T + minutes(2) })])
  await system.send('erasures', [wish('e', 'ada', T + minutes(3))])
  const check = async () => {
    expect(new Set(await fields_of('ada'))).toEqual(new Set(['revenue-ledger']))
    expect(await fields_of('bo')).toContain('journey-sessions')
  }
  await run()
  await check()
  for (const group of ['customer', 'tenant'])
    for (const partition of [0, 1]) await system.deps.store.wipe({ app: app.name, group, partition })
  await run()
  await check()
  // She pays again: booked like any other, and she is new to everything else.
  await system.send('payments', [payment({ event_id: 'again', occurred_at: T + minutes(20) })])
  await run()
  expect((await system.read<LedgerEntry>('ledger')).map(row => row.cause_event_id).sort()).toEqual([
    'again',
    'paid',
  ])
})
