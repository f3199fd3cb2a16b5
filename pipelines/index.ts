/** The list of pipelines that an installation runs. */
import type { Pipeline } from '../operators/core/keyed.ts'
import journey_sessions from './journey-sessions.ts'
import revenue_ledger from './revenue-ledger.ts'
import revenue_windows from './revenue-windows.ts'

export const pipelines: readonly Pipeline[] = [
  // In the order in which they run within a task.
  revenue_ledger,
  journey_sessions,
  revenue_windows,
]
