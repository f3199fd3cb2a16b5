/** What became of one attempt to tell a receiver, and how long to wait for the next. */
import type { DeliverySettings } from './settings.ts'

export interface Attempted {
  readonly ended: 'delivered' | 'refused' | 'failed'
  readonly status_code: number | null
  readonly error: string | null
  /** As the receiver asks. */
  readonly retry_after_ms: number | null
}

export const delivered = (status_code: number): Attempted => ({
  ended: 'delivered',
  status_code,
  error: null,
  retry_after_ms: null,
})
/** For good: the same again would be refused again. */
export const refused = (error: string, status_code: number | null = null): Attempted => ({
  ended: 'refused',
  status_code,
  error,
  retry_after_ms: null,
})
export const failed = (
  error: string,
  status_code: number | null = null,
  retry_after_ms: number | null = null,
): Attempted => ({ ended: 'failed', status_code, error, retry_after_ms })

/** Request timeout, too early, too many requests: come again. */
const AGAIN: readonly number[] = [408, 425, 429]

export const judge_status = (status: number, retry_after: string | undefined, now: number): Attempted => {
  if (status >= 200 && status < 300) return delivered(status)
  if (status >= 300 && status < 400) return refused('redirects are not followed', status)
  if (status < 500 && !AGAIN.includes(status)) return refused(`answered ${status}`, status)
  return failed(`answered ${status}`, status, retry_after_ms(retry_after, now))
}

/** Seconds, or a date. */
const retry_after_ms = (text: string | undefined, now: number): number | null => {
  if (text === undefined) return null
  const wait_ms = /^\d+$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - now
  return Number.isFinite(wait_ms) ? Math.max(0, wait_ms) : null
}

/** Before the attempt that follows so many; `random` is 0 to 1. */
export const backoff_of = (
  attempts: number,
  { backoff_ms, backoff_most_ms }: DeliverySettings,
  random: number,
): number => Math.min(backoff_ms * 2 ** Math.min(attempts - 1, 30), backoff_most_ms) * (1 - random / 2)
