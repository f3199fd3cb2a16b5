/**
 * Decides: which touch begins a visit: the first of its visitor (customer or anonymous) after gap_ms without one. It is
 *   its channel's visit.
 * Because: sessions by gap over event time, as `sessions` has them; but a count that leaves with its first touch needs only
 *   the ends of a few sessions, and nothing is ever taken back.
 * Keeps: first and last touch of the four sessions touched last, for idle_ms of silence.
 * When late: a touch before a session, within the gap, joins it; a touch of a session that is no longer kept begins
 *   another visit. Twice: the task has dropped the duplicate before. Missing: nothing is expected.
 * Limits: a late touch that joins two sessions leaves both counted. An `identify` that names its visitor begins no visit:
 *   that visit was counted under the anonymous id.
 */

import type { MetricVisit, MetricVisits } from '../../schemas/types.ts'
import { days, minutes } from '../../schemas/units.ts'
import { keyed, type Row } from '../core/keyed.ts'
import { in_channel, type Signal } from './metric-list.ts'

export interface VisitPolicy {
  readonly gap_ms: number
}
export const default_visits: VisitPolicy = { gap_ms: minutes(30) }

type Touch = Row<'touchpoints', 'anonymous_id' | 'interaction' | 'channel'>

const KEPT = 4
const NONE: MetricVisits = { sessions: [] }

export const countVisits = (policy: VisitPolicy = default_visits) =>
  keyed<Touch, Signal, MetricVisits>({
    name: 'count-visits',
    version: 1,
    state: { schema: 'state/metric_visits', init: () => NONE },
    idle_ms: days(3),
    step: (state, touch, turn) => {
      const { sessions } = state
      const at = touch.occurred_at
      for (let place = 0; place < sessions.length; place++) {
        const { first_ms, last_ms } = sessions[place] as MetricVisit
        if (first_ms - policy.gap_ms <= at && at <= last_ms + policy.gap_ms) return join(state, place, at)
      }
      if (touch.interaction !== 'identify' || touch.anonymous_id === null) {
        const { tenant_id, event_id, channel } = touch
        turn.emit({ event_id, tenant_id, occurred_at: at, kind: 'visit', part: in_channel(channel) })
      }
      return { sessions: [{ first_ms: at, last_ms: at }, ...sessions.slice(0, KEPT - 1)] }
    },
  })

/** The session with the touch in it, in front. A touch in the middle of the one in front changes nothing. */
const join = (state: MetricVisits, place: number, at: number): MetricVisits => {
  const { first_ms, last_ms } = state.sessions[place] as MetricVisit
  if (place === 0 && first_ms <= at && at <= last_ms) return state
  const joined = { first_ms: Math.min(first_ms, at), last_ms: Math.max(last_ms, at) }
  if (state.sessions.length === 1) return { sessions: [joined] }
  return { sessions: [joined, ...state.sessions.filter((_, other) => other !== place)] }
}
