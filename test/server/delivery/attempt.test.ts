import { expect, test } from 'vitest'
import { backoff_of, judge_status } from '../../../server/delivery/attempt.ts'
import { default_delivery } from '../../../server/delivery/settings.ts'

const T = Date.UTC(2026, 0, 5)
const judge = (status: number, retry_after?: string) => judge_status(status, retry_after, T)

test('which answers end it, and which are asked again', () => {
  for (const status of [200, 202, 204]) expect(judge(status).ended).toBe('delivered')
  for (const status of [301, 307, 400, 401, 404, 410, 422]) expect(judge(status).ended).toBe('refused')
  for (const status of [408, 425, 429, 500, 502, 503, 504]) expect(judge(status).ended).toBe('failed')
})

test('Retry-After is seconds or a date, and nothing else', () => {
  expect(judge(429, '120').retry_after_ms).toBe(120_000)
  expect(judge(503, new Date(T + 5000).toUTCString()).retry_after_ms).toBe(5000)
  expect(judge(503, new Date(T - 5000).toUTCString()).retry_after_ms).toBe(0)
  expect(judge(503, 'soon').retry_after_ms).toBeNull()
  expect(judge(503).retry_after_ms).toBeNull()
})

test('waits double up to the most, and are shortened by at most a half', () => {
  const waits = [1, 2, 3, 4, 10, 10_000].map(attempts => backoff_of(attempts, default_delivery, 0))
  expect(waits).toEqual([1000, 2000, 4000, 8000, 300_000, 300_000])
  expect(backoff_of(3, default_delivery, 1)).toBe(2000)
})
