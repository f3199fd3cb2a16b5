/** Rows of alerts for tests, and the pipeline that tells them. */
import { EMPTY, mergeMap } from 'rxjs'
import { pipeline } from '../../../operators/core/keyed.ts'
import alert_delivery from '../../../pipelines/alert-delivery.ts'
import { type App, tributary } from '../../../runtime/app.ts'
import type { AlertRoute, AlertRoutes } from '../../../schemas/catalog-kinds.ts'
import type { Alert } from '../../../schemas/types.ts'
import { seconds } from '../../../schemas/units.ts'
import type { Driver } from '../../driver/driver.ts'

/** Stands for the rules: their rows come from the tests. */
const alert_source = pipeline({
  name: 'alert-source',
  keyed_by: 'tenant',
  since: 'beginning',
  build: ({ from, to }) => to('alerts', from('alert_commands').pipe(mergeMap(() => EMPTY))),
})
export const delivery_app: App = {
  ...tributary(1),
  partitions: 1,
  pipelines: [alert_source, alert_delivery],
}
export const T = Date.UTC(2026, 0, 5)
export const own = { task: 0, stream_time_ms: T }

export const routes = (...all: Partial<AlertRoute>[]): AlertRoutes => ({
  receivers: [
    { name: 'ops', channel: 'webhook', to: 'https://ops.example/hook', secret: 'OPS' },
    { name: 'mail', channel: 'email', to: 'duty@example.org' },
  ],
  routes: (all.length ? all : [{}]).map(route => ({ receivers: ['ops'], ...route })),
})

/** A row of the rule, so many seconds after T. */
export const alert = (at_s: number, rule: string, more: Partial<Alert> = {}): Alert => ({
  event_id: `${rule}|${at_s}|${more.status ?? 'firing'}|${more.reason ?? 'fired'}`,
  tenant_id: 'acme',
  occurred_at: T + seconds(at_s),
  fingerprint: `${rule}|revenue EUR|drop`,
  rule,
  severity: 'medium',
  status: 'firing',
  title: `Title of ${rule}`,
  description: 'with the numbers',
  metric: 'revenue',
  currency: 'EUR',
  dimension: '',
  value: 1,
  expected: 2,
  started_at: T,
  suppressed: 0,
  cause_event_ids: [],
  money_at_risk_minor: null,
  money_currency: null,
  contributor: null,
  contributor_share: null,
  inhibited_by: null,
  silenced_by: null,
  escalation: 0,
  recurrences: 0,
  acknowledged_by: null,
  reason: more.status === 'resolved' ? 'resolved' : 'fired',
  policy_version: 'alert-1',
  ...more,
})

export const send = (d: Driver, ...rows: readonly Alert[]): void => d.send('alerts', rows, own)

/** Moves stream time so many seconds behind T. */
export const wait_until = (d: Driver, at_s: number): void => d.tick(T + seconds(at_s))

/** [seconds, receiver, sequence, reason, status, rule + ! where changed…] */
export const told = (d: Driver) =>
  d
    .outputs('notifications')
    .map(row => [
      (row.occurred_at - T) / seconds(1),
      row.receiver,
      row.sequence,
      row.reason,
      row.status,
      row.alerts.map(({ rule, status, changed }) => `${rule} ${status}${changed ? '!' : ''}`).join(', '),
    ])
