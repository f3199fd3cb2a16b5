import { map } from 'rxjs'
import { expect, test } from 'vitest'
import { buildPaths } from '../../../operators/attribution/build-paths.ts'
import { default_paths, type PathPolicy } from '../../../operators/attribution/cut-path.ts'
import { pipeline, tagged } from '../../../operators/core/keyed.ts'
import identity_links from '../../../pipelines/identity-links.ts'
import identity_touches from '../../../pipelines/identity-touches.ts'
import { tributary } from '../../../runtime/app.ts'
import type { IdentifiedTouch, Payment } from '../../../schemas/types.ts'
import { days, minutes, seconds } from '../../../schemas/units.ts'
import { Driver } from '../../driver/driver.ts'
import { scenario } from '../../driver/scenario.ts'
import { store_as_version } from '../../driver/stored-by.ts'

const T = Date.UTC(2026, 0, 5)
const whose = { tenant_id: 'acme', customer_id: 'ada' }
const own = { task: 0, stream_time_ms: 0 }
const numbers = (most: number) => Array.from({ length: most }, (_, n) => n)
const claimed = (n: number, more: Partial<IdentifiedTouch> = {}): Partial<IdentifiedTouch> => ({
  event_id: `t${n}`,
  ...whose,
  anonymous_id: 'v1',
  occurred_at: T + n,
  revision: 0,
  retracted: false,
  channel: 'social',
  interaction: 'view',
  cost_minor: 5,
  currency: 'USD',
  ...more,
})
/** Paid from the hundredth minute on, so that touches of the first minutes are in every path. */
const pay = (n: number, more: Partial<Payment> = {}): Partial<Payment> => ({
  event_id: `p${n}`,
  ...whose,
  occurred_at: T + minutes(100 + n),
  type: 'payment_succeeded',
  payment_id: `p${n}`,
  amount_minor: 1000,
  currency: 'EUR',
  ...more,
})

/** What is written again fails where `t13` is in the path. */
const app_of = (policy: Partial<PathPolicy>) => ({
  ...tributary(1),
  partitions: 1,
  pipelines: [
    identity_touches,
    identity_links,
    pipeline({
      name: 'attribution-revised',
      keyed_by: 'customer',
      since: 'beginning',
      build: ({ from, to }) => {
        const fields = ['channel', 'campaign', 'content_id', 'cost_minor', 'currency'] as const
        const touch = from('touchpoints', 'customer_id', ...fields)
        const identified = from('identified_touches', 'anonymous_id', 'retracted', ...fields)
        const payment = from('payments', 'type', 'payment_id', 'amount_minor', 'currency')
        const paths = tagged({ touch, identified, payment }).pipe(buildPaths({ ...default_paths, ...policy }))
        const unlucky = map((row: { touches: readonly { event_id: string }[] }) => {
          if (row.touches.some(({ event_id }) => event_id === 't13')) throw new Error('unlucky')
          return row
        })
        to('conversions', paths.pipe(unlucky) as typeof paths)
      },
    }),
  ],
})
const written = (d: Driver) =>
  d.outputs('conversions').map(row => [row.event_id, row.revision, row.touches.length + row.left_out])
const marks = (d: Driver) => [...d.fields('acme|ada').keys()].filter(field => /build-paths#[sx]/.test(field))

scenario(
  'however many touches a log-in claims, each conversion is written once more, with all of them',
  'customer',
  d => {
    const [touches, payments] = [120, 20]
    d.send(
      'payments',
      numbers(payments).map(n => pay(n)),
    )
    d.run()
    d.send(
      'identified_touches',
      numbers(touches)
        .filter(n => n !== 13)
        .map(n => claimed(n)),
      own,
    )
    d.run()
    // The payments were written at once, nothing else is before a second is over.
    expect(written(d)).toEqual(numbers(payments).map(n => [`p${n}`, 0, 0]))
    expect(marks(d).length).toBe(touches - 1)
    const paid_ms = T + minutes(100 + payments - 1)
    d.tick(paid_ms + seconds(1) - 1)
    expect(written(d)).toHaveLength(payments)
    d.tick(paid_ms + seconds(1))
    d.tick(paid_ms + minutes(1))
    expect(d.outputs('conversions')).toHaveLength(2 * payments)
    expect(
      new Set(
        written(d)
          .slice(payments)
          .map(row => row.join(' ')),
      ).size,
    ).toBe(payments)
    expect(
      written(d)
        .slice(payments)
        .every(([, revision, all]) => revision === 1 && all === touches - 1),
    ).toBe(true)
    expect(marks(d)).toEqual([])
  },
  app_of({}),
)

scenario(
  'of many conversions some are written at a time, each once; with a row of its own in between',
  'customer',
  d => {
    d.send(
      'payments',
      numbers(5).map(n => pay(n)),
    )
    d.run()
    d.send('identified_touches', [claimed(1), claimed(2)], own)
    const paid_ms = T + minutes(104)
    const again = (after_ms: number) => {
      d.tick(paid_ms + after_ms)
      return written(d)
        .slice(5)
        .map(([event_id, revision, all]) => `${event_id} ${revision} ${all}`)
    }
    expect(again(seconds(1))).toEqual(['p0 1 2', 'p1 1 2'])
    // One more touch for all: those that wait take it in, the others are written anew.
    d.send('identified_touches', [claimed(3)], own)
    expect(again(seconds(2)).slice(2)).toEqual(['p0 2 3', 'p1 2 3'])
    // All that had time to fall due is not written at once: the next second begins now.
    expect(again(minutes(1)).slice(4)).toEqual(['p2 1 3', 'p3 1 3'])
    expect(again(minutes(2)).slice(6)).toEqual(['p4 1 3'])
    expect(again(minutes(9))).toHaveLength(7)
    expect([marks(d), d.outcomes.late]).toEqual([[], 0])
  },
  app_of({ revise_most: 2 }),
)

scenario(
  'a payment that comes before the others are written again is written once, whole',
  'customer',
  d => {
    d.send('payments', [pay(0)])
    d.run()
    d.send('identified_touches', [claimed(1)], own)
    d.run()
    d.send('payments', [pay(0, { event_id: 'q', payment_id: 'q' })])
    d.tick(T + days(1))
    expect(written(d)).toEqual([
      ['p0', 0, 0],
      ['q', 0, 1],
      ['p0', 1, 1],
    ])
  },
  app_of({}),
)

scenario(
  'what is marked is written before a sweep forgets it',
  'customer',
  d => {
    d.send('payments', [pay(0), pay(1, { occurred_at: T + days(60) })])
    d.run()
    d.send('identified_touches', [claimed(1)], own)
    d.tick(T + days(99))
    expect(written(d)).toEqual([
      ['p0', 0, 0],
      ['p1', 0, 0],
      ['p0', 1, 1],
    ])
    d.tick(T + days(101))
    expect(written(d).slice(3)).toEqual([['p1', 1, 1]])
    d.tick(T + days(999))
    d.tick(T + days(9999))
    expect([d.timers, d.fields('acme|ada').size > 0, marks(d)]).toEqual([0, true, []])
  },
  app_of({ revise_ms: days(40) }),
)

scenario(
  'a timer that failed is set anew by the next change',
  'customer',
  d => {
    d.send('payments', [pay(0)])
    d.run()
    d.send('identified_touches', [claimed(13)], own)
    d.tick(T + days(1))
    expect([written(d).length, d.outputs('dead_letters')[0]?.detail]).toEqual([
      1,
      expect.stringContaining('unlucky (timer of'),
    ])
    d.send('identified_touches', [claimed(13, { retracted: true }), claimed(14)], own)
    d.tick(T + days(2))
    expect(written(d).slice(1)).toEqual([['p0', 1, 1]])
    expect(marks(d)).toEqual([])
  },
  app_of({}),
)

scenario(
  'a sweep that failed is set anew by the next touch',
  'customer',
  d => {
    d.send('payments', [pay(0)])
    d.run()
    d.send('identified_touches', [claimed(13)], own)
    d.tick(T + days(100))
    expect(d.outputs('dead_letters')[0]?.event_id).toContain('build-paths:sweep')
    d.send('identified_touches', [claimed(13, { retracted: true }), claimed(14)], own)
    d.tick(T + days(115))
    expect(written(d)).toEqual([
      ['p0', 0, 0],
      ['p0', 1, 1],
    ])
    expect([...d.fields('acme|ada').keys()].filter(field => field.includes('build-paths#'))).toEqual([])
  },
  app_of({ revise_ms: days(150) }),
)

test('goes on from what version 1 stored', async () => {
  const d = await Driver.open('customer', { batch: 1, crash: true }, app_of({}))
  d.send('payments', [pay(0)])
  d.run()
  const slot = 'state/attribution_part'
  const schemas = [
    { state: 'state/attribution_paths_v1', slot },
    { state: 'state/attribution_paths', slot },
  ] as const
  expect(store_as_version(d, 'acme|ada', 'attribution-revised/build-paths', 1, schemas)).toBe(2)
  d.send('identified_touches', [claimed(1)], own)
  d.tick(T + days(1))
  expect(written(d)).toEqual([
    ['p0', 0, 0],
    ['p0', 1, 1],
  ])
})
