/** The jobs of an installation, in the order in which they run: a later one reads what an earlier one wrote. */
import attribution_effects from './attribution-effects.ts'
import type { Job } from './job.ts'
import lifetime_value from './lifetime-value.ts'
import metric_forecast from './metric-forecast.ts'
import metric_measurement from './metric-measurement.ts'
import quality_measurement from './quality-measurement.ts'
import quality_training from './quality-training.ts'

export const jobs: readonly Job[] = [
  attribution_effects,
  metric_forecast,
  lifetime_value,
  quality_training,
  metric_measurement,
  quality_measurement,
]
