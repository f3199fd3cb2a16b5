/**
 * Decides: which touches of a customer led to each movement of money (the touches of lookback_ms up to it).
 * Because: sorting paths is heavy in a view and cheap where the touches arrive; how a path's touches share the credit is
 *   asked later, of a view. A refund takes the path of the payment it takes back, so that it un-credits the same touches.
 * Keeps: one slot per touch for lookback_ms, longer while a kept path holds it, and one per conversion for keep_ms.
 * When late: money is never late: it is written at once with the touches known. A touch that comes later, of an emitter or
 *   by a log-in, marks the paths it lies in, and a timer writes each marked conversion once, with one more revision:
 *   a thousand touches claimed at once are one row each. Older than lookback_ms and of use to no kept path a touch is
 *   counted late. Twice: a touch known already changes nothing. Missing: a path may be empty.
 * Limits: a path shows its newest touches and counts the rest that are kept; a refund later than keep_ms after its payment
 *   has a path of its own; of very many marked conversions revise_most are written per revise_ms.
 */

import type { Observable } from 'rxjs'
import type {
  AttributionPart,
  AttributionPartV1,
  AttributionPaths,
  AttributionPathsV1,
  Conversion,
  KeptConversion,
  KeptTouch,
} from '../../schemas/types.ts'
import { keyed, type Tagged } from '../core/keyed.ts'
import { earliest, latest } from '../core/windows.ts'
import {
  conversion_id,
  conversions_of,
  default_paths,
  first_payment,
  holds,
  type Identified,
  kept_touch,
  new_conversion,
  type Own,
  type PathPolicy,
  type Payment,
  prefixes,
  sort_out,
  sweep_after,
  touch_id,
  with_content,
} from './cut-path.ts'
import {
  changed_by,
  mark_stale,
  may_be_held,
  type PathTimer,
  type PathTurn,
  revise,
  revise_by,
  settle_instants,
  take_stale_before,
  write,
} from './revise-paths.ts'

export type PathInput = Tagged<{
  touch: Observable<Own>
  identified: Observable<Identified>
  payment: Observable<Payment>
}>
const NOTHING_KEPT: AttributionPaths = { touches: 0, due_ms: null, latest_end_ms: null, revise_ms: null }

export const buildPaths = (policy: PathPolicy = default_paths) =>
  keyed<PathInput, Conversion, AttributionPaths, AttributionPart, PathTimer>({
    name: 'build-paths',
    version: 3,
    state: {
      schema: 'state/attribution_paths',
      init: () => NOTHING_KEPT,
      earlier: { 1: 'state/attribution_paths_v1', 2: 'state/attribution_paths' },
      upgrade: (_, earlier) => ({ revise_ms: null, ...(earlier as AttributionPathsV1) }),
    },
    slot: {
      schema: 'state/attribution_part',
      init: () => ({ touch: null, conversion: null }),
      earlier: { 1: 'state/attribution_part_v1', 2: 'state/attribution_part_v1' },
      upgrade: (_, earlier) => with_content(earlier as AttributionPartV1),
    },
    timers: { sweep: 'stream', revise: 'stream' },
    idle_ms: policy.lookback_ms + policy.keep_ms + policy.sweep_ms,
    step: (state, input, turn) => {
      if (input.from === 'payment') return convert(state, input.value, turn, policy)
      const identified = input.from === 'identified' ? input.value : null
      const touch = kept_touch(input.value, identified !== null)
      const id = touch_id(touch, identified?.anonymous_id ?? '')
      const known = turn.slot(id) !== undefined
      if (identified?.retracted) return known ? take_out(state, id, touch, turn, policy) : state
      return known ? state : take_in(state, id, touch, turn, policy)
    },
    on_timer: (state, name, turn) =>
      name === 'revise' ? revise(state, turn, policy) : sweep(state, turn, policy),
  })

const take_in = (
  state: AttributionPaths,
  id: string,
  touch: KeptTouch,
  turn: PathTurn,
  policy: PathPolicy,
): AttributionPaths => {
  const useful_ms = touch.touched_at + policy.lookback_ms
  if (useful_ms <= turn.stream_time_ms && !is_held(state, touch, turn, policy)) {
    if (turn.may_be_late) turn.late('older_than_lookback')
    return state
  }
  turn.put(id, { touch, conversion: null })
  const touches = forget_oldest(state.touches + 1, turn, policy)
  return {
    ...state,
    touches,
    due_ms: sweep_by(useful_ms, state, turn, policy),
    revise_ms: changed_by(touch, state, turn, policy),
  }
}

const is_held = (
  state: AttributionPaths,
  touch: KeptTouch,
  turn: PathTurn,
  { lookback_ms }: PathPolicy,
): boolean =>
  may_be_held(state, touch) &&
  conversions_of(turn.slots(prefixes.money)).some(c => holds(c.path_ends_at, touch.touched_at, lookback_ms))

const take_out = (
  state: AttributionPaths,
  id: string,
  touch: KeptTouch,
  turn: PathTurn,
  policy: PathPolicy,
): AttributionPaths => {
  turn.put(id, null)
  return { ...state, touches: state.touches - 1, revise_ms: changed_by(touch, state, turn, policy) }
}

const convert = (
  state: AttributionPaths,
  payment: Payment,
  turn: PathTurn,
  policy: PathPolicy,
): AttributionPaths => {
  const conversion = new_conversion(payment)
  if (!conversion || turn.slot(conversion_id(payment.event_id))) return state
  // What changed up to here is in the new path from the beginning.
  settle_instants(turn, policy.lookback_ms)
  const of_payment = conversions_of(turn.slots(prefixes.money)).filter(
    ({ payment_id }) => payment_id !== null && payment_id === payment.payment_id,
  )
  const taken_back = first_payment([...of_payment, conversion])
  const ended = (one: KeptConversion): KeptConversion =>
    taken_back && one.type !== 'payment_succeeded' ? { ...one, path_ends_at: taken_back.occurred_at } : one
  const moved = of_payment.map(ended).filter((one, i) => one.path_ends_at !== of_payment[i]?.path_ends_at)
  write([ended(conversion)], turn, policy)
  for (const one of moved) {
    turn.put(conversion_id(one.event_id), { touch: null, conversion: one })
    mark_stale(one, turn)
  }
  const ends = [ended(conversion), ...moved].map(({ path_ends_at }) => path_ends_at)
  return {
    ...state,
    revise_ms: moved.length ? revise_by(state, turn, policy) : state.revise_ms,
    due_ms: sweep_by((earliest(ends) as number) + policy.keep_ms, state, turn, policy),
    latest_end_ms: latest([...ends, state.latest_end_ms ?? Number.NEGATIVE_INFINITY]),
  }
}

const sweep = (state: AttributionPaths, turn: PathTurn, policy: PathPolicy): AttributionPaths => {
  settle_instants(turn, policy.lookback_ms)
  // What is about to be forgotten is written before.
  write(take_stale_before(turn, turn.at_ms - policy.keep_ms), turn, policy)
  const { gone, touches, ends, over_ms } = sort_out(turn.slots(), turn.at_ms, policy)
  for (const id of gone) turn.put(id, null)
  const due_ms = over_ms === null ? null : sweep_after(over_ms, policy)
  turn.timer('sweep', due_ms)
  return { ...state, touches, due_ms, latest_end_ms: latest(ends) }
}

/** Sees to it that a sweep follows the instant, always a later one than now; when the next one is due. */
const sweep_by = (
  over_ms: number,
  { due_ms }: AttributionPaths,
  turn: PathTurn,
  policy: PathPolicy,
): number => {
  const by_ms = sweep_after(Math.max(over_ms, turn.stream_time_ms), policy)
  // Time that is past is that of a timer that was lost.
  if (due_ms !== null && due_ms <= by_ms && due_ms > turn.stream_time_ms) return due_ms
  turn.timer('sweep', by_ms)
  return by_ms
}

/** How many touches are left. */
const forget_oldest = (touches: number, turn: PathTurn, { touches_max }: PathPolicy): number => {
  if (touches <= touches_max * 1.25) return touches
  for (const [id] of turn.slots(prefixes.touch).slice(0, -touches_max)) turn.put(id, null)
  return touches_max
}
