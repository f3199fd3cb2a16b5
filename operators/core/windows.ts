/** Event time: the arithmetic that windowed operators share, the defaults of lateness, and instants as sortable texts. */
import { days, minutes } from '../../schemas/units.ts'

export interface Lateness {
  /** A window closes so long after its end (stream time). */
  readonly grace_ms: number
  /** For so long after its close it is still corrected, by a later revision; afterwards a record is late. */
  readonly correction_ms: number
}

export const default_lateness: Lateness = { grace_ms: minutes(10), correction_ms: days(2) }

/** Start of the tumbling window (aligned to the epoch) that holds an instant. */
export const window_start = (at_ms: number, size_ms: number): number => Math.floor(at_ms / size_ms) * size_ms

/** When a window that ends at end_ms is final for the first time. */
export const closes_at = (end_ms: number, lateness: Lateness): number => end_ms + lateness.grace_ms

/** From when on a window that ended at end_ms is no longer corrected: its state is dropped. */
export const forgotten_at = (end_ms: number, lateness: Lateness): number =>
  end_ms + lateness.grace_ms + lateness.correction_ms

/** The earliest of several due times, null when there is none. */
export const earliest = (due_ms: readonly number[]): number | null =>
  due_ms.length ? due_ms.reduce((a, b) => Math.min(a, b)) : null

/** The latest of several instants, null when there is none. */
export const latest = (at_ms: readonly number[]): number | null =>
  at_ms.length ? at_ms.reduce((a, b) => Math.max(a, b)) : null

/** 1900: events are not older. */
const EARLIEST_MS = -2_208_988_800_000
export const SORTABLE_LENGTH = 14
/** An instant as a part of a slot's id: later ones are sorted behind. */
export const sortable_ms = (at_ms: number): string =>
  String(at_ms - EARLIEST_MS).padStart(SORTABLE_LENGTH, '0')
/** The instant that stands in the id behind the prefix. */
export const sorted_ms = (id: string, prefix: string): number =>
  Number(id.slice(prefix.length, prefix.length + SORTABLE_LENGTH)) + EARLIEST_MS
