/** Payments that ended within a rolling hour, by windows: how many failed, and what that says of the hour. */
import type { AlertPayments } from '../../schemas/types.ts'
import { hours } from '../../schemas/units.ts'
import { wilson_lower } from '../stats/proportion.ts'
import { FAILURE_Z } from './alert-rules.ts'

/** The hour with a window in it, new or revised; null when the window is older than the hour. */
export const roll_hour = (
  payments: readonly AlertPayments[],
  window: AlertPayments,
): readonly AlertPayments[] | null => {
  const newest_ms = payments.at(-1)?.start_ms ?? window.start_ms
  if (window.start_ms <= newest_ms - hours(1)) return null
  const from_ms = Math.max(window.start_ms, newest_ms) - hours(1)
  const others = payments.filter(({ start_ms }) => start_ms > from_ms && start_ms !== window.start_ms)
  return [...others, window].sort((a, b) => a.start_ms - b.start_ms)
}

export interface FailureShare {
  readonly failed: number
  readonly ended: number
  /** The probability of failing is at least so, beyond chance. */
  readonly lower: number
}

export const share_of = (payments: readonly AlertPayments[], end_ms: number): FailureShare => {
  let [failed, ended] = [0, 0]
  for (const payment of payments) {
    if (payment.start_ms < end_ms - hours(1) || payment.start_ms >= end_ms) continue
    failed += payment.failed
    ended += payment.ended
  }
  return { failed, ended, lower: wilson_lower(failed, ended, FAILURE_Z) }
}
