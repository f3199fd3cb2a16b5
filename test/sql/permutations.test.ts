/**
 * What arrives within the time for corrections may arrive in any order, and twice: the ledger is the log, and the views say
 * the same. Histories are drawn, run through the operators once by event time and once as drawn, and asked side by side.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { key_of } from '../../runtime/keys.ts'
import { topics } from '../../schemas/topics.ts'
import type { Payment, Topics, Touchpoint } from '../../schemas/types.ts'
import { days, hours, minutes } from '../../schemas/units.ts'
import { Driver } from '../driver/driver.ts'
import { run_rounds } from '../driver/rounds.ts'
import { type Served, serve_warehouse } from './served-warehouse.ts'

const HISTORIES = 40
const T = Date.UTC(2026, 2, 1, 9)
/** Less than correction_ms (two days), and over two midnights. */
const SPAN_MS = hours(46)

type Event =
  | { readonly topic: 'payments'; readonly row: Partial<Payment> }
  | { readonly topic: 'touchpoints'; readonly row: Partial<Touchpoint> }

const when = fc.integer({ min: 0, max: SPAN_MS / minutes(1) }).map(minute => T + minutes(minute))
const who = fc.constantFrom('ada', 'bob', 'cy')
const money = fc.record({
  occurred_at: when,
  customer_id: who,
  type: fc.constantFrom('payment_succeeded', 'payment_succeeded', 'refunded', 'chargeback', 'payment_failed'),
  // Few, so that refunds meet their payment, of which there may be two.
  payment_id: fc.constantFrom('p1', 'p2', 'p3', null),
  amount_minor: fc.integer({ min: 0, max: 100_000 }),
  currency: fc.constantFrom('EUR', 'USD', 'JPY'),
  product_id: fc.constantFrom('desk', 'lamp', null),
})
const recurring = fc.record({
  occurred_at: when,
  customer_id: who,
  type: fc.constantFrom('subscription_started', 'subscription_changed', 'subscription_cancelled'),
  subscription_id: fc.constantFrom('s1', 's2'),
  amount_minor: fc.integer({ min: 0, max: 9_900 }),
  currency: fc.constant('EUR'),
})
const touch = fc
  .record({
    occurred_at: when,
    person: fc.constantFrom(
      { customer_id: 'ada' },
      { customer_id: 'bob' },
      { anonymous_id: 'tablet' },
      { customer_id: 'ada', anonymous_id: 'tablet', interaction: 'identify' },
      { customer_id: 'cy', anonymous_id: 'tablet', interaction: 'identify' },
    ),
    channel: fc.constantFrom('ads', 'email', 'direct'),
    campaign: fc.constantFrom('spring', null),
    content_id: fc.constantFrom('hero', null),
  })
  .map(({ person, ...rest }) => ({ currency: 'EUR', interaction: 'click', ...rest, ...person }))

const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 4, arbitrary: money.map(row => ({ topic: 'payments' as const, row: row as Partial<Payment> })) },
  {
    weight: 2,
    arbitrary: recurring.map(row => ({ topic: 'payments' as const, row: row as Partial<Payment> })),
  },
  {
    weight: 4,
    arbitrary: touch.map(row => ({ topic: 'touchpoints' as const, row: row as Partial<Touchpoint> })),
  },
)
const history = fc
  .array(event, { minLength: 6, maxLength: 20 })
  .map(events => events.map((one, i) => ({ ...one, row: { ...one.row, event_id: `e${i}` } }) as Event))
const drawn = history.chain(events =>
  fc.record({
    by_time: fc.constant([...events].sort((a, b) => (a.row.occurred_at ?? 0) - (b.row.occurred_at ?? 0))),
    as_drawn: fc.shuffledSubarray(events, { minLength: events.length }),
    twice: fc.boolean(),
    batch: fc.constantFrom(1, 3, 100),
  }),
)

let served: Served
const rows_of = new Map<string, object[]>()
/** Instants as text, with the columns that the sink adds. */
const keep = (topic: keyof Topics, row: object): void => {
  const list = rows_of.get(topic) ?? []
  const text = JSON.stringify(row, (name, value: unknown) =>
    name.endsWith('_at') && typeof value === 'number' ? new Date(value).toISOString() : value,
  )
  list.push({ _key: key_of(topics[topic] as never, row as never), _offset: list.length, ...JSON.parse(text) })
  rows_of.set(topic, list)
}

const play = async (tenant_id: string, events: readonly Event[], twice: boolean, batch: number) => {
  const driver = await Driver.open('customer', { batch, twice })
  for (const { topic, row } of events) {
    driver.send(topic, [{ ...row, tenant_id }] as never)
    keep(topic, { quantity: 1, ...row, tenant_id })
  }
  run_rounds(driver)
  driver.tick(T + SPAN_MS + days(1))
  run_rounds(driver)
  for (const topic of ['ledger', 'conversions'] as const)
    for (const row of driver.outputs(topic)) keep(topic, row)
  expect(driver.outcomes).toMatchObject({ late: 0, dead_letter: 0 })
}

const samples = fc.sample(drawn, { numRuns: HISTORIES, seed: 6 })
const tenants = samples.map((_, n) => [`h${n}`, `h${n}-as-drawn`] as const)

beforeAll(async () => {
  served = await serve_warehouse()
  for (const [n, { by_time, as_drawn, twice, batch }] of samples.entries()) {
    await play(`h${n}`, by_time, false, 100)
    await play(`h${n}-as-drawn`, as_drawn, twice, batch)
  }
  const rates = [
    ['USD|EUR', T - days(1), '0.8333'],
    ['USD|EUR', T + hours(20), '0.9'],
    ['EUR|JPY', T + hours(5), '161.17'],
  ].map(([id, at, rate]) => ({
    event_id: `${id}${at}`,
    tenant_id: '*',
    kind: 'fx_rates',
    id,
    occurred_at: at,
    effective_at: at,
    revision: 0,
    body: JSON.stringify({ rate }),
  }))
  for (const row of rates) keep('catalog', row)
  for (const [table, rows] of rows_of) await served.fill(table, rows)
}, minutes(2))
afterAll(() => served?.stop())

type Row = Record<string, unknown>
const by_tenant = async (query: string): Promise<ReadonlyMap<unknown, Row[]>> => {
  const rows = await served.warehouse.query<Row>(`${query} ORDER BY ALL`)
  const found = new Map<unknown, Row[]>()
  for (const { tenant_id, ...row } of rows) found.set(tenant_id, [...(found.get(tenant_id) ?? []), row])
  return found
}

const signs: Record<string, number> = { payment_succeeded: 1, refunded: -1, chargeback: -1 }
it('the ledger is the log: per customer, currency and day what was sent is what was booked', async () => {
  const booked = await by_tenant(
    `SELECT tenant_id, customer_id, currency, toString(toDate(occurred_at, 'UTC')) AS day,
       sum(amount_minor) AS minor, count() AS movements
     FROM ledger FINAL GROUP BY tenant_id, customer_id, currency, day`,
  )
  let movements = 0
  for (const [n, { by_time }] of samples.entries()) {
    const sums = new Map<string, number>()
    for (const { topic, row } of by_time) {
      const sign = topic === 'payments' ? signs[row.type ?? ''] : undefined
      if (sign === undefined || topic !== 'payments') continue
      movements += 1
      const place = [
        row.customer_id,
        row.currency,
        new Date(row.occurred_at ?? 0).toISOString().slice(0, 10),
      ].join()
      sums.set(place, (sums.get(place) ?? 0) + sign * (row.amount_minor ?? 0))
    }
    const expected = [...sums].map(([place, minor]) => `${place} ${minor}`).sort()
    for (const tenant of tenants[n] ?? [])
      expect(
        (booked.get(tenant) ?? [])
          .map(row => `${[row.customer_id, row.currency, row.day].join()} ${row.minor}`)
          .sort(),
        tenant,
      ).toEqual(expected)
  }
  expect([...booked.values()].flat().reduce((sum, row) => sum + Number(row.movements), 0)).toBe(2 * movements)
})

const as_of = `as_of = '2026-12-31 00:00:00.000'`
const in_euros = `revenue_by(${as_of}, zone = 'America/New_York', reporting_currency = 'EUR')`
it.each([
  ['revenue_daily', `SELECT * FROM revenue_daily(${as_of})`],
  ['revenue_by', `SELECT * FROM ${in_euros}`],
  ['revenue_cohort', `SELECT * FROM revenue_cohort(${as_of}, granularity = 'day')`],
  [
    'attribution_credit',
    `SELECT * FROM attribution_credit(${as_of}, lookback_days = 90, lookback_steps = 0, path_transform = 'none',
       half_life_days = 0.5, models = [])`,
  ],
  ['subscription_movement', `SELECT * FROM subscription_movement(${as_of})`],
  ['subscription_mrr', `SELECT * FROM subscription_mrr(${as_of}, granularity = 'day')`],
])('%s says the same whatever the order of arrival', async (_, query) => {
  const rows = await by_tenant(query)
  expect(rows.size).toBeGreaterThan(HISTORIES)
  for (const [by_time, as_drawn] of tenants)
    expect(rows.get(as_drawn), `${as_drawn} of seed 6`).toEqual(rows.get(by_time))
})

it.each([T + hours(20), T + SPAN_MS + minutes(1)])(
  'revenue_by and the last touch of attribution_credit say the same of each source as of %i',
  async until => {
    const then = `as_of = '${new Date(until).toISOString().replace('T', ' ').slice(0, -1)}'`
    const said = await by_tenant(
      `SELECT tenant_id, source, campaign, content_id, currency, sum(net_minor) AS minor, sum(payments) AS payments
       FROM revenue_by(${then}, zone = '', reporting_currency = '')
       GROUP BY ALL`,
    )
    const credited = await by_tenant(
      `SELECT tenant_id, channel AS source, campaign, content AS content_id, currency, sum(credit_minor) AS minor,
         toUInt64(sum(conversions)) AS payments
       FROM attribution_credit(${then}, lookback_days = 90, lookback_steps = 0, path_transform = 'none',
         half_life_days = 7, models = ['last_touch'])
       GROUP BY ALL`,
    )
    expect(said.size).toBeGreaterThan(HISTORIES)
    expect(new Set([...said.values()].flat().map(({ source }) => source)).size).toBe(4)
    expect(said).toEqual(credited)
  },
)
