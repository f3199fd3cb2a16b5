/** What a person says to alerts: seen; be quiet for a while; not any more. What names nothing known is refused. */
import type { AlertSilence, AlertTenant } from '../../schemas/types.ts'
import { days } from '../../schemas/units.ts'
import type { Row } from '../core/keyed.ts'
import { acknowledge, is_open } from './incident.ts'
import { alert_labels } from './match-labels.ts'
import { type AlertTurn, review, write } from './tell-alert.ts'

export type Command = Row<
  'alert_commands',
  'command' | 'fingerprint' | 'silence_id' | 'matchers' | 'starts_at' | 'ends_at' | 'author'
>

export const SILENCES_MOST = 1000
const SILENCE_MOST_MS = days(366)

export const hear_command = (state: AlertTenant, command: Command, turn: AlertTurn): AlertTenant => {
  if (command.command === 'acknowledge') return hear_acknowledgement(state, command, turn)
  const next = command.command === 'silence' ? silence(state, command, turn) : unsilence(state, command, turn)
  review(next, turn.at_ms, turn)
  return next
}

const hear_acknowledgement = (state: AlertTenant, command: Command, turn: AlertTurn): AlertTenant => {
  const { fingerprint, author } = command
  if (!fingerprint) return turn.reject('acknowledge: fingerprint is missing')
  const incident = turn.slot(fingerprint)
  if (!incident || !is_open(incident)) return turn.reject(`acknowledge: no open alert is ${fingerprint}`)
  if (incident.phase === 'pending') return turn.reject(`acknowledge: ${fingerprint} has not fired yet`)
  // Seen is seen, whoever says so again.
  if (incident.phase === 'acknowledged') return state
  write(state, fingerprint, acknowledge(incident, author, turn.at_ms), turn.at_ms, turn)
  return state
}

const silence = (state: AlertTenant, command: Command, turn: AlertTurn): AlertTenant => {
  const { silence_id, matchers, starts_at, ends_at, occurred_at } = command
  const starts_ms = starts_at ?? occurred_at
  if (!silence_id) return turn.reject('silence: silence_id is missing')
  if (ends_at === null) return turn.reject('silence: ends_at is missing')
  if (ends_at <= starts_ms) return turn.reject('silence: ends_at must be behind starts_at')
  if (ends_at > starts_ms + SILENCE_MOST_MS) return turn.reject('silence: it must end within a year')
  const names = Object.keys(matchers)
  if (names.length === 0) return turn.reject('silence: matchers are missing: it would be quiet for ever')
  const strange = names.find(name => !(alert_labels as readonly string[]).includes(name))
  if (strange !== undefined)
    return turn.reject(`silence: matchers.${strange} is none of ${alert_labels.join(', ')}`)
  const others = state.silences.filter(old => old.silence_id !== silence_id)
  if (others.length >= SILENCES_MOST)
    return turn.reject(`silence: there are ${SILENCES_MOST} silences already`)
  const one: AlertSilence = { silence_id, matchers, starts_ms, ends_ms: ends_at }
  return { ...state, silences: [...others, one].sort((a, b) => (a.silence_id < b.silence_id ? -1 : 1)) }
}

const unsilence = (state: AlertTenant, { silence_id }: Command, turn: AlertTurn): AlertTenant => {
  const silences = state.silences.filter(old => old.silence_id !== silence_id)
  if (silences.length === state.silences.length)
    return turn.reject(`unsilence: there is no silence ${silence_id ?? ''}`)
  return { ...state, silences }
}
