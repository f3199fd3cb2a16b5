/**
 * Decides: which troubles and premium leads a person should know of, how badly, how often, who keeps them from being told, and when it is
 *   over: pending, firing, acknowledged, resolved. Every change of state is a row at once; delivery groups and waits.
 * Because: one fingerprint is one trouble (rule, metric, direction, part), its repeats are noise (incident.ts). An alert that
 *   explains others inhibits them, a silence hides them; both keep their states, so that nothing is lost when that ends.
 * Keeps: per fingerprint the last incident, for a week after its last row, of premium leads the newest ten thousand (a quarter
 *   more for a while, so that forgetting costs little); up to a thousand silences until they end.
 * When late: a finding of an older window counts as any other; a row is never before the incident's last. Twice: a command that says
 *   again what holds changes nothing. Missing: without points nothing is over, until after a week nothing is left to be over.
 * Limits: an alert lists the last 50 causes. A premium lead that is forgotten while its conversation goes on is told again.
 *   Time alone changes an incident two seconds late: when windows that ended before are surely judged.
 */

import type { Observable } from 'rxjs'
import type { Alert, AlertIncident, AlertTenant } from '../../schemas/types.ts'
import { hours, seconds } from '../../schemas/units.ts'
import { keyed, type Tagged } from '../core/keyed.ts'
import { earliest } from '../core/windows.ts'
import { type Command, hear_command } from './hear-command.ts'
import {
  calm,
  changes_at,
  close,
  is_open,
  is_told,
  MEMORY_MS,
  NO_INCIDENT,
  pass_time,
  type Step,
  sound,
} from './incident.ts'
import type { Finding } from './judge-points.ts'
import { type AlertTurn, is_in_force, review, write } from './tell-alert.ts'
import { forget_leads, hear_lead, LEADS, type Price } from './tell-leads.ts'
import { rule_named } from './watched-rules.ts'

export type AlertInput = Tagged<{
  finding: Observable<Finding>
  command: Observable<Command>
  price: Observable<Price>
}>

const QUIET: AlertTenant = { forgets: false, leads: 0, due_ms: null, silences: [], inhibitors: [] }
const FORGET_MS = hours(6)
/** Points of a window come so long behind its end (operators/alert/order-points.ts), and a moment. */
const SETTLED_MS = seconds(2) + 1

export const raiseAlerts = (leads_most = 10_000) =>
  keyed<AlertInput, Alert, AlertTenant, AlertIncident, 'forget' | 'due'>({
    name: 'raise-alerts',
    version: 3,
    state: { schema: 'state/alert_tenant', init: () => QUIET },
    slot: { schema: 'state/alert_incident', init: () => NO_INCIDENT },
    timers: { forget: 'stream', due: 'stream' },
    idle_ms: Number.POSITIVE_INFINITY,
    step: (state, input, turn) => {
      if (input.from === 'finding') return hear_finding(state, input.value, turn)
      if (input.from === 'command') return await_change(hear_command(state, input.value, turn), turn)
      if (!hear_lead(state, input.value, turn)) return state
      return remember({ ...state, leads: forget_leads(state.leads + 1, leads_most, turn) }, turn)
    },
    on_timer: (state, name, turn) => (name === 'due' ? pass(state, turn) : forget(state, turn)),
  })

const hear_finding = (state: AlertTenant, finding: Finding, turn: AlertTurn): AlertTenant => {
  const { fingerprint, rule, at_ms } = finding
  const before = turn.slot(fingerprint)
  if (finding.verdict === 'calm') {
    const step = calm(before, rule, at_ms)
    if (!step) return state
    const incident = { ...step.incident, said: finding.said(), cause_event_ids: [...finding.cause_event_ids] }
    return take(state, fingerprint, { ...step, incident }, at_ms, turn)
  }
  const step = sound(before, rule, finding)
  const said = step.reason === null ? step.incident.said : finding.said()
  return take(state, fingerprint, { ...step, incident: { ...step.incident, said } }, at_ms, turn)
}

/** Stores and tells the step, with what follows from it for others. */
const take = (
  state: AlertTenant,
  fingerprint: string,
  step: Step,
  at_ms: number,
  turn: AlertTurn,
): AlertTenant => {
  write(state, fingerprint, step, at_ms, turn)
  const rule = rule_named(step.incident.rule, turn)
  const next = remember(inhibit(state, fingerprint, step.incident, rule?.inhibits ?? []), turn)
  if (next.inhibitors !== state.inhibitors) {
    review(next, at_ms, turn)
    return await_change(next, turn)
  }
  const changes_ms =
    rule && is_open(step.incident) ? changes_at(turn.slot(fingerprint) ?? step.incident, rule) : null
  return changes_ms === null ? next : wake(next, changes_ms + SETTLED_MS, turn)
}

/** The list of those that explain others, with the incident or without it. */
const inhibit = (
  state: AlertTenant,
  fingerprint: string,
  incident: AlertIncident,
  rules: readonly string[],
): AlertTenant => {
  const is = state.inhibitors.some(one => one.fingerprint === fingerprint)
  const explains = is_told(incident) && rules.length > 0
  if (is === explains) return state
  const others = state.inhibitors.filter(one => one.fingerprint !== fingerprint)
  if (!explains) return { ...state, inhibitors: others }
  const inhibitors = [...others, { fingerprint, rules: [...rules] }]
  return { ...state, inhibitors: inhibitors.sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1)) }
}

/** There is something to forget one day. */
const remember = (state: AlertTenant, turn: AlertTurn): AlertTenant => {
  if (state.forgets) return state
  turn.timer('forget', Math.max(turn.stream_time_ms, turn.at_ms) + FORGET_MS)
  return { ...state, forgets: true }
}

const wake = (state: AlertTenant, due_ms: number, turn: AlertTurn): AlertTenant => {
  if (state.due_ms !== null && state.due_ms <= due_ms) return state
  turn.timer('due', due_ms)
  return { ...state, due_ms }
}

/** Sets the timer to what changes next by itself. */
const await_change = (state: AlertTenant, turn: AlertTurn): AlertTenant => {
  const due: number[] = []
  for (const [, incident] of turn.slots()) {
    const rule = is_open(incident) ? rule_named(incident.rule, turn) : null
    const changes_ms = rule && changes_at(incident, rule)
    if (changes_ms !== null) due.push(changes_ms + SETTLED_MS)
  }
  for (const silence of state.silences)
    due.push(
      is_in_force(silence, turn.at_ms) || silence.ends_ms <= turn.at_ms ? silence.ends_ms : silence.starts_ms,
    )
  const due_ms = earliest(due)
  if (due_ms === state.due_ms) return state
  turn.timer('due', due_ms)
  return { ...state, due_ms }
}

const pass = (state: AlertTenant, turn: AlertTurn): AlertTenant => {
  const silences = state.silences.filter(({ ends_ms }) => ends_ms > turn.at_ms)
  let next: AlertTenant = { ...state, due_ms: null, silences }
  for (const [fingerprint, { phase, rule: name }] of turn.slots()) {
    const rule = phase === 'over' ? null : rule_named(name, turn)
    if (!rule) continue
    for (;;) {
      const step = pass_time(turn.slot(fingerprint) as AlertIncident, rule, turn.at_ms - SETTLED_MS)
      if (!step) break
      next = take(next, fingerprint, step, step.incident.told_ms, turn)
    }
  }
  review(next, turn.at_ms, turn)
  return await_change({ ...next, due_ms: null }, turn)
}

/** Drops what was over long ago, and ends what nobody hears of any more: no points for a week, or no such rule. */
const forget = (state: AlertTenant, turn: AlertTurn): AlertTenant => {
  let next = state
  for (const [id, incident] of turn.slots()) {
    const gone = is_open(incident) && rule_named(incident.rule, turn) === null
    if (gone || (is_open(incident) && incident.bad_ms + MEMORY_MS <= turn.at_ms)) {
      const description = gone ? 'The rule is no more.' : 'Nothing was heard of it for a week.'
      const step = close({ ...incident, said: { ...incident.said, description } }, turn.at_ms)
      next = take(next, id, step, turn.at_ms, turn)
    } else if (!is_open(incident) && incident.told_ms + MEMORY_MS <= turn.at_ms) turn.put(id, null)
  }
  const left = turn.slots('', 1).length > 0
  turn.timer('forget', left ? turn.at_ms + FORGET_MS : null)
  return { ...next, forgets: left, leads: turn.slots(LEADS).length }
}
