/**
 * Decides: a tenant's metrics in each tumbling window: once final, and then corrected; windows without events as zeros.
 * Because: what stopped is seen only if silence has numbers, so a chain of timers closes one window after the other. Which
 *   windows and metrics have zeros is a matter of event time alone, so that history gives the same points in any order.
 * Keeps: one slot per window with events, open or correctable; dropped by a daily look. Since which window each metric and
 *   currency is known: from there on it is zero where nothing happened. Which windows have been written.
 * When late: within correction_ms of the close the metrics that the event changes are written again with the next
 *   revision, and the zeros between it and what was written; after it the event is counted late. Twice: signals and
 *   movements come once each. Missing: see Because. A movement that makes a window's revenue too large to be exact is refused.
 * Limits: silence_ms after an event the chain stops, and goes on with the window of the next event; the windows between have
 *   no points (a month of silence is a day of zeros). A late event writes up to two days of zeros in one turn.
 */

import type { Observable } from 'rxjs'
import type { MetricClock, MetricClockV1, MetricPoint, MetricWindow } from '../../schemas/types.ts'
import { days, minutes, seconds } from '../../schemas/units.ts'
import { keyed, type Row, type Tagged, type Turn } from '../core/keyed.ts'
import { closes_at, forgotten_at, type Lateness, window_start } from '../core/windows.ts'
import {
  add_money,
  count_signal,
  EMPTY_WINDOW,
  is_exact,
  measured_of,
  point,
  series_of,
} from './metric-list.ts'
import {
  clock_from_v1,
  cover,
  first_open,
  is_covered,
  is_same,
  meet,
  NEW_CLOCK,
  revenue_in,
  type Series,
  type Span,
  series_of_kind,
} from './metric-spans.ts'

/** silence_ms: so long the windows of a silent tenant are written as zeros. */
export interface MetricPolicy extends Lateness, Span {}
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

export const sumMetrics = (policy: MetricPolicy = default_metrics) =>
  keyed<MetricInput, MetricPoint, MetricClock, MetricWindow, 'close' | 'forget'>({
    name: 'sum-metrics',
    version: 2,
    state: {
      schema: 'state/metric_clock',
      init: () => NEW_CLOCK,
      earlier: { 1: 'state/metric_clock_v1' },
      upgrade: (_, earlier) => clock_from_v1(earlier as MetricClockV1, policy),
    },
    slot: { schema: 'state/metric_window', init: () => EMPTY_WINDOW, earlier: { 1: 'state/metric_window' } },
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
      const changed =
        input.from === 'signal' ? series_of_kind(input.value.kind) : [revenue_in(input.value.currency)]
      const known = meet(state.known, changed, start_ms)
      const met = known === state.known ? state : { ...state, known }
      if (closes_at(end_ms, policy) > turn.stream_time_ms) {
        turn.put(id, summed)
        return wind(met, start_ms, start_ms, turn, policy)
      }
      const spans = cover(state.spans, start_ms, policy)
      const now = spans === state.spans ? met : { ...met, spans }
      turn.put(id, correct(state, now, { start_ms, before, summed, changed }, turn, policy))
      const open_ms = first_open(turn.stream_time_ms, policy)
      return wind(now, start_ms, is_covered(spans, open_ms) ? open_ms : null, turn, policy)
    },
    on_timer: (state, name, turn) =>
      name === 'close' ? close(state, turn, policy) : forget(state, turn, policy),
  })

interface Late {
  readonly start_ms: number
  readonly before: MetricWindow
  readonly summed: MetricWindow
  readonly changed: readonly Series[]
}

/** Writes what the late event changes, and what would have been written had it come in time; the window with its new revisions. */
const correct = (
  before: MetricClock,
  now: MetricClock,
  late: Late,
  turn: MetricTurn,
  policy: MetricPolicy,
): MetricWindow => {
  const { window_ms } = policy
  const revised = new Map(late.summed.revisions.map(({ series, revision }) => [series, revision]))
  const same = before.known === now.known && before.spans === now.spans
  const until_ms = same ? late.start_ms : first_open(turn.stream_time_ms, policy) - window_ms
  for (let start_ms = late.start_ms; start_ms <= until_ms; start_ms += window_ms) {
    if (!is_covered(now.spans, start_ms)) continue
    const is_late = start_ms === late.start_ms
    const had_points = is_covered(before.spans, start_ms)
    for (const { metric, currency, since_ms } of now.known) {
      if (since_ms > start_ms) continue
      const series = { metric, currency }
      const known = before.known.some(old => is_same(old, series) && old.since_ms <= start_ms)
      const is_changed = is_late && late.changed.some(one => is_same(one, series))
      if (had_points && known && !is_changed) continue
      const measured = measured_of(metric, currency, is_late ? late.summed : EMPTY_WINDOW)
      if (!measured.denominator) continue
      const was_written = had_points && known && measured_of(metric, currency, late.before).denominator > 0
      const id = series_of(metric, currency)
      const revision = is_changed ? (revised.get(id) ?? (was_written ? 0 : -1)) + 1 : 0
      if (is_changed) revised.set(id, revision)
      turn.emit(point(metric, currency, measured, { tenant_id: turn.key, start_ms, window_ms, revision }))
    }
  }
  return { ...late.summed, revisions: [...revised].map(([series, revision]) => ({ series, revision })) }
}

/** Sees to it that `next_ms` will close, and the window that starts at start_ms be forgotten one day. */
const wind = (
  state: MetricClock,
  start_ms: number,
  next_ms: number | null,
  turn: MetricTurn,
  policy: MetricPolicy,
): MetricClock => {
  let next = state
  if (!state.forgets) {
    turn.timer('forget', forgotten_at(start_ms + policy.window_ms, policy))
    next = { ...next, forgets: true }
  }
  if (next_ms === null || (state.next_ms !== null && state.next_ms <= next_ms)) return next
  turn.timer('close', closes_at(next_ms + policy.window_ms, policy))
  return { ...next, next_ms }
}

/** Writes the window whose time has come and sets the timer for the one after it. */
const close = (state: MetricClock, turn: MetricTurn, policy: MetricPolicy): MetricClock => {
  const start_ms = state.next_ms as number
  const { window_ms } = policy
  const window = turn.slot(String(start_ms))
  for (const { metric, currency, since_ms } of state.known) {
    const measured = measured_of(metric, currency, window ?? EMPTY_WINDOW)
    if (measured.denominator && since_ms <= start_ms)
      turn.emit(point(metric, currency, measured, { tenant_id: turn.key, start_ms, window_ms, revision: 0 }))
  }
  const spans = window ? cover(state.spans, start_ms, policy) : state.spans
  const after_ms = start_ms + window_ms
  const next_ms = is_covered(spans, after_ms) ? after_ms : next_with_events(turn, start_ms)
  turn.timer('close', next_ms === null ? null : closes_at(next_ms + window_ms, policy))
  return { ...state, spans, next_ms }
}

/** Start of the first window with events after that one. */
const next_with_events = (turn: MetricTurn, after_ms: number): number | null => {
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
  const spans = state.spans.filter(
    ({ until_ms }) => forgotten_at(until_ms + policy.window_ms, policy) > turn.at_ms,
  )
  return { ...state, forgets: left, spans }
}
