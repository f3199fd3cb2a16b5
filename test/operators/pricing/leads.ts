/** Scored leads for tests: what is not given is a message of a premium lead of 87 points by customer ada. */
import type { Lead } from '../../../schemas/types.ts'
import type { Driver } from '../../driver/driver.ts'

export const T = Date.UTC(2026, 0, 5)

export const lead = (id: string, more: Partial<Lead> = {}): Partial<Lead> => ({
  event_id: `ada|${id}`,
  tenant_id: 'acme',
  occurred_at: T,
  customer_id: 'ada',
  conversation_id: 'chat-1',
  cause_event_id: id,
  type: 'message',
  total_score: 87,
  quality_tier: 'premium',
  conversion_probability: 0.82,
  market_ratio: 1,
  duration_ms: 0,
  ...more,
})

/** Another customer's lead that is handed off. */
export const handed_off = (customer_id: string, more: Partial<Lead> = {}): Partial<Lead> =>
  lead('h', { event_id: `${customer_id}|h`, customer_id, type: 'handed_off', ...more })

/** Sends leads as the customers' task would, at its stream time, which it tells on all its topics. */
export const send = (d: Driver, leads: readonly Partial<Lead>[], stream_time_ms = T): void => {
  d.mark('leads', 0, stream_time_ms)
  d.send('leads', leads, { task: 0, stream_time_ms })
}
