/** Both operators of a series over a simulated metric, as a task runs them: what they say. */
import type { Found, JudgedPoint } from '../../../operators/anomaly/anomaly-policy.ts'
import { type AnomalyPolicy, default_anomalies } from '../../../operators/anomaly/anomaly-policy.ts'
import { judgePoints } from '../../../operators/anomaly/detect-anomalies.ts'
import { findPatterns } from '../../../operators/anomaly/find-patterns.ts'
import type {
  Anomaly,
  AnomalyDetector,
  AnomalyHours,
  AnomalySeason,
  AnomalySeries,
  MetricPoint,
} from '../../../schemas/types.ts'
import { hours } from '../../../schemas/units.ts'
import { spec_of, turn_over } from '../core/spec-of.ts'
import { type Simulation, START, simulated } from './simulated-metric.ts'

export interface Watched {
  readonly points: number
  /** What is not `none`, with the hour at which it was told. */
  readonly anomalies: readonly (Anomaly & { readonly hour: number })[]
  readonly state: { readonly series: AnomalySeries; readonly hours: AnomalyHours }
  readonly slots: { readonly season: AnomalySeason; readonly detector: AnomalyDetector }
}

export const watch = (of: Simulation, policy: AnomalyPolicy = default_anomalies): Watched => {
  const one = spec_of<MetricPoint, JudgedPoint, AnomalySeries, AnomalySeason, never>(judgePoints(policy))
  const two = spec_of<JudgedPoint, Found, AnomalyHours, AnomalyDetector, never>(findPatterns(policy))
  const [seasons, detectors] = [new Map<string, AnomalySeason>(), new Map<string, AnomalyDetector>()]
  const first = turn_over<JudgedPoint, AnomalySeason, never>(seasons)
  const second = turn_over<Found, AnomalyDetector, never>(detectors)
  let [series, hour] = [one.state.init(), two.state.init()]
  const anomalies: (Anomaly & { hour: number })[] = []
  let points = 0
  for (const made of simulated(of)) {
    const point = { tenant_id: 'acme', revision: 0, metric: of.kind, dimension: '', expected: null, ...made }
    series = one.step(series, point, first)
    for (const judged of first.emitted) hour = two.step(hour, judged, second)
    for (const found of second.emitted)
      if (found.of === 'anomaly' && found.row.direction !== 'none')
        anomalies.push({ ...found.row, hour: (point.occurred_at + point.window_ms - START) / hours(1) })
    first.emitted.length = 0
    second.emitted.length = 0
    points++
  }
  return {
    points,
    anomalies,
    state: { series, hours: hour },
    slots: {
      season: seasons.get(of.kind) as AnomalySeason,
      detector: detectors.get(of.kind) as AnomalyDetector,
    },
  }
}
