/** The list: pipelines run in this order within a task. */
import type { Pipeline } from '../operators/core/keyed.ts'

export const pipelines: readonly Pipeline[] = []
