/**
 * Decides: which touches of a customer belong to one session (no gap longer than gap_ms), and when it is over.
 * Because: gap sessions over event time that merge when a late touch joins two of them (Dataflow model).
 * Keeps: one slot per open or correctable session.
 * When late: within correction_ms of its close a session is corrected by a higher revision; a session that was merged
 *   away is retracted; after it the touch is counted late. Twice: dropped before. Missing: a session ends by the timer.
 * Limits: a session lasts as long as touches come; bots make long ones.
 */

import type { JourneySession, Nothing, Session } from '../../schemas/types.ts'
import { days, minutes } from '../../schemas/units.ts'
import { keyed, type Row, type Turn } from '../core/keyed.ts'
import { closes_at, default_lateness, earliest, forgotten_at, type Lateness } from '../core/windows.ts'

export interface SessionPolicy extends Lateness {
  readonly gap_ms: number
}
export const default_sessions: SessionPolicy = { ...default_lateness, gap_ms: minutes(30) }

type Touch = Row<'touchpoints', 'customer_id' | 'anonymous_id' | 'channel' | 'campaign' | 'funnel_step'>
type Slots = readonly (readonly [string, JourneySession])[]
type SessionTurn = Turn<Session, JourneySession, 'close'>

const NOTHING: Nothing = {}

export const groupSessions = (policy: SessionPolicy = default_sessions) =>
  keyed<Touch, Session, Nothing, JourneySession, 'close'>({
    name: 'group-sessions',
    version: 1,
    state: { schema: 'state/nothing', init: () => NOTHING },
    slot: { schema: 'state/journey_session', init: () => of_touch(NO_TOUCH) },
    timers: { close: 'stream' },
    idle_ms: days(30),
    step: (state, touch, turn) => {
      if (forgotten_at(touch.occurred_at + policy.gap_ms, policy) <= turn.stream_time_ms) {
        turn.late('beyond_correction')
        return state
      }
      join(touch, turn, policy)
      turn.timer('close', next_due(turn.slots(), policy))
      return state
    },
    on_timer: (state, _name, turn) => {
      for (const [id, session] of turn.slots()) {
        const end_ms = session.ended_ms + policy.gap_ms
        if (forgotten_at(end_ms, policy) <= turn.at_ms) turn.put(id, null)
        else if (session.revision < 0 && closes_at(end_ms, policy) <= turn.at_ms) {
          const closed = { ...session, revision: 0 }
          turn.put(id, closed)
          turn.emit(row(turn.key, closed, false))
        }
      }
      turn.timer('close', next_due(turn.slots(), policy))
      return state
    },
  })

/** Puts the touch into its session, merging the sessions it connects. */
const join = (touch: Touch, turn: SessionTurn, policy: SessionPolicy): void => {
  const at = touch.occurred_at
  const near = turn
    .slots()
    .filter(([, s]) => s.started_ms - policy.gap_ms <= at && at <= s.ended_ms + policy.gap_ms)
    .map(([, s]) => s)
  const merged = near.reduce(unite, of_touch(touch))
  const emitted = near.reduce((most, s) => Math.max(most, s.revision), -1)
  const over = closes_at(merged.ended_ms + policy.gap_ms, policy) <= turn.stream_time_ms
  const session = { ...merged, revision: emitted >= 0 || over ? emitted + 1 : -1 }
  for (const old of near) {
    if (old.started_ms === session.started_ms) continue
    turn.put(slot_id(old), null)
    if (old.revision >= 0) turn.emit(row(turn.key, { ...old, revision: old.revision + 1 }, true))
  }
  turn.put(slot_id(session), session)
  if (session.revision >= 0) turn.emit(row(turn.key, session, false))
}

const slot_id = (session: JourneySession): string => String(session.started_ms)

const NO_TOUCH: Touch = {
  event_id: '',
  tenant_id: '',
  occurred_at: 0,
  customer_id: null,
  anonymous_id: null,
  channel: '',
  campaign: null,
  funnel_step: null,
}

const of_touch = (touch: Touch): JourneySession => ({
  started_ms: touch.occurred_at,
  ended_ms: touch.occurred_at,
  touches: 1,
  first_channel: touch.channel,
  last_channel: touch.channel,
  first_campaign: touch.campaign,
  funnel_steps: touch.funnel_step === null ? [] : [touch.funnel_step],
  customer_id: touch.customer_id,
  anonymous_id: touch.anonymous_id,
  revision: -1,
})

const unite = (a: JourneySession, b: JourneySession): JourneySession => {
  const [first, later] = b.started_ms <= a.started_ms ? [b, a] : [a, b]
  const last = b.ended_ms > a.ended_ms ? b : a
  return {
    ...first,
    ended_ms: last.ended_ms,
    last_channel: last.last_channel,
    touches: a.touches + b.touches,
    funnel_steps: [...new Set([...a.funnel_steps, ...b.funnel_steps])].sort(),
    customer_id: first.customer_id ?? later.customer_id,
    anonymous_id: first.anonymous_id ?? later.anonymous_id,
  }
}

const row = (key: string, session: JourneySession, retracted: boolean): Session => {
  const { started_ms, ended_ms, ...carried } = session
  return {
    ...carried,
    event_id: String(started_ms),
    tenant_id: key.slice(0, key.indexOf('|')),
    occurred_at: started_ms,
    ended_at: ended_ms,
    duration_ms: ended_ms - started_ms,
    retracted,
  }
}

const next_due = (slots: Slots, policy: SessionPolicy): number | null =>
  earliest(
    slots.map(([, s]) => (s.revision < 0 ? closes_at : forgotten_at)(s.ended_ms + policy.gap_ms, policy)),
  )
