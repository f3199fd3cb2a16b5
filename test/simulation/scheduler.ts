/**
 * Virtual time and every choice of chance of one simulated run. A port call becomes an event; the loop
 * applies the earliest event, lets the code under test run until it waits again, and goes on. Nothing here
 * reads a real clock.
 */

/** Small seeded generator; the same seed gives the same run on every machine. */
const mulberry32 = (seed: number): (() => number) => {
  let a = seed >>> 0
  return () => {
    a = (a + 0x6d2b79f5) >>> 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

export interface Random {
  /** In [0, 1). */
  next(): number
  /** Integer in [low, high], both included. */
  between(low: number, high: number): number
  chance(probability: number): boolean
  pick<T>(list: readonly T[]): T
}

export const seeded_random = (seed: number): Random => {
  const next = mulberry32(seed * 2654435761 + 12345)
  const between = (low: number, high: number) => low + Math.floor(next() * (high - low + 1))
  return {
    next,
    between,
    chance: probability => probability > 0 && next() < probability,
    pick: list => {
      const chosen = list[between(0, list.length - 1)]
      if (chosen === undefined) throw new RangeError('nothing to pick from')
      return chosen
    },
  }
}

export interface Pending {
  readonly at_ms: number
  readonly order: number
  readonly label: string
  /** Returns false when no code under test can have become runnable: then there is nothing to let run. */
  run: (() => unknown) | null
  cancelled: boolean
}

export interface Scheduler {
  readonly random: Random
  /** Milliseconds since the epoch, virtual. */
  now(): number
  /** Applies `run` after ms of virtual time; events of one instant come in seeded order. */
  after(ms: number, label: string, run: () => unknown): Pending
  cancel(event: Pending): void
  /** Adds a line to the trace (and to its hash) without an event. */
  note(text: string): void
  /**
   * Runs events until `done` holds, none is left or virtual time passes `until_ms`. True when `done` holds.
   */
  run(done: () => boolean, until_ms: number): Promise<boolean>
  /** Moves the clock at once; what was due in between happens now. */
  jump(ms: number): void
  readonly events: number
  /** 32-bit hash over all labels and times so far. */
  readonly hash: number
  /** The newest lines of the trace. */
  history(): readonly string[]
}

const earlier = (a: Pending, b: Pending) => a.at_ms < b.at_ms || (a.at_ms === b.at_ms && a.order < b.order)

const push = (heap: Pending[], event: Pending) => {
  let i = heap.length
  heap.push(event)
  while (i > 0) {
    const parent = (i - 1) >> 1
    if (!earlier(event, heap[parent]!)) break
    heap[i] = heap[parent]!
    i = parent
  }
  heap[i] = event
}

const pop = (heap: Pending[]): Pending | undefined => {
  const top = heap[0]
  const last = heap.pop()
  if (top === undefined || last === undefined || heap.length === 0) return top
  let i = 0
  for (;;) {
    let child = 2 * i + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && earlier(heap[child + 1]!, heap[child]!)) child++
    if (!earlier(heap[child]!, last)) break
    heap[i] = heap[child]!
    i = child
  }
  heap[i] = last
  return top
}

/**
 * Everything that was runnable has run: ticks come behind all microtasks. A turn of the event loop would do too, and
 * ask the kernel for news each time, which takes longer than most events.
 */
const drained = () => new Promise<void>(resolve => process.nextTick(resolve))

/**
 * @param keep how many trace lines to remember (0 for none: the hash is always kept)
 * @param check called after each event; throws to end the run
 */
export const create_scheduler = (
  seed: number,
  start_ms: number,
  keep: number,
  check: () => void,
): Scheduler => {
  const random = seeded_random(seed)
  const heap: Pending[] = []
  const lines: string[] = []
  let now_ms = start_ms
  let hash = 2166136261
  let events = 0
  const note = (text: string) => {
    // Reading its characters would make one string of its pieces; what differs mostly differs in length or time, too.
    hash = Math.imul(hash ^ text.length ^ ((now_ms - start_ms) << 8), 16777619)
    if (keep === 0) return
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 16777619)
    lines.push(`${String(now_ms - start_ms).padStart(8)} ms  ${text}`)
    if (lines.length > 2 * keep) lines.splice(0, lines.length - keep)
  }
  return {
    random,
    now: () => now_ms,
    after(ms, label, run) {
      const event: Pending = {
        at_ms: now_ms + Math.max(0, ms),
        order: random.next(),
        label,
        run,
        cancelled: false,
      }
      push(heap, event)
      return event
    },
    cancel(event) {
      event.run = null
      event.cancelled = true
    },
    note,
    async run(done, until_ms) {
      for (;;) {
        if (done()) return true
        const event = heap[0]
        if (event === undefined || event.at_ms > until_ms) return false
        pop(heap)
        if (event.run === null) continue
        if (event.at_ms > now_ms) now_ms = event.at_ms
        note(event.label)
        events++
        if (event.run() !== false) await drained()
        check()
      }
    },
    jump(ms) {
      now_ms += ms
      note(`the clock jumps by ${ms} ms`)
    },
    get events() {
      return events
    },
    get hash() {
      return hash >>> 0
    },
    history: () => lines.slice(-keep),
  }
}
