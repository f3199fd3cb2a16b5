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

scenario('beside the other pipelines, one customer’s events become measures, each once', 'customer', d => {
  const touch = { channel: 'ads', interaction: 'view', currency: 'EUR' }
  const paid = { amount_minor: 1999, currency: 'EUR', method: 'card' }
  d.send('touchpoints', [
    { ...of('t1', 0), ...touch },
    { ...of('t2', 1), ...touch },
  ])
  d.send('conversations', [
    { ...of('c1', 2), conversation_id: 'k', type: 'started', context: { attributes: {} } as never },
  ])
  d.send('payments', [
    { ...of('p1', 3), ...paid, type: 'payment_attempted' },
    { ...of('p2', 3), ...paid, type: 'payment_failed' },
    { ...of('p3', 4), ...paid, type: 'payment_succeeded' },
    { ...of('p4', 4), ...paid, type: 'refunded' },
  ])
  d.run()
  const sums = new Map<string, [numerator: number, denominator: number]>()
  for (const { metric, dimension, currency, numerator, denominator, occurred_at } of d.outputs('measures')) {
    expect(occurred_at).toBe(T)
    const name = [metric, currency, dimension].filter(Boolean).join(' ')
    const [a, b] = sums.get(name) ?? [0, 0]
    sums.set(name, [a + numerator, b + denominator])
  }
  expect(Object.fromEntries(sums)).toEqual({
    visits: [1, 0],
    'visits channel=ads': [1, 0],
    conversations: [1, 0],
    payment_attempts: [1, 0],
    payments: [1, 0],
    conversion_rate: [1, 1],
    'conversion_rate channel=ads': [1, 1],
    payment_failure_rate: [1, 2],
    'payment_failure_rate method=card': [1, 2],
    'revenue EUR': [0, 0],
    'revenue EUR channel=ads': [0, 0],
    unattributed_rate: [0, 1],
    feed_touchpoints: [2, 0],
    feed_conversations: [1, 0],
    feed_payments: [4, 0],
  })
  expect(d.outcomes).toMatchObject({ late: 0, dead_letter: 0 })
})
