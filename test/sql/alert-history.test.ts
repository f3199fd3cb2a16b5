/** alert_history: given alerts, expected incidents. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Served, serve_warehouse } from './served-warehouse.ts'

let served: Served
const alert = (number: number, minute: number, severity: string, status: string, more: object = {}) => ({
  _key: 't1',
  tenant_id: 't1',
  event_id: `drop|0|${number}`,
  occurred_at: `2026-01-05T10:${String(minute).padStart(2, '0')}:00.000Z`,
  fingerprint: 'drop',
  rule: 'revenue_drop',
  severity,
  status,
  title: status === 'resolved' ? 'Revenue dropped: over' : 'Revenue dropped',
  description: 'd',
  metric: 'revenue',
  currency: 'EUR',
  started_at: '2026-01-05T10:00:00.000Z',
  suppressed: 0,
  cause_event_ids: [],
  policy_version: 'alert-1',
  ...more,
})
const explained = {
  ...{
    contributor: 'channel=google',
    contributor_share: 0.75,
    money_at_risk_minor: 500,
    money_currency: 'EUR',
  },
}

beforeAll(async () => {
  served = await serve_warehouse()
  await served.fill('alerts', [
    alert(1, 5, 'medium', 'firing'),
    alert(2, 10, 'critical', 'firing', { suppressed: 2 }),
    alert(3, 20, 'high', 'firing', { suppressed: 1, escalation: 1, ...explained }),
    alert(4, 50, 'critical', 'resolved', { suppressed: 3 }),
    // Inserted twice, as after a restart of the sink: one row.
    alert(2, 10, 'critical', 'firing', { suppressed: 2 }),
    // What people did with it is none of its alerts.
    alert(5, 6, 'critical', 'acknowledged', {
      occurred_at: '2026-01-05T10:06:00.000Z',
      reason: 'acknowledged',
      acknowledged_by: 'ada',
    }),
    alert(6, 7, 'critical', 'firing', { reason: 'silenced', silenced_by: 's' }),
    // One that never fired is no incident.
    alert(1, 30, 'high', 'pending', { event_id: 'p|0|1', fingerprint: 'p', reason: 'pending' }),
    alert(2, 31, 'high', 'resolved', { event_id: 'p|0|2', fingerprint: 'p', reason: 'resolved' }),
    // The next incident of the same trouble is open; so is that of another tenant.
    alert(1, 58, 'low', 'firing', { event_id: 'drop|55|1', started_at: '2026-01-05T10:55:00.000Z' }),
    alert(1, 5, 'info', 'firing', { _key: 't2', tenant_id: 't2', metric: null, currency: null }),
  ])
})
afterAll(() => served.stop())

const history = (as_of: string) =>
  served.warehouse.query(
    `SELECT * FROM alert_history(as_of = {as_of:DateTime64(3, 'UTC')}) ORDER BY tenant_id, started_at`,
    { as_of },
  )
const whole = {
  tenant_id: 't1',
  fingerprint: 'drop',
  started_at: '2026-01-05 10:00:00.000',
  rule: 'revenue_drop',
  title: 'Revenue dropped',
  metric: 'revenue',
  currency: 'EUR',
  first_alert_at: '2026-01-05 10:05:00.000',
  last_alert_at: '2026-01-05 10:20:00.000',
  severity: 'critical',
  alerts: 3,
  suppressed: 6,
  resolved_at: '2026-01-05 10:50:00.000',
  duration_ms: 3_000_000,
  ...{ dimension: '', escalation: 1, recurrences: 0, description: 'd' },
  acknowledged_at: '2026-01-05 10:06:00.000',
  ...{
    contributor: 'channel=google',
    contributor_share: 0.75,
    money_at_risk_minor: 500,
    money_currency: 'EUR',
  },
}
const plain = {
  ...{ contributor: null, contributor_share: null, money_at_risk_minor: null, money_currency: null },
  ...{ escalation: 0 },
}
const other = {
  ...{ ...whole, ...plain, acknowledged_at: null },
  tenant_id: 't2',
  metric: null,
  currency: null,
  last_alert_at: '2026-01-05 10:05:00.000',
  severity: 'info',
  alerts: 1,
  suppressed: 0,
  resolved_at: null,
  duration_ms: null,
}

it('has a row per incident with its worst severity and its end', async () => {
  expect(await history('2026-01-06 00:00:00.000')).toEqual([
    whole,
    {
      ...{ ...whole, ...plain, acknowledged_at: null },
      started_at: '2026-01-05 10:55:00.000',
      first_alert_at: '2026-01-05 10:58:00.000',
      last_alert_at: '2026-01-05 10:58:00.000',
      severity: 'low',
      alerts: 1,
      suppressed: 0,
      resolved_at: null,
      duration_ms: null,
    },
    other,
  ])
})

it('knows only what had been told by the moment', async () => {
  expect(await history('2026-01-05 10:20:00.000')).toEqual([
    {
      ...{ ...whole, ...plain },
      last_alert_at: '2026-01-05 10:10:00.000',
      alerts: 2,
      suppressed: 2,
      resolved_at: null,
      duration_ms: null,
    },
    other,
  ])
  expect(await history('2026-01-05 10:05:00.000')).toEqual([])
})
