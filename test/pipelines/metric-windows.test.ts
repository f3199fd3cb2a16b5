import { expect } from 'vitest'
import { measures_of_signal } from '../../operators/metric/metric-list.ts'
import type { Measure } from '../../schemas/types.ts'
import { hours, minutes } from '../../schemas/units.ts'
import { scenario } from '../driver/scenario.ts'

const T = Date.UTC(2026, 0, 5)
const own = { task: 0, stream_time_ms: T }

scenario(
  'what our tasks count and what others measure is summed side by side, series by series',
  'series',
  d => {
    d.mark('measures', 0, T)
    const event = { tenant_id: 'acme', occurred_at: T + minutes(1), part: null }
    const measures = [
      ...measures_of_signal({ ...event, event_id: 'a', kind: 'visit' }),
      ...measures_of_signal({ ...event, event_id: 'b', kind: 'payment_success' }),
    ]
    d.send('measures', measures, own)
    d.send('measurements', [
      {
        event_id: 'm',
        tenant_id: 'acme',
        occurred_at: T,
        metric: 'stock',
        kind: 'level',
        value: 7,
        weight: 1,
      },
    ])
    d.mark('measures', 0, T + minutes(6))
    d.run()
    expect(d.outputs('metric_points').map(row => [row.metric, row.value, row.expected])).toEqual([
      ['conversion_rate', 1, null],
      ['payment_failure_rate', 0, null],
      ['payments', 1, null],
      ['stock', 7, null],
      ['visits', 1, null],
    ])
  },
)

scenario(
  'a series that stops after ten days is an anomaly, told with the point it is seen at',
  'series',
  d => {
    d.mark('measures', 0, T)
    const [visits] = measures_of_signal({
      event_id: 'v',
      tenant_id: 'acme',
      occurred_at: T,
      kind: 'visit',
      part: null,
    })
    const rows: Measure[] = Array.from({ length: 240 }, (_, hour) => {
      const seen = 400 + (hour % 3) * 10
      return { ...(visits as Measure), occurred_at: T + hours(hour), numerator: seen, samples: seen }
    })
    for (const [hour, row] of rows.entries())
      d.send('measures', [row], { task: 0, stream_time_ms: T + hours(hour) })
    d.mark('measures', 0, T + hours(242))
    d.run()
    const drops = d.outputs('anomalies').filter(({ direction }) => direction === 'drop')
    expect(drops[0]).toMatchObject({ metric: 'visits', value: 0 })
    expect(drops[0]?.occurred_at).toBeGreaterThanOrEqual(T + hours(240))
    const ids = new Set(d.outputs('metric_points').map(({ event_id }) => event_id))
    expect(d.outputs('anomalies').every(({ event_id }) => ids.has(event_id))).toBe(true)
    const told = d.outputs('metric_points').filter(({ expected }) => expected !== null)
    expect(told.length).toBeGreaterThan(1000)
  },
)
