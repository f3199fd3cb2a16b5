import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { idempotency_key, signature_of, thread_key } from '../../../server/delivery/idempotency-key.ts'
import { notification } from './receivers.ts'

test('a key is the notification’s own, over tenants, and fits a header', () => {
  const keys = [
    notification(1),
    notification(2),
    notification(1, { tenant_id: 'other' }),
    notification(1, { group_key: '{rule="übel\n"}' }),
  ].map(idempotency_key)
  expect(new Set(keys).size).toBe(4)
  for (const key of keys) expect(key).toMatch(/^[0-9a-f]{40}$/)
  expect(idempotency_key(notification(1, { occurred_at: 1, to: 'x' }))).toBe(keys[0])
})

test('a thread is a receiver’s group', () => {
  expect(thread_key(notification(1))).toBe(thread_key(notification(2)))
  expect(thread_key(notification(1))).not.toBe(thread_key(notification(1, { group_key: '{x}' })))
})

test('a signature covers time and body', () => {
  const v1 = createHmac('sha256', 's').update('12.body').digest('hex')
  expect(signature_of('body', 's', 12_900)).toBe(`t=12,v1=${v1}`)
})
