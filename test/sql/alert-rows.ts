/** Rows of alerts and deliveries with everything that a test does not care for filled in. */

const DAY = '2026-01-05T'
/** `10:05` → the instant on the day of the tests. */
export const at = (time: string): string => `${DAY}${time.length === 5 ? `${time}:00` : time}.000Z`

/** The n-th word on a trouble of tenant t1; its incident began at `started`. */
export const alert_word = (
  fingerprint: string,
  started: string,
  n: number,
  said: string,
  status: string,
  more: Readonly<Record<string, unknown>> = {},
): object => ({
  _key: 't1',
  tenant_id: 't1',
  event_id: `${fingerprint}|${Date.parse(at(started))}|${n}`,
  occurred_at: at(said),
  fingerprint,
  rule: fingerprint.split('|')[0],
  severity: 'high',
  status,
  title: `${fingerprint} ${status}`,
  description: 'd',
  started_at: at(started),
  suppressed: 0,
  cause_event_ids: [],
  policy_version: 'alert-2',
  ...more,
})
