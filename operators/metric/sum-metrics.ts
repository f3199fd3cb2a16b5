/**
 * Decides: a tenant's metrics in each tumbling window: once final, and then corrected; windows without events as zeros.
 * Because: what stopped is seen only if silence has numbers, so a chain of timers closes one window after the other.
 * Keeps: one slot per window with events, open or correctable; dropped by a daily look. Which metrics and currencies the
 *   tenant has ever had: those are zero where nothing happened.
 * When late: within correction_ms of the close the metrics that the event changes are written again with the next
 *   revision; after it the event is counted late. Twice: signals and movements come once each. Missing: see Because.
 *   A movement that makes a window's revenue too large to be exact is refused.
 * Limits: after silence_ms without an event the chain stops, and goes on with the window of the next event; the windows
 *   between have no points (a jump of stream time by a month writes a day of zeros). A correction of a window that
 *   was not written because of that has revision 1, like one of a ratio that had no denominator.
 */

import type { Observable } from 'rxjs'
import type { MetricClock, MetricPoint, MetricWindow } from '../../schemas/types.ts'
import { days, minutes, seconds } from '../../schemas/units.ts'
import { keyed, type Row, type Tagged, type Turn } from '../core/keyed.ts'
import { closes_at, forgotten_at, type Lateness, window_start } from '../core/windows.ts'
import {
  add_money,
  count_signal,
  EMPTY_WINDOW,
  is_exact,
  metrics,
  money_measured,
  point,
  series_of,
} from './metric-list.ts'

export interface MetricPolicy extends Lateness {
  readonly window_ms: number
  /** So long the windows of a silent tenant are written as zeros. */
  readonly silence_ms: number
}
/** What our own tasks write is never late, so the grace need only cover emitters' ordinary disorder. */
export const default_metrics: MetricPolicy = {
  window_ms: minutes(5),
  grace_ms: seconds(10),
  correction_ms: days(2),
  silence_ms: days(1),
}

export type MetricInput = Tagged<{
  signal: Observable<Row<'signals', 'kind'>>
  movement: Observable<Row<'movements', 'currency' | 'amount_minor'>>
}>
type MetricTurn = Turn<MetricPoint, MetricWindow, 'close' | 'forget'>

const NEW: MetricClock = {
  first_ms: null,
  next_ms: null,
  active_ms: 0,
  forgets: false,
  metrics: [],
  currencies: [],
}

export const sumMetrics = (policy: MetricPolicy = default_metrics) =>
  keyed<MetricInput, MetricPoint, MetricClock, MetricWindow, 'close' | 'forget'>({
    name: 'sum-metrics',
    version: 1,
    state: { schema: 'state/metric_clock', init: () => NEW },
    slot: { schema: 'state/metric_window', init: () => EMPTY_WINDOW },
    timers: { close: 'stream', forget: 'stream' },
    idle_ms: days(30),
    step: (state, input, turn) => {
      const start_ms = window_start(input.value.occurred_at, policy.window_ms)
      const end_ms = start_ms + policy.window_ms
      if (forgotten_at(end_ms, policy) <= turn.stream_time_ms) {
        turn.late('beyond_correction')
        return state
      }
      const id = String(start_ms)
      const before = turn.slot(id) ?? EMPTY_WINDOW
      const summed =
        input.from === 'signal'
          ? count_signal(before, input.value.kind)
          : add_money(before, input.value.currency, input.value.amount_minor)
      if (!is_exact(summed)) turn.reject('sum_too_large')
      const closed = closes_at(end_ms, policy) <= turn.stream_time_ms
      turn.put(id, closed ? correct(state, input, start_ms, summed, turn, policy) : summed)
      return wind(meet(state, input), start_ms, closed, turn, policy)
    },
    on_timer: (state, name, turn) =>
      name === 'close' ? close(state, turn, policy) : forget(state, turn, policy),
  })

/** Writes what the late event changes; the window with its new revisions. */
const correct = (
  state: MetricClock,
  input: MetricInput,
  start_ms: number,
  window: MetricWindow,
  turn: MetricTurn,
  { window_ms }: MetricPolicy,
): MetricWindow => {
  const written = state.first_ms !== null && start_ms >= state.first_ms ? 0 : -1
  const revised = new Map(window.revisions.map(({ series, revision }) => [series, revision]))
  const next = (metric: string, currency: string | null) => {
    const series = series_of(metric, currency)
    const revision = (revised.get(series) ?? written) + 1
    revised.set(series, revision)
    return { tenant_id: turn.key, start_ms, window_ms, revision }
  }
  if (input.from === 'movement') {
    const { currency } = input.value
    turn.emit(point('revenue', currency, money_measured(window, currency), next('revenue', currency)))
  } else
    for (const { name, kinds, measure } of metrics) {
      const measured = measure(window)
      if (measured.denominator && kinds.includes(input.value.kind))
        turn.emit(point(name, null, measured, next(name, null)))
    }
  return { ...window, revisions: [...revised].map(([series, revision]) => ({ series, revision })) }
}

/** Takes down a metric or currency that is new to the tenant. */
const meet = (state: MetricClock, input: MetricInput): MetricClock => {
  if (input.from === 'movement') {
    const { currency } = input.value
    if (state.currencies.includes(currency)) return state
    return { ...state, currencies: [...state.currencies, currency].sort() }
  }
  const { kind } = input.value
  if (metrics.every(({ name, kinds }) => !kinds.includes(kind) || state.metrics.includes(name))) return state
  const seen = metrics.filter(({ name, kinds }) => kinds.includes(kind) || state.metrics.includes(name))
  return { ...state, metrics: seen.map(({ name }) => name) }
}

/** Sees to it that the window will close, and be forgotten one day. */
const wind = (
  state: MetricClock,
  start_ms: number,
  closed: boolean,
  turn: MetricTurn,
  policy: MetricPolicy,
): MetricClock => {
  let next = state
  if (!state.forgets) {
    turn.timer('forget', forgotten_at(start_ms + policy.window_ms, policy))
    next = { ...next, forgets: true }
  }
  if (!closed && (state.next_ms === null || start_ms < state.next_ms)) {
    turn.timer('close', closes_at(start_ms + policy.window_ms, policy))
    next = { ...next, next_ms: start_ms, active_ms: start_ms }
  }
  if (state.first_ms === null || start_ms < state.first_ms) next = { ...next, first_ms: start_ms }
  return next
}

/** Writes the window whose time has come and sets the timer for the one after it. */
const close = (state: MetricClock, turn: MetricTurn, policy: MetricPolicy): MetricClock => {
  const start_ms = state.next_ms as number
  const { window_ms } = policy
  const stored = turn.slot(String(start_ms))
  const window = stored ?? EMPTY_WINDOW
  const of = { tenant_id: turn.key, start_ms, window_ms, revision: 0 }
  for (const { name, measure } of metrics) {
    const measured = measure(window)
    if (measured.denominator && state.metrics.includes(name)) turn.emit(point(name, null, measured, of))
  }
  for (const currency of state.currencies)
    turn.emit(point('revenue', currency, money_measured(window, currency), of))
  const active_ms = stored ? start_ms : state.active_ms
  const silent = start_ms + window_ms - active_ms > policy.silence_ms
  const next_ms = silent ? first_open(turn, start_ms) : start_ms + window_ms
  turn.timer('close', next_ms === null ? null : closes_at(next_ms + window_ms, policy))
  return { ...state, next_ms, active_ms: silent ? (next_ms ?? active_ms) : active_ms }
}

/** Start of the first window with events after that one. */
const first_open = (turn: MetricTurn, after_ms: number): number | null => {
  let first: number | null = null
  for (const [id] of turn.slots()) {
    const start_ms = Number(id)
    if (start_ms > after_ms && (first === null || start_ms < first)) first = start_ms
  }
  return first
}

/** Drops the windows that can no longer be corrected; a daily look, since each is at all the slots. */
const forget = (state: MetricClock, turn: MetricTurn, policy: MetricPolicy): MetricClock => {
  let left = false
  for (const [id] of turn.slots())
    if (forgotten_at(Number(id) + policy.window_ms, policy) <= turn.at_ms) turn.put(id, null)
    else left = true
  turn.timer('forget', left ? turn.at_ms + days(1) : null)
  return left ? state : { ...state, forgets: false }
}
