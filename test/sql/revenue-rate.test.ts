/** revenue_currency and revenue_rate: given entries of the catalog, expected worth of each currency. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { exponents } from '../../schemas/currencies.ts'
import { type Served, serve_warehouse } from './served-warehouse.ts'

let served: Served
let entries = 0
/** A rate of a day of January 2026, for all tenants unless one is named. */
const rate = (id: string, day: number, text: unknown, more: Record<string, unknown> = {}) => ({
  tenant_id: '*',
  _key: `fx_rates|${id}`,
  event_id: `r${entries++}`,
  kind: 'fx_rates',
  id,
  effective_at: `2026-01-0${day}T00:00:00.000Z`,
  body: JSON.stringify({ rate: text }),
  ...more,
})

beforeAll(async () => {
  served = await serve_warehouse()
  await served.fill('catalog', [
    rate('USD|EUR', 1, '0.8'),
    rate('USD|EUR', 3, '0.9', { revision: 1 }),
    rate('USD|EUR', 3, '7', { revision: 0 }),
    // The inverse of a newer day is newer.
    rate('EUR|USD', 4, '1.25'),
    // Of one instant the one that says it is taken.
    rate('USD|EUR', 5, '0.7'),
    rate('EUR|USD', 5, '1.5'),
    // Only through USD, or GBP, which is the first of the alphabet but comes later; then there is a rate of its own.
    rate('JPY|USD', 2, '0.01'),
    rate('JPY|GBP', 6, '0.005'),
    rate('GBP|EUR', 6, '1.2'),
    rate('JPY|EUR', 7, '0.00625'),
    rate('KWD|EUR', 1, '3'),
    // No rates: nothing known of KWD from then on.
    rate('KWD|EUR', 2, '-3'),
    rate('KWD|EUR', 3, '0.0'),
    rate('KWD|EUR', 4, 3.1),
    rate('KWD|EUR', 5, '1e3'),
    rate('KWD|EUR', 6, '1234567890.123456789'),
    rate('EUR', 1, '1'),
    rate('XXX|EUR', 1, '1'),
    rate('EUR|EUR', 1, '2'),
    rate('USD|EUR', 2, '0.5', { tenant_id: 'own' }),
  ])
})
afterAll(() => served.stop())

const worth = (day: number, tenant_id = '*', reporting = 'EUR') =>
  served.warehouse.query<Record<string, string>>(
    `SELECT currency, toString(toDate(effective_at)) AS since, route,
       toString(numerator) AS numerator, toString(denominator) AS denominator
     FROM revenue_rate(as_of = {as_of:DateTime64(3, 'UTC')}, reporting_currency = {reporting:String})
     WHERE tenant_id = {tenant_id:String} ORDER BY currency, since`,
    { as_of: `2026-01-0${day} 12:00:00.000`, tenant_id, reporting },
  )
const lines = (rows: readonly Record<string, string>[], currency: string) =>
  rows
    .filter(row => row.currency === currency)
    .map(row => `${row.since?.slice(8)} ${row.route} ${row.numerator}/${row.denominator}`)

it('gives the newest rate of a pair, either way round', async () => {
  expect(lines(await worth(9), 'USD')).toEqual([
    '01 direct 800/1000',
    '03 direct 900/1000',
    '04 inverse 10000/12500',
    '05 direct 700/1000',
  ])
})

it('goes through one other currency until the pair has a rate, by the exponents of both', async () => {
  expect(lines(await worth(9), 'JPY')).toEqual([
    '02 through USD 800/1000',
    '03 through USD 900/1000',
    '04 through USD 10000/12500',
    '05 through USD 700/1000',
    '06 through GBP 6000/10000',
    '07 direct 62500/100000',
  ])
  expect(lines(await worth(9, '*', 'JPY'), 'EUR').at(-1)).toBe('07 inverse 100000/62500')
})

it('knows nothing from an entry on that is no rate', async () => {
  expect(lines(await worth(9), 'KWD')).toEqual([
    '01 direct 300/1000',
    ...[2, 3, 4, 5, 6].map(day => `0${day} direct null/null`),
  ])
})

it('takes a tenant’s own rate from its first one on, and all others', async () => {
  expect(lines(await worth(9, 'own'), 'USD')).toEqual(['01 direct 800/1000', '02 direct 500/1000'])
  expect(lines(await worth(9, 'own'), 'JPY').slice(0, 2)).toEqual([
    '02 through USD 500/1000',
    '06 through GBP 6000/10000',
  ])
})

it('holds what was effective before as_of, and neither the currency itself nor what is no currency', async () => {
  expect(lines(await worth(2), 'USD')).toEqual(['01 direct 800/1000'])
  expect(new Set((await worth(9)).map(row => row.currency))).toEqual(new Set(['GBP', 'JPY', 'KWD', 'USD']))
  expect(await worth(9, '*', '')).toEqual([])
})

it('has the exponents of schemas/currencies.ts', async () => {
  const rows = await served.warehouse.query<{ currency: string; exponent: number }>(
    'SELECT currency, exponent FROM revenue_currency',
  )
  const sorted = (list: (readonly [string, number])[]) => list.sort(([a], [b]) => (a < b ? -1 : 1))
  expect(sorted(rows.map(row => [row.currency, row.exponent]))).toEqual(sorted([...exponents]))
})
