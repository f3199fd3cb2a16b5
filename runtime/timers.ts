/** A task's timers: one per (clock, key, node, name), fired in the order (due, key, node, name). */
export type TimerClock = 'stream' | 'wall'
export interface Timer {
  readonly clock: TimerClock
  readonly due_ms: number
  readonly key: string
  /** Index of the operator in the task, which follows pipeline order. */
  readonly node: number
  readonly name: string
  readonly cause_id: string
}

const before = (a: Timer, b: Timer): boolean => {
  if (a.due_ms !== b.due_ms) return a.due_ms < b.due_ms
  if (a.key !== b.key) return a.key < b.key
  if (a.node !== b.node) return a.node < b.node
  return a.name < b.name
}

export const timer_id = (key: string, node: number, name: string): string => `${node}|${name}|${key}`

/** The timer as a field of the entity `|timers`: named by the operator's field, since indexes differ between versions. */
export const timer_to_field = (id: string, timer: Timer | null, field_of_node: (node: number) => string) => {
  const cut = id.indexOf('|')
  const field = field_of_node(Number(id.slice(0, cut))) + id.slice(cut)
  return [field, timer && Buffer.from(`${timer.clock}|${timer.due_ms}|${timer.cause_id}`)] as const
}

/** null when no operator of that name is here any more. */
export const timer_from_field = (
  field: string,
  bytes: Buffer,
  node_of: (field: string) => number | undefined,
): Timer | null => {
  const [node_field = '', name = '', ...key] = field.split('|')
  const [clock, due, ...cause] = bytes.toString().split('|')
  const node = node_of(node_field)
  if (node === undefined) return null
  const cause_id = cause.join('|')
  return { clock: clock as TimerClock, due_ms: Number(due), key: key.join('|'), node, name, cause_id }
}

interface Entry {
  readonly timer: Timer
  readonly id: string
  /** Neither cancelled nor set anew since. */
  live: boolean
}

/** A binary heap per clock; a cancelled or re-set timer's old entry stays until it surfaces. */
export class Timers {
  readonly #current = new Map<string, Entry>()
  readonly #heaps: Record<TimerClock, Entry[]> = { stream: [], wall: [] }

  get(id: string): Timer | undefined {
    return this.#current.get(id)?.timer
  }

  set(timer: Timer, id = timer_id(timer.key, timer.node, timer.name)): void {
    const earlier = this.#current.get(id)
    if (earlier) earlier.live = false
    const entry = { timer, id, live: true }
    this.#current.set(id, entry)
    push(this.#heaps[timer.clock], entry)
  }

  delete(id: string): void {
    const entry = this.#current.get(id)
    if (!entry) return
    entry.live = false
    this.#current.delete(id)
  }

  /** The next timer of a clock, or undefined. */
  peek(clock: TimerClock): Timer | undefined {
    return this.#top(this.#heaps[clock])?.timer
  }

  /** Id of the next timer of a clock. */
  peek_id(clock: TimerClock): string | undefined {
    return this.#top(this.#heaps[clock])?.id
  }

  #top(heap: Entry[]): Entry | undefined {
    for (;;) {
      const top = heap[0]
      if (!top || top.live) return top
      pop(heap)
    }
  }

  /** Keys of the first `max` timers due, and perhaps some that are not in force any more; in no order. */
  due_keys(clock: TimerClock, until_ms: number, max: number): Set<string> {
    const heap = this.#heaps[clock]
    const keys = new Set<string>()
    const places = [0]
    for (let place = places.pop(); place !== undefined; place = places.pop()) {
      const entry = heap[place]
      if (!entry || entry.timer.due_ms > until_ms) continue
      // Too many to take them all: which come first is known only in order.
      if (keys.size >= max) return new Set(this.due(clock, until_ms, max).map(({ key }) => key))
      if (entry.live) keys.add(entry.timer.key)
      places.push(2 * place + 1, 2 * place + 2)
    }
    return keys
  }

  /** Up to `max` timers due, in order, without removing them. */
  due(clock: TimerClock, until_ms: number, max: number): Timer[] {
    const heap = this.#heaps[clock]
    const taken: Entry[] = []
    for (
      let top = this.#top(heap);
      top && top.timer.due_ms <= until_ms && taken.length < max;
      top = this.#top(heap)
    ) {
      taken.push(top)
      pop(heap)
    }
    for (const entry of taken) push(heap, entry)
    return taken.map(({ timer }) => timer)
  }

  get size(): number {
    return this.#current.size
  }

  /** Every timer, in no order. */
  all(): Timer[] {
    return [...this.#current.values()].map(({ timer }) => timer)
  }
}

const push = (heap: Entry[], entry: Entry): void => {
  let i = heap.push(entry) - 1
  while (i > 0) {
    const parent = (i - 1) >> 1
    const above = heap[parent] as Entry
    if (!before(entry.timer, above.timer)) break
    heap[i] = above
    i = parent
  }
  heap[i] = entry
}

const pop = (heap: Entry[]): void => {
  const last = heap.pop()
  if (!last || heap.length === 0) return
  let i = 0
  for (;;) {
    let child = 2 * i + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && before((heap[child + 1] as Entry).timer, (heap[child] as Entry).timer))
      child++
    const below = heap[child] as Entry
    if (!before(below.timer, last.timer)) break
    heap[i] = below
    i = child
  }
  heap[i] = last
}
