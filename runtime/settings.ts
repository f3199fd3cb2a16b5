/** Defaults of a running system; tests and the simulator pass others. */
import { default_lateness } from '../operators/core/windows.ts'
import { days, hours } from '../schemas/units.ts'
import type { Settings } from './worker-types.ts'

export const default_settings: Settings = {
  batch_records_max: 7000,
  batch_bytes_max: 4 << 20,
  batch_compute_ms: 30,
  lag_wait_ms: 500,
  linger_ms: 200,
  timers_max: 2000,
  checkpoint_every_ms: 1000,
  checkpoint_behind_ms: 5000,
  unsaved_max: 200_000,
  snapshot_every_ms: days(1),
  idle_ms: 5000,
  grace_ms: default_lateness.grace_ms,
  future_ms: hours(1),
  hot_keys_max: 100_000,
  import_lapse_ms: hours(1),
  insert_bytes_max: 16 << 20,
  insert_wait_ms: 1000,
  retry_ms: 200,
}
