/**
 * Decides: what a tenant earned per channel, product and currency in each tumbling window, once final and then corrected.
 * Because: windows close by the least stream time of the tasks that write the movements, so a slow task loses nothing
 *   (a watermark, as in the Dataflow model), and a later movement re-opens its window as a new revision.
 * Keeps: one slot per open or correctable window, dropped by a daily look; the starts of the open ones.
 * When late: within correction_ms of the close a higher revision is emitted at once; after it the record is counted late
 *   (the ledger has it). Twice: movements come from one ledger row each. Missing: a window without movements has no row.
 * Limits: a window of many channels and products closes in one turn.
 */

import type { Movement, RevenueClock, RevenueWindow, RevenueWindowState } from '../../schemas/types.ts'
import { days, minutes } from '../../schemas/units.ts'
import { keyed, type Turn } from '../core/keyed.ts'
import { closes_at, default_lateness, forgotten_at, type Lateness, window_start } from '../core/windows.ts'

export interface WindowPolicy extends Lateness {
  readonly window_ms: number
}
export const default_windows: WindowPolicy = { ...default_lateness, window_ms: minutes(5) }

const NEW: RevenueClock = { open: [], forgets: false }
type WindowTurn = Turn<RevenueWindow, RevenueWindowState, 'close' | 'forget'>

export const sumWindows = (policy: WindowPolicy = default_windows) =>
  keyed<Movement, RevenueWindow, RevenueClock, RevenueWindowState, 'close' | 'forget'>({
    name: 'sum-windows',
    version: 2,
    state: { schema: 'state/revenue_clock', init: () => NEW },
    slot: { schema: 'state/revenue_window', init: () => open_window(0, '', '', '') },
    timers: { close: 'stream', forget: 'stream' },
    idle_ms: days(30),
    step: (state, movement, turn) => {
      const { channel, product_id, currency, tenant_id } = movement
      const start_ms = window_start(movement.occurred_at, policy.window_ms)
      const end_ms = start_ms + policy.window_ms
      if (forgotten_at(end_ms, policy) <= turn.stream_time_ms) {
        turn.late('beyond_correction')
        return state
      }
      const id = `${start_ms}|${channel}|${product_id}|${currency}`
      const before = turn.slot(id)
      const summed = add(before ?? open_window(start_ms, channel, product_id, currency), movement)
      if (!is_exact(summed)) turn.reject('sum_too_large')
      const closed = before ? before.revision >= 0 : closes_at(end_ms, policy) <= turn.stream_time_ms
      const after = closed ? { ...summed, revision: summed.revision + 1 } : summed
      turn.put(id, after)
      if (closed) turn.emit(row(tenant_id, id, after, policy.window_ms))
      return before ? state : wind(state, start_ms, closed, turn, policy)
    },
    on_timer: (state, name, turn) =>
      name === 'close' ? close(state, turn, policy) : forget(state, turn, policy),
  })

/** Sees to it that a new window will close, and be forgotten one day. */
const wind = (
  state: RevenueClock,
  start_ms: number,
  closed: boolean,
  turn: WindowTurn,
  policy: WindowPolicy,
): RevenueClock => {
  const end_ms = start_ms + policy.window_ms
  if (!state.forgets) turn.timer('forget', forgotten_at(end_ms, policy))
  if (closed || state.open.includes(start_ms)) return state.forgets ? state : { ...state, forgets: true }
  const open = [...state.open, start_ms].sort((a, b) => a - b)
  if (open[0] === start_ms) turn.timer('close', closes_at(end_ms, policy))
  return { open, forgets: true }
}

/** Writes the windows whose time has come. */
const close = (state: RevenueClock, turn: WindowTurn, policy: WindowPolicy): RevenueClock => {
  const due = (start_ms: number): number => closes_at(start_ms + policy.window_ms, policy)
  for (const start_ms of state.open) {
    if (due(start_ms) > turn.at_ms) break
    for (const [id, window] of turn.slots(`${start_ms}|`)) {
      if (window.revision >= 0) continue
      const closed = { ...window, revision: 0 }
      turn.put(id, closed)
      turn.emit(row(turn.key, id, closed, policy.window_ms))
    }
  }
  const open = state.open.filter(start_ms => due(start_ms) > turn.at_ms)
  const [next_ms] = open
  turn.timer('close', next_ms === undefined ? null : due(next_ms))
  return { ...state, open }
}

/** Drops the windows that can no longer be corrected; a daily look, since each is at all the slots. */
const forget = (state: RevenueClock, turn: WindowTurn, policy: WindowPolicy): RevenueClock => {
  let left = false
  for (const [id, { start_ms }] of turn.slots())
    if (forgotten_at(start_ms + policy.window_ms, policy) <= turn.at_ms) turn.put(id, null)
    else left = true
  turn.timer('forget', left ? turn.at_ms + days(1) : null)
  return left ? state : { ...state, forgets: false }
}

const open_window = (
  start_ms: number,
  channel: string,
  product_id: string,
  currency: string,
): RevenueWindowState => ({
  start_ms,
  channel,
  product_id,
  currency,
  gross_minor: 0,
  refunds_minor: 0,
  payments: 0,
  revision: -1,
})

const add = (window: RevenueWindowState, { type, amount_minor }: Movement): RevenueWindowState =>
  type === 'payment_succeeded'
    ? { ...window, gross_minor: window.gross_minor + amount_minor, payments: window.payments + 1 }
    : { ...window, refunds_minor: window.refunds_minor - amount_minor }

/** Longs are exact up to the largest safe integer. */
const is_exact = ({ gross_minor, refunds_minor }: RevenueWindowState): boolean =>
  Number.isSafeInteger(gross_minor) && Number.isSafeInteger(refunds_minor)

const row = (
  tenant_id: string,
  event_id: string,
  window: RevenueWindowState,
  window_ms: number,
): RevenueWindow => {
  const { start_ms, ...sums } = window
  const net_minor = window.gross_minor - window.refunds_minor
  return { ...sums, event_id, tenant_id, occurred_at: start_ms, window_ms, net_minor }
}
