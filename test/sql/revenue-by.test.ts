/** revenue_by: given movements, zones and rates, expected rows by day, where the money came from, and in one currency. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { read_checks } from '../../runtime/clickhouse/migrate.ts'
import { key_of } from '../../runtime/keys.ts'
import { topics } from '../../schemas/topics.ts'
import { Driver } from '../driver/driver.ts'
import { run_rounds } from '../driver/rounds.ts'
import { ledger_row, type Served, serve_warehouse } from './served-warehouse.ts'

let served: Served
const entry = (kind: string, id: string, effective_at: string, body: object, tenant_id = '*') => ({
  tenant_id,
  _key: `${kind}|${id}`,
  event_id: `${kind}|${id}|${effective_at}|${tenant_id}`,
  kind,
  id,
  effective_at,
  body: JSON.stringify(body),
})
const rate = (id: string, day: string, text: string, tenant?: string) =>
  entry('fx_rates', id, `2026-03-${day}T00:00:00.000Z`, { rate: text }, tenant)
const moved = (event_id: string, at: string, amount_minor: number, currency: string, more: object = {}) =>
  ledger_row({
    event_id,
    occurred_at: `2026-03-${at}:00.000Z`,
    type: amount_minor < 0 ? 'refunded' : 'payment_succeeded',
    amount_minor,
    currency,
    ...more,
  })
const spring = { channel: 'email', campaign: 'spring', content_id: 'hero', product_id: 'p1' }

beforeAll(async () => {
  served = await serve_warehouse()
  await served.fill('catalog', [
    entry('tenants', 't1', '2020-01-01T00:00:00.000Z', { zone: 'Etc/UTC' }, 't1'),
    entry('tenants', 't1', '2026-01-01T00:00:00.000Z', { zone: 'Europe/Berlin' }, 't1'),
    entry('tenants', 't3', '2026-01-01T00:00:00.000Z', { zone: 'Mars/Olympus' }, 't3'),
    rate('USD|EUR', '02', '0.905'),
    rate('EUR|JPY', '02', '160.5'),
    rate('USD|EUR', '03', '0.5'),
    rate('USD|EUR', '02', '2', 't2'),
  ])
  await served.fill('ledger', [
    // Berlin's clocks go forward on the 29th: its day ends at 23:00 before, at 22:00 after.
    moved('a', '02T22:59', 1999, 'USD', spring),
    moved('b', '02T23:00', 100, 'USD', spring),
    moved('c', '29T22:30', 1000, 'EUR'),
    moved('d', '29T21:30', 10, 'EUR'),
    // 0.905 and 0.5: halves are rounded away from zero, each by itself.
    moved('e', '02T10:00', -100, 'USD', { ...spring, type: 'chargeback' }),
    moved('f', '03T10:00', 1, 'USD', spring),
    moved('g', '03T10:00', 1, 'USD', spring),
    moved('h', '03T10:00', -1, 'USD', spring),
    // Before the first rate, and a currency without any.
    moved('i', '01T10:00', 7, 'USD'),
    moved('j', '01T10:00', 70, 'GBP'),
    moved('k', '02T10:00', 100, 'USD', { tenant_id: 't2' }),
    moved('l', '02T23:30', 321, 'JPY', { tenant_id: 't3' }),
  ])
})
afterAll(() => served.stop())

const ask = async (reporting_currency: string, zone = '', as_of = '2026-04-01 00:00:00.000', where = '1') => {
  const rows = await served.warehouse.query<Record<string, string | number | null>>(
    `SELECT * FROM revenue_by(
       as_of = {as_of:DateTime64(3, 'UTC')}, zone = {zone:String}, reporting_currency = {reporting_currency:String})
     WHERE ${where} ORDER BY tenant_id, day, currency, source`,
    { as_of, zone, reporting_currency },
  )
  return rows.map(({ tenant_id, day, source, campaign, content_id, product_id, currency, ...money }) =>
    [
      [tenant_id, day, source, campaign, content_id, product_id, currency].join(' '),
      [money.gross_minor, money.refunds_minor, money.net_minor, money.payments].join(' '),
      [money.reporting_net_minor ?? 'unknown', money.unconverted_movements].join(' '),
    ].join(' | '),
  )
}

it('sums by day of the tenant’s zone and by what brought the money, in its currency and in euros', async () => {
  expect(await ask('EUR')).toEqual([
    't1 2026-03-01 none none none none GBP | 70 0 70 1 | unknown 1',
    't1 2026-03-01 none none none none USD | 7 0 7 1 | unknown 1',
    // 1999 × 0.905 = 1809.095, −100 × 0.905 = −90.5
    't1 2026-03-02 email spring hero p1 USD | 1999 100 1899 1 | 1718 0',
    // 100 × 0.905 = 90.5, and three times 0.5
    't1 2026-03-03 email spring hero p1 USD | 102 1 101 3 | 92 0',
    't1 2026-03-29 none none none none EUR | 10 0 10 1 | 10 0',
    't1 2026-03-30 none none none none EUR | 1000 0 1000 1 | 1000 0',
    // A rate of its own.
    't2 2026-03-02 none none none none USD | 100 0 100 1 | 200 0',
    // 321 / 160.5 = 2 euros; a zone that is none is no zone.
    't3 2026-03-02 none none none none JPY | 321 0 321 1 | 200 0',
  ])
})

it('converts to a currency without cents, through a third one', async () => {
  // 19.99 × 0.905 × 160.5 = 2903.60 and −1 × 0.905 × 160.5 = −145.25 yen.
  expect((await ask('JPY', '', '2026-03-02 23:00:00.000')).at(2)).toBe(
    't1 2026-03-02 email spring hero p1 USD | 1999 100 1899 1 | 2759 0',
  )
})

it('shows the source that the path ends with, where the path is there', async () => {
  const touch = (at: string, channel: string, campaign: string | null) => ({
    event_id: at,
    touched_at: `2026-05-${at}:00.000Z`,
    channel,
    campaign,
    content_id: null,
    cost_minor: 0,
    cost_currency: 'EUR',
    anonymous: false,
  })
  const path = (
    event_id: string,
    revision: number,
    touches: readonly object[],
    path_ends_at = '02T10:00',
  ) => ({
    tenant_id: 't4',
    _key: 't4|c1',
    event_id,
    revision,
    occurred_at: '2026-05-02T10:00:00.000Z',
    path_ends_at: `2026-05-${path_ends_at}:00.000Z`,
    touches,
  })
  const sold = (event_id: string, amount_minor: number) => ({
    ...moved(event_id, '01T10:00', amount_minor, 'EUR', { tenant_id: 't4', ...spring }),
    occurred_at: '2026-05-02T10:00:00.000Z',
  })
  await served.fill('ledger', [
    sold('m', 1),
    sold('n', 20),
    sold('o', 300),
    sold('p', -4000),
    sold('q', 50_000),
  ])
  const [first, second] = [touch('01T10:00', 'search', 'may'), touch('02T09:00', 'social', null)]
  await served.fill('conversions', [
    path('m', 0, [first]),
    path('m', 1, [first, second]),
    path('n', 0, [first]),
    path('o', 0, []),
    // Taken back before it was paid: at as_of the path goes on.
    path('p', 0, [first, touch('03T10:00', 'email', 'later')], '03T11:00'),
  ])
  const shown = await ask('', '', '2026-05-03 10:00:00.000', `tenant_id = 't4'`)
  expect(shown.map(line => line.split(' ').slice(2, 11).join(' '))).toEqual([
    // q has no path yet.
    'email spring hero p1 EUR | 50000 0 50000',
    'none none none p1 EUR | 300 0 300',
    'search may none p1 EUR | 20 4000 -3980',
    'social none none p1 EUR | 1 0 1',
  ])
})

it('finds the path of a movement as the operators wrote both: each has the event_id of the payment', async () => {
  const at = (hour: number) => Date.UTC(2026, 4, 1, hour)
  const driver = await Driver.open('customer', { batch: 100 })
  const who = { tenant_id: 't5', customer_id: 'c1', currency: 'EUR' }
  const pay = (event_id: string, hour: number, type: string, amount_minor: number) => ({
    ...{ ...who, event_id, occurred_at: at(hour), type, amount_minor },
    ...{ payment_id: 'first', product_id: 'p1', quantity: 1 },
  })
  const payments = [
    pay('paid', 10, 'payment_succeeded', 500),
    pay('taken back', 12, 'refunded', 20),
    pay('disputed', 13, 'chargeback', 3),
  ]
  driver.send('payments', payments as never)
  // What led to it is heard of only after the ledger has its rows: their own touch is none, that of the path is not.
  const touch = { ...who, event_id: 't', occurred_at: at(9), channel: 'search', campaign: 'may' }
  driver.send('touchpoints', [{ ...touch, interaction: 'click' }] as never)
  run_rounds(driver)
  driver.tick(at(20))
  run_rounds(driver)

  const ids = payments.map(({ event_id }) => event_id).sort()
  const stored = async (topic: 'ledger' | 'conversions') => {
    const rows = driver.outputs(topic)
    expect([...new Set(rows.map(({ event_id }) => event_id))].sort(), topic).toEqual(ids)
    const text = (name: string, value: unknown): unknown =>
      name.endsWith('_at') && typeof value === 'number' ? new Date(value).toISOString() : value
    const kept = rows.map(row => ({ ...row, _key: key_of(topics[topic] as never, row as never) }))
    await served.fill(topic, JSON.parse(JSON.stringify(kept, text)))
  }
  expect(driver.outputs('ledger').map(({ channel }) => channel)).toEqual([null, null, null])
  await stored('ledger')
  await stored('conversions')
  expect(await ask('', '', '2026-06-01 00:00:00.000', `tenant_id = 't5'`)).toEqual([
    't5 2026-05-01 search may none p1 EUR | 500 23 477 1 | unknown 0',
  ])
})

it('takes one zone for all where it is given, and no currency where none is', async () => {
  const days = (lines: readonly string[]) => lines.map(line => line.split(' ')[1])
  expect(days(await ask('', 'UTC', undefined, `currency IN ('EUR', 'JPY')`))).toEqual([
    '2026-03-29',
    '2026-03-02',
  ])
  expect(days(await ask('', 'Asia/Tokyo', undefined, `currency IN ('EUR', 'JPY')`))).toEqual([
    '2026-03-30',
    '2026-03-03',
  ])
  expect(await ask('', 'UTC', undefined, `currency = 'EUR'`)).toEqual([
    't1 2026-03-29 none none none none EUR | 1010 0 1010 2 | unknown 0',
  ])
})

it('holds only what happened before as_of', async () => {
  expect(await ask('EUR', '', '2026-03-02 00:00:00.000')).toHaveLength(2)
  expect(await ask('EUR', '', '2026-03-01 00:00:00.000')).toEqual([])
})

it.each(['revenue_by_sums_to_ledger', 'revenue_by_converts_each_movement'])('%s holds', async name => {
  const check = read_checks().find(one => one.name === name)
  expect(await served.warehouse.query(check?.text ?? '')).toEqual([])
})

it('refuses zones and currencies that are none', async () => {
  await expect(ask('EUR', 'Berlin')).rejects.toThrow('zone is a name of the time zone database')
  await expect(ask('euro')).rejects.toThrow('reporting_currency is an ISO 4217 code')
})
