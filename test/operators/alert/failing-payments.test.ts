import { expect, it } from 'vitest'
import { roll_hour, share_of } from '../../../operators/alert/failing-payments.ts'
import { hours, minutes } from '../../../schemas/units.ts'

const window = (at: number, failed: number, ended: number) => ({
  event_id: `w${at}`,
  start_ms: hours(1000) + minutes(at),
  failed,
  ended,
})
const end = (at: number) => hours(1000) + minutes(at)

it('keeps an hour, by time, and takes a revision in place of what it revises', () => {
  let payments = roll_hour([], window(0, 1, 10))
  for (const next of [window(30, 2, 10), window(10, 0, 5), window(30, 3, 12)])
    payments = roll_hour(payments ?? [], next)
  expect(payments).toEqual([window(0, 1, 10), window(10, 0, 5), window(30, 3, 12)])
  expect(roll_hour(payments ?? [], window(65, 0, 1))?.map(w => w.event_id)).toEqual(['w10', 'w30', 'w65'])
  expect(roll_hour([window(100, 0, 1)], window(40, 5, 5))).toBe(null)
})

it('adds up the hour that ends where it is told', () => {
  const payments = [window(0, 1, 10), window(30, 3, 10), window(60, 9, 10)]
  expect(share_of(payments, end(60))).toMatchObject({ failed: 4, ended: 20 })
  expect(share_of(payments, end(65))).toMatchObject({ failed: 12, ended: 20 })
  expect(share_of(payments, end(200))).toEqual({ failed: 0, ended: 0, lower: 0 })
})

it('says beyond chance: half of two is nothing, half of forty is', () => {
  const lower = (failed: number, ended: number) => share_of([window(0, failed, ended)], end(5)).lower
  // 1 of 2 may be 8 %; the rule wants twenty payments too.
  expect(lower(1, 2)).toBeLessThan(0.1)
  expect(lower(3, 40)).toBeLessThan(0.05)
  expect(lower(20, 40)).toBeGreaterThan(0.3)
})
