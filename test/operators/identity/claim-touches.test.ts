import fc from 'fast-check'
import { filter } from 'rxjs'
import { expect, test } from 'vitest'
import { pipeline, tagged } from '../../../operators/core/keyed.ts'
import { claimTouches, default_claims } from '../../../operators/identity/claim-touches.ts'
import identity_links from '../../../pipelines/identity-links.ts'
import identity_touches from '../../../pipelines/identity-touches.ts'
import { tributary } from '../../../runtime/app.ts'
import type { Touchpoint } from '../../../schemas/types.ts'
import { days, hours, minutes } from '../../../schemas/units.ts'
import { Driver } from '../../driver/driver.ts'
import { newest, run_rounds } from '../../driver/rounds.ts'
import { scenario } from '../../driver/scenario.ts'

const T = Date.UTC(2026, 0, 5)
const touch = (event_id: string, after_ms: number, more: Partial<Touchpoint> = {}): Partial<Touchpoint> => ({
  event_id,
  tenant_id: 'acme',
  anonymous_id: 'v1',
  occurred_at: T + after_ms,
  channel: 'search',
  campaign: 'spring',
  content_id: 'teaser',
  interaction: 'click',
  cost_minor: 25,
  currency: 'EUR',
  ...more,
})
const identify = (event_id: string, after_ms: number, customer_id: string): Partial<Touchpoint> =>
  touch(event_id, after_ms, { customer_id, interaction: 'identify', channel: 'direct', cost_minor: 0 })

const app = { ...tributary(1), partitions: 1, pipelines: [identity_links, identity_touches] }
const owners = (d: Driver) =>
  newest(d.outputs('identified_touches'), row => row.customer_id).map(row => [row.event_id, row.customer_id])

scenario(
  'touches before and after a log-in go to the customer, whole; those of others stay',
  'customer',
  d => {
    d.send('touchpoints', [touch('a', 0), touch('x', 0, { anonymous_id: 'v2' })])
    d.send('touchpoints', [identify('i', minutes(5), 'ada')])
    run_rounds(d)
    expect(d.outputs('identity_links')).toEqual([
      {
        event_id: 'i',
        tenant_id: 'acme',
        anonymous_id: 'v1',
        identified_as: 'ada',
        occurred_at: T + minutes(5),
      },
    ])
    const claimed = {
      event_id: 'a',
      tenant_id: 'acme',
      customer_id: 'ada',
      anonymous_id: 'v1',
      occurred_at: T,
      revision: 1,
      retracted: false,
      channel: 'search',
      campaign: 'spring',
      content_id: 'teaser',
      interaction: 'click',
      cost_minor: 25,
      currency: 'EUR',
    }
    expect(d.outputs('identified_touches')).toEqual([claimed])
    d.send('touchpoints', [touch('b', minutes(6), { campaign: null, content_id: null })])
    run_rounds(d)
    expect(d.outputs('identified_touches').slice(1)).toEqual([
      {
        ...claimed,
        event_id: 'b',
        campaign: null,
        content_id: null,
        occurred_at: T + minutes(6),
        revision: 0,
      },
    ])
    expect(d.outcomes.late).toBe(0)
  },
  app,
)

scenario(
  'on a shared device each log-in takes what came before it; a late log-in takes from the next one',
  'customer',
  d => {
    d.send('touchpoints', [touch('a', 0), touch('b', minutes(20)), touch('c', minutes(40))])
    d.send('touchpoints', [identify('i2', minutes(30), 'bo')])
    run_rounds(d)
    expect(owners(d)).toEqual([
      ['a', 'bo'],
      ['b', 'bo'],
      ['c', 'bo'],
    ])
    d.send('touchpoints', [identify('i1', minutes(10), 'ada'), identify('i3', minutes(40), 'cy')])
    run_rounds(d)
    expect(owners(d)).toEqual([
      ['a', 'ada'],
      ['b', 'bo'],
      ['c', 'cy'],
    ])
    const of_a = d.outputs('identified_touches').filter(row => row.event_id === 'a')
    expect(of_a.map(row => [row.customer_id, row.revision, row.retracted])).toEqual([
      ['bo', 1, false],
      ['bo', 2, true],
      ['ada', 2, false],
    ])
  },
  app,
)

scenario(
  'a touch waits for lookback_ms and is then forgotten; an older one is late; a link has no lateness',
  'customer',
  d => {
    const kept = () => [...d.fields('acme|~v1').keys()].filter(field => field.includes('claim-touches#'))
    d.send('touchpoints', [touch('a', 0), touch('b', days(20))])
    d.send('touchpoints', [touch('now', days(95), { anonymous_id: 'v2' })])
    d.run()
    d.send('touchpoints', [touch('too-late', days(5))])
    d.run()
    expect(d.outcomes.late).toBe(1)
    d.tick(T + days(98))
    expect(kept()).toHaveLength(1)
    d.send('touchpoints', [identify('i', days(1), 'ada')])
    run_rounds(d)
    expect(owners(d)).toEqual([['b', 'ada']])
    d.tick(T + days(300))
    d.tick(T + days(400))
    expect([kept(), d.timers]).toEqual([[], 0])
    d.send('touchpoints', [touch('stranger', days(400))])
    run_rounds(d)
    expect(owners(d)).toEqual([['b', 'ada']])
  },
  app,
)

const few = { ...default_claims, touches_max: 4, links_max: 3 }
const bounded = {
  ...app,
  pipelines: [
    identity_links,
    pipeline({
      name: 'identity-bounded',
      keyed_by: 'customer',
      since: 'beginning',
      build: ({ from, to }) => {
        const fields = [
          'anonymous_id',
          'channel',
          'campaign',
          'content_id',
          'interaction',
          'cost_minor',
          'currency',
        ] as const
        const touches = from('touchpoints', 'customer_id', ...fields)
        const touch = touches.pipe(filter(({ customer_id }) => customer_id === null))
        const link = from('identity_links', 'identified_as')
        to('identified_touches', tagged({ touch, link }).pipe(claimTouches(few)))
      },
    }),
  ],
}
scenario(
  'of many touches and links the newest are kept',
  'customer',
  d => {
    const hour = (n: number) => touch(`t${n}`, hours(n))
    d.send('touchpoints', [0, 1, 2, 3, 4, 5].map(hour))
    d.run()
    d.send('touchpoints', [identify('i', hours(9), 'ada')])
    run_rounds(d)
    expect(owners(d).map(([id]) => id)).toEqual(['t2', 't3', 't4', 't5'])
    // Of the same customer's links the oldest that says nothing goes first: bo's stays.
    d.send('touchpoints', [identify('k', hours(10), 'bo'), identify('l', hours(11), 'ada')])
    d.send('touchpoints', [identify('m', hours(12), 'ada'), identify('n', hours(13), 'ada')])
    run_rounds(d)
    d.send('touchpoints', [touch('z', hours(9.5))])
    run_rounds(d)
    expect(owners(d).at(-1)).toEqual(['z', 'bo'])
  },
  bounded,
)

/** The rule as it is written, over everything at once. */
const expected = (sent: readonly Partial<Touchpoint>[]) => {
  const links = sent.filter(row => row.interaction === 'identify')
  const by_time = [...links].sort(
    (a, b) =>
      (a.occurred_at as number) - (b.occurred_at as number) ||
      ((a.event_id as string) < (b.event_id as string) ? -1 : 1),
  )
  return sent
    .filter(row => row.interaction !== 'identify' && links.length > 0)
    .map(row => {
      const after = by_time.find(link => (link.occurred_at as number) >= (row.occurred_at as number))
      return [row.event_id, (after ?? by_time.at(-1))?.customer_id]
    })
    .sort()
}

test('owners follow from touches and links as a set, whatever their order', async () => {
  const at = fc.integer({ min: 0, max: 6 }).map(n => hours(n))
  const customer = fc.constantFrom('ada', 'bo', 'cy')
  const journey = fc.record({
    touches: fc.array(at, { maxLength: 6 }),
    links: fc.array(fc.tuple(at, customer), { maxLength: 5 }),
  })
  const shuffled = journey.chain(({ touches, links }) => {
    const sent = [
      ...touches.map((ms, i) => touch(`t${i}`, ms)),
      ...links.map(([ms, id], i) => identify(`l${i}`, ms, id)),
    ]
    return fc.tuple(
      fc.shuffledSubarray(sent, { minLength: sent.length }),
      fc.array(fc.boolean(), { minLength: 11, maxLength: 11 }),
    )
  })
  await fc.assert(
    fc.asyncProperty(shuffled, async ([sent, pauses]) => {
      const d = await Driver.open('customer', { batch: 3 }, app)
      sent.forEach((row, i) => {
        d.send('touchpoints', [row])
        if (pauses[i]) run_rounds(d)
      })
      run_rounds(d)
      expect(owners(d)).toEqual(expected(sent))
    }),
    { numRuns: 60 },
  )
})
