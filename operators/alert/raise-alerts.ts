/**
 * Decides: which anomalies, failing payments and premium leads a person should know of, how badly, how often, and when it is over.
 * Because: the rules of alert-rules.ts; one fingerprint is one trouble (rule, metric, direction), its repeats are noise
 *   (incident.ts). Failing payments are judged by Wilson's bound over a rolling hour, so that one of two is no alarm.
 * Keeps: per fingerprint the last incident, for a week after its last alert, of premium leads the newest ten thousand (a
 *   quarter more for a while, so that forgetting costs little); an hour of payments.
 * When late: revisions raise and end nothing; those of payments count in the hour. Twice: each point comes once per revision.
 *   Missing: without points nothing is over: an incident stays open until half an hour of normal points has been seen.
 * Limits: an anomaly comes through the log after its point, so both ends of an incident are told by anomalies (`none` is
 *   normal again) and never by comparing two topics. An alert lists the last 50 causes. A premium lead that is forgotten
 *   while its conversation goes on is told again.
 */

import type { Observable } from 'rxjs'
import type { Alert, AlertIncident, AlertTenant, AlertTenantV1 } from '../../schemas/types.ts'
import { days } from '../../schemas/units.ts'
import { keyed, type Row, type Tagged, type Turn } from '../core/keyed.ts'
import { type AlertRule, alert_rules, LEAST_PAYMENTS, severity_of, with_override } from './alert-rules.ts'
import { alert_row, anomaly_text, failures_text, money_text, type Said } from './describe-alert.ts'
import { roll_hour, share_of } from './failing-payments.ts'
import { calm, NO_INCIDENT, sound, type Trouble, told } from './incident.ts'

type Anomaly = Row<
  'anomalies',
  'window_ms' | 'revision' | 'metric' | 'currency' | 'direction' | 'value' | 'expected' | 'score'
>
type Point = Row<'metric_points', 'window_ms' | 'revision' | 'metric' | 'numerator' | 'denominator'>
type Price = Row<
  'prices',
  'customer_id' | 'conversation_id' | 'quality_tier' | 'currency' | 'revenue_potential_minor'
>
export type AlertInput = Tagged<{
  anomaly: Observable<Anomaly>
  point: Observable<Point>
  price: Observable<Price>
}>
type AlertTurn = Turn<Alert, AlertIncident, 'forget'>

const QUIET: AlertTenant = { forgets: false, leads: 0, payments: [] }
const KEPT_MS = days(7)
const LEADS = 'premium_lead|'
const INCIDENT = 'state/alert_incident'

export const raiseAlerts = (leads_most = 10_000) =>
  keyed<AlertInput, Alert, AlertTenant, AlertIncident, 'forget'>({
    name: 'raise-alerts',
    version: 2,
    state: {
      schema: 'state/alert_tenant',
      init: () => QUIET,
      earlier: { 1: 'state/alert_tenant_v1' },
      // The timer counts them.
      upgrade: (_, earlier) => ({ ...(earlier as AlertTenantV1), leads: 0 }),
    },
    slot: { schema: INCIDENT, init: () => NO_INCIDENT, earlier: { 1: INCIDENT } },
    timers: { forget: 'stream' },
    idle_ms: Number.POSITIVE_INFINITY,
    step: (state, input, turn) => {
      let next = input.from === 'point' ? hear_point(state, input.value, turn) : state
      if (input.from === 'anomaly' && input.value.revision === 0) hear_anomaly(input.value, turn)
      if (input.from === 'price' && hear_lead(input.value, turn))
        next = { ...next, leads: forget_leads(next.leads + 1, turn, leads_most) }
      if (next.forgets || !may_raise(input, turn)) return next
      turn.timer('forget', Math.max(turn.stream_time_ms, turn.at_ms) + days(1))
      return { ...next, forgets: true }
    },
    on_timer: (state, _name, turn) => {
      for (const [id, { open, alerted_ms }] of turn.slots())
        if (!open && alerted_ms + KEPT_MS <= turn.at_ms) turn.put(id, null)
      const left = turn.slots('', 1).length > 0
      turn.timer('forget', left ? turn.at_ms + days(1) : null)
      return { ...state, forgets: left, leads: turn.slots(LEADS).length }
    },
  })

/** Whether the record may have opened an incident: there is something to forget one day. */
const may_raise = (input: AlertInput, turn: AlertTurn): boolean =>
  input.from === 'point'
    ? turn.slot(FAILURES) !== undefined
    : input.from === 'anomaly' || input.value.quality_tier === 'premium'

const hear_anomaly = (anomaly: Anomaly, turn: AlertTurn): void => {
  const { metric, currency, direction, value, expected, score } = anomaly
  const at_ms = anomaly.occurred_at + anomaly.window_ms
  const said = { metric, currency, value, expected, description: anomaly_text(anomaly) }
  for (const base of alert_rules) {
    const { watches } = base
    if (watches.of !== 'anomaly' || watches.metric !== metric) continue
    const fingerprint = `${base.name}|${currency === null ? metric : `${metric} ${currency}`}|${watches.direction}`
    if (watches.direction !== direction) {
      settle(fingerprint, base, at_ms, anomaly.event_id, said, turn)
      continue
    }
    const rule = with_override(base, turn.catalog('alert_rules', base.name))
    if (!rule || !is_bad(rule, anomaly)) continue
    const severity = severity_of(rule, score)
    const trouble = { from_ms: anomaly.occurred_at, at_ms, severity, cause_event_ids: [anomaly.event_id] }
    raise(fingerprint, rule, trouble, said, turn)
  }
}

/** Whether the rule's own threshold is passed. */
const is_bad = (rule: AlertRule, { value, expected, score }: Anomaly): boolean =>
  rule.name === 'conversion_drop'
    ? expected - value >= rule.threshold * expected
    : Math.abs(score) >= rule.threshold

const [failures_rule, lead_rule] = ['payment_failures', 'premium_lead'].map(
  name => alert_rules.find(rule => rule.name === name) as AlertRule,
) as [AlertRule, AlertRule]
const FAILURES = 'payment_failures|payment_failure_rate|spike'

/** Payments: the hour with the new window may fire; the hour before the newest window, which is whole, may be calm. */
const hear_point = (state: AlertTenant, point: Point, turn: AlertTurn): AlertTenant => {
  const { metric, occurred_at: start_ms, window_ms, revision, event_id } = point
  if (metric !== 'payments' && metric !== 'payment_failure_rate') return state
  const rule = with_override(failures_rule, turn.catalog('alert_rules', failures_rule.name))
  const end_ms = start_ms + window_ms
  if (metric === 'payments') {
    const share = share_of(state.payments, start_ms)
    if (revision > 0 || !turn.slot(FAILURES)?.open || (rule && share.lower >= rule.threshold)) return state
    settle(FAILURES, failures_rule, start_ms, event_id, said_of(share, failures_rule), turn)
    return state
  }
  const newest = { event_id, start_ms, failed: point.numerator, ended: point.denominator }
  const payments = roll_hour(state.payments, newest)
  if (!payments) return state
  const next = { ...state, payments }
  const share = share_of(next.payments, end_ms)
  if (revision > 0 || !rule || share.ended < LEAST_PAYMENTS || share.lower < rule.threshold) return next
  const cause_event_ids = next.payments.filter(({ failed }) => failed > 0).map(p => p.event_id)
  const trouble = { from_ms: start_ms, at_ms: end_ms, severity: rule.severity, cause_event_ids }
  raise(FAILURES, rule, trouble, said_of(share, rule), turn)
  return next
}

const said_of = ({ failed, ended }: { failed: number; ended: number }, { threshold }: AlertRule): Said => ({
  metric: 'payment_failure_rate',
  currency: null,
  value: ended > 0 ? failed / ended : null,
  expected: null,
  description: ended > 0 ? failures_text(failed, ended, threshold) : 'no payment within an hour',
})

/** Once per conversation; whether it is kept anew. */
const hear_lead = (price: Price, turn: AlertTurn): boolean => {
  if (price.quality_tier !== 'premium') return false
  const { customer_id, conversation_id, occurred_at, event_id, currency, revenue_potential_minor } = price
  const rule = with_override(lead_rule, turn.catalog('alert_rules', lead_rule.name))
  // A blank within the customer's id is escaped: no two conversations share a fingerprint.
  const customer = customer_id.replaceAll(/[% ]/g, encodeURIComponent)
  const fingerprint = `${LEADS}${customer} ${conversation_id}|spike`
  if (!rule || revenue_potential_minor < rule.threshold || turn.slot(fingerprint)) return false
  const { severity } = rule
  const trouble = { from_ms: occurred_at, at_ms: occurred_at, severity, cause_event_ids: [event_id] }
  const description = `Conversation ${conversation_id} of ${customer_id} is worth ${money_text(revenue_potential_minor, currency)}`
  const said = { metric: null, currency, value: revenue_potential_minor, expected: null, description }
  raise(fingerprint, rule, trouble, said, turn)
  const incident = turn.slot(fingerprint) as AlertIncident
  turn.put(fingerprint, { ...incident, open: false })
  return true
}

/** How many leads are left: those told last. */
const forget_leads = (leads: number, turn: AlertTurn, most: number): number => {
  if (leads <= most * 1.25) return leads
  const by_age = [...turn.slots(LEADS)].sort(([, a], [, b]) => a.alerted_ms - b.alerted_ms)
  for (const [id] of by_age.slice(0, -most)) turn.put(id, null)
  return most
}

const raise = (fingerprint: string, rule: AlertRule, trouble: Trouble, said: Said, turn: AlertTurn): void => {
  const { incident, fires } = sound(turn.slot(fingerprint), rule, trouble)
  turn.put(fingerprint, fires ? told(incident) : incident)
  if (fires) turn.emit(alert_row(turn.key, fingerprint, rule, incident, 'firing', trouble.at_ms, said))
}

const settle = (
  fingerprint: string,
  rule: AlertRule,
  at_ms: number,
  event_id: string,
  said: Said,
  turn: AlertTurn,
): void => {
  const incident = calm(turn.slot(fingerprint), at_ms)
  if (!incident) return
  turn.put(fingerprint, told(incident))
  const over = { ...incident, cause_event_ids: [event_id] }
  turn.emit(alert_row(turn.key, fingerprint, rule, over, 'resolved', at_ms, said))
}
