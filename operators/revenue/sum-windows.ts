/**
 * Decides: what a tenant earned per channel, product and currency in each tumbling window, once final and then corrected.
 * Because: windows close by the least stream time of the tasks that write the movements, so a slow task loses nothing
 *   (a watermark, as in the Dataflow model), and a later movement re-opens its window as a new revision.
 * Keeps: one slot per open or correctable window.
 * When late: within correction_ms of the close a higher revision is emitted at once; after it the record is counted late
 *   (the ledger has it). Twice: movements come from one ledger row each. Missing: a window without movements has no row.
 * Limits: a window of many channels and products closes in one turn.
 */

import type { Movement, NextDue, RevenueWindow, RevenueWindowState } from '../../schemas/types.ts'
import { days, minutes } from '../../schemas/units.ts'
import { keyed } from '../core/keyed.ts'
import {
  closes_at,
  default_lateness,
  earliest,
  forgotten_at,
  type Lateness,
  window_start,
} from '../core/windows.ts'

export interface WindowPolicy extends Lateness {
  readonly window_ms: number
}
export const default_windows: WindowPolicy = { ...default_lateness, window_ms: minutes(5) }

const NO_DUE: NextDue = { due_ms: null }

export const sumWindows = (policy: WindowPolicy = default_windows) =>
  keyed<Movement, RevenueWindow, NextDue, RevenueWindowState, 'close'>({
    name: 'sum-windows',
    version: 1,
    state: { schema: 'state/next_due', init: () => NO_DUE },
    slot: { schema: 'state/revenue_window', init: () => open_window(0, '', '', '') },
    timers: { close: 'stream' },
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
      const closed = before ? before.revision >= 0 : closes_at(end_ms, policy) <= turn.stream_time_ms
      const after = closed ? { ...summed, revision: summed.revision + 1 } : summed
      turn.put(id, after)
      if (closed) turn.emit(row(tenant_id, id, after, policy.window_ms))
      const due_ms = due_of(after, policy)
      if (state.due_ms !== null && state.due_ms <= due_ms) return state
      turn.timer('close', due_ms)
      return { due_ms }
    },
    on_timer: (_state, _name, turn) => {
      for (const [id, window] of turn.slots()) {
        const end_ms = window.start_ms + policy.window_ms
        if (forgotten_at(end_ms, policy) <= turn.at_ms) turn.put(id, null)
        else if (window.revision < 0 && closes_at(end_ms, policy) <= turn.at_ms) {
          const closed = { ...window, revision: 0 }
          turn.put(id, closed)
          turn.emit(row(turn.key, id, closed, policy.window_ms))
        }
      }
      const due_ms = earliest(turn.slots().map(([, window]) => due_of(window, policy)))
      turn.timer('close', due_ms)
      return { due_ms }
    },
  })

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

/** When the window has to be looked at next. */
const due_of = ({ start_ms, revision }: RevenueWindowState, policy: WindowPolicy): number =>
  (revision < 0 ? closes_at : forgotten_at)(start_ms + policy.window_ms, policy)
