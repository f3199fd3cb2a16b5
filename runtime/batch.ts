/** What goes into one micro-batch of the processor, what comes out, and what it keeps beside keyed state. */
import type { BatchLeftOut } from '../schemas/types.ts'
import type { Item } from './intake.ts'
import type { Output } from './ports.ts'
import type { StreamTimeState } from './stream-time.ts'
import type { Outcomes } from './verdicts.ts'

export interface BatchInput {
  readonly items: readonly Item[]
  readonly wall_ms: number
  readonly tick_ms: number | null
  /** Live: the bound. Replayed: the recorded number, which must be reached. */
  readonly timers_max: number
  readonly catalog_offset: number
  /** Replayed: nothing is counted. */
  readonly muted?: boolean
  /** Replayed: the recorded end of the batch's stream time. */
  readonly stream_time_ms?: number | null
  /** Checked every so many records and before each timer but the first, to end a batch by compute time. */
  readonly spent?: () => boolean
}

export interface BatchResult {
  /** Items of the input that were processed; fewer than given when timers or compute ran out. */
  readonly consumed: number
  readonly outcomes: Outcomes
  readonly left_out: readonly BatchLeftOut[]
  readonly outputs: readonly Output[]
  readonly timers: number
  readonly dead_timers: number
  readonly digest: number
  /** More timers are due than were fired. */
  readonly more_due: boolean
  /** Pipelines that fail too often: to be set aside before the next batch. */
  readonly tripped: readonly string[]
}

/** What a checkpoint keeps of a processor beside its keyed state. */
export interface ProcessorState {
  readonly stream_time: StreamTimeState
  readonly marked_ms: number
  readonly quarantined: readonly string[]
}
