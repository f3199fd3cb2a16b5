/** The detector alone behind metric points that a test sends. */
import { EMPTY, filter, map } from 'rxjs'
import { detectAnomalies } from '../../../operators/anomaly/detect-anomalies.ts'
import { pipeline } from '../../../operators/core/keyed.ts'
import { type App, tributary } from '../../../runtime/app.ts'

const alone = pipeline({
  name: 'anomaly-alone',
  keyed_by: 'tenant',
  since: 'beginning',
  build: ({ from, to }) => {
    const points = from(
      'metric_points',
      'window_ms',
      'revision',
      'metric',
      'currency',
      'dimension',
      'kind',
      'value',
      'numerator',
      'denominator',
      'samples',
      'expected',
    )
    const found = points.pipe(detectAnomalies())
    to(
      'anomalies',
      found.pipe(
        filter(each => each.of === 'anomaly'),
        map(({ row }) => row),
      ),
    )
  },
})
/** Some pipeline has to say that it writes them. */
const source = pipeline({
  name: 'metric-source',
  keyed_by: 'tenant',
  since: 'beginning',
  build: ({ to }) => to('metric_points', EMPTY),
})
export const anomaly_app: App = { ...tributary(1), partitions: 1, pipelines: [source, alone] }
