/**
 * What one receiver is still to be told. One attempt at a time; groups take turns, and within a group the next is not told before
 * the one ahead of it has ended, so that order holds. A group that fails waits, longer each time, and the other groups go on;
 * Retry-After holds the whole receiver, as does that nobody answers at all. Beyond waiting_most the oldest are given up: a newer notification of a group says
 * how things stand, and the audit says that one was left out.
 */

import type { Clock } from '../../runtime/ports.ts'
import type { Delivery, Notification } from '../../schemas/types.ts'
import { type Attempted, backoff_of } from './attempt.ts'
import type { Send } from './channels.ts'
import type { DeliverySettings } from './settings.ts'

export interface Waiting {
  readonly notification: Notification
  /** Where it stands in the log. */
  readonly offset: number
  /** So often it has been tried before. */
  attempts: number
}

export interface QueueParts {
  readonly settings: DeliverySettings
  readonly clock: Pick<Clock, 'now' | 'sleep'>
  /** 0 to 1. */
  readonly random: () => number
  readonly send: Send
  /** Makes the row durable; tries until it is, or until the queue stops. */
  readonly record: (row: Delivery) => Promise<void>
  readonly ended: (waiting: Waiting) => void
}

interface Lane {
  readonly waiting: Waiting[]
  due_ms: number
}

const told_at = ({ waiting }: Lane): number => (waiting[0] as Waiting).notification.occurred_at

export class ReceiverQueue {
  readonly #parts: QueueParts
  /** Begins nothing any more. */
  readonly #stop: AbortSignal
  /** Cuts attempts under way. */
  readonly #cut: AbortSignal
  readonly #lanes = new Map<string, Lane>()
  /** The receiver asked for peace until then. */
  #peace_ms = Number.NEGATIVE_INFINITY
  /** Attempts in a row that nobody answered. */
  #unanswered = 0
  #size = 0
  #wake = new AbortController()
  #running: Promise<void> | null = null

  constructor(parts: QueueParts, stop: AbortSignal, cut: AbortSignal) {
    this.#parts = parts
    this.#stop = stop
    this.#cut = cut
  }

  get size(): number {
    return this.#size
  }
  /** Resolves when nothing of it runs any more: all told, or stopped. */
  get idle(): Promise<void> {
    return this.#running ?? Promise.resolve()
  }

  add(waiting: Waiting): void {
    const { group_key } = waiting.notification
    const lane = this.#lanes.get(group_key) ?? { waiting: [], due_ms: Number.NEGATIVE_INFINITY }
    this.#lanes.set(group_key, lane)
    lane.waiting.push(waiting)
    this.#size++
    this.#wake.abort()
    this.#running ??= this.#run().finally(() => {
      this.#running = null
    })
  }

  async #run(): Promise<void> {
    while (!this.#stop.aborted) {
      const lane = this.#next()
      if (!lane) return
      const [first] = lane.waiting as [Waiting]
      const over = this.#size > this.#parts.settings.waiting_most
      const too_old = this.#age(first) >= this.#parts.settings.give_up_ms
      if (over || too_old) {
        await this.#give_up(lane, first, over)
        continue
      }
      const due_ms = this.#due(lane)
      const wait_ms = due_ms - this.#parts.clock.now()
      if (wait_ms > 0) await this.#sleep(wait_ms)
      else await this.#attempt(lane, first)
    }
  }

  /** The lane whose turn is next; where too many wait, the one whose first is oldest. */
  #next(): Lane | undefined {
    const over = this.#size > this.#parts.settings.waiting_most
    // Of those that may begin at once, those that have not been tried come first.
    const is_before = (a: Lane, b: Lane): boolean =>
      over
        ? told_at(a) < told_at(b)
        : this.#due(a) < this.#due(b) || (this.#due(a) === this.#due(b) && a.due_ms < b.due_ms)
    let next: Lane | undefined
    for (const lane of this.#lanes.values()) if (!next || is_before(lane, next)) next = lane
    return next
  }

  /** Looked at in time to be given up. */
  #due(lane: Lane): number {
    const too_old_ms = (lane.waiting[0] as Waiting).notification.occurred_at + this.#parts.settings.give_up_ms
    return Math.min(Math.max(lane.due_ms, this.#peace_ms), too_old_ms)
  }

  #age({ notification }: Waiting): number {
    return this.#parts.clock.now() - notification.occurred_at
  }

  async #sleep(ms: number): Promise<void> {
    this.#wake = new AbortController()
    await this.#parts.clock.sleep(ms, AbortSignal.any([this.#wake.signal, this.#stop]))
  }

  async #give_up(lane: Lane, waiting: Waiting, over: boolean): Promise<void> {
    const { settings } = this.#parts
    const tried = waiting.attempts > 0
    const error = over
      ? `more than ${settings.waiting_most} wait for this receiver; this is the oldest`
      : `${tried ? 'given up: ' : ''}older than ${settings.give_up_ms / 3_600_000} hours`
    await this.#parts.record(
      this.#row(waiting, over || tried ? 'failed' : 'expired', { status_code: null, error }, 0),
    )
    this.#end(lane, waiting)
  }

  async #attempt(lane: Lane, waiting: Waiting): Promise<void> {
    const { clock, send, settings, record, random } = this.#parts
    const began_at = clock.now()
    const timeout = AbortSignal.timeout(settings.timeout_ms)
    const attempted = await send(waiting.notification, AbortSignal.any([this.#cut, timeout]))
    // Cut off by our own end: nobody knows what became of it, and it is told again with the same key.
    if (this.#cut.aborted && attempted.ended !== 'delivered') return
    const now = clock.now()
    const tries_again = attempted.ended === 'failed'
    const outcome = tries_again ? 'retrying' : attempted.ended === 'delivered' ? 'delivered' : 'failed'
    const row = this.#row(waiting, outcome, attempted, now - began_at)
    const answered = attempted.status_code !== null
    this.#unanswered = answered || !tries_again ? 0 : this.#unanswered + 1
    if (tries_again) {
      waiting.attempts++
      lane.due_ms = now + backoff_of(waiting.attempts, settings, random())
      const { retry_after_ms } = attempted
      // Nobody there is nobody there for all of its groups.
      if (!answered) this.#peace_ms = now + backoff_of(this.#unanswered, settings, random())
      else if (retry_after_ms !== null) this.#peace_ms = now + Math.min(retry_after_ms, settings.give_up_ms)
    }
    await record(row)
    if (!tries_again) this.#end(lane, waiting)
  }

  #end(lane: Lane, waiting: Waiting): void {
    // A row that could not be written is no end: who comes after us tells it again.
    if (this.#cut.aborted) return
    lane.waiting.shift()
    lane.due_ms = Number.NEGATIVE_INFINITY
    this.#size--
    if (lane.waiting.length === 0) this.#lanes.delete(waiting.notification.group_key)
    this.#parts.ended(waiting)
  }

  #row(
    { notification, attempts }: Waiting,
    outcome: Delivery['outcome'],
    { status_code, error }: Pick<Attempted, 'status_code' | 'error'>,
    duration_ms: number,
  ): Delivery {
    const attempt = attempts + 1
    return {
      event_id: `${notification.event_id}|${attempt}`,
      tenant_id: notification.tenant_id,
      occurred_at: this.#parts.clock.now(),
      notification_id: notification.event_id,
      receiver: notification.receiver,
      channel: notification.channel,
      group_key: notification.group_key,
      attempt,
      outcome,
      status_code,
      error: error === null ? null : error.slice(0, 500),
      duration_ms: Math.max(0, Math.round(duration_ms)),
    }
  }
}
