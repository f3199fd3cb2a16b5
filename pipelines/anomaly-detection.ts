/** Metric points that are not as usual. */
import { detectAnomalies } from '../operators/anomaly/detect-anomalies.ts'
import { pipeline } from '../operators/core/keyed.ts'

export default pipeline({
  name: 'anomaly-detection',
  keyed_by: 'tenant',
  since: 'beginning',
  build: ({ from, to }) => {
    const points = from(
      'metric_points',
      'window_ms',
      'revision',
      'metric',
      'currency',
      'value',
      'numerator',
      'denominator',
      'samples',
    )
    to('anomalies', points.pipe(detectAnomalies()))
  },
})
