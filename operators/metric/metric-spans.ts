/** Which windows of a series have points: those with events and the silence behind them. */
import type { MetricSpan } from '../../schemas/types.ts'
import { window_start } from '../core/windows.ts'

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
