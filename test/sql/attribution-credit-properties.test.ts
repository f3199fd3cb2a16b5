/** attribution_credit, for any paths: money is neither lost nor made, and no order of arrival or merge matters. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hours } from '../../schemas/units.ts'
import { type Served, serve_warehouse } from './served-warehouse.ts'

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
  await served.fill(
    'attribution_effects',
    [0.7, 0.001, 0, 0.25].map((effect, i) => ({
      _key: 't1',
      event_id: `${i}`,
      tenant_id: 't1',
      occurred_at: '2025-01-01T00:00:00.000Z',
      model: 'markov',
      markov_order: 1,
      dimension: 'channel',
      place: CHANNELS[i],
      effect,
    })),
  )
})
afterAll(() => served.stop())

const CHANNELS = ['search', 'email', 'direct', 'social', 'video']
const TRANSFORMS = ['none', 'exposure', 'first', 'unique'] as const
const T = Date.UTC(2026, 0, 31)
const iso = (ms: number) => new Date(ms).toISOString()

const touches = fc
  .array(
    fc.record({
      hours_ago: fc.nat({ max: 24 * 40 }),
      channel: fc.constantFrom(...CHANNELS),
      campaign: fc.constantFrom(null, 'spring', 'news'),
    }),
    { maxLength: 12 },
  )
  .map(list => list.sort((a, b) => b.hours_ago - a.hours_ago))
const movement = fc.record({
  touches,
  // Few units, where rounding shows, and as many as there can be.
  amount_minor: fc.oneof(fc.nat({ max: 99 }), fc.nat({ max: 100_000 }), fc.maxSafeNat()),
  type: fc.constantFrom('payment_succeeded', 'refunded', 'chargeback'),
  currency: fc.constantFrom('EUR', 'JPY'),
})
type Movement = typeof movement extends fc.Arbitrary<infer M> ? M : never

const row_of = ({ touches, amount_minor, type, currency }: Movement, i: number) => ({
  _key: `t1|c${i % 3}`,
  event_id: `e${i}`,
  tenant_id: 't1',
  customer_id: `c${i % 3}`,
  occurred_at: iso(T),
  type,
  amount_minor: type === 'payment_succeeded' ? amount_minor : -amount_minor,
  currency,
  path_ends_at: iso(T),
  touches: touches.map(({ hours_ago, channel, campaign }, k) => ({
    event_id: `t${k}`,
    touched_at: iso(T - hours(hours_ago)),
    channel,
    campaign,
    content_id: null,
    cost_minor: 0,
    cost_currency: 'EUR',
    anonymous: false,
  })),
})

interface Sum {
  readonly event_id: string
  readonly model: string
  readonly minor: string
  readonly conversions: number
}
const CREDIT = `attribution_credit(as_of = '2026-03-01 00:00:00.000', lookback_days = 30, half_life_days = 7,
  lookback_steps = {steps:UInt32}, path_transform = {transform:String}, models = [])`
const sums = (steps: number, transform: string) =>
  served.warehouse.query<Sum>(
    `SELECT event_id, model, toString(sum(credit_minor)) AS minor, sum(conversions) AS conversions
     FROM ${CREDIT} GROUP BY ALL`,
    { steps, transform },
  )
const everything = async (steps: number, transform: string) =>
  JSON.stringify(await served.warehouse.query(`SELECT * FROM ${CREDIT} ORDER BY ALL`, { steps, transform }))

test('of any movements each model gives away each, to the minor unit and to one conversion', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(movement, { minLength: 20, maxLength: 60 }),
      fc.constantFrom(...TRANSFORMS),
      fc.constantFrom(0, 1, 3),
      async (movements, transform, steps) => {
        await served.empty('conversions')
        const rows = movements.map(row_of)
        await served.fill('conversions', rows)
        const got = await sums(steps, transform)
        expect(got).toHaveLength(8 * rows.length)
        const by_id = new Map(rows.map(row => [row.event_id, row]))
        for (const { event_id, model, minor, conversions } of got) {
          const row = by_id.get(event_id)!
          expect(minor, `${model} ${JSON.stringify(row)}`).toBe(String(row.amount_minor))
          expect(conversions).toBeCloseTo(row.type === 'payment_succeeded' ? 1 : 0, 9)
        }
      },
    ),
    { numRuns: 12 },
  )
})

test('a refund takes back, touch by touch, what the payment gave', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(movement, { minLength: 20, maxLength: 40 }),
      fc.constantFrom(...TRANSFORMS),
      async (movements, transform) => {
        await served.empty('conversions')
        const rows = movements.map(row_of)
        const back = rows.map(row => ({
          ...row,
          type: 'refunded',
          event_id: `back ${row.event_id}`,
          amount_minor: -row.amount_minor,
        }))
        await served.fill('conversions', [...rows, ...back])
        const left = await served.warehouse.query<object>(
          `SELECT customer_id, replaceOne(event_id, 'back ', '') AS event_id, model, channel, campaign, touch_at,
             sum(credit_minor) AS minor
           FROM ${CREDIT} GROUP BY ALL HAVING minor != 0`,
          { steps: 0, transform },
        )
        expect(left).toEqual([])
      },
    ),
    { numRuns: 5 },
  )
})

test('rows are equal from run to run, whatever the order of arrival, the parts and the repeats', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(movement, { minLength: 5, maxLength: 20 }).chain(list =>
        fc.tuple(
          fc.constant(list.map(row_of)),
          fc.shuffledSubarray(
            list.map((_, i) => i),
            { minLength: list.length },
          ),
        ),
      ),
      fc.constantFrom(...TRANSFORMS),
      async ([rows, order], transform) => {
        await served.empty('conversions')
        await served.fill('conversions', rows)
        const first = await everything(2, transform)
        expect(await everything(2, transform)).toBe(first)
        await served.empty('conversions')
        const shuffled = order.map(i => rows[i]!)
        const half = Math.ceil(shuffled.length / 2)
        // What touches changed later arrives as a revision before or after the row it replaces.
        const before = shuffled.slice(0, half).map(row => ({ ...row, revision: -1, touches: [] }))
        await served.fill('conversions', shuffled.slice(0, half))
        await served.fill('conversions', [...shuffled.slice(half), ...before])
        await served.fill('conversions', shuffled.slice(half - 1))
        expect(await everything(2, transform)).toBe(first)
      },
    ),
    { numRuns: 6 },
  )
})
