import { expect, test } from 'vitest'
import type { Delivery, Notification } from '../../../schemas/types.ts'
import { hours } from '../../../schemas/units.ts'
import { type Attempted, delivered, failed } from '../../../server/delivery/attempt.ts'
import { ReceiverQueue } from '../../../server/delivery/receiver-queue.ts'
import { default_delivery } from '../../../server/delivery/settings.ts'
import { FakeClock } from '../fake-clock.ts'
import { notification } from './receivers.ts'

const T = Date.UTC(2026, 0, 5)

const queue_of = (send: (notification: Notification, at_s: number) => Attempted, over = {}) => {
  const clock = new FakeClock(T)
  const stop = new AbortController()
  const sent: [at_s: number, group_key: string, sequence: number][] = []
  const rows: Delivery[] = []
  const ended: number[] = []
  const queue = new ReceiverQueue(
    {
      settings: { ...default_delivery, ...over },
      clock,
      random: () => 0,
      send: async one => {
        const at_s = (clock.now() - T) / 1000
        sent.push([at_s, one.group_key, one.sequence])
        return send(one, at_s)
      },
      record: async row => {
        rows.push(row)
      },
      ended: ({ offset }) => ended.push(offset),
    },
    stop.signal,
    new AbortController().signal,
  )
  const add = (offset: number, more: Partial<Notification> = {}, attempts = 0) =>
    queue.add({ notification: notification(offset, { occurred_at: T, ...more }), offset, attempts })
  return { clock, stop, sent, rows, ended, queue, add }
}

test('waits longer each time, for a day; then it is given up, and what waited behind it has expired', async () => {
  const { clock, sent, rows, ended, queue, add } = queue_of(() => failed('down'))
  add(1)
  add(2, { occurred_at: T + 1000 })
  await clock.settle()
  await clock.advance(20_000)
  expect(sent.map(([at_s]) => at_s)).toEqual([0, 1, 3, 7, 15])
  await clock.advance(1_000_000)
  const pauses = sent.slice(1).map(([at_s], i) => at_s - (sent[i] as [number, string, number])[0])
  expect(Math.max(...pauses)).toBe(300)
  expect(sent.every(([, , sequence]) => sequence === 1)).toBe(true)
  // The clock of the test goes by 100 ms: to the day's end in one leap.
  const at_end = queue_of(() => failed('down'))
  at_end.add(1, { occurred_at: T - hours(24) }, 7)
  at_end.add(2, { occurred_at: T - hours(24) - 1 })
  await at_end.clock.settle()
  expect(at_end.rows.map(({ outcome, attempt, error }) => [outcome, attempt, error])).toEqual([
    ['failed', 8, 'given up: older than 24 hours'],
    ['expired', 1, 'older than 24 hours'],
  ])
  expect(at_end.sent).toEqual([])
  expect(at_end.ended).toEqual([1, 2])
  expect(ended).toEqual([])
  expect(queue.size).toBe(2)
  expect(rows.at(-1)?.outcome).toBe('retrying')
})

test('what waits for long is given up when its day is over, not at its next turn', async () => {
  const { clock, rows, sent, add } = queue_of(() => failed('down', 503, hours(10)), { give_up_ms: 5000 })
  add(1)
  await clock.settle()
  await clock.advance(6000)
  expect(sent).toHaveLength(1)
  expect(rows.map(({ outcome, occurred_at }) => [outcome, (occurred_at - T) / 1000])).toEqual([
    ['retrying', 0],
    ['failed', 5],
  ])
})

test('groups take turns; one that fails does not hold up the others; Retry-After holds all', async () => {
  const { clock, sent, ended, add } = queue_of(({ group_key, sequence }, at_s) => {
    if (group_key === '{bad}') return failed('no', 500)
    return sequence === 3 && at_s < 5 ? failed('slowly', 429, 10_000) : delivered(200)
  })
  add(1, { group_key: '{bad}' })
  add(2, { group_key: '{good}' })
  await clock.settle()
  expect(ended).toEqual([2])
  add(3, { group_key: '{good}' })
  await clock.settle()
  sent.length = 0
  await clock.advance(9_900)
  expect(sent).toEqual([])
  await clock.advance(200)
  expect(sent.map(([, group_key]) => group_key).sort()).toEqual(['{bad}', '{good}'])
  expect(ended).toEqual([2, 3])
})

test('begins nothing once it is stopped', async () => {
  const { clock, sent, stop, queue, add } = queue_of(() => failed('down'))
  add(1)
  await clock.settle()
  stop.abort()
  await clock.advance(5000)
  await queue.idle
  expect(sent).toHaveLength(1)
})

test('that nobody answers holds all groups of the receiver; the first answer ends that', async () => {
  const { clock, sent, ended, add } = queue_of((_, at_s) => (at_s < 6.9 ? failed('down') : delivered(200)))
  for (const n of [1, 2, 3, 4, 5]) add(n, { group_key: `{${n}}` })
  await clock.settle()
  await clock.advance(6_900)
  // Not each of the five after its own first second: one after the other, at 1, 3 and 7 seconds.
  expect(sent.map(([at_s, group_key]) => [at_s, group_key])).toEqual([
    [0, '{1}'],
    [1, '{2}'],
    [3, '{3}'],
  ])
  await clock.advance(5000)
  expect(ended.length).toBe(5)
})
