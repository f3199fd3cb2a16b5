/** What a person should know: rules over whole windows of all metrics, and the life of each alert. */
import { judgePoints } from '../operators/alert/judge-points.ts'
import { orderPoints } from '../operators/alert/order-points.ts'
import { raiseAlerts } from '../operators/alert/raise-alerts.ts'
import { pipeline, tagged } from '../operators/core/keyed.ts'

const measured = ['window_ms', 'revision', 'metric', 'currency', 'dimension', 'value', 'expected'] as const

export default pipeline({
  name: 'alert-rules',
  keyed_by: 'tenant',
  since: 'beginning',
  build: ({ from, to }) => {
    const point = from('metric_points', ...measured, 'kind', 'numerator', 'denominator', 'samples')
    const anomaly = from('anomalies', ...measured, 'pattern', 'direction', 'score')
    const price = from(
      'prices',
      'customer_id',
      'conversation_id',
      'quality_tier',
      'currency',
      'revenue_potential_minor',
    )
    const asked = ['fingerprint', 'silence_id', 'matchers', 'starts_at', 'ends_at', 'author'] as const
    const command = from('alert_commands', 'command', ...asked)
    const finding = tagged({ point, anomaly }).pipe(orderPoints(), judgePoints())
    to('alerts', tagged({ finding, command, price }).pipe(raiseAlerts()))
  },
})
