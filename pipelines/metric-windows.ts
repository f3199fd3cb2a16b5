/** A series in windows of five minutes, each point judged as soon as it is known: what our tasks count and what others measure. */
import { filter, map } from 'rxjs'
import { detectAnomalies } from '../operators/anomaly/detect-anomalies.ts'
import { pipeline, tagged } from '../operators/core/keyed.ts'
import { sumMetrics } from '../operators/metric/sum-metrics.ts'

export default pipeline({
  name: 'metric-windows',
  keyed_by: 'series',
  since: 'beginning',
  build: ({ from, to }) => {
    const measure = from('measures', 'kind', 'numerator', 'denominator', 'samples', 'bins')
    const measurement = from('measurements', 'metric', 'currency', 'dimension', 'kind', 'value', 'weight')
    const found = tagged({ measure, measurement }).pipe(sumMetrics(), detectAnomalies())
    to(
      'metric_points',
      found.pipe(
        filter(one => one.of === 'point'),
        map(({ row }) => row),
      ),
    )
    to(
      'anomalies',
      found.pipe(
        filter(one => one.of === 'anomaly'),
        map(({ row }) => row),
      ),
    )
  },
})
