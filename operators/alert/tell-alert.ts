/** A change of an incident's state is stored, and told on `alerts` at once. */
import type { Alert, AlertIncident, AlertSilence, AlertTenant } from '../../schemas/types.ts'
import type { Turn } from '../core/keyed.ts'
import { severities } from './alert-rules.ts'
import { alert_row } from './describe-alert.ts'
import { is_open, type Step, tell, told } from './incident.ts'
import { is_matched, labels_of } from './match-labels.ts'
import { title_named } from './watched-rules.ts'

export type AlertTurn = Turn<Alert, AlertIncident, 'forget' | 'due'>

/** Who keeps people from being told of it now. */
export const mutes_of = (
  { silences, inhibitors }: AlertTenant,
  fingerprint: string,
  incident: AlertIncident,
  at_ms: number,
): Pick<AlertIncident, 'inhibited_by' | 'silenced_by'> => {
  const { rule, rank, said, inhibited_by, silenced_by } = incident
  const explain = inhibitors.filter(one => one.fingerprint !== fingerprint && one.rules.includes(rule))
  const labels = labels_of({ ...said, rule, fingerprint, severity: severities[rank] ?? '' })
  const quiet = silences.filter(one => is_in_force(one, at_ms) && is_matched(one.matchers, labels))
  // Of several the one that did so before.
  const inhibitor = explain.find(one => one.fingerprint === inhibited_by) ?? explain[0]
  const silence = quiet.find(one => one.silence_id === silenced_by) ?? quiet[0]
  return { inhibited_by: inhibitor?.fingerprint ?? null, silenced_by: silence?.silence_id ?? null }
}

export const is_in_force = ({ starts_ms, ends_ms }: AlertSilence, at_ms: number): boolean =>
  starts_ms <= at_ms && at_ms < ends_ms

/** Stores the step, and writes its row where there is a reason for one. */
export const write = (
  state: AlertTenant,
  fingerprint: string,
  { incident, reason }: Step,
  at_ms: number,
  turn: AlertTurn,
): void => {
  if (reason === null) {
    turn.put(fingerprint, incident)
    return
  }
  const open = is_open(incident)
  const now = open ? { ...incident, ...mutes_of(state, fingerprint, incident, at_ms) } : incident
  const status = now.phase === 'over' ? 'resolved' : now.phase
  turn.put(fingerprint, told(now))
  turn.emit(alert_row(turn.key, fingerprint, title_named(now.rule, turn), now, status, reason))
}

/** Holds every open incident against what mutes now: a row for each that it is otherwise with. */
export const review = (state: AlertTenant, at_ms: number, turn: AlertTurn): void => {
  for (const [fingerprint, incident] of turn.slots()) {
    if (!is_open(incident)) continue
    const { inhibited_by, silenced_by } = mutes_of(state, fingerprint, incident, at_ms)
    let now = incident
    if (inhibited_by !== now.inhibited_by) {
      now = tell({ ...now, inhibited_by }, at_ms)
      say(fingerprint, now, inhibited_by === null ? 'uninhibited' : 'inhibited', turn)
    }
    if (silenced_by !== now.silenced_by) {
      now = tell({ ...now, silenced_by }, at_ms)
      say(fingerprint, now, silenced_by === null ? 'unsilenced' : 'silenced', turn)
    }
    // Who could not be told could not acknowledge it.
    const heard = inhibited_by === null && silenced_by === null
    if (now !== incident) turn.put(fingerprint, told(heard ? { ...now, waits_ms: at_ms } : now))
  }
}

const say = (fingerprint: string, incident: AlertIncident, reason: string, turn: AlertTurn): void => {
  const status = incident.phase === 'over' ? 'resolved' : incident.phase
  turn.emit(alert_row(turn.key, fingerprint, title_named(incident.rule, turn), incident, status, reason))
}
