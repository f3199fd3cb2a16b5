/** One key for all attempts of a notification, by which a receiver tells a repeat from news. */
import { createHash, createHmac } from 'node:crypto'
import type { Notification } from '../../schemas/types.ts'

/** Unique over tenants; of letters that a header may hold. */
export const idempotency_key = ({
  tenant_id,
  event_id,
}: Pick<Notification, 'tenant_id' | 'event_id'>): string => hash(`${tenant_id}|${event_id}`)

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 40)

/** Of all notifications of a receiver's group: what mail programs show together. */
export const thread_key = ({
  tenant_id,
  receiver,
  group_key,
}: Pick<Notification, 'tenant_id' | 'receiver' | 'group_key'>): string =>
  hash(`${tenant_id}|${receiver}|${group_key}`)

/** t=seconds,v1=HMAC-SHA256 of `seconds.body` in hex: whoever holds the secret can check who sent it, and when. */
export const signature_of = (body: string, secret: string, now: number): string => {
  const t = Math.floor(now / 1000)
  return `t=${t},v1=${createHmac('sha256', secret).update(`${t}.${body}`).digest('hex')}`
}
