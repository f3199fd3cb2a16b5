import { expect } from 'vitest'
import { minutes } from '../../schemas/units.ts'
import { scenario } from '../driver/scenario.ts'

const T = Date.UTC(2026, 0, 5)
const of = (event_id: string, at: number) => ({
  event_id,
  tenant_id: 'acme',
  customer_id: 'ada',
  occurred_at: T + minutes(at),
})

scenario('beside the other pipelines, one customer’s events become signals, each once', 'customer', d => {
  const touch = { channel: 'ads', interaction: 'view', currency: 'EUR' }
  const paid = { amount_minor: 1999, currency: 'EUR' }
  d.send('touchpoints', [
    { ...of('t1', 0), ...touch },
    { ...of('t2', 1), ...touch },
  ])
  d.send('conversations', [
    { ...of('c1', 2), conversation_id: 'k', type: 'started', context: { attributes: {} } as never },
  ])
  d.send('payments', [
    { ...of('p1', 3), ...paid, type: 'payment_attempted' },
    { ...of('p2', 4), ...paid, type: 'payment_failed' },
    { ...of('p3', 5), ...paid, type: 'payment_succeeded' },
    { ...of('p4', 6), ...paid, type: 'refunded' },
  ])
  d.run()
  expect(d.outputs('signals').map(row => row.event_id)).toEqual([
    'ada|visit|t1',
    'ada|conversation|c1',
    'ada|payment_attempt|p1',
    'ada|payment_failure|p2',
    'ada|payment_success|p3',
  ])
  expect(d.outcomes).toMatchObject({ late: 0, dead_letter: 0 })
})
