import { expect } from 'vitest'
import { tributary } from '../../runtime/app.ts'
import { days, minutes } from '../../schemas/units.ts'
import { scenario } from '../driver/scenario.ts'

const T = Date.UTC(2026, 0, 5)
const move = (event_id: string, at: number, amount_minor: number, channel = 'ads') =>
  ({
    event_id,
    tenant_id: 'acme',
    occurred_at: T + at,
    type: amount_minor < 0 ? 'refunded' : 'payment_succeeded',
    channel,
    product_id: 'none',
    currency: 'EUR',
    amount_minor,
  }) as never
const brief = (rows: readonly { occurred_at: number; net_minor: number; revision: number }[]) =>
  rows.map(row => [row.occurred_at - T, row.net_minor, row.revision])

scenario('a window closes once, when every upstream task has passed it', 'tenant', d => {
  d.send('movements', [move('1', 0, 100)], { task: 0, stream_time_ms: T })
  d.mark('movements', 0, T + minutes(30))
  d.run()
  expect(d.outputs('revenue_windows')).toHaveLength(1)
  d.mark('movements', 0, T + minutes(60))
  d.run()
  expect(brief(d.outputs('revenue_windows'))).toEqual([[0, 100, 0]])
})

scenario('what a tenant spends tells no time: the window waits for the money, not for it', 'tenant', d => {
  d.send('movements', [move('1', 0, 100)], { task: 0, stream_time_ms: T })
  const spent = { event_id: 's', tenant_id: 'acme', channel: 'ads', amount_minor: 5, currency: 'EUR' }
  d.send('spend', [{ ...spent, occurred_at: T + days(1) }])
  d.run()
  expect(d.outputs('revenue_windows')).toEqual([])
  d.mark('movements', 0, T + minutes(60))
  d.run()
  expect(brief(d.outputs('revenue_windows'))).toEqual([[0, 100, 0]])
  expect(d.outcomes.processed).toBeGreaterThanOrEqual(2)
})

scenario(
  'a slow task is waited for: nothing of it is late',
  'tenant',
  d => {
    d.send('movements', [move('1', 0, 100)], { task: 0, stream_time_ms: T })
    d.mark('movements', 0, T + minutes(90))
    d.run()
    expect(d.outputs('revenue_windows')).toEqual([])
    d.send('movements', [move('2', minutes(1), 50)], { task: 1, stream_time_ms: T + minutes(1) })
    d.run()
    expect(d.outputs('revenue_windows')).toEqual([])
    d.mark('movements', 1, T + minutes(91))
    d.run()
    expect(brief(d.outputs('revenue_windows'))).toEqual([[0, 150, 0]])
    expect(d.outcomes.late).toBe(0)
  },
  { ...tributary(2), partitions: 2 },
)

scenario(
  'an idle task is not waited for; what it brings later is a correction',
  'tenant',
  d => {
    d.mark('movements', 1, null)
    d.send('movements', [move('1', 0, 100)], { task: 0, stream_time_ms: T })
    d.mark('movements', 0, T + minutes(20))
    d.run()
    expect(brief(d.outputs('revenue_windows'))).toEqual([[0, 100, 0]])
    d.send('movements', [move('2', minutes(1), -30)], { task: 1, stream_time_ms: T + minutes(1) })
    d.run()
    expect(brief(d.outputs('revenue_windows'))).toEqual([
      [0, 100, 0],
      [0, 70, 1],
    ])
  },
  { ...tributary(2), partitions: 2 },
)

scenario('beyond the correction time a movement is late', 'tenant', d => {
  d.send('movements', [move('1', 0, 100)], { task: 0, stream_time_ms: T })
  d.mark('movements', 0, T + days(3))
  d.send('movements', [move('2', 0, 100)], { task: 0, stream_time_ms: T + days(3) })
  d.run()
  expect(brief(d.outputs('revenue_windows'))).toEqual([[0, 100, 0]])
  expect(d.outcomes).toMatchObject({ late: 1, dead_letter: 0 })
})
