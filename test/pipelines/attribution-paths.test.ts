import { expect, test } from 'vitest'
import type { Payment, Touchpoint } from '../../schemas/types.ts'
import { hours, minutes } from '../../schemas/units.ts'
import { Driver } from '../driver/driver.ts'
import { newest, run_rounds } from '../driver/rounds.ts'
import { scenario } from '../driver/scenario.ts'

const T = Date.UTC(2026, 0, 5)
const touch = (event_id: string, after_ms: number, more: Partial<Touchpoint>): Partial<Touchpoint> => ({
  event_id,
  tenant_id: 'acme',
  occurred_at: T + after_ms,
  channel: 'search',
  interaction: 'click',
  currency: 'EUR',
  ...more,
})
const sent: readonly ['touchpoints' | 'payments', Partial<Touchpoint> | Partial<Payment>][] = [
  ['touchpoints', touch('a', 0, { anonymous_id: 'v1', campaign: 'spring', content_id: 'teaser' })],
  ['touchpoints', touch('b', minutes(1), { anonymous_id: 'v1' })],
  [
    'touchpoints',
    touch('i', minutes(2), { anonymous_id: 'v1', customer_id: 'ada', interaction: 'identify' }),
  ],
  [
    'payments',
    {
      event_id: 'p',
      tenant_id: 'acme',
      customer_id: 'ada',
      occurred_at: T + minutes(3),
      type: 'payment_succeeded',
      payment_id: 'p1',
      amount_minor: 4999,
      currency: 'EUR',
    },
  ],
]
const paths = (d: Driver) =>
  newest(d.outputs('conversions'), row => row.customer_id).map(({ revision: _, ...row }) => row)

scenario(
  'an anonymous journey that identifies is the path of the payment, beside its ledger row',
  'customer',
  d => {
    for (const [topic, row] of sent) d.send(topic, [row])
    run_rounds(d)
    d.tick(T + hours(1))
    const [path, ...others] = paths(d)
    expect(others).toEqual([])
    expect(path?.touches.map(t => [t.event_id, t.campaign, t.content_id, t.anonymous])).toEqual([
      ['a', 'spring', 'teaser', true],
      ['b', null, null, true],
      ['i', null, null, false],
    ])
    const [booked] = d.outputs('ledger')
    expect([path?.amount_minor, path?.currency]).toEqual([booked?.amount_minor, booked?.currency])
    expect(d.outcomes.late).toBe(0)
  },
)

test('the path is the same in every order of arrival', async () => {
  const seen = new Set<string>()
  for (const order of permutations(sent)) {
    const d = await Driver.open('customer', { batch: 1 })
    for (const [topic, row] of order) {
      d.send(topic, [row])
      run_rounds(d)
    }
    d.tick(T + hours(1))
    seen.add(JSON.stringify(paths(d)))
  }
  expect(seen.size).toBe(1)
})

const permutations = <V>(list: readonly V[]): V[][] =>
  list.length === 0
    ? [[]]
    : list.flatMap((one, i) => permutations(list.filter((_, k) => k !== i)).map(rest => [one, ...rest]))
