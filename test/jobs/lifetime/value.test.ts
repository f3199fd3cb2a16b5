import { expect, it } from 'vitest'
import type { Chosen, Customer } from '../../../jobs/lifetime/choose.ts'
import { refusal } from '../../../jobs/lifetime/fit.ts'
import { pareto_nbd } from '../../../jobs/lifetime/pareto-nbd.ts'
import { discounted_value, predict, spend_of } from '../../../jobs/lifetime/value.ts'

const customer = (customer_id: string, repeat_days: number[], mean_spend: number): Customer => ({
  customer_id,
  repeat_days,
  age_days: 280,
  mean_spend,
})
const customers = [customer('a', [10, 200, 270], 40), customer('b', [], 0), customer('c', [7], 4)]
const P = [0.553, 10.58, 0.606, 11.67]
const refused = refusal('gamma_gamma', 2, 'few')
const chosen: Chosen = { fits: [refused], model: pareto_nbd, parameters: P, why: '' }

it('takes one’s own mean without a model of spend, and of a stranger what all repeat purchases were worth', () => {
  const spend = spend_of(refused, customers)
  expect(customers.map(spend)).toEqual([40, (3 * 40 + 4) / 4, 4])
})

it('values a customer at purchases times spend', () => {
  const predictions = predict(chosen, customers, 52)
  expect(predictions.map(({ customer_id }) => customer_id)).toEqual(['a', 'b', 'c'])
  const history = { x: 3, t_x: 270 / 7, T: 40 }
  expect(predictions[0]).toEqual({
    customer_id: 'a',
    p_alive: pareto_nbd.p_alive(P, history),
    expected_purchases: pareto_nbd.expected_purchases(P, history, 52),
    expected_value: pareto_nbd.expected_purchases(P, history, 52) * 40,
  })
  expect(predict({ ...chosen, model: null }, customers, 52)).toEqual([])
})

it('discounts month by month: without a rate it is the whole, with one less', () => {
  const history = { x: 3, t_x: 38, T: 40 }
  const value = (rate_a_month: number, months = 12) =>
    discounted_value(pareto_nbd, P, history, 10, { months, rate_a_month, weeks_a_month: 4 })
  const whole = pareto_nbd.expected_purchases(P, history, 48) * 10
  expect(value(0)).toBeCloseTo(whole, 10)
  expect(value(0.01)).toBeLessThan(whole)
  expect(value(0.01, 1)).toBeCloseTo((pareto_nbd.expected_purchases(P, history, 4) * 10) / 1.01, 10)
})

it('never expects less than nothing, whatever was paid back', () => {
  const owed = [customer('a', [10], -40), customer('b', [], 0)]
  expect(owed.map(spend_of(refused, owed))).toEqual([0, 0])
  for (const { expected_value } of predict(chosen, owed, 52)) expect(expected_value).toBe(0)
})
