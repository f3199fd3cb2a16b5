/** The list: pipelines run in this order within a task. */
import type { Pipeline } from '../operators/core/keyed.ts'
import journey_sessions from './journey-sessions.ts'
import revenue_ledger from './revenue-ledger.ts'
import revenue_windows from './revenue-windows.ts'

export const pipelines: readonly Pipeline[] = [revenue_ledger, journey_sessions, revenue_windows]
