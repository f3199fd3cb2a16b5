/** What a person should know, once per incident and cooldown. */
import { raiseAlerts } from '../operators/alert/raise-alerts.ts'
import { pipeline, tagged } from '../operators/core/keyed.ts'

export default pipeline({
  name: 'alert-rules',
  keyed_by: 'tenant',
  since: 'beginning',
  build: ({ from, to }) => {
    const anomaly = from(
      'anomalies',
      'window_ms',
      'revision',
      'metric',
      'currency',
      'direction',
      'value',
      'expected',
      'score',
    )
    const point = from('metric_points', 'window_ms', 'revision', 'metric', 'numerator', 'denominator')
    const price = from(
      'prices',
      'customer_id',
      'conversation_id',
      'quality_tier',
      'currency',
      'revenue_potential_minor',
    )
    to('alerts', tagged({ anomaly, point, price }).pipe(raiseAlerts()))
  },
})
