/**
 * Notices a loop that has silently stopped. It counts ticks, not time: a process that was itself stopped for an
 * hour wakes up one tick older.
 */
const TICK_MS = 10_000
const TICKS = 12

export class Watchdog {
  #silent = 0
  #timer: NodeJS.Timeout | null = null
  readonly #stalled: (silent_ms: number) => void

  /** @param stalled called once, after two minutes without a sign of life */
  constructor(stalled: (silent_ms: number) => void) {
    this.#stalled = stalled
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS).unref()
  }

  alive(): void {
    this.#silent = 0
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer)
    this.#timer = null
  }

  #tick(): void {
    this.#silent++
    if (this.#silent < TICKS) return
    this.stop()
    this.#stalled(TICKS * TICK_MS)
  }
}
