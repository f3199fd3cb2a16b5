/**
 * Decides: which touches of a customer led to each movement of money (the touches of lookback_ms up to it).
 * Because: sorting paths is heavy in a view and cheap where the touches arrive; how a path's touches share the credit is
 *   asked later, of a view. A refund takes the path of the payment it takes back, so that it un-credits the same touches.
 * Keeps: one slot per touch for lookback_ms, longer while a kept path holds it, and one per conversion for keep_ms.
 * When late: a touch that comes later, of an emitter or by a log-in, re-opens the paths it lies in: one more revision
 *   each; older than lookback_ms and of use to no kept path it is counted late. Money is never late: it is written once
 *   with the touches known. Twice: a touch known already changes nothing. Missing: a path may be empty.
 * Limits: a path shows its newest touches and counts the rest that are kept; a refund later than keep_ms after its payment
 *   has a path of its own; a thousand touches claimed at once write each later conversion a thousand times.
 */

import type { Observable } from 'rxjs'
import type {
  AttributionPart,
  AttributionPaths,
  Conversion,
  KeptConversion,
  KeptTouch,
} from '../../schemas/types.ts'
import { days } from '../../schemas/units.ts'
import { keyed, type Tagged, type Turn } from '../core/keyed.ts'
import { window_start } from '../core/windows.ts'
import {
  conversion_id,
  conversions_of,
  cut_path,
  first_payment,
  holds,
  type Identified,
  kept_touch,
  new_conversion,
  type Own,
  type Payment,
  prefixes,
  sort_out,
  touch_id,
  touches_of,
} from './cut-path.ts'

export interface PathPolicy {
  readonly lookback_ms: number
  /** So long after the end of its path a conversion takes in touches that come later. */
  readonly keep_ms: number
  /** What is over is forgotten at the ends of stretches so long. */
  readonly sweep_ms: number
  /** Newest touches that a path shows. */
  readonly path_touches_max: number
  /** Newest touches kept per customer (a quarter more for a while, so that forgetting costs little). */
  readonly touches_max: number
}
export const default_paths: PathPolicy = {
  lookback_ms: days(90),
  keep_ms: days(90),
  sweep_ms: days(7),
  path_touches_max: 200,
  touches_max: 2000,
}

export type PathInput = Tagged<{
  touch: Observable<Own>
  identified: Observable<Identified>
  payment: Observable<Payment>
}>
type PathTurn = Turn<Conversion, AttributionPart, 'sweep'>

const NOTHING_KEPT: AttributionPaths = { touches: 0, due_ms: null, latest_end_ms: null }

export const buildPaths = (policy: PathPolicy = default_paths) =>
  keyed<PathInput, Conversion, AttributionPaths, AttributionPart, 'sweep'>({
    name: 'build-paths',
    version: 1,
    state: { schema: 'state/attribution_paths', init: () => NOTHING_KEPT },
    slot: { schema: 'state/attribution_part', init: () => ({ touch: null, conversion: null }) },
    timers: { sweep: 'stream' },
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
    on_timer: (_state, _name, turn) => sweep(turn, policy),
  })

/** The conversions whose paths hold the touch, as they stand. */
const holding = (
  state: AttributionPaths,
  { touched_at }: KeptTouch,
  turn: PathTurn,
  { lookback_ms }: PathPolicy,
): readonly KeptConversion[] =>
  // Nearly every touch is later than the end of any path.
  state.latest_end_ms === null || touched_at > state.latest_end_ms
    ? []
    : conversions_of(turn.slots(prefixes.money)).filter(c => holds(c.path_ends_at, touched_at, lookback_ms))

const take_in = (
  state: AttributionPaths,
  id: string,
  touch: KeptTouch,
  turn: PathTurn,
  policy: PathPolicy,
): AttributionPaths => {
  const useful_ms = touch.touched_at + policy.lookback_ms
  const reopened = holding(state, touch, turn, policy)
  if (useful_ms <= turn.stream_time_ms && reopened.length === 0) {
    if (turn.may_be_late) turn.late('older_than_lookback')
    return state
  }
  turn.put(id, { touch, conversion: null })
  write(reopened, turn, policy)
  const touches = forget_oldest(state.touches + 1, turn, policy)
  return { ...state, touches, due_ms: sweep_by(useful_ms, state, turn, policy) }
}

const take_out = (
  state: AttributionPaths,
  id: string,
  touch: KeptTouch,
  turn: PathTurn,
  policy: PathPolicy,
): AttributionPaths => {
  turn.put(id, null)
  write(holding(state, touch, turn, policy), turn, policy)
  return { ...state, touches: state.touches - 1 }
}

const convert = (
  state: AttributionPaths,
  payment: Payment,
  turn: PathTurn,
  policy: PathPolicy,
): AttributionPaths => {
  const conversion = new_conversion(payment)
  if (!conversion || turn.slot(conversion_id(payment.event_id))) return state
  const of_payment = conversions_of(turn.slots(prefixes.money)).filter(
    ({ payment_id }) => payment_id !== null && payment_id === payment.payment_id,
  )
  const taken_back = first_payment([...of_payment, conversion])
  const ended = (one: KeptConversion): KeptConversion =>
    taken_back && one.type !== 'payment_succeeded' ? { ...one, path_ends_at: taken_back.occurred_at } : one
  const moved = of_payment.map(ended).filter((one, i) => one.path_ends_at !== of_payment[i]?.path_ends_at)
  const written = [ended(conversion), ...moved]
  write(written, turn, policy)
  const ends = written.map(({ path_ends_at }) => path_ends_at)
  return {
    ...state,
    due_ms: sweep_by(Math.min(...ends) + policy.keep_ms, state, turn, policy),
    latest_end_ms: Math.max(...ends, state.latest_end_ms ?? Number.NEGATIVE_INFINITY),
  }
}

/** One more revision of each conversion, with its path as it is now. */
const write = (conversions: readonly KeptConversion[], turn: PathTurn, policy: PathPolicy): void => {
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

const sweep = (turn: PathTurn, policy: PathPolicy): AttributionPaths => {
  const { gone, touches, ends, over_ms } = sort_out(turn.slots(), turn.at_ms, policy)
  for (const id of gone) turn.put(id, null)
  const due_ms = over_ms === null ? null : sweep_after(over_ms, policy)
  turn.timer('sweep', due_ms)
  return { touches, due_ms, latest_end_ms: ends.length ? Math.max(...ends) : null }
}

const sweep_after = (over_ms: number, { sweep_ms }: PathPolicy): number =>
  window_start(over_ms, sweep_ms) + sweep_ms

/** Sees to it that a sweep follows the instant, always a later one than now; when the next one is due. */
const sweep_by = (
  over_ms: number,
  { due_ms }: AttributionPaths,
  turn: PathTurn,
  policy: PathPolicy,
): number => {
  const by_ms = sweep_after(Math.max(over_ms, turn.stream_time_ms), policy)
  if (due_ms !== null && due_ms <= by_ms) return due_ms
  turn.timer('sweep', by_ms)
  return by_ms
}

/** How many touches are left. */
const forget_oldest = (touches: number, turn: PathTurn, { touches_max }: PathPolicy): number => {
  if (touches <= touches_max * 1.25) return touches
  for (const [id] of turn.slots(prefixes.touch).slice(0, -touches_max)) turn.put(id, null)
  return touches_max
}
