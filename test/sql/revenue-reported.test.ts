/** revenue_reported: days as they stood at a moment beside what is known of them now. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { start_sink } from '../../runtime/sink.ts'
import { minutes } from '../../schemas/units.ts'
import { small_system } from '../runtime/small-system.ts'
import { fill_recorded } from './recorded-movements.ts'
import { type Served, serve_warehouse } from './served-warehouse.ts'

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
  await fill_recorded(served)
})
afterAll(() => served.stop())

const ask = async (known_at: string, as_of = '2026-12-31 00:00:00.000') => {
  const rows = await served.warehouse.query<Record<string, string | number>>(
    `SELECT *
     FROM revenue_reported(as_of = {as_of:DateTime64(3, 'UTC')}, known_at = {known_at:DateTime64(3, 'UTC')})
     ORDER BY tenant_id, day, currency`,
    { as_of, known_at },
  )
  return rows.map(row =>
    [row.tenant_id, row.day, row.currency, row.reported_net_minor]
      .concat([row.net_minor as number, row.difference_minor as number, row.late_movements as number])
      .join(' '),
  )
}

it('shows what a refund and a payment that came late have changed', async () => {
  expect(await ask('2026-01-06 00:00:00.000')).toEqual([
    't1 2026-01-05 EUR 1500 1270 -230 2',
    't1 2026-01-06 EUR 0 5 5 2',
    't1 2026-01-07 EUR 0 4 4 1',
  ])
})

it('counts a stray and another life of the log by their own batches, and nothing without one', async () => {
  expect(await ask('2026-01-07 08:05:00.001')).toEqual([
    't1 2026-01-05 EUR 1270 1270 0 0',
    't1 2026-01-06 EUR 2 5 3 1',
    't1 2026-01-07 EUR 0 4 4 1',
  ])
  expect(await ask('2299-12-31 00:00:00.000')).toEqual([
    't1 2026-01-05 EUR 1270 1270 0 0',
    't1 2026-01-06 EUR 5 5 0 0',
    't1 2026-01-07 EUR 0 4 4 1',
  ])
})

it('is what revenue_movement held then, and revenue_daily says now', async () => {
  for (const known_at of ['05T10:01', '05T23:01', '07T08:00', '07T08:05', '08T00:00', '09T00:00']) {
    const asked = `known_at = '2026-01-${known_at.replace('T', ' ')}:00.000'`
    const [sums] = await served.warehouse.query(
      `SELECT
         (SELECT sum(reported_net_minor) FROM revenue_reported(as_of = '2026-02-01 00:00:00.000', ${asked}))
           = (SELECT sum(amount_minor) FROM revenue_movement(as_of = '2026-02-01 00:00:00.000', ${asked})) AS reported,
         (SELECT sum(net_minor) FROM revenue_reported(as_of = '2026-02-01 00:00:00.000', ${asked}))
           = (SELECT sum(net_minor) FROM revenue_daily(as_of = '2026-02-01 00:00:00.000')) AS known`,
    )
    expect(sums, known_at).toEqual({ reported: 1, known: 1 })
  }
})

it('holds only what happened before as_of', async () => {
  expect(await ask('2026-01-06 00:00:00.000', '2026-01-05 23:30:00.000')).toEqual([
    't1 2026-01-05 EUR 1500 1570 70 1',
  ])
})

it('holds of events that went through log, task and sink', async () => {
  const system = await small_system()
  const worker = system.start()
  const sent = { mrr_minor: null, subscription_id: null, checkout_id: null, quantity: 1, method: null }
  const payment = (event_id: string, type: string, amount_minor: number, currency: string) => ({
    ...{ ...sent, device: null, country: null, properties: {}, product_id: null, plan_id: null },
    ...{ tenant_id: 'live', customer_id: 'ada', payment_id: 'p', failure_code: null },
    ...{ event_id, type, amount_minor, currency, occurred_at: Date.UTC(2026, 0, 5, 12) },
  })
  await system.send('payments', [payment('paid', 'payment_succeeded', 900, 'EUR')])
  await system.settled(worker)
  await system.deps.clock.sleep(5)
  const between = new Date(system.deps.clock.now()).toISOString().replace('T', ' ').slice(0, -1)
  await system.deps.clock.sleep(5)
  await system.send('payments', [
    payment('back', 'refunded', 300, 'EUR'),
    payment('paid', 'payment_succeeded', 900, 'EUR'),
    payment('yen', 'payment_succeeded', 50, 'JPY'),
  ])
  await system.settled(worker)
  const sink = start_sink({ ...system.deps, warehouse: served.warehouse })
  const lines = async (known_at: string) =>
    (await ask(known_at)).filter(line => line.startsWith('live')).map(line => line.slice('live '.length))
  await vi.waitFor(
    async () =>
      expect(await lines('2299-12-31 00:00:00.000')).toEqual([
        '2026-01-05 EUR 600 600 0 0',
        '2026-01-05 JPY 50 50 0 0',
      ]),
    { timeout: minutes(1), interval: 200 },
  )
  expect(await lines(between)).toEqual(['2026-01-05 EUR 900 600 -300 1', '2026-01-05 JPY 0 50 50 1'])
  await sink.stop()
  await worker.stop()
  await system.close()
}, 60_000)
