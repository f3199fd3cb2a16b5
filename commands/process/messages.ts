/** What a process and its workers tell each other. */
import type { MetricValues } from '../../runtime/metrics.ts'
import type { SinkStatus, TaskStatus } from '../../runtime/worker-types.ts'

export type ToWorker = { readonly kind: 'stop' } | { readonly kind: 'metrics'; readonly request: number }

export type FromWorker =
  | { readonly kind: 'status'; readonly tasks: readonly TaskStatus[]; readonly sink: readonly SinkStatus[] }
  | { readonly kind: 'metrics'; readonly request: number; readonly values: MetricValues }

/** A status is sent when it has changed, looked at so often; and at the latest after STATUS_MAX_MS. */
export const STATUS_MS = 100
export const STATUS_MAX_MS = 2000
