import { map, type Observable } from 'rxjs'
import { expect, test } from 'vitest'
import { keyed, type Pipeline, pipeline } from '../../../operators/core/keyed.ts'
import { tributary } from '../../../runtime/app.ts'
import type { LedgerEntry } from '../../../schemas/types.ts'
import { Driver } from '../../driver/driver.ts'
import { scenario } from '../../driver/scenario.ts'

const T = Date.UTC(2026, 0, 5)
const pay = (event_id: string, amount_minor = 100, at = 0) =>
  ({
    event_id,
    tenant_id: 'acme',
    customer_id: 'ada',
    occurred_at: T + at,
    type: 'payment_succeeded',
    amount_minor,
    currency: 'EUR',
    quantity: 1,
  }) as never

const app_of = (...pipelines: Pipeline[]) => ({ ...tributary(1), partitions: 1, pipelines })
const entry = (event_id: string, amount_minor: number): LedgerEntry => ({
  event_id,
  tenant_id: 'acme',
  customer_id: 'ada',
  occurred_at: T,
  type: 'payment_succeeded',
  amount_minor,
  currency: 'EUR',
  cause_event_id: event_id,
  payment_id: null,
  subscription_id: null,
  checkout_id: null,
  product_id: null,
  plan_id: null,
  quantity: 1,
  method: null,
  channel: null,
  campaign: null,
  content_id: null,
})

/** Counts a customer's payments; state is revenue_window for its numbers. */
const count = (as?: string) =>
  keyed<{ event_id: string; amount_minor: number }, LedgerEntry, { payments: number }>(
    {
      name: 'count',
      version: 1,
      state: { schema: 'state/revenue_day', init: () => ({ payments: 0, gross_minor: 0, refunds_minor: 0 }) },
      idle_ms: 1e12,
      step: (state, input, turn) => {
        if (input.amount_minor === 13) throw new Error('unlucky')
        if (input.amount_minor === 7) turn.reject('seven')
        const next = { ...state, payments: state.payments + 1 }
        turn.emit(entry(`${input.event_id}`, next.payments))
        return next
      },
    },
    as,
  )

const counting = (
  name: string,
  build: (stream: Observable<LedgerEntry>) => readonly Observable<LedgerEntry>[],
) =>
  pipeline({
    name,
    keyed_by: 'customer',
    since: 'beginning',
    build: ({ from, to }) => {
      for (const stream of build(from('payments', 'amount_minor').pipe(count()))) to('ledger', stream)
    },
  })

const twice_consumed = counting('revenue-a', counted => [
  counted,
  counted.pipe(map(row => ({ ...row, event_id: `${row.event_id}-b` }))),
])

scenario(
  'two consumers of one keyed stream never run step twice',
  'customer',
  d => {
    d.send('payments', [pay('1'), pay('2')])
    d.run()
    expect(d.outputs('ledger').map(row => [row.event_id, row.amount_minor])).toEqual([
      ['1', 1],
      ['1-b', 1],
      ['2', 2],
      ['2-b', 2],
    ])
  },
  app_of(twice_consumed),
)

const failing_map = pipeline({
  name: 'revenue-b',
  keyed_by: 'customer',
  since: 'beginning',
  build: ({ from, to }) => {
    const rows = from('payments', 'amount_minor').pipe(
      map(row => {
        if (row.amount_minor === 13) throw new Error('in a map')
        return row
      }),
    )
    to('ledger', rows.pipe(count()))
  },
})

scenario(
  'a throw undoes its own pipeline for that record, dead-letters once, and the streams go on',
  'customer',
  d => {
    d.send('payments', [pay('1'), pay('2', 13), pay('3', 7), pay('4')])
    d.run()
    expect(d.outputs('ledger').map(row => [row.event_id, row.amount_minor])).toEqual([
      ['1', 1],
      ['1-b', 1],
      ['1', 1],
      ['4', 2],
      ['4-b', 2],
      ['4', 2],
    ])
    expect(d.outputs('dead_letters').map(row => [row.pipeline, row.reason, row.detail])).toEqual([
      ['revenue-a', 'OPERATOR_ERROR', 'unlucky'],
      ['revenue-b', 'OPERATOR_ERROR', 'in a map'],
      ['revenue-a', 'REJECTED', 'seven'],
      ['revenue-b', 'REJECTED', 'seven'],
    ])
    expect(d.outcomes.dead_letter).toBe(2)
  },
  app_of(twice_consumed, failing_map),
)

test('the same operator twice needs a second name', async () => {
  const same = (second?: string) =>
    pipeline({
      name: 'revenue-c',
      keyed_by: 'customer',
      since: 'beginning',
      build: ({ from, to }) => {
        const rows = from('payments', 'amount_minor')
        to('ledger', rows.pipe(count()))
        to('ledger', rows.pipe(count(second)))
      },
    })
  await expect(Driver.open('customer', { batch: 1 }, app_of(same()))).rejects.toThrow('count is there twice')
  await expect(Driver.open('customer', { batch: 1 }, app_of(same('count-again')))).resolves.toBeDefined()
})

test('an operator outside build() is refused, and state that is mutated throws', async () => {
  expect(() => count()({ subscribe() {} } as never)).toThrow('inside build()')
  const mutating = pipeline({
    name: 'revenue-d',
    keyed_by: 'customer',
    since: 'beginning',
    build: ({ from, to }) => {
      const spoil = keyed<unknown, LedgerEntry, { payments: number }>({
        name: 'spoil',
        version: 1,
        state: {
          schema: 'state/revenue_day',
          init: () => ({ payments: 0, gross_minor: 0, refunds_minor: 0 }),
        },
        idle_ms: 1e12,
        step: state => {
          state.payments++
          return { ...state }
        },
      })
      to('ledger', from('payments').pipe(spoil))
    },
  })
  const driver = await Driver.open('customer', { batch: 1 }, app_of(mutating))
  driver.send('payments', [pay('1'), pay('2')])
  driver.run()
  expect(driver.outputs('dead_letters').map(row => row.detail)).toEqual([
    "Cannot assign to read only property 'payments' of object '#<Object>'",
  ])
})

const idle = pipeline({
  name: 'revenue-e',
  keyed_by: 'customer',
  since: 'beginning',
  build: ({ from, to }) => {
    const short = keyed<unknown, LedgerEntry, { payments: number }>({
      name: 'short',
      version: 1,
      state: { schema: 'state/revenue_day', init: () => ({ payments: 0, gross_minor: 0, refunds_minor: 0 }) },
      idle_ms: 1000,
      step: (state, _input, turn) => {
        const next = { ...state, payments: state.payments + 1 }
        turn.emit(entry(turn.cause_id, next.payments))
        return next
      },
    })
    to('ledger', from('payments').pipe(short))
  },
})

scenario(
  'a key that is silent for idle_ms is dropped, not earlier',
  'customer',
  d => {
    d.send('payments', [pay('1'), pay('2', 100, 900), pay('3', 100, 1800), pay('4', 100, 2900)])
    d.run()
    expect(d.outputs('ledger').map(row => row.amount_minor)).toEqual([1, 2, 3, 1])
    d.tick(T + 10_000)
    expect([...d.fields('acme|ada').keys()].filter(field => !field.startsWith('~ids'))).toEqual([])
    expect(d.timers).toBe(0)
  },
  app_of(idle),
)
