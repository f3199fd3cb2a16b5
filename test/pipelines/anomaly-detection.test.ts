import { expect } from 'vitest'
import { days, hours } from '../../schemas/units.ts'
import { scenario } from '../driver/scenario.ts'

const T = Date.UTC(2026, 0, 5)

scenario(
  'a metric that stops after ten days is an anomaly, and an alert when it comes back to the log',
  'tenant',
  d => {
    const own = { task: 0, stream_time_ms: T }
    for (let hour = 0; hour <= 240; hour++) {
      const seen = hour === 240 ? 0 : 400 + (hour % 3) * 10
      const point = {
        event_id: `visits||${hour}`,
        tenant_id: 'acme',
        occurred_at: T + hours(hour),
        window_ms: hours(1),
        revision: 0,
        metric: 'visits',
        value: seen,
        numerator: seen,
        denominator: 1,
        samples: seen,
      }
      d.send('metric_points', [point], own)
    }
    d.run()
    const found = d.outputs('anomalies')
    expect(found.map(row => [row.event_id, row.direction, row.occurred_at])).toEqual([
      ['visits||240', 'drop', T + days(10)],
    ])
    d.send('anomalies', found, own)
    d.run()
    expect(d.outputs('alerts').map(row => [row.rule, row.severity, row.status])).toEqual([
      ['visits_drop', 'critical', 'firing'],
    ])
  },
)
