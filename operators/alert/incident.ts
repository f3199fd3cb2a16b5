/**
 * The life of an incident, one per fingerprint, pure: pending while its rule asks for patience, then firing, perhaps acknowledged,
 * and over after calm for long enough. Repeats are kept back by the cooldown unless the severity rises. Trouble soon
 * after the end opens nothing before the cooldown is over. One that came and went three times within an hour ends only after an
 * hour of calm. The fourth within a week is a step worse; so is one that nobody acknowledges in the rule's time.
 */
import type { AlertIncident, AlertSaid } from '../../schemas/types.ts'
import { days, hours } from '../../schemas/units.ts'
import { type AlertRule, RECURS, type Severity, severities } from './alert-rules.ts'
import { cooldown_of } from './watched-rules.ts'

const CAUSES_MOST = 50
const ENDS_MOST = 50
/** For so long an incident is remembered after its last row. */
export const MEMORY_MS = days(7)
const FLAPS = 3
const FLAPS_WITHIN_MS = hours(1)
const TOP = severities.length - 1

export interface Trouble {
  /** Start of the stretch in which it shows. */
  readonly from_ms: number
  /** Its end: when it is decided. */
  readonly at_ms: number
  readonly severity: Severity
  readonly cause_event_ids: readonly string[]
}
/** Why a row is written; null: it is not. */
export type Reason =
  | 'pending'
  | 'fired'
  | 'rose'
  | 'repeated'
  | 'recurred'
  | 'acknowledged'
  | 'escalated'
  | 'resolved'
  | 'inhibited'
  | 'uninhibited'
  | 'silenced'
  | 'unsilenced'
export interface Step {
  readonly incident: AlertIncident
  readonly reason: Reason | null
}

export const NOTHING_SAID: AlertSaid = {
  ...{ metric: null, currency: null, dimension: '', value: null, expected: null, description: '' },
  ...{ money_at_risk_minor: null, money_currency: null, contributor: null, contributor_share: null },
}
export const NO_INCIDENT: AlertIncident = {
  ...{ phase: 'over', rule: '', started_ms: 0, pending_ms: 0, fired_ms: 0, waits_ms: 0 },
  ...{ alerted_ms: -1, told_ms: 0, bad_ms: 0 },
  ...{ worst: 0, rank: 0, alerts: 0, suppressed: 0, escalation: 0, climbed: 0, recurrences: 0, ends: [] },
  ...{
    acknowledged_by: null,
    inhibited_by: null,
    silenced_by: null,
    cause_event_ids: [],
    said: NOTHING_SAID,
  },
}

export const is_open = ({ phase }: AlertIncident): boolean => phase !== 'over'
export const is_told = ({ phase }: AlertIncident): boolean => phase === 'firing' || phase === 'acknowledged'

/** The incident after more trouble. */
export const sound = (before: AlertIncident | undefined, rule: AlertRule, trouble: Trouble): Step => {
  const { at_ms, severity, cause_event_ids } = trouble
  const known = before ?? NO_INCIDENT
  const rank = severities.indexOf(severity)
  const causes = [...new Set([...known.cause_event_ids, ...cause_event_ids])].slice(-CAUSES_MOST)
  const common = { bad_ms: Math.max(known.bad_ms, at_ms), cause_event_ids: causes }
  const rises = rank > known.worst
  const rested = known.alerted_ms < 0 || at_ms - known.alerted_ms >= cooldown_of(rule, severity)
  const worse = { ...known, ...common, worst: Math.max(known.worst, rank) }
  if (known.phase === 'pending')
    return at_ms - known.pending_ms >= rule.for_ms
      ? fire(worse, rule, at_ms)
      : { incident: worse, reason: null }
  if (known.phase === 'over') {
    if (!rises && !rested) return keep_back({ ...known, ...common })
    return open({ ...known, ...common, worst: rank }, rule, trouble)
  }
  if (!rises && (known.phase === 'acknowledged' || !rested)) return keep_back(worse)
  if (!rises) return { incident: tell({ ...worse, alerted_ms: at_ms }, at_ms), reason: 'repeated' }
  // What was acknowledged was less than this.
  const anew = known.phase === 'acknowledged' ? { waits_ms: at_ms, climbed: 0 } : {}
  const risen = { ...worse, ...anew, phase: 'firing', acknowledged_by: null, alerted_ms: at_ms } as const
  return { incident: tell({ ...risen, rank: Math.max(known.rank, rank) }, at_ms), reason: 'rose' }
}

const keep_back = (incident: AlertIncident): Step => ({
  incident: { ...incident, suppressed: incident.suppressed + 1 },
  reason: null,
})

const open = (known: AlertIncident, rule: AlertRule, { from_ms, at_ms }: Trouble): Step => {
  const ends = known.ends.filter(end_ms => end_ms > at_ms - MEMORY_MS)
  const incident: AlertIncident = {
    ...known,
    phase: 'pending',
    rule: rule.name,
    // Behind the last row: stretches of two incidents may begin alike, their rows' ids may not.
    started_ms: known.alerts > 0 ? Math.max(from_ms, known.told_ms, known.started_ms + 1) : from_ms,
    pending_ms: at_ms,
    ...{ fired_ms: 0, rank: known.worst, alerts: 0, escalation: 0, climbed: 0 },
    ...{ ends, recurrences: ends.length, acknowledged_by: null, inhibited_by: null, silenced_by: null },
  }
  if (rule.for_ms > 0) return { incident: tell(incident, at_ms), reason: 'pending' }
  return fire(incident, rule, at_ms)
}

const fire = (incident: AlertIncident, rule: AlertRule, at_ms: number): Step => {
  const again = incident.recurrences >= RECURS && rule.escalation.length > 0
  const fired = {
    ...incident,
    phase: 'firing',
    ...{ fired_ms: at_ms, waits_ms: at_ms, alerted_ms: at_ms, escalation: again ? 1 : 0 },
    rank: Math.min(TOP, incident.worst + (again ? 1 : 0)),
  } as const
  const reason = again ? 'escalated' : incident.recurrences > 0 ? 'recurred' : 'fired'
  return { incident: tell(fired, at_ms), reason }
}

/** One row more, which is never before the last. */
export const tell = (incident: AlertIncident, at_ms: number): AlertIncident => ({
  ...incident,
  alerts: incident.alerts + 1,
  told_ms: Math.max(incident.told_ms, at_ms),
})

/** What is kept once a row has told it. */
export const told = (incident: AlertIncident): AlertIncident => ({
  ...incident,
  suppressed: 0,
  cause_event_ids: [],
})

/** A normal point: the incident is over when it is pending, or calm for long enough. */
export const calm = (before: AlertIncident | undefined, rule: AlertRule, at_ms: number): Step | null => {
  if (!before || !is_open(before)) return null
  if (before.phase !== 'pending' && at_ms - before.bad_ms < patience_of(before, rule)) return null
  return at_ms >= before.bad_ms ? close(before, at_ms) : null
}

const patience_of = ({ ends, pending_ms }: AlertIncident, { keep_firing_ms }: AlertRule): number =>
  ends.filter(end_ms => end_ms > pending_ms - FLAPS_WITHIN_MS).length >= FLAPS
    ? Math.max(keep_firing_ms, FLAPS_WITHIN_MS)
    : keep_firing_ms

export const close = (before: AlertIncident, at_ms: number): Step => {
  const ends = before.phase === 'pending' ? before.ends : [...before.ends, at_ms].slice(-ENDS_MOST)
  return { incident: tell({ ...before, phase: 'over', ends }, at_ms), reason: 'resolved' }
}

/** Somebody has seen it. */
export const acknowledge = (before: AlertIncident, author: string, at_ms: number): Step => ({
  incident: tell({ ...before, phase: 'acknowledged', acknowledged_by: author }, at_ms),
  reason: 'acknowledged',
})

/** When time alone changes the incident; null: never. Of one that nobody is told of nobody can acknowledge anything. */
export const changes_at = (incident: AlertIncident, rule: AlertRule): number | null => {
  const { phase, pending_ms, waits_ms, climbed, inhibited_by, silenced_by } = incident
  if (phase === 'pending') return pending_ms + rule.for_ms
  const rung = rule.escalation[climbed]
  if (phase !== 'firing' || !rung || inhibited_by !== null || silenced_by !== null) return null
  return waits_ms + rung.after_ms
}

/** What time has changed by the moment: at most one step. */
export const pass_time = (incident: AlertIncident, rule: AlertRule, at_ms: number): Step | null => {
  const due_ms = changes_at(incident, rule)
  if (due_ms === null || due_ms > at_ms) return null
  if (incident.phase === 'pending') return fire(incident, rule, due_ms)
  const { climbed, rank, escalation } = incident
  const to = rule.escalation[climbed]?.severity ?? null
  const higher = to === null ? rank + 1 : Math.max(rank, severities.indexOf(to))
  const step = { ...incident, climbed: climbed + 1, escalation: escalation + 1, rank: Math.min(TOP, higher) }
  return { incident: tell(step, due_ms), reason: 'escalated' }
}
