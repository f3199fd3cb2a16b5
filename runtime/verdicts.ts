/**
 * What becomes of a batch's records: the outcomes counted, the offsets left out of the tables, the dead letters. One of them
 * per task, begun anew with each batch.
 */
import type { BatchLeftOut } from '../schemas/types.ts'
import type { Item, Place } from './intake.ts'
import type { Outputs } from './outputs.ts'
import type { Observer, Outcome } from './worker-types.ts'

export type Outcomes = Record<Outcome, number>

export class Verdicts {
  outcomes: Outcomes = no_outcomes()
  left_out: BatchLeftOut[] = []
  dead_timers = 0
  readonly #outputs: Outputs
  readonly #partition: number
  readonly #observe: Observer
  #muted = false
  #wall_ms = 0

  constructor(outputs: Outputs, partition: number, observe: Observer) {
    this.#outputs = outputs
    this.#partition = partition
    this.#observe = observe
  }

  /** wall_ms: the batch's recorded clock. muted: a replay counts nothing. */
  begin(wall_ms: number, muted: boolean): void {
    this.outcomes = no_outcomes()
    this.left_out = []
    this.dead_timers = 0
    this.#wall_ms = wall_ms
    this.#muted = muted
  }

  leave_out({ topic, offset }: Item, outcome: string, pipelines: readonly string[] = []): void {
    this.left_out.push({ topic, offset, outcome, pipelines: [...pipelines] })
  }

  refuse(item: Item, reason: string, detail: string): void {
    this.dead_letter(item, reason, detail, null)
    this.leave_out(item, 'unreadable')
    this.outcomes.dead_letter++
  }

  forward(item: Item, to: Place): void {
    this.#outputs.forward(item, to)
    this.leave_out(item, 'forwarded')
    this.outcomes.forwarded++
  }

  letter_id({ topic, offset }: Item, pipeline: string | null): string {
    return dead_letter_id(topic, this.#partition, offset, pipeline)
  }

  dead_letter(item: Item, reason: string, detail: string, pipeline: string | null): void {
    const event_id = this.letter_id(item, pipeline)
    if (!this.#muted) this.#observe.dead_letter(item.topic, reason)
    this.#outputs.dead_letter({ event_id, key: item.key, pipeline, item }, reason, detail, this.#wall_ms)
  }

  /** A timer that failed: named by what it was, since there is no record. */
  dead_timer(
    timer: {
      readonly key: string
      readonly name: string
      readonly due_ms: number
      readonly cause_id: string
    },
    at: { readonly operator: string; readonly pipeline: string },
    reason: string,
    detail: string,
  ): void {
    this.dead_timers++
    const event_id = `timer:${at.operator}:${timer.name}:${timer.due_ms}:${timer.key}`
    const from = { event_id, key: timer.key, pipeline: at.pipeline, item: null }
    this.#outputs.dead_letter(from, reason, `${detail} (timer of ${timer.cause_id})`, this.#wall_ms)
  }
}

const no_outcomes = (): Outcomes => ({ processed: 0, duplicate: 0, forwarded: 0, late: 0, dead_letter: 0 })

/** event_id of a record's dead letter: its place, and the pipeline where only one failed. */
export const dead_letter_id = (
  topic: string,
  partition: number,
  offset: number,
  pipeline: string | null,
): string => `${topic}:${partition}:${offset}${pipeline ? `:${pipeline}` : ''}`
