import { expect } from 'vitest'
import { minutes, seconds } from '../../schemas/units.ts'
import { scenario } from '../driver/scenario.ts'

const T = Date.UTC(2026, 0, 5)

scenario(
  'payments that fail become an alert when their window is whole, beside the other pipelines',
  'tenant',
  d => {
    const own = { task: 0, stream_time_ms: T }
    const point = (event_id: string, at: number, failed: number) => ({
      ...{ event_id, tenant_id: 'acme', occurred_at: T + minutes(at), window_ms: minutes(5), revision: 0 },
      ...{ metric: 'payment_failure_rate', kind: 'ratio', value: failed / 30, numerator: failed },
      ...{ denominator: 30, samples: 30 },
    })
    d.send('metric_points', [point('a', 0, 1), point('b', 5, 12)], own)
    d.run()
    expect(d.outputs('alerts')).toEqual([])
    d.tick(T + minutes(10) + seconds(2))
    expect(d.outputs('alerts').map(row => [row.event_id, row.value, row.cause_event_ids])).toEqual([
      [`payment_failures|payment_failure_rate|spike|${T + minutes(5)}|1`, 13 / 60, ['a', 'b']],
    ])
    expect(d.outcomes).toMatchObject({ late: 0, dead_letter: 0 })
  },
)
