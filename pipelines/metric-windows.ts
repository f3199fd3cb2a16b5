/** A tenant's metrics in windows of five minutes. */
import { pipeline, tagged } from '../operators/core/keyed.ts'
import { sumMetrics } from '../operators/metric/sum-metrics.ts'

export default pipeline({
  name: 'metric-windows',
  keyed_by: 'tenant',
  since: 'beginning',
  build: ({ from, to }) => {
    const signal = from('signals', 'kind')
    const movement = from('movements', 'currency', 'amount_minor')
    to('metric_points', tagged({ signal, movement }).pipe(sumMetrics()))
  },
})
