/** alert_delivery: given attempts, what arrived at each receiver and how late. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { at } from './alert-rows.ts'
import { type Served, serve_warehouse } from './served-warehouse.ts'

let served: Served
const attempt = (
  notification_id: string,
  number: number,
  time: string,
  outcome: string,
  more: object = {},
) => ({
  _key: 't1',
  tenant_id: 't1',
  event_id: `${notification_id}|${number}`,
  occurred_at: at(time),
  notification_id,
  receiver: 'ops',
  channel: 'webhook',
  group_key: 'g',
  attempt: number,
  outcome,
  status_code: outcome === 'delivered' ? 200 : 503,
  error: outcome === 'delivered' ? null : `HTTP 503 at ${time}`,
  duration_ms: 250,
  ...more,
})
beforeAll(async () => {
  served = await serve_warehouse()
  await served.fill('deliveries', [
    attempt('n1', 1, '10:00:00', 'delivered'),
    attempt('n2', 1, '10:01:00', 'retrying'),
    attempt('n2', 2, '10:01:08', 'delivered'),
    // Told again behind a crash: one attempt.
    attempt('n2', 2, '10:01:08', 'delivered'),
    attempt('n3', 1, '10:02:00', 'retrying'),
    attempt('n3', 2, '10:02:10', 'failed', { status_code: null, error: 'refused' }),
    attempt('n4', 1, '10:03:00', 'retrying'),
    attempt('n5', 1, '10:02:30', 'expired', { error: null }),
    attempt('n1', 1, '10:00:00', 'delivered', { receiver: 'mail', channel: 'email', event_id: 'm|1' }),
  ])
})
afterAll(() => served.stop())

const deliveries = (as_of: string, lookback_days = 1) =>
  served.warehouse.query<Record<string, unknown>>(
    `SELECT * FROM alert_delivery(as_of = {as_of:DateTime64(3, 'UTC')}, lookback_days = {lookback_days:Float64})
     ORDER BY receiver DESC`,
    { as_of, lookback_days },
  )

it('counts notifications by their newest attempt, and how late those were that arrived', async () => {
  const rows = await deliveries('2026-01-05 11:00:00.000')
  expect(rows).toEqual([
    {
      tenant_id: 't1',
      receiver: 'ops',
      channel: 'webhook',
      told: 5,
      delivered: 2,
      retrying: 1,
      failed: 1,
      expired: 1,
      attempts: 7,
      delay_p50_ms: 8250,
      delay_p99_ms: 8250,
      last_attempt_at: '2026-01-05 10:03:00.000',
      last_error: 'HTTP 503 at 10:03:00',
    },
    expect.objectContaining({ receiver: 'mail', told: 1, delay_p50_ms: 250, last_error: null }),
  ])
})

it('knows what was tried by the moment', async () => {
  const [ops] = await deliveries('2026-01-05 10:01:05.000')
  expect(ops).toMatchObject({ told: 2, delivered: 1, retrying: 1, delay_p50_ms: 250 })
  expect(await deliveries('2026-01-07 00:00:00.000')).toEqual([])
})
