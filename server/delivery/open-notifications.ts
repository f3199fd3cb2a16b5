/**
 * Where a partition's delivery begins anew after a restart: at the oldest notification that has not ended. Behind it many may have,
 * for a receiver that is away for a day must not keep the others' from being told; which ones is in `deliveries` from the place on
 * where that topic stood when the oldest was read. Both places are saved together.
 */
import type { Delivery } from '../../schemas/types.ts'

export interface Places {
  readonly notifications: number
  readonly deliveries: number
}

export class OpenNotifications {
  /** Offset of a notification → where `deliveries` stood when it was read; in the order of offsets. */
  readonly #open = new Map<number, number>()
  #next: Places

  constructor(begin: Places) {
    this.#next = begin
  }

  get size(): number {
    return this.#open.size
  }
  /** Everything before `offset` has been read; `deliveries` stands there. */
  read_to(offset: number, deliveries: number): void {
    this.#next = { notifications: offset, deliveries }
  }
  began(offset: number, deliveries: number): void {
    this.#open.set(offset, deliveries)
  }
  ended(offset: number): void {
    this.#open.delete(offset)
  }
  /** To begin at when nothing more comes of this process. */
  places(): Places {
    for (const [notifications, deliveries] of this.#open) return { notifications, deliveries }
    return this.#next
  }
}

/** What became of notifications before this process read them. */
export class PastAttempts {
  readonly #attempts = new Map<string, number>()
  readonly #ended = new Set<string>()

  see({ tenant_id, notification_id, attempt, outcome }: Delivery): void {
    const id = `${tenant_id}|${notification_id}`
    this.#attempts.set(id, Math.max(attempt, this.#attempts.get(id) ?? 0))
    if (outcome !== 'retrying') this.#ended.add(id)
  }
  /** How often it was tried; null: it has ended. Asked once of each. */
  take(tenant_id: string, event_id: string): number | null {
    const id = `${tenant_id}|${event_id}`
    const attempts = this.#attempts.get(id) ?? 0
    this.#attempts.delete(id)
    return this.#ended.delete(id) ? null : attempts
  }
}
