/**
 * Decides: which series a signal counts in: the whole of each of its metrics, and the part it belongs to.
 * Because: a series is summed by a task of its own, and rows of one batch and window are one row by then (metric-list.ts has
 *   the list).
 * Keeps: nothing.
 * When late: counts in the window of its own time. Twice: signals come once each. Missing: a signal without a part counts in
 *   the whole alone.
 * Limits: a tenant has as many series as it has channels and payment methods.
 */

import { mergeMap, type OperatorFunction } from 'rxjs'
import type { Measure } from '../../schemas/types.ts'
import { measures_of_signal, type Signal } from './metric-list.ts'

export const measureSignals = (): OperatorFunction<Signal, Measure> => signals =>
  signals.pipe(mergeMap(measures_of_signal))
