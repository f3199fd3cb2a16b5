/**
 * The life of an incident, one per fingerprint: it opens with a firing alert, repeats are kept back by the cooldown unless the
 * severity rises, and it closes after half an hour of normal points. Trouble soon after the close opens nothing before
 * the cooldown is over: it is counted as suppressed in the alert that does.
 */
import type { AlertIncident } from '../../schemas/types.ts'
import { type AlertRule, cooldown_of, RESOLVED_AFTER_MS, type Severity, severities } from './alert-rules.ts'

const CAUSES_MOST = 50

export const NO_INCIDENT: AlertIncident = {
  open: false,
  started_ms: 0,
  alerted_ms: 0,
  rank: 0,
  alerts: 0,
  suppressed: 0,
  bad_ms: 0,
  cause_event_ids: [],
}

export interface Trouble {
  /** Start of the stretch in which it shows. */
  readonly from_ms: number
  /** Its end: when it is decided. */
  readonly at_ms: number
  readonly severity: Severity
  readonly cause_event_ids: readonly string[]
}

/** The incident after more trouble, and whether an alert fires. */
export const sound = (
  before: AlertIncident | undefined,
  rule: AlertRule,
  { from_ms, at_ms, severity, cause_event_ids }: Trouble,
): { readonly incident: AlertIncident; readonly fires: boolean } => {
  const rank = severities.indexOf(severity)
  const causes = before ? [...new Set([...before.cause_event_ids, ...cause_event_ids])] : cause_event_ids
  const common = { bad_ms: at_ms, cause_event_ids: causes.slice(-CAUSES_MOST) }
  const fires = !before || rank > before.rank || at_ms - before.alerted_ms >= cooldown_of(rule, severity)
  if (before && !fires)
    return { incident: { ...before, ...common, suppressed: before.suppressed + 1 }, fires }
  const again = before?.open
  return {
    incident: {
      ...common,
      open: true,
      // Behind the last alert: stretches of two incidents may begin alike, their alerts' ids may not.
      started_ms: again ? before.started_ms : Math.max(from_ms, before?.alerted_ms ?? from_ms),
      alerted_ms: at_ms,
      rank: again ? Math.max(rank, before.rank) : rank,
      alerts: again ? before.alerts + 1 : 1,
      suppressed: before?.suppressed ?? 0,
    },
    fires,
  }
}

/** What is kept once the alert has told it. */
export const told = (incident: AlertIncident): AlertIncident => ({
  ...incident,
  suppressed: 0,
  cause_event_ids: [],
})

/** The incident closed, when it is open and a normal point ends so late after the last unusual one; else null. */
export const calm = (incident: AlertIncident | undefined, at_ms: number): AlertIncident | null =>
  incident?.open && at_ms - incident.bad_ms >= RESOLVED_AFTER_MS
    ? { ...incident, open: false, alerts: incident.alerts + 1 }
    : null
