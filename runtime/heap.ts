/**
 * How much garbage this process may keep before V8 collects the old generation. V8 grows a small heap in small steps: a worker
 * of 30 MB that writes 500 transactions a second is marked once a second, each time on a second core for 30 ms, in which its
 * tasks, broker and Redis wait for one another. Memory is cheaper than that tail.
 */
import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'

/** So much garbage gathers in the old generation before it is collected, */
const ROOM_BYTES = 256 * 2 ** 20
/** or so much of what lives, where that is more, */
const ROOM_LEAST_PERCENT = 50
/** and no more than this of it: also where nobody knows yet what lives. */
const ROOM_MOST_PERCENT = 400
/** Of each half of the young generation: most of a batch is garbage when it is looked at. */
const YOUNG_MEBIBYTES = 64

/** By how many per cent what lives may grow until the next collection of the old generation. */
export const growth_percent = (live_bytes: number): number =>
  Math.min(ROOM_MOST_PERCENT, Math.max(ROOM_LEAST_PERCENT, Math.round((100 * ROOM_BYTES) / live_bytes)))

type Collected = PerformanceEntry & { readonly detail?: { readonly kind?: number } }
const kind_of = (entry: Collected): number | undefined => entry.detail?.kind

/** At the start of a process that works on streams; has no effect where V8 does not know the flags. */
export const give_room_for_garbage = (): void => {
  setFlagsFromString(`--max-semi-space-size=${YOUNG_MEBIBYTES}`)
  const grow_by = (percent: number): void => setFlagsFromString(`--heap-growing-percent=${percent}`)
  grow_by(ROOM_MOST_PERCENT)
  const observer = new PerformanceObserver(list => {
    const major = list.getEntries().some(entry => kind_of(entry) === constants.NODE_PERFORMANCE_GC_MAJOR)
    if (major) grow_by(growth_percent(process.memoryUsage().heapUsed))
  })
  observer.observe({ entryTypes: ['gc'] })
}
