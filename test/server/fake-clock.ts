/** A wall clock that stands until it is moved. */
import type { Clock } from '../../runtime/ports.ts'

export class FakeClock implements Clock {
  #now_ms: number
  #sleepers: { readonly due_ms: number; readonly wake: () => void }[] = []
  constructor(now_ms: number) {
    this.#now_ms = now_ms
  }
  now(): number {
    return this.#now_ms
  }
  nonce(): string {
    return 'nonce'
  }
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve()
    return new Promise(resolve => {
      const sleeper = { due_ms: this.#now_ms + ms, wake: resolve }
      this.#sleepers.push(sleeper)
      signal?.addEventListener('abort', () => {
        this.#sleepers = this.#sleepers.filter(other => other !== sleeper)
        resolve()
      })
    })
  }
  get sleeping(): number {
    return this.#sleepers.length
  }
  /** Moves on in steps of at most 100 ms, and lets what is due run between them. */
  async advance(ms: number): Promise<void> {
    const end_ms = this.#now_ms + ms
    while (this.#now_ms < end_ms) {
      this.#now_ms = Math.min(this.#now_ms + 100, end_ms)
      const due = this.#sleepers.filter(({ due_ms }) => due_ms <= this.#now_ms)
      this.#sleepers = this.#sleepers.filter(({ due_ms }) => due_ms > this.#now_ms)
      for (const { wake } of due) wake()
      await this.settle()
    }
  }
  /** Lets promises that can resolve do so. */
  async settle(): Promise<void> {
    for (let i = 0; i < 10; i++) await new Promise(resolve => setImmediate(resolve))
  }
}
