/** Movements with the events and batches that recorded them, some late, for the views that ask what was known when. */
import { ledger_row, type Served } from './served-warehouse.ts'

/** A moment of January 2026: day, hour and minute. */
export const at = (text: string): string => `2026-01-${text}:00.000Z`

const batch = (
  seq: number,
  wall_at: string,
  from: number,
  to: number,
  more: Record<string, unknown> = {},
) => ({
  log_id: 'L',
  key_group: 'customer',
  partition: 1,
  seq,
  kind: 'batch',
  nonce: 'n',
  wall_at: at(wall_at),
  ranges: [
    { topic: 'touchpoints', from: 0, to: 99, count: 99, crc: 1 },
    { topic: 'payments', from, to, count: to - from, crc: 1 },
  ],
  ...more,
})
const rekeyed = [{ topic: 'payments.rekeyed', from: 0, to: 2, count: 2, crc: 1 }]

/** By event id: place in the log, event time, signed amount. */
const MOVED = [
  // Recorded within the minute …
  { id: 'first', offset: 0, occurred: '05T10:00', amount: 1000 },
  { id: 'second', offset: 4, occurred: '05T23:00', amount: 500 },
  // … a refund of the 5th and a payment of the 5th that came two days later, …
  { id: 'refund', offset: 5, occurred: '05T23:30', amount: -300 },
  { id: 'late', offset: 6, occurred: '05T09:00', amount: 70 },
  // … a stray that was copied to its own partition, and one of another life of the log, with an offset met before …
  { id: 'stray', offset: 0, occurred: '06T10:00', amount: 2, log: 'L.rekeyed' },
  { id: 'moved', offset: 0, occurred: '06T11:00', amount: 3, log: 'M' },
  // … and one of which the warehouse does not hold the batch yet.
  { id: 'unjudged', offset: 9, occurred: '07T11:00', amount: 4 },
]

export const fill_recorded = async (served: Served): Promise<void> => {
  await served.fill('batches', [
    { ...batch(0, '01T00:00', 0, 0), kind: 'acquired', ranges: [] },
    batch(1, '05T10:01', 0, 1),
    batch(2, '05T23:01', 1, 5),
    batch(3, '07T08:00', 5, 8),
    batch(4, '07T08:05', 0, 0, { ranges: rekeyed }),
    batch(1, '08T00:00', 0, 3, { log_id: 'M' }),
    // A rebuild a month later wrote every ledger row once more.
    { ...batch(5, '31T00:00', 0, 0), kind: 'rebuilt', ranges: [], outputs: 7 },
  ])
  const types = (amount: number) => (amount < 0 ? 'refunded' : 'payment_succeeded')
  const whose = { tenant_id: 't1', customer_id: 'c1', _key: 't1|c1', currency: 'EUR' }
  await served.fill(
    'payments',
    MOVED.map(({ id, offset, occurred, amount, log = 'L' }) => ({
      ...whose,
      _log_id: log,
      _partition: 1,
      _offset: offset,
      event_id: id,
      occurred_at: at(occurred),
      type: types(amount),
      amount_minor: Math.abs(amount),
    })),
  )
  for (const written of [100, 200])
    await served.fill(
      'ledger',
      MOVED.map(({ id, occurred, amount }, i) =>
        ledger_row({
          ...whose,
          event_id: id,
          payment_id: `pay-${id}`,
          occurred_at: at(occurred),
          type: types(amount),
          amount_minor: amount,
          _partition: 1,
          _offset: written + i,
        }),
      ),
    )
}
