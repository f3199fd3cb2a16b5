/**
 * How conversions are written again, once each however many touches came in between: steps leave marks behind, and a timer
 * works them off. A touch marks its instant, which costs no look at the conversions; they are compared with all
 * instants at once.
 */

import type {
  AttributionPart,
  AttributionPaths,
  Conversion,
  KeptConversion,
  KeptTouch,
} from '../../schemas/types.ts'
import type { Turn } from '../core/keyed.ts'
import { sorted_ms } from '../core/windows.ts'
import {
  change_id,
  conversion_id,
  conversions_of,
  cut_path,
  holds_some,
  type PathPolicy,
  prefixes,
  touches_of,
} from './cut-path.ts'

export type PathTimer = 'sweep' | 'revise'
export type PathTurn = Turn<Conversion, AttributionPart, PathTimer>

type Slots = Pick<PathTurn, 'slot' | 'slots' | 'put'>

const MARK: AttributionPart = { touch: null, conversion: null }
const stale_id = (event_id: string): string => `${prefixes.stale}${event_id}`

/** A touch of that instant came or left. */
const mark_instant = (touched_at: number, turn: Slots): void => turn.put(change_id(touched_at), MARK)

export const mark_stale = ({ event_id }: KeptConversion, turn: Slots): void =>
  turn.put(stale_id(event_id), MARK)

/** Marks the conversions whose paths hold a marked instant, in the place of those instants. */
export const settle_instants = (turn: Slots, lookback_ms: number): void => {
  const changed = turn.slots(prefixes.changed)
  if (changed.length === 0) return
  const instants = changed.map(([id]) => sorted_ms(id, prefixes.changed))
  for (const conversion of conversions_of(turn.slots(prefixes.money)))
    if (holds_some(conversion.path_ends_at, instants, lookback_ms)) mark_stale(conversion, turn)
  for (const [id] of changed) turn.put(id, null)
}

/** The first `most` of the marked conversions, as they stand, no longer marked. */
const take_stale = (turn: Slots, most: number): readonly KeptConversion[] =>
  turn.slots(prefixes.stale, most).flatMap(([id]) => {
    turn.put(id, null)
    return turn.slot(conversion_id(id.slice(prefixes.stale.length)))?.conversion ?? []
  })

/** Those of the marked conversions whose paths were over at an instant, no longer marked. */
export const take_stale_before = (turn: Slots, over_ms: number): readonly KeptConversion[] =>
  turn.slots(prefixes.stale).flatMap(([id]) => {
    const conversion = turn.slot(conversion_id(id.slice(prefixes.stale.length)))?.conversion
    if (!conversion || conversion.path_ends_at > over_ms) return []
    turn.put(id, null)
    return conversion
  })

const is_stale = (turn: Slots): boolean => turn.slots(prefixes.stale, 1).length > 0

/** Whether a path may hold the touch: nearly every touch is later than the end of any path. */
export const may_be_held = ({ latest_end_ms }: AttributionPaths, { touched_at }: KeptTouch): boolean =>
  latest_end_ms !== null && touched_at <= latest_end_ms

/** Sees to it that the paths that hold the touch are written again; when. */
export const changed_by = (
  touch: KeptTouch,
  state: AttributionPaths,
  turn: PathTurn,
  policy: PathPolicy,
): number | null => {
  if (!may_be_held(state, touch)) return state.revise_ms
  mark_instant(touch.touched_at, turn)
  return revise_by(state, turn, policy)
}

/** One more revision of each conversion, with its path as it is now. */
export const write = (conversions: readonly KeptConversion[], turn: PathTurn, policy: PathPolicy): void => {
  if (conversions.length === 0) return
  const bar = turn.key.indexOf('|')
  const whose = { tenant_id: turn.key.slice(0, bar), customer_id: turn.key.slice(bar + 1) }
  const touches = touches_of(turn.slots(prefixes.touch))
  const reach = { lookback_ms: policy.lookback_ms, most: policy.path_touches_max }
  for (const before of conversions) {
    const conversion = { ...before, revision: before.revision + 1 }
    turn.put(conversion_id(before.event_id), { touch: null, conversion })
    turn.emit({ ...conversion, ...whose, ...cut_path(touches, before.path_ends_at, reach) })
  }
}

/** Writes what is marked, revise_most of them; the others when their turn comes. */
export const revise = (state: AttributionPaths, turn: PathTurn, policy: PathPolicy): AttributionPaths => {
  settle_instants(turn, policy.lookback_ms)
  write(take_stale(turn, policy.revise_most), turn, policy)
  const done = { ...state, revise_ms: null }
  return is_stale(turn) ? { ...done, revise_ms: revise_by(done, turn, policy) } : done
}

/** When marked conversions are written. Time that is past is that of a timer that was lost. */
export const revise_by = ({ revise_ms }: AttributionPaths, turn: PathTurn, policy: PathPolicy): number => {
  if (revise_ms !== null && revise_ms > turn.stream_time_ms) return revise_ms
  const by_ms = Math.max(turn.stream_time_ms, turn.at_ms) + policy.revise_ms
  turn.timer('revise', by_ms)
  return by_ms
}
