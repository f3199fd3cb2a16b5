import { expect } from 'vitest'
import type { Signal } from '../../schemas/types.ts'
import { minutes } from '../../schemas/units.ts'
import { scenario } from '../driver/scenario.ts'

const T = Date.UTC(2026, 0, 5)
const signal = (event_id: string, at: number, kind: Signal['kind']): Signal => ({
  event_id,
  tenant_id: 'acme',
  occurred_at: T + minutes(at),
  kind,
})

scenario('signals and movements meet in one window, beside the other pipelines', 'tenant', d => {
  const pass = (at: number) => {
    for (const topic of ['movements', 'signals', 'leads'] as const) d.mark(topic, 0, T + minutes(at))
  }
  pass(0)
  const move = { product_id: 'none', channel: 'ads', currency: 'EUR', amount_minor: 1999 }
  const paid = {
    event_id: 'p',
    tenant_id: 'acme',
    occurred_at: T + minutes(2),
    type: 'payment_succeeded',
    ...move,
  } as const
  d.send('movements', [paid], { task: 0, stream_time_ms: T })
  d.send('signals', [signal('a', 1, 'visit'), signal('b', 2, 'payment_success')], {
    task: 0,
    stream_time_ms: T,
  })
  pass(6)
  d.run()
  expect(d.outputs('metric_points').map(row => [row.metric, row.currency, row.value])).toEqual([
    ['visits', null, 1],
    ['payments', null, 1],
    ['conversion_rate', null, 1],
    ['payment_failure_rate', null, 0],
    ['revenue', 'EUR', 1999],
  ])
})
