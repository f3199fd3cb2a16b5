/** Which windows of a tenant have points: those with events and the silence behind them; and since when each metric is known. */
import type { MetricClock, MetricClockV1, MetricKnown, MetricSpan, Signal } from '../../schemas/types.ts'
import { window_start } from '../core/windows.ts'
import { metrics } from './metric-list.ts'

export interface Span {
  readonly window_ms: number
  /** So long after a window with events those without are written too. */
  readonly silence_ms: number
}

/** Start of the first window that is not closed yet. */
export const first_open = (
  stream_time_ms: number,
  { grace_ms, window_ms }: { readonly grace_ms: number; readonly window_ms: number },
): number => window_start(stream_time_ms - grace_ms, window_ms)

export const is_covered = (spans: readonly MetricSpan[], start_ms: number): boolean =>
  spans.some(({ from_ms, until_ms }) => from_ms <= start_ms && start_ms <= until_ms)

/** With the window, which has events, and the silence behind it: the same spans where they have both. */
export const cover = (
  spans: readonly MetricSpan[],
  start_ms: number,
  { window_ms, silence_ms }: Span,
): readonly MetricSpan[] => {
  const added = { from_ms: start_ms, until_ms: start_ms + silence_ms }
  if (spans.some(span => span.from_ms <= added.from_ms && added.until_ms <= span.until_ms)) return spans
  const meets = (span: MetricSpan): boolean =>
    span.from_ms <= added.until_ms + window_ms && added.from_ms <= span.until_ms + window_ms
  const joined = [added, ...spans.filter(meets)]
  const span = {
    from_ms: Math.min(...joined.map(({ from_ms }) => from_ms)),
    until_ms: Math.max(...joined.map(({ until_ms }) => until_ms)),
  }
  return [...spans.filter(other => !meets(other)), span].sort((a, b) => a.from_ms - b.from_ms)
}

export type Series = Pick<MetricKnown, 'metric' | 'currency'>

export const is_same = (a: Series, b: Series): boolean => a.metric === b.metric && a.currency === b.currency

export const revenue_in = (currency: string): Series => ({ metric: 'revenue', currency })

/** What a signal counts in. */
export const series_of_kind = (kind: Signal['kind']): readonly Series[] =>
  metrics.filter(({ kinds }) => kinds.includes(kind)).map(({ name }) => ({ metric: name, currency: null }))

const ORDER: ReadonlyMap<string, number> = new Map(metrics.map(({ name }, place) => [name, place]))
const place_of = ({ metric }: Series): number => ORDER.get(metric) ?? ORDER.size

/** Takes down that these have an event in the window: the same list where that was known, or an earlier one. */
export const meet = (
  known: readonly MetricKnown[],
  series: readonly Series[],
  since_ms: number,
): readonly MetricKnown[] => {
  const news = series.filter(one => !known.some(old => is_same(old, one) && old.since_ms <= since_ms))
  if (news.length === 0) return known
  const kept = known.filter(old => !news.some(one => is_same(one, old)))
  const by_currency = (a: Series, b: Series) => ((a.currency ?? '') < (b.currency ?? '') ? -1 : 1)
  return [...kept, ...news.map(one => ({ ...one, since_ms }))].sort(
    (a, b) => place_of(a) - place_of(b) || by_currency(a, b),
  )
}

export const NEW_CLOCK: MetricClock = { next_ms: null, forgets: false, spans: [], known: [] }

/** Before, every metric counted as met from the first window on; what was written is known but for its gaps. */
export const clock_from_v1 = (old: MetricClockV1, { silence_ms }: Span): MetricClock => {
  const { first_ms, next_ms, active_ms, forgets, currencies } = old
  if (first_ms === null) return { ...NEW_CLOCK, next_ms, forgets }
  // Until the chain has closed the window it was wound up with, nobody knows where the one before it ended.
  const spans = active_ms === next_ms ? [] : [{ from_ms: first_ms, until_ms: active_ms + silence_ms }]
  const met = [...old.metrics.map(metric => ({ metric, currency: null })), ...currencies.map(revenue_in)]
  return { next_ms, forgets, spans, known: meet([], met, first_ms) }
}
