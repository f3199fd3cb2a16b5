/** A pipeline may read what another one writes: of its own key group, and of another's, whatever the topic's role. */
import { map } from 'rxjs'
import { afterEach, expect, test } from 'vitest'
import { keyed, type Pipeline, pipeline } from '../../operators/core/keyed.ts'
import { key_groups, staged_topics, tributary, writers_of } from '../../runtime/app.ts'
import type { LedgerEntry } from '../../schemas/types.ts'
import { type SmallSystem, small_system } from './small-system.ts'

let system: SmallSystem | null = null
afterEach(async () => {
  await system?.close()
  system = null
})

const T = Date.UTC(2026, 0, 5)
const pay = (event_id: string, customer_id: string) => ({
  event_id,
  tenant_id: 'acme',
  customer_id,
  occurred_at: T,
  type: 'payment_succeeded',
  amount_minor: 100,
  currency: 'EUR',
})

/** Numbers a customer's ledger rows; its state needs every one of them once. */
const number_rows = () =>
  keyed<LedgerEntry, { event_id: string; payments: number }, { payments: number }>({
    name: 'number-rows',
    version: 1,
    state: { schema: 'state/revenue_day', init: () => ({ payments: 0, gross_minor: 0, refunds_minor: 0 }) },
    idle_ms: Number.POSITIVE_INFINITY,
    step: (state, entry, turn) => {
      expect(turn.may_be_late).toBe(false)
      const next = { ...state, payments: state.payments + 1 }
      turn.emit({ event_id: entry.event_id, payments: next.payments })
      return next
    },
  })

/** ledger → sessions, within the key group that writes the ledger. */
const same_group: Pipeline = pipeline({
  name: 'journey-numbers',
  keyed_by: 'customer',
  since: 'beginning',
  build: ({ from, to }) => {
    const rows = from('ledger', 'customer_id') as never
    to(
      'sessions',
      (rows as import('rxjs').Observable<LedgerEntry>).pipe(
        number_rows(),
        map(({ event_id, payments }) => ({
          event_id,
          tenant_id: 'acme',
          customer_id: null,
          anonymous_id: null,
          occurred_at: T,
          ended_at: T,
          revision: 0,
          retracted: false,
          touches: payments,
          duration_ms: 0,
          first_channel: '',
          last_channel: '',
          first_campaign: null,
          funnel_steps: [],
        })),
      ),
    )
  },
})

test('a pipeline of the same key group goes on from an output topic, once per row, over restarts', async () => {
  const app = tributary(2)
  const pipelines = [...app.pipelines.filter(({ name }) => name !== 'journey-sessions'), same_group]
  system = await small_system({}, undefined, { ...app, pipelines })
  await system.send('payments', [pay('1', 'ada'), pay('2', 'bo')])
  let worker = system.start()
  await expect.poll(async () => (await system?.read('sessions'))?.length, { timeout: 5000 }).toBe(2)
  await system.settled(worker)
  await worker.stop()
  await system.send('payments', [pay('3', 'ada'), pay('1', 'ada'), pay('4', 'ada')])
  worker = system.start()
  await expect.poll(async () => (await system?.read('sessions'))?.length, { timeout: 5000 }).toBe(4)
  await expect
    .poll(async () => (await system?.read('revenue_windows'))?.length, { timeout: 8000 })
    .toBeGreaterThan(0)
  await system.settled(worker)
  await worker.stop()
  const rows = await system.read<{ event_id: string; touches: number }>('sessions')
  expect(Object.fromEntries(rows.map(row => [row.event_id, row.touches]))).toEqual({ 1: 1, 2: 1, 3: 2, 4: 3 })
})

test('what a group writes for itself does not hold its time; what others write does', () => {
  const app = tributary(2)
  const first = app.pipelines.filter(({ name }) => name.startsWith('revenue-'))
  const extended = { ...app, pipelines: [...first, same_group] }
  expect([...staged_topics(extended)].sort()).toEqual(['ledger', 'movements'])
  const writers = Object.fromEntries(
    key_groups(extended).map(group => [group.name, [...writers_of(extended, group)]]),
  )
  expect(writers).toEqual({ customer: [], series: [], tenant: [['movements', 2]], catalog: [] })
})
