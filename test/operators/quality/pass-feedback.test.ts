import { expect, it } from 'vitest'
import { pass_feedback } from '../../../operators/quality/pass-feedback.ts'

const feedback = {
  event_id: 'f1',
  tenant_id: 'acme',
  customer_id: 'ada',
  occurred_at: 5,
  decision_id: 'd1',
  buyer_id: 'b1',
  outcome: 'returned',
  reason: 'wrong number',
  amount_minor: 0,
  currency: 'USD',
} as const

it('changes nothing but the id, which names the customer', () => {
  expect(pass_feedback(feedback)).toEqual({ ...feedback, event_id: 'ada|f1' })
})

it('gives no two events of a tenant one id', () => {
  const ids = [
    ['a|b', 'c'],
    ['a', 'b|c'],
    ['a%7Cb', 'c'],
  ].map(([customer_id = '', event_id = '']) => pass_feedback({ ...feedback, customer_id, event_id }).event_id)
  expect(new Set(ids).size).toBe(3)
})
