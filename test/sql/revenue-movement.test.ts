/** revenue_movement: every ledger row with the event that caused it, its place in the log, and since when it was known. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fill_recorded } from './recorded-movements.ts'
import { type Served, serve_warehouse } from './served-warehouse.ts'

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
  await fill_recorded(served)
})
afterAll(() => served.stop())

const ask = async (known_at: string, as_of = '2026-12-31 00:00:00.000') => {
  const rows = await served.warehouse.query<Record<string, string | number>>(
    `SELECT *, formatDateTime(known_at, '%dT%H:%i', 'UTC') AS known
     FROM revenue_movement(as_of = {as_of:DateTime64(3, 'UTC')}, known_at = {known_at:DateTime64(3, 'UTC')})
     ORDER BY known_at, position`,
    { as_of, known_at },
  )
  return rows.map(row =>
    [row.cause_event_id, row.type, row.payment_id, row.amount_minor, row.log_id, row.topic]
      .concat([`${row.partition}:${row.position}`, row.batch_seq as number, row.known as string])
      .join(' '),
  )
}
const first = 'first payment_succeeded pay-first 1000 L payments 1:0 1 05T10:01'
const second = 'second payment_succeeded pay-second 500 L payments 1:4 2 05T23:01'

it('names the event, its place, its batch and when that was; a rebuild makes nothing newer', async () => {
  expect(await ask('2299-12-31 00:00:00.000')).toEqual([
    first,
    second,
    'refund refunded pay-refund -300 L payments 1:5 3 07T08:00',
    'late payment_succeeded pay-late 70 L payments 1:6 3 07T08:00',
    'stray payment_succeeded pay-stray 2 L.rekeyed payments.rekeyed 1:0 4 07T08:05',
    'moved payment_succeeded pay-moved 3 M payments 1:0 1 08T00:00',
  ])
})

it('holds what was recorded before known_at, of what happened before as_of', async () => {
  expect(await ask('2026-01-07 08:00:00.000')).toEqual([first, second])
  expect(await ask('2026-01-07 08:00:00.001')).toHaveLength(4)
  expect(await ask('2026-01-07 08:00:00.000', '2026-01-05 23:00:00.000')).toEqual([first])
})
