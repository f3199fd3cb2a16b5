/**
 * A task's stream time. For what emitters write: the largest event time seen. For what our own tasks write: the least
 * stream time among the tasks that write it (those that said they have nothing to read excepted), so that nothing of
 * ours is ever late. Where both write, ours tell the time while one of them has something to read: an input that somebody
 * feeds now and then must hold up nothing, nor hurry it. It never goes back.
 */
import type { Upstream } from './ports.ts'

/** As stored with a checkpoint; null stands for "not known yet" (minus infinity) or, per upstream task, "idle". */
export interface StreamTimeState {
  readonly now_ms: number | null
  readonly seen_ms: number | null
  readonly upstream: Readonly<Record<string, readonly (number | 'idle' | 'unheard')[]>>
}

export class StreamTime {
  now_ms = Number.NEGATIVE_INFINITY
  /** While history is loaded an idle task is waited for too: it may be about to get its share. */
  wait_for_idle = false
  #seen_ms = Number.NEGATIVE_INFINITY
  readonly #external: boolean
  readonly #upstream = new Map<string, (number | 'idle' | 'unheard')[]>()
  /** The same, for what every record asks. */
  readonly #all: (readonly (number | 'idle' | 'unheard')[])[]

  /** external: whether emitters write any of the inputs. tasks: how many tasks write each internal input. */
  constructor(external: boolean, tasks: ReadonlyMap<string, number>) {
    this.#external = external
    for (const [topic, count] of tasks) this.#upstream.set(topic, new Array(count).fill('unheard'))
    this.#all = [...this.#upstream.values()]
  }

  see(at_ms: number): void {
    if (at_ms > this.#seen_ms) this.#seen_ms = at_ms
    this.#advance()
  }

  hear(topic: string, upstream: Upstream): void {
    const tasks = this.#upstream.get(topic)
    if (!tasks) return
    tasks[upstream.task] = upstream.stream_time_ms ?? 'idle'
    this.#advance()
  }

  /** A tick, or the recorded end of a batch. */
  to(ms: number): void {
    if (ms > this.now_ms) this.now_ms = ms
  }

  /** Whether every task that could still write older records has said it is idle. */
  get upstream_idle(): boolean {
    for (const tasks of this.#all) if (tasks.some(task => task !== 'idle')) return false
    return true
  }

  #advance(): void {
    let least = Number.POSITIVE_INFINITY
    for (const tasks of this.#all)
      for (const task of tasks)
        if (task === 'unheard' || (task === 'idle' && this.wait_for_idle)) return
        else if (task !== 'idle' && task < least) least = task
    if (least === Number.POSITIVE_INFINITY && this.#external) least = this.#seen_ms
    if (least !== Number.POSITIVE_INFINITY) this.to(least)
  }

  save(): StreamTimeState {
    const finite = (ms: number) => (Number.isFinite(ms) ? ms : null)
    return {
      now_ms: finite(this.now_ms),
      seen_ms: finite(this.#seen_ms),
      upstream: Object.fromEntries([...this.#upstream].map(([topic, tasks]) => [topic, [...tasks]])),
    }
  }

  restore(state: StreamTimeState): void {
    this.now_ms = state.now_ms ?? Number.NEGATIVE_INFINITY
    this.#seen_ms = state.seen_ms ?? Number.NEGATIVE_INFINITY
    for (const [topic, tasks] of Object.entries(state.upstream)) {
      const known = this.#upstream.get(topic)
      if (known) for (let i = 0; i < known.length; i++) known[i] = tasks[i] ?? 'unheard'
    }
  }
}
