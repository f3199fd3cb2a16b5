/** metric_history: given ledger rows and metric points, expected periods. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { measures_of_entry, measures_of_signal } from '../../operators/metric/metric-list.ts'
import { ledger_row, type Served, serve_warehouse } from './served-warehouse.ts'
import { subscription_event } from './subscription-events.ts'

const point = (
  metric: string,
  occurred_at: string,
  numerator: number,
  denominator = 1,
  more: object = {},
) => ({
  _key: 't1',
  event_id: `${metric}||${occurred_at}`,
  tenant_id: 't1',
  occurred_at,
  window_ms: 300_000,
  metric,
  value: denominator === 0 ? 0 : numerator / denominator,
  numerator,
  denominator,
  ...more,
})

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
  await served.fill('ledger', [
    // A Thursday: the week before it is not whole.
    ledger_row({ event_id: 'a', occurred_at: '2025-01-30T10:00:00.000Z', amount_minor: 1999 }),
    ledger_row({ event_id: 'b', occurred_at: '2025-01-30T10:59:59.999Z', amount_minor: 1 }),
    ledger_row({
      event_id: 'c',
      occurred_at: '2025-02-01T00:00:00.000Z',
      type: 'refunded',
      amount_minor: -500,
    }),
    ledger_row({ event_id: 'd', occurred_at: '2025-02-10T23:30:00.000Z', amount_minor: 300 }),
    ledger_row({ event_id: 'e', occurred_at: '2025-02-10T23:30:00.000Z', currency: 'JPY', amount_minor: 7 }),
    ledger_row({ event_id: 'f', occurred_at: '2025-02-10T10:00:00.000Z', tenant_id: 't2', amount_minor: 0 }),
    // Inserted twice, as after a restart of the sink: one row.
    ledger_row({ event_id: 'd', occurred_at: '2025-02-10T23:30:00.000Z', amount_minor: 300 }),
  ])
  await served.fill('payments', [
    subscription_event('s', 'started', '02-08', { customer_id: 'c1', mrr_minor: 1000 }),
    subscription_event('u', 'changed', '03-10', { customer_id: 'c1', mrr_minor: 1500 }),
  ])
  await served.fill('metric_points', [
    point('visits', '2025-02-09T09:00:00.000Z', 5),
    point('visits', '2025-02-09T09:05:00.000Z', 6),
    // Corrected: the newer revision counts.
    point('visits', '2025-02-09T09:05:00.000Z', 8, 1, { revision: 1 }),
    point('conversion_rate', '2025-02-08T09:00:00.000Z', 1, 5),
    point('conversion_rate', '2025-02-08T09:05:00.000Z', 1, 15),
    point('conversion_rate', '2025-02-09T09:00:00.000Z', 0, 0),
    point('conversion_rate', '2025-02-10T09:00:00.000Z', 0, 8),
    // Parts, levels and the like, and what is no business, are not in it.
    point('visits', '2025-02-09T09:05:00.000Z', 3, 1, { dimension: 'channel=ads', event_id: 'part' }),
    point('stock', '2025-02-09T09:05:00.000Z', 3, 1, { kind: 'level' }),
    point('latency_p50', '2025-02-09T09:05:00.000Z', 3, 1, { kind: 'quantile' }),
    point('error_share', '2025-02-09T09:05:00.000Z', 3, 9, { kind: 'ratio' }),
    point('feed_payments', '2025-02-09T09:05:00.000Z', 3),
    point('mrr', '2025-02-09T09:05:00.000Z', 3, 1, { kind: 'sum', currency: 'USD' }),
    point('error_rate', '2025-02-09T09:05:00.000Z', 3, 9, { kind: 'ratio' }),
    point('trials', '2025-02-09T09:05:00.000Z', 4, 1, { kind: 'sum' }),
    // What the ledger knows better.
    point('payments', '2025-02-09T09:00:00.000Z', 99),
    point('revenue', '2025-02-09T09:00:00.000Z', 99, 1, { currency: 'USD' }),
  ])
})
afterAll(() => served.stop())

const history = (as_of: string, granularity: string, where: string) =>
  served.warehouse.query<Record<string, unknown>>(
    `SELECT formatDateTime(period_start, '%F %H:%i') AS start, value, complete
     FROM metric_history(as_of = {as_of:DateTime64(3, 'UTC')}, granularity = {granularity:String})
     WHERE ${where} ORDER BY period_start`,
    { as_of, granularity },
  )
const rows = async (as_of: string, granularity: string, where: string) =>
  (await history(as_of, granularity, where)).map(row => [row.start, row.value, row.complete])
const usd = (metric: string) => `tenant_id = 't1' AND metric = '${metric}' AND currency = 'USD'`
const of = (metric: string) => `tenant_id = 't1' AND metric = '${metric}' AND currency IS NULL`

it('has every day from the first on, zeros where nothing happened, the last not complete', async () => {
  expect(await rows('2025-02-03 12:00:00', 'day', usd('revenue'))).toEqual([
    // It began at ten: how much of the day is missing, nobody knows.
    ['2025-01-30 00:00', 2000, 0],
    ['2025-01-31 00:00', 0, 1],
    ['2025-02-01 00:00', -500, 1],
    ['2025-02-02 00:00', 0, 1],
    ['2025-02-03 00:00', 0, 0],
  ])
  expect(await rows('2025-02-03 00:00:00', 'day', usd('refunds'))).toEqual([
    ['2025-01-30 00:00', 0, 0],
    ['2025-01-31 00:00', 0, 1],
    ['2025-02-01 00:00', 500, 1],
    ['2025-02-02 00:00', 0, 1],
  ])
})

it('sums weeks from Monday and months; the first is complete if the metric began on its first day', async () => {
  expect(await rows('2025-02-12 00:00:00', 'week', usd('gross_revenue'))).toEqual([
    ['2025-01-27 00:00', 2000, 0],
    ['2025-02-03 00:00', 0, 1],
    ['2025-02-10 00:00', 300, 0],
  ])
  expect(await rows('2025-04-01 00:00:00', 'month', usd('revenue'))).toEqual([
    ['2025-01-01 00:00', 2000, 0],
    ['2025-02-01 00:00', -200, 1],
    ['2025-03-01 00:00', 0, 1],
  ])
  expect(
    (await rows('2025-02-17 00:00:00', 'week', `${of('payments')} AND period_start > '2025-02-09'`))[0],
  ).toEqual(['2025-02-10 00:00', 2, 1])
  const [of_t2] = await rows('2025-02-17 00:00:00', 'week', `tenant_id = 't2' AND metric = 'payments'`)
  expect(of_t2).toEqual(['2025-02-10 00:00', 1, 1])
})

it('has hours, and of each only what came before as_of', async () => {
  expect(await rows('2025-01-30 13:00:00', 'hour', usd('revenue'))).toEqual([
    ['2025-01-30 10:00', 2000, 1],
    ['2025-01-30 11:00', 0, 1],
    ['2025-01-30 12:00', 0, 1],
  ])
  expect(await rows('2025-01-30 10:59:59.999', 'hour', usd('revenue'))).toEqual([
    ['2025-01-30 10:00', 1999, 0],
  ])
})

it('counts over all currencies, sums windows and divides sums of ratios; without a denominator no row', async () => {
  expect((await rows('2025-02-11 00:00:00', 'day', of('payments'))).at(-1)).toEqual([
    '2025-02-10 00:00',
    2,
    1,
  ])
  expect(await rows('2025-02-11 00:00:00', 'day', of('visits'))).toEqual([
    ['2025-02-09 00:00', 13, 0],
    ['2025-02-10 00:00', 0, 1],
  ])
  expect(await rows('2025-02-12 00:00:00', 'day', of('conversion_rate'))).toEqual([
    ['2025-02-08 00:00', 0.1, 0],
    ['2025-02-10 00:00', 0, 1],
  ])
  expect(
    await rows('2025-02-11 00:00:00', 'day', `metric IN ('visits', 'payments') AND currency = 'USD'`),
  ).toEqual([])
})

it('has what recurs at the end of each day, week or month', async () => {
  expect(await rows('2025-03-12 00:00:00', 'month', usd('mrr'))).toEqual([
    ['2025-02-01 00:00', 1000, 1],
    ['2025-03-01 00:00', 1500, 0],
  ])
  expect((await rows('2025-03-12 00:00:00', 'day', usd('mrr'))).slice(-3)).toEqual([
    ['2025-03-09 00:00', 1000, 1],
    ['2025-03-10 00:00', 1500, 1],
    ['2025-03-11 00:00', 1500, 1],
  ])
  expect(await rows('2025-03-12 00:00:00', 'hour', usd('mrr'))).toEqual([])
})

it('counts a window of five minutes once it is over: what of it came before an as_of within it, nobody knows', async () => {
  const visits = async (as_of: string) => (await rows(as_of, 'hour', of('visits'))).map(([, value]) => value)
  expect(await visits('2025-02-09 09:05:00')).toEqual([5])
  expect(await visits('2025-02-09 09:09:59.999')).toEqual([5])
  expect(await visits('2025-02-09 09:10:00')).toEqual([13])
  expect(await visits('2025-02-09 09:02:30')).toEqual([])
})

it('refuses other granularities', async () => {
  await expect(rows('2025-02-11 00:00:00', 'year', '1')).rejects.toThrow(
    'granularity is hour, day, week or month',
  )
})

it('knows a ratio by its name, as the operators that count them do', () => {
  const event = { event_id: 'e', tenant_id: 't1', occurred_at: 0 }
  const money = { type: 'payment_succeeded', amount_minor: 1, currency: 'USD', channel: null } as const
  const measures = [
    ...(['visit', 'conversation', 'qualified_lead', 'payment_attempt', 'payment_success'] as const).flatMap(
      kind => measures_of_signal({ ...event, kind, part: null }),
    ),
    ...measures_of_entry({ ...event, ...money }),
  ]
  const names = (rows: typeof measures) => [...new Set(rows.map(({ metric }) => metric))]
  expect(names(measures.filter(({ kind }) => kind === 'ratio'))).toEqual(
    names(measures).filter(name => name.endsWith('_rate')),
  )
})

it('has the whole of what adds up, and of shares, and nothing else of the points', async () => {
  const metrics = await served.warehouse.query<{ metric: string }>(
    `SELECT DISTINCT metric FROM metric_history(as_of = '2025-02-12 00:00:00', granularity = 'day')
     WHERE tenant_id = 't1' ORDER BY metric`,
    {},
  )
  expect(metrics.map(({ metric }) => metric)).toEqual([
    ...['conversion_rate', 'error_rate', 'gross_revenue', 'mrr', 'payments', 'refunds', 'revenue'],
    ...['trials', 'visits'],
  ])
  expect(await rows('2025-02-10 00:00:00', 'day', of('error_rate'))).toEqual([['2025-02-09 00:00', 3 / 9, 0]])
  const mrr = await rows('2025-02-10 00:00:00', 'day', `${usd('mrr')} AND period_start = '2025-02-09'`)
  expect(mrr).toHaveLength(1)
})
