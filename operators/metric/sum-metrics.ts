/**
 * Decides: the points of a series in each tumbling window: once final, and then corrected; of counts and sums also zeros
 *   where nothing happened; of `values` three quantiles.
 * Because: what stopped is seen only if silence has numbers, so a chain of timers closes one window after the other. Which
 *   windows have zeros is a matter of event time alone, so that history gives the same points in any order. Numbers are
 *   whole or multiples of 2^-16, and sketches are counts by bin: sums are the same in any order.
 * Keeps: one slot per window with events, open or correctable; dropped by a daily look. Which windows have been written.
 * When late: within correction_ms of the close the window is written again with the next revision, and the zeros between it
 *   and what was written; after it the event is counted late. Twice: the task has dropped a second measurement before;
 *   measures come once each. Missing: see Because; a ratio, a level and a quantile of nothing have no point. What makes a
 *   sum too large to be exact is refused, and what is of another kind than the series.
 * Limits: silence_ms (of a part part_silence_ms) after an event the chain stops, and goes on with the window of the next
 *   event; a late event writes up to two days of zeros in one turn. Rows of a batch are refused or late together.
 */

import type { Observable } from 'rxjs'
import type { MetricClock, MetricPoint, MetricWindow } from '../../schemas/types.ts'
import { days, hours, seconds } from '../../schemas/units.ts'
import { keyed, type Row, type Tagged, type Turn } from '../core/keyed.ts'
import { closes_at, forgotten_at, type Lateness, window_start } from '../core/windows.ts'
import { METRIC_WINDOW_MS } from './metric-list.ts'
import { cover, first_open, is_covered, type Span } from './metric-spans.ts'
import { add_to, EMPTY_WINDOW, has_zeros, is_exact, points_of, series_of_key } from './metric-window.ts'
import { type Measured, read_measurement } from './read-measurement.ts'

/** silence_ms: so long the windows of a silent series are written as zeros. */
export interface MetricPolicy extends Lateness, Span {
  readonly part_silence_ms: number
}
/** What our own tasks write is never late, so the grace need only cover emitters' ordinary disorder. */
export const default_metrics: MetricPolicy = {
  window_ms: METRIC_WINDOW_MS,
  grace_ms: seconds(2),
  correction_ms: days(2),
  silence_ms: days(1),
  part_silence_ms: hours(1),
}

export type MetricInput = Tagged<{
  measure: Observable<Row<'measures', 'kind' | 'numerator' | 'denominator' | 'samples' | 'bins'>>
  measurement: Observable<Measured>
}>
type MetricTurn = Turn<MetricPoint, MetricWindow, 'close' | 'forget'>

const NEW_CLOCK: MetricClock = { kind: '', next_ms: null, forgets: false, spans: [] }

export const sumMetrics = (policy: MetricPolicy = default_metrics) =>
  keyed<MetricInput, MetricPoint, MetricClock, MetricWindow, 'close' | 'forget'>({
    name: 'sum-metrics',
    version: 3,
    state: { schema: 'state/metric_clock', init: () => NEW_CLOCK },
    slot: { schema: 'state/metric_window', init: () => EMPTY_WINDOW },
    timers: { close: 'stream', forget: 'stream' },
    // As long as the detectors keep theirs: a tick that forgot would race with what comes back through the log.
    idle_ms: Number.POSITIVE_INFINITY,
    step: (state, input, turn) => {
      const added = input.from === 'measure' ? { ...input.value, parts: 1 } : read_measurement(input.value)
      if (typeof added === 'string') return turn.reject(added)
      if (state.kind !== '' && state.kind !== added.kind) return turn.reject('another_kind')
      const start_ms = window_start(input.value.occurred_at, policy.window_ms)
      const end_ms = start_ms + policy.window_ms
      if (forgotten_at(end_ms, policy) <= turn.stream_time_ms) {
        turn.late('beyond_correction')
        return state
      }
      const id = String(start_ms)
      const before = turn.slot(id) ?? EMPTY_WINDOW
      const summed = add_to(before, added)
      if (!is_exact(summed, added.parts)) return turn.reject('sum_too_large')
      const known = state.kind === '' ? { ...state, kind: added.kind } : state
      if (closes_at(end_ms, policy) > turn.stream_time_ms) {
        turn.put(id, summed)
        return wind(known, start_ms, start_ms, turn, policy)
      }
      const now = covered(known, start_ms, turn, policy)
      turn.put(id, correct(known, now, { start_ms, before, summed }, turn, policy))
      const open_ms = first_open(turn.stream_time_ms, policy)
      return wind(now, start_ms, is_covered(now.spans, open_ms) ? open_ms : null, turn, policy)
    },
    on_timer: (state, name, turn) =>
      name === 'close' ? close(state, turn, policy) : forget(state, turn, policy),
  })

/** With the window among those that are written, and the silence behind it. */
const covered = (
  state: MetricClock,
  start_ms: number,
  turn: MetricTurn,
  { window_ms, silence_ms, part_silence_ms }: MetricPolicy,
): MetricClock => {
  if (!has_zeros(state.kind)) return state
  const { dimension } = series_of_key(turn.key)
  const span = { window_ms, silence_ms: dimension ? part_silence_ms : silence_ms }
  const spans = cover(state.spans, start_ms, span)
  return spans === state.spans ? state : { ...state, spans: [...spans] }
}

interface Late {
  readonly start_ms: number
  readonly before: MetricWindow
  readonly summed: MetricWindow
}

/** Writes what the late event changes, and what would have been written had it come in time; the window with its new revision. */
const correct = (
  before: MetricClock,
  now: MetricClock,
  late: Late,
  turn: MetricTurn,
  policy: MetricPolicy,
): MetricWindow => {
  const { kind } = now
  const written = (window: MetricWindow): number =>
    points_at(turn, kind, window, late.start_ms, 0, policy).length
  const had = has_zeros(kind) ? is_covered(before.spans, late.start_ms) : written(late.before) > 0
  const revision = Math.max(late.before.revision, had ? 0 : -1) + 1
  const has = written(late.summed) > 0
  if (has) emit_points(turn, kind, late.summed, late.start_ms, revision, policy)
  if (now.spans !== before.spans) {
    const open_ms = first_open(turn.stream_time_ms, policy)
    for (let at = late.start_ms + policy.window_ms; at < open_ms; at += policy.window_ms)
      if (is_covered(now.spans, at) && !is_covered(before.spans, at))
        emit_points(turn, kind, EMPTY_WINDOW, at, 0, policy)
  }
  return has ? { ...late.summed, revision } : late.summed
}

const points_at = (
  turn: MetricTurn,
  kind: string,
  window: MetricWindow,
  start_ms: number,
  revision: number,
  { window_ms }: MetricPolicy,
): MetricPoint[] => points_of(series_of_key(turn.key), kind, window, { start_ms, window_ms, revision })

const emit_points = (...of: Parameters<typeof points_at>): void => {
  for (const point of points_at(...of)) of[0].emit(point)
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
  emit_points(turn, state.kind, window ?? EMPTY_WINDOW, start_ms, 0, policy)
  const now = window ? covered(state, start_ms, turn, policy) : state
  const after_ms = start_ms + window_ms
  const goes_on = is_covered(now.spans, after_ms) || turn.slot(String(after_ms)) !== undefined
  const next_ms = goes_on ? after_ms : next_with_events(turn, start_ms)
  turn.timer('close', next_ms === null ? null : closes_at(next_ms + window_ms, policy))
  return { ...now, next_ms }
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
  const spans = state.spans.filter(
    ({ until_ms }) => forgotten_at(until_ms + policy.window_ms, policy) > turn.at_ms,
  )
  // Spans too: what is left in the end must not depend on when this was looked at.
  left ||= spans.length > 0
  turn.timer('forget', left ? turn.at_ms + days(1) : null)
  return { ...state, forgets: left, spans }
}
