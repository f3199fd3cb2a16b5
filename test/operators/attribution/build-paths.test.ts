import fc from 'fast-check'
import { filter } from 'rxjs'
import { expect, test } from 'vitest'
import { buildPaths } from '../../../operators/attribution/build-paths.ts'
import { default_paths } from '../../../operators/attribution/cut-path.ts'
import { pipeline, tagged } from '../../../operators/core/keyed.ts'
import attribution_paths from '../../../pipelines/attribution-paths.ts'
import identity_links from '../../../pipelines/identity-links.ts'
import identity_touches from '../../../pipelines/identity-touches.ts'
import { tributary } from '../../../runtime/app.ts'
import type { IdentifiedTouch, Payment, Touchpoint } from '../../../schemas/types.ts'
import { days, hours, minutes } from '../../../schemas/units.ts'
import { Driver } from '../../driver/driver.ts'
import { newest } from '../../driver/rounds.ts'
import { scenario } from '../../driver/scenario.ts'

const T = Date.UTC(2026, 0, 5)
const whose = { tenant_id: 'acme', customer_id: 'ada' }
const touch = (event_id: string, after_ms: number, more: Partial<Touchpoint> = {}): Partial<Touchpoint> => ({
  event_id,
  ...whose,
  occurred_at: T + after_ms,
  channel: 'search',
  interaction: 'click',
  cost_minor: 25,
  currency: 'EUR',
  ...more,
})
const claimed = (
  event_id: string,
  after_ms: number,
  more: Partial<IdentifiedTouch> = {},
): Partial<IdentifiedTouch> => ({
  event_id,
  ...whose,
  anonymous_id: 'v1',
  occurred_at: T + after_ms,
  revision: 0,
  retracted: false,
  channel: 'social',
  campaign: 'spring',
  content_id: 'teaser',
  interaction: 'view',
  cost_minor: 5,
  currency: 'USD',
  ...more,
})
const pay = (event_id: string, after_ms: number, more: Partial<Payment> = {}): Partial<Payment> => ({
  event_id,
  ...whose,
  occurred_at: T + after_ms,
  type: 'payment_succeeded',
  payment_id: `p-${event_id}`,
  amount_minor: 1000,
  currency: 'EUR',
  ...more,
})
const own = { task: 0, stream_time_ms: 0 }
const app = {
  ...tributary(1),
  partitions: 1,
  pipelines: [identity_touches, identity_links, attribution_paths],
}

const written = (d: Driver) =>
  d
    .outputs('conversions')
    .map(row => [row.event_id, row.revision, row.touches.map(t => t.event_id).join(' ')])

scenario(
  'a payment is written at once with the touches up to it, and again as others come',
  'customer',
  d => {
    d.send('touchpoints', [touch('b', minutes(5)), touch('a', minutes(5)), touch('c', minutes(20))])
    d.send('payments', [pay('1', minutes(20))])
    d.run()
    const [row] = d.outputs('conversions')
    expect(row).toEqual({
      event_id: '1',
      ...whose,
      occurred_at: T + minutes(20),
      revision: 0,
      type: 'payment_succeeded',
      payment_id: 'p-1',
      amount_minor: 1000,
      currency: 'EUR',
      path_ends_at: T + minutes(20),
      touches: ['a', 'b', 'c'].map(event_id => ({
        event_id,
        touched_at: T + minutes(event_id === 'c' ? 20 : 5),
        channel: 'search',
        campaign: null,
        content_id: null,
        cost_minor: 25,
        cost_currency: 'EUR',
        anonymous: false,
      })),
      left_out: 0,
    })
    // After the payment: none of its path. Late, and claimed by a log-in: each one more revision.
    d.send('touchpoints', [touch('d', minutes(20) + 1), touch('late', minutes(1))])
    d.tick(T + minutes(21))
    d.send('identified_touches', [claimed('v', minutes(10))], own)
    d.run()
    expect(written(d)).toHaveLength(2)
    d.tick(T + minutes(22))
    expect(written(d)).toEqual([
      ['1', 0, 'a b c'],
      ['1', 1, 'late a b c'],
      ['1', 2, 'late a b v c'],
    ])
    expect(d.outputs('conversions').at(-1)?.touches[3]).toEqual({
      event_id: 'v',
      touched_at: T + minutes(10),
      channel: 'social',
      campaign: 'spring',
      content_id: 'teaser',
      cost_minor: 5,
      cost_currency: 'USD',
      anonymous: true,
    })
    d.send('identified_touches', [claimed('v', minutes(10), { revision: 1, retracted: true })], own)
    d.send('identified_touches', [claimed('w', minutes(10), { revision: 1, retracted: true })], own)
    d.tick(T + minutes(23))
    expect(written(d).slice(3)).toEqual([['1', 3, 'late a b c']])
    expect(d.outcomes.late).toBe(0)
  },
  app,
)

scenario(
  'touches of two visitors and of the customer may have one event_id',
  'customer',
  d => {
    d.send('touchpoints', [touch('e', 0)])
    d.send('identified_touches', [claimed('e', 0), claimed('e', 0, { anonymous_id: 'v2' })], own)
    d.send('identified_touches', [claimed('e', 0, { anonymous_id: 'v2', retracted: true })], own)
    d.send('payments', [pay('1', 1)])
    d.run()
    expect(written(d)).toEqual([['1', 0, 'e e']])
  },
  app,
)

scenario(
  'money of nothing and other payment events: the first is written, the others are not',
  'customer',
  d => {
    d.send('payments', [pay('0', 0, { amount_minor: 0 }), pay('x', 1, { type: 'payment_failed' })])
    d.send('payments', [pay('r', 2, { type: 'refunded', amount_minor: 0, payment_id: null })])
    d.run()
    expect(d.outputs('conversions').map(row => [row.event_id, row.amount_minor])).toEqual([
      ['0', 0],
      ['r', 0],
    ])
  },
  app,
)

const refund = (event_id: string, after_ms: number, more: Partial<Payment> = {}) =>
  pay(event_id, after_ms, { type: 'refunded', payment_id: 'p-1', amount_minor: 400, ...more })
const ends = (d: Driver) =>
  d
    .outputs('conversions')
    .map(row => [row.event_id, row.revision, row.amount_minor, row.path_ends_at - T, row.touches.length])

scenario(
  'a refund has the path of the payment it takes back, also when that comes later',
  'customer',
  d => {
    d.send('touchpoints', [touch('a', 0)])
    d.send('payments', [pay('1', hours(1))])
    d.send('touchpoints', [touch('b', hours(2))])
    d.send('payments', [
      refund('r', hours(3)),
      refund('s', hours(4), { type: 'chargeback', payment_id: 'other' }),
    ])
    d.run()
    expect(ends(d)).toEqual([
      ['1', 0, 1000, hours(1), 1],
      ['r', 0, -400, hours(1), 1],
      ['s', 0, -400, hours(4), 2],
    ])
    d.send('payments', [pay('2', minutes(30), { payment_id: 'other' })])
    d.tick(T + hours(5))
    expect(ends(d).slice(3)).toEqual([
      ['2', 0, 1000, minutes(30), 1],
      ['s', 1, -400, minutes(30), 1],
    ])
    // A touch of the path re-opens payment and refund alike.
    d.send('touchpoints', [touch('c', minutes(40))])
    d.tick(T + hours(6))
    expect(ends(d).slice(5)).toEqual([
      ['1', 1, 1000, hours(1), 2],
      ['r', 1, -400, hours(1), 2],
    ])
  },
  app,
)

scenario(
  'touches are kept for as long as a path may hold them, then forgotten; money is never late',
  'customer',
  d => {
    const kept = () => [...d.fields('acme|ada').keys()].filter(field => field.includes('build-paths#')).length
    d.send('touchpoints', [touch('a', 0), touch('b', days(80))])
    d.send('payments', [pay('1', days(85))])
    d.send('touchpoints', [touch('elsewhere', days(160), { customer_id: 'bo' })])
    d.run()
    expect(kept()).toBe(3)
    // Old, but the payment's path holds it; of the other no path does.
    d.send('touchpoints', [touch('c', days(30)), touch('too-late', -days(10))])
    d.run()
    expect(d.outcomes.late).toBe(1)
    // Its touch b is 80 days old; a is beyond a payment of today.
    d.send('payments', [pay('2', days(160))])
    d.tick(T + days(161))
    expect(written(d)).toEqual([
      ['1', 0, 'a b'],
      ['2', 0, 'b'],
      ['1', 1, 'a c b'],
    ])
    d.tick(T + days(182))
    expect(kept()).toBe(2)
    d.tick(T + days(260))
    expect(kept()).toBe(0)
    d.tick(T + days(600))
    expect(d.timers).toBe(0)
    d.send('payments', [pay('3', days(90)), refund('r', days(91))])
    d.run()
    expect(ends(d).slice(3)).toEqual([
      ['3', 0, 1000, days(90), 0],
      ['r', 0, -400, days(91), 0],
    ])
    expect(d.outcomes.late).toBe(1)
  },
  app,
)

const few = { ...default_paths, path_touches_max: 2, touches_max: 4 }
const bounded = {
  ...app,
  pipelines: [
    identity_touches,
    identity_links,
    pipeline({
      name: 'attribution-bounded',
      keyed_by: 'customer',
      since: 'beginning',
      build: ({ from, to }) => {
        const fields = ['channel', 'campaign', 'content_id', 'cost_minor', 'currency'] as const
        const touches = from('touchpoints', 'customer_id', ...fields)
        const touch = touches.pipe(filter(({ customer_id }) => customer_id !== null))
        const identified = from('identified_touches', 'anonymous_id', 'retracted', ...fields)
        const payment = from('payments', 'type', 'payment_id', 'amount_minor', 'currency')
        to('conversions', tagged({ touch, identified, payment }).pipe(buildPaths(few)))
      },
    }),
  ],
}
scenario(
  'a path shows its newest touches and counts the rest; of very many the newest are kept',
  'customer',
  d => {
    const rows = (...numbers: number[]) => numbers.map(n => touch(`t${n}`, hours(n)))
    d.send('touchpoints', rows(1, 2, 3))
    d.send('payments', [pay('1', hours(3))])
    d.send('touchpoints', rows(4, 5, 6))
    d.send('payments', [pay('2', hours(6))])
    d.run()
    const left = d.outputs('conversions').map(row => row.left_out)
    expect([written(d), left]).toEqual([
      [
        ['1', 0, 't2 t3'],
        ['2', 0, 't5 t6'],
      ],
      [1, 2],
    ])
  },
  bounded,
)

test('the newest rows do not depend on the order in which touches and movements arrive', async () => {
  const at = fc.integer({ min: 0, max: 5 }).map(n => hours(n))
  const sent = fc
    .record({
      touches: fc.array(at, { maxLength: 4 }),
      claims: fc.array(at, { maxLength: 3 }),
      payments: fc.array(at, { maxLength: 2 }),
      refunds: fc.array(fc.tuple(at, fc.constantFrom('p-0', 'p-1', null)), { maxLength: 2 }),
    })
    .chain(({ touches, claims, payments, refunds }) => {
      const records = [
        ...touches.map((ms, i) => ({ topic: 'touchpoints' as const, row: touch(`t${i}`, ms) })),
        ...claims.map((ms, i) => ({ topic: 'identified_touches' as const, row: claimed(`c${i}`, ms) })),
        ...payments.map((ms, i) => ({ topic: 'payments' as const, row: pay(`${i}`, ms) })),
        ...refunds.map(([ms, payment_id], i) => ({
          topic: 'payments' as const,
          row: refund(`r${i}`, ms, { payment_id }),
        })),
      ]
      return fc.tuple(fc.constant(records), fc.shuffledSubarray(records, { minLength: records.length }))
    })
  const outcome = async (
    records: readonly { topic: 'touchpoints' | 'identified_touches' | 'payments'; row: object }[],
  ) => {
    const d = await Driver.open('customer', { batch: 3 }, app)
    for (const { topic, row } of records)
      d.send(topic, [row], topic === 'identified_touches' ? own : undefined)
    d.tick(T + days(1))
    return newest(d.outputs('conversions'), row => row.customer_id).map(({ revision: _, ...row }) => row)
  }
  await fc.assert(
    fc.asyncProperty(sent, async ([in_order, shuffled]) => {
      expect(await outcome(shuffled)).toEqual(await outcome(in_order))
    }),
    { numRuns: 60 },
  )
})

scenario(
  'money whose path was over long ago is kept to the next sweep, whatever comes in the same batch',
  'customer',
  d => {
    d.send('payments', [pay('now', 0), pay('old', -days(120))])
    d.send('identified_touches', [claimed('x', -days(121))], own)
    d.tick(T + minutes(1))
    expect(d.outputs('conversions').map(row => [row.event_id, row.revision, row.touches.length])).toEqual([
      ['now', 0, 0],
      ['old', 0, 0],
      ['old', 1, 1],
    ])
    d.tick(T + days(8))
    const kept = [...d.fields('acme|ada').keys()].filter(field => field.startsWith('attribution-paths/build'))
    expect(kept).toEqual([expect.anything(), expect.stringContaining('#c|now')])
  },
  app,
)
