import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  measures_of_entry,
  measures_of_signal,
  type SignalKind,
} from '../../../operators/metric/metric-list.ts'
import { default_metrics } from '../../../operators/metric/sum-metrics.ts'
import type { Measure } from '../../../schemas/types.ts'
import { days, hours, minutes, seconds } from '../../../schemas/units.ts'
import { Driver } from '../../driver/driver.ts'
import { scenario } from '../../driver/scenario.ts'
import { metric_app } from './metric-app.ts'

const T = Date.UTC(2026, 0, 5)
const signal = (event_id: string, after_ms: number, kind: SignalKind = 'visit'): Measure[] =>
  measures_of_signal({ event_id, tenant_id: 'acme', occurred_at: T + after_ms, kind, part: null })
const moved = (event_id: string, after_ms: number, amount_minor: number, currency = 'EUR'): Measure[] =>
  measures_of_entry({
    ...{ event_id, tenant_id: 'acme', occurred_at: T + after_ms, amount_minor, currency, channel: 'ads' },
    type: amount_minor < 0 ? 'refunded' : 'payment_succeeded',
  }).filter(({ metric, dimension }) => metric === 'revenue' && !dimension)
const send = (d: Driver, rows: readonly Measure[][], after_ms: number, money: readonly Measure[][] = []) =>
  d.send('measures', [...money, ...rows].flat(), { task: 0, stream_time_ms: T + after_ms })
const pass = (d: Driver, after_ms: number) => {
  d.mark('measures', 0, T + after_ms)
  d.run()
}
const points = (d: Driver, ...metrics: string[]) =>
  d
    .outputs('metric_points')
    .filter(({ metric }) => metrics.includes(metric))
    .map(row => [row.metric, (row.occurred_at - T) / minutes(5), row.value, row.revision])

scenario(
  'a window closes once with its counts, ratios and money; silence is zeros, but no ratio',
  'series',
  d => {
    pass(d, 0)
    send(
      d,
      [signal('1', 0), signal('2', 1), signal('3', 2, 'payment_success'), signal('4', 3, 'payment_failure')],
      0,
      [moved('m', 2, 1999), moved('n', 3, -500), moved('o', 3, 300, 'JPY')],
    )
    pass(d, minutes(5) + seconds(2) - 1)
    expect(d.outputs('metric_points')).toEqual([])
    pass(d, minutes(10) + seconds(2))
    expect(
      d
        .outputs('metric_points')
        .map(row => [row.event_id, row.value, row.numerator, row.denominator, row.samples]),
    ).toEqual([
      [`conversion_rate||${T}`, 0.5, 1, 2, 2],
      [`payment_failure_rate||${T}`, 0.5, 1, 2, 2],
      [`payments||${T}`, 1, 1, 1, 1],
      [`revenue|EUR|${T}`, 1499, 1499, 1, 2],
      [`revenue|JPY|${T}`, 300, 300, 1, 1],
      [`visits||${T}`, 2, 2, 1, 2],
      [`payments||${T + minutes(5)}`, 0, 0, 1, 0],
      [`revenue|EUR|${T + minutes(5)}`, 0, 0, 1, 0],
      [`revenue|JPY|${T + minutes(5)}`, 0, 0, 1, 0],
      [`visits||${T + minutes(5)}`, 0, 0, 1, 0],
    ])
  },
  metric_app,
)

scenario(
  'a late event corrects what it changes, by one revision each time, and after two days it is late',
  'series',
  d => {
    pass(d, 0)
    send(d, [signal('1', 0)], 0)
    pass(d, minutes(6))
    send(d, [signal('2', 1)], minutes(6))
    send(d, [signal('3', 2, 'payment_success')], minutes(6), [moved('m', 2, 700)])
    send(d, [], minutes(6), [moved('n', 3, 100)])
    d.run()
    expect(points(d, 'visits', 'conversion_rate', 'payments', 'revenue', 'payment_failure_rate')).toEqual([
      ['conversion_rate', 0, 0, 0],
      ['visits', 0, 1, 0],
      ['visits', 0, 2, 1],
      ['conversion_rate', 0, 0, 1],
      // What had no point yet has its first one.
      ['revenue', 0, 700, 0],
      ['payments', 0, 1, 0],
      ['conversion_rate', 0, 0.5, 2],
      ['payment_failure_rate', 0, 0, 0],
      ['revenue', 0, 800, 1],
    ])
    pass(d, days(3))
    send(d, [signal('4', 4)], days(3))
    d.run()
    // Visits and the conversion rate.
    expect(d.outcomes.late).toBe(2)
  },
  metric_app,
)

scenario(
  'an idle tenant has a day of zeros, whatever time jumps by, and goes on with its next event',
  'series',
  d => {
    pass(d, 0)
    send(d, [signal('1', 0)], 0)
    pass(d, days(40))
    expect(points(d, 'visits')).toHaveLength(289)
    send(d, [signal('2', days(40) + hours(1))], days(40))
    pass(d, days(40) + hours(2))
    const after = points(d, 'visits').slice(289)
    expect(after[0]).toEqual(['visits', 40 * 288 + 12, 1, 0])
    expect(after).toHaveLength(11)
    // The old window, and the timer that drops it, are gone.
    expect([...d.fields('acme').keys()].filter(field => field.endsWith(`${T}`))).toEqual([])
  },
  metric_app,
)

scenario(
  'the next event may be known before the silence is over',
  'series',
  d => {
    pass(d, 0)
    send(d, [signal('1', 0), signal('2', days(9)), signal('3', days(9) + hours(30))], 0)
    pass(d, days(9) + hours(31))
    const seen = points(d, 'visits')
    expect(seen.filter(([, , value]) => value === 1).map(([, start]) => start)).toEqual([
      0,
      9 * 288,
      9 * 288 + 360,
    ])
    expect(seen).toHaveLength(289 + 289 + 11)
  },
  metric_app,
)

test('whatever the order of arrival, the newest revisions count every event and windows follow each other', async () => {
  const event = fc.record({ after_ms: fc.integer({ min: 0, max: hours(4) }), money: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(
      fc.array(event, { minLength: 1, maxLength: 30 }),
      fc.nat({ max: 8 }),
      async (events, batch) => {
        const d = await Driver.open('series', { batch: batch + 1, crash: true }, metric_app)
        pass(d, 0)
        let now = 0
        events.forEach(({ after_ms, money }, i) => {
          now = Math.max(now, after_ms)
          if (money) send(d, [], now, [moved(`e${i}`, after_ms, 10 + i)])
          else send(d, [signal(`e${i}`, after_ms)], now)
        })
        pass(d, hours(5))
        const newest = new Map<string, { value: number; revision: number; metric: string; start: number }>()
        for (const { event_id, value, revision, metric, occurred_at } of d.outputs('metric_points')) {
          const before = newest.get(event_id)
          if (before) expect(revision).toBe(before.revision + 1)
          newest.set(event_id, { value, revision, metric, start: occurred_at })
        }
        const rows = (metric: string) => [...newest.values()].filter(row => row.metric === metric)
        const sum = (metric: string) => rows(metric).reduce((total, { value }) => total + value, 0)
        expect(sum('visits')).toBe(events.filter(({ money }) => !money).length)
        expect(sum('revenue')).toBe(events.reduce((total, { money }, i) => total + (money ? 10 + i : 0), 0))
        expect(d.outcomes.late).toBe(0)
      },
    ),
    { numRuns: 25 },
  )
})

scenario(
  'a metric that a late event makes known, or known earlier, has its zeros in the windows after it too',
  'series',
  d => {
    pass(d, 0)
    send(d, [signal('1', 0), signal('2', minutes(30), 'conversation')], 0)
    pass(d, minutes(31))
    send(
      d,
      [signal('3', minutes(10), 'qualified_lead'), signal('4', minutes(20), 'conversation')],
      minutes(31),
    )
    pass(d, minutes(36))
    expect(points(d, 'qualified_leads')).toEqual([
      ['qualified_leads', 2, 1, 0],
      ['qualified_leads', 3, 0, 0],
      ['qualified_leads', 4, 0, 0],
      ['qualified_leads', 5, 0, 0],
      ['qualified_leads', 6, 0, 0],
    ])
    expect(points(d, 'conversations')).toEqual([
      ['conversations', 4, 1, 0],
      ['conversations', 5, 0, 0],
      ['conversations', 6, 1, 0],
    ])
    expect(points(d, 'visits').map(([, start]) => start)).toEqual([0, 1, 2, 3, 4, 5, 6])
  },
  metric_app,
)

scenario(
  'an event before the first, or late in a silence, has the windows behind it written, and the chain goes on',
  'series',
  d => {
    pass(d, 0)
    send(d, [signal('1', minutes(20))], 0)
    pass(d, minutes(26))
    send(d, [signal('2', 0)], minutes(26))
    pass(d, days(2))
    expect(points(d, 'visits').map(([, start]) => start)).toEqual([
      4,
      ...[0, 1, 2, 3],
      ...Array.from({ length: 288 }, (_, i) => i + 5),
    ])
    // Written until minute 1460; stream time is two days, the event of day one and twelve hours.
    send(d, [signal('3', hours(36))], days(2))
    pass(d, days(2) + minutes(6))
    const after = points(d, 'visits').slice(293)
    expect(after.map(([, start]) => start)).toEqual(Array.from({ length: 145 }, (_, i) => 432 + i))
    expect(after[0]).toEqual(['visits', 432, 1, 0])
  },
  metric_app,
)

const KINDS = [
  'visit',
  'conversation',
  'qualified_lead',
  'payment_attempt',
  'payment_success',
  'payment_failure',
] as const

test('events late by up to the time of correction give the same points in the end as the same events in order', async () => {
  const event = fc.record({
    after_ms: fc.integer({ min: 0, max: days(4) }),
    delay_ms: fc.integer({ min: 0, max: default_metrics.correction_ms }),
    what: fc.constantFrom(...KINDS, 'EUR', 'JPY'),
  })
  type Event = typeof event extends fc.Arbitrary<infer E> ? E : never
  const final_points = async (events: readonly (Event & { arrives_ms: number })[], batch: number) => {
    const d = await Driver.open('series', { batch, crash: batch < 3 }, metric_app)
    pass(d, 0)
    for (const [i, { after_ms, arrives_ms, what }] of [...events.entries()].sort(
      ([, a], [, b]) => a.arrives_ms - b.arrives_ms || a.after_ms - b.after_ms,
    )) {
      pass(d, arrives_ms)
      if (what === 'EUR' || what === 'JPY') send(d, [], arrives_ms, [moved(`e${i}`, after_ms, 10 + i, what)])
      else send(d, [signal(`e${i}`, after_ms, what)], arrives_ms)
    }
    pass(d, days(8))
    expect(d.outcomes.late).toBe(0)
    const newest = new Map<string, { revision: number }>()
    for (const { event_id, ...row } of d.outputs('metric_points')) {
      expect(row.revision, event_id).toBe((newest.get(event_id)?.revision ?? -1) + 1)
      newest.set(event_id, row)
    }
    // What was expected is a matter of what had been seen by then.
    const final = [...newest].map(([id, row]) => [id, { ...row, revision: 0, expected: null }] as const)
    return final.sort(([a], [b]) => (a < b ? -1 : 1))
  }
  await fc.assert(
    fc.asyncProperty(
      fc.array(event, { minLength: 1, maxLength: 16 }),
      fc.nat({ max: 8 }),
      async (events, batch) => {
        const in_order = events.map(one => ({ ...one, arrives_ms: one.after_ms }))
        const late = events.map(one => ({ ...one, arrives_ms: one.after_ms + one.delay_ms }))
        expect(await final_points(late, batch + 1)).toEqual(await final_points(in_order, 100))
      },
    ),
    { numRuns: 40 },
  )
}, 60_000)

scenario(
  'a movement that makes a sum too large to be exact is refused, and the windows go on',
  'series',
  d => {
    pass(d, 0)
    send(d, [], 0, [moved('a', 0, 9e15), moved('b', 1, 9e15), moved('c', 2, 5), moved('e', minutes(6), 7)])
    send(d, [], 1, [moved('f', 3, -5e15, 'JPY'), moved('g', 4, 1, 'JPY')])
    pass(d, minutes(11))
    expect(points(d, 'revenue')).toEqual([
      ['revenue', 0, 9e15 + 5, 0],
      // Beyond 2^52, where plain Avro libraries lose the sign: state and row have it exactly.
      ['revenue', 0, -5e15 + 1, 0],
      ['revenue', 1, 7, 0],
      ['revenue', 1, 0, 0],
    ])
    const letters = d.outputs('dead_letters').map(({ pipeline, detail }) => [pipeline, detail])
    expect(letters).toEqual([['metric-windows', 'sum_too_large']])
  },
  metric_app,
)
