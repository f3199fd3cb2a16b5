/**
 * Decides: in which order a tenant's points and anomalies are judged: window by window, when all of a window are there; within one by
 *   their ids, anomalies behind points.
 * Because: they come from the tasks of their series, in an order that differs from run to run; an alert, what explains it and what
 *   it inhibits must not. Stream time is the least of those tasks', so that at a window's end + grace none is missing.
 * Keeps: points and anomalies of windows that are not whole, a slot each: minutes' worth, and up to two days' while history is loaded.
 * When late: what comes behind its window's time, and revisions, go on at once. Twice: a point comes once per revision. Missing: waits
 *   for nobody but for time.
 * Limits: none known.
 */
import type { Observable } from 'rxjs'
import type { AlertHeld, AlertHeldAnomaly, AlertHeldPoint, NextDue } from '../../schemas/types.ts'
import { seconds } from '../../schemas/units.ts'
import { keyed, type Row, type Tagged, type Turn } from '../core/keyed.ts'
import { earliest, sortable_ms, sorted_ms } from '../core/windows.ts'

export type HeardPoint = Row<
  'metric_points',
  | 'window_ms'
  | 'revision'
  | 'metric'
  | 'currency'
  | 'dimension'
  | 'kind'
  | 'value'
  | 'expected'
  | 'numerator'
  | 'denominator'
  | 'samples'
>
export type HeardAnomaly = Row<
  'anomalies',
  | 'window_ms'
  | 'revision'
  | 'metric'
  | 'currency'
  | 'dimension'
  | 'pattern'
  | 'direction'
  | 'value'
  | 'expected'
  | 'score'
>
export type Heard = Tagged<{ point: Observable<HeardPoint>; anomaly: Observable<HeardAnomaly> }>

/** The windows' own grace: when they close, their points are told. */
const GRACE_MS = seconds(2)
const NO_DUE: NextDue = { due_ms: null }
const EMPTY: AlertHeld = { point: null, anomaly: null }

export const orderPoints = () =>
  keyed<Heard, Heard, NextDue, AlertHeld, 'whole'>({
    name: 'order-points',
    version: 1,
    state: { schema: 'state/next_due', init: () => NO_DUE },
    slot: { schema: 'state/alert_held', init: () => EMPTY },
    timers: { whole: 'stream' },
    idle_ms: Number.POSITIVE_INFINITY,
    step: (state, heard, turn) => {
      const { occurred_at, window_ms, revision } = heard.value
      const due_ms = occurred_at + window_ms + GRACE_MS
      if (revision > 0 || due_ms <= turn.stream_time_ms) {
        turn.emit(heard)
        return state
      }
      const id = `${sortable_ms(due_ms)}${heard.from === 'point' ? 'p' : 'z'}${heard.value.event_id}`
      turn.put(id, held(heard))
      if (state.due_ms !== null && state.due_ms <= due_ms) return state
      turn.timer('whole', due_ms)
      return { due_ms }
    },
    on_timer: (_state, _name, turn) => {
      const due_ms = earliest([...release(turn)])
      turn.timer('whole', due_ms)
      return { due_ms }
    },
  })

/** Hands on what is whole; when the next window is. */
const release = (turn: Turn<Heard, AlertHeld, 'whole'>): readonly number[] => {
  for (;;) {
    const first = turn.slots('', CHUNK)
    for (const [id, { point, anomaly }] of first) {
      const due_ms = sorted_ms(id, '')
      if (due_ms > turn.at_ms) return [due_ms]
      if (point) turn.emit({ from: 'point', value: told(point) })
      if (anomaly) turn.emit({ from: 'anomaly', value: told(anomaly) as HeardAnomaly })
      turn.put(id, null)
    }
    if (first.length < CHUNK) return []
  }
}
const CHUNK = 256

const held = ({ from, value }: Heard): AlertHeld =>
  from === 'point'
    ? { point: plain_point(value), anomaly: null }
    : { point: null, anomaly: plain_anomaly(value) }

/** Of rows that carry more. */
const plain = (row: HeardPoint | HeardAnomaly) => {
  const { event_id, tenant_id, occurred_at: start_ms, window_ms, revision, metric, currency, dimension } = row
  return { event_id, tenant_id, start_ms, window_ms, revision, metric, currency, dimension }
}

/** As it came. */
const told = <H extends { readonly start_ms: number }>({ start_ms, ...held }: H) => ({
  ...held,
  occurred_at: start_ms,
})

const plain_point = (row: HeardPoint): AlertHeldPoint => {
  const { kind, value, expected, numerator, denominator, samples } = row
  return { ...plain(row), kind, value, expected, numerator, denominator, samples }
}

const plain_anomaly = (row: HeardAnomaly): AlertHeldAnomaly => {
  const { pattern, direction, value, expected, score } = row
  return { ...plain(row), pattern, direction, value, expected, score }
}
