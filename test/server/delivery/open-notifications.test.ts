import { expect, test } from 'vitest'
import type { Delivery } from '../../../schemas/types.ts'
import { OpenNotifications, PastAttempts } from '../../../server/delivery/open-notifications.ts'

test('begins anew at the oldest that has not ended, with the place of deliveries when it was read', () => {
  const open = new OpenNotifications({ notifications: 5, deliveries: 7 })
  expect(open.places()).toEqual({ notifications: 5, deliveries: 7 })
  open.began(5, 7)
  open.read_to(6, 7)
  open.began(6, 9)
  open.read_to(7, 9)
  open.ended(6)
  expect(open.places()).toEqual({ notifications: 5, deliveries: 7 })
  open.ended(5)
  expect(open.places()).toEqual({ notifications: 7, deliveries: 9 })
  expect(open.size).toBe(0)
})

test('knows of a past attempt how often it was tried, and whether it has ended', () => {
  const row = (notification_id: string, attempt: number, outcome: Delivery['outcome']) =>
    ({ tenant_id: 'acme', notification_id, attempt, outcome }) as Delivery
  const past = new PastAttempts()
  for (const each of [row('a', 1, 'retrying'), row('a', 2, 'retrying'), row('b', 1, 'retrying')])
    past.see(each)
  for (const each of [row('b', 2, 'failed'), row('c', 1, 'expired'), row('d', 1, 'delivered')]) past.see(each)
  expect(['a', 'b', 'c', 'd', 'e'].map(id => past.take('acme', id))).toEqual([2, null, null, null, 0])
  expect(past.take('other', 'b')).toBe(0)
})
