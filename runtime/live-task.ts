/**
 * The loop of a task that has recovered. One micro-batch: (1) take buffered records of all inputs, merged by event time;
 * (2) guard and decode (intake.ts); (3) load cold keys; (4) push, due timers first (processor.ts); (5) one transaction:
 * outputs + batch-log record; (6) checkpoint, later and beside.
 */
import type { Batch } from '../schemas/types.ts'
import { days } from '../schemas/units.ts'
import { ranges_of } from './batch-log.ts'
import { chunks, load_cold } from './cold-keys.ts'
import { type Item, merge_sources, reader_source } from './intake.ts'
import type { Output, Reader } from './ports.ts'
import type { Processor } from './processor.ts'
import type { Progress } from './progress.ts'
import { Snapshotter } from './snapshotter.ts'
import type { TaskRun } from './task-run.ts'
import type { Outcome } from './worker-types.ts'

/** A batch about to run. */
interface Taken {
  readonly items: readonly Item[]
  readonly wall_ms: number
  readonly tick_ms: number | null
  /** Tells the next stage that there is nothing to read here. */
  readonly idle: boolean
}
/** A batch that has run and is still to be committed. */
interface Ran {
  readonly record: Batch
  readonly outputs: readonly Output[]
  readonly tripped: readonly string[]
  /** What it was not given time for. */
  readonly rest: readonly Item[]
  readonly told: 'idle' | 'time' | 'unknown'
}

export class LiveTask {
  readonly #run: TaskRun
  readonly #processor: Processor
  readonly #progress: Progress
  readonly #readers: Reader[]
  readonly #snapshotter: Snapshotter
  /** Merged but not yet processed: they are the next batch, alone, so that a recorded range merges to the same order. */
  #carry: readonly Item[] = []
  #more_due = false
  /** Most records that the next batch takes: about what time is given for, so that few are carried from batch to batch. */
  #most: number
  #committed_at = Number.NEGATIVE_INFINITY
  /** How long the last commits took. */
  readonly #commits_ms = new Array<number>(COMMITS).fill(0)
  /** Pipelines that failed too often in the last batch. */
  #tripped: readonly string[] = []
  /** Since when all inputs have stood at their end. */
  #idle_since: number | null = null
  /** What the next stage was told; after a recovery nobody knows. */
  #told: 'idle' | 'time' | 'unknown' = 'unknown'

  constructor(run: TaskRun, processor: Processor, progress: Progress) {
    this.#run = run
    this.#processor = processor
    this.#progress = progress
    this.#snapshotter = new Snapshotter(run, progress)
    this.#readers = run.lanes.map(lane => run.task.reader(lane.topic))
    this.#most = run.deps.settings.batch_records_max
  }

  async loop(): Promise<void> {
    try {
      await this.#work()
    } finally {
      await this.#snapshotter.stop()
    }
  }

  async #work(): Promise<void> {
    const { task, deps } = this.#run
    const { checkpoints } = this.#progress
    this.#report()
    while (!task.signal.aborted) {
      await this.#progress.room()
      const ran = await this.#next()
      if (ran) {
        await this.#commit(ran)
        this.#snapshotter.offer()
        this.#report()
      } else {
        this.#progress.offer()
        this.#snapshotter.offer()
        this.#report()
        await task.wait(this.#patience(deps.clock.now()))
      }
    }
    await this.#snapshotter.stop()
    await checkpoints.settled()
    this.#progress.offer(true)
    await checkpoints.settled()
    this.#report()
  }

  /** Runs the next batch. Its records are let go before the commit is waited for: they need no collector's second look then. */
  async #next(): Promise<Ran | null> {
    const taken = await this.#take()
    if (!taken) return null
    this.#progress.evict()
    this.#set_aside()
    await this.#load(taken)
    return this.#run_batch(taken)
  }

  async #take(): Promise<Taken | null> {
    const { clock } = this.#run.deps
    let items = this.#carry
    if (items.length === 0) {
      await this.#linger()
      items = await this.#merge()
    }
    const now = clock.now()
    this.#note_idleness(now, items.length > 0)
    const tick_ms = items.length ? null : this.#tick(now)
    const idle = items.length === 0 && tick_ms === null && this.#may_tell_idle(now)
    const wall = this.#processor.timers.peek('wall')
    if (items.length || tick_ms !== null || idle || this.#more_due || (wall && wall.due_ms <= now))
      return { items, wall_ms: now, tick_ms, idle }
    return null
  }

  /**
   * A transaction costs the same for one record and for a thousand: right after one the next waits for company, as long as the
   * shortest of the last ones took (a single slow one says nothing), so that half of the time goes to waiting for commits: where they
   * have become slow because there are too many, they become fewer. A lone record after a pause goes through at once, and a backlog
   * fills batches without waiting.
   */
  async #linger(): Promise<void> {
    const { settings, clock } = this.#run.deps
    const left_ms = this.#committed_at + Math.min(settings.linger_ms, ...this.#commits_ms) - clock.now()
    if (left_ms <= 0 || this.#more_due) return
    if (this.#waiting * 2 < settings.batch_records_max) await clock.sleep(left_ms, this.#run.task.signal)
  }

  /** Records at hand. */
  get #waiting(): number {
    let sum = 0
    for (const reader of this.#readers) sum += reader.length
    return sum
  }

  /** Waits, bounded, for an input that has more to come but nothing at hand; with none, nobody waits. */
  async #merge(): Promise<Item[]> {
    const { settings, clock } = this.#run.deps
    const { task, lanes } = this.#run
    const began = clock.now()
    // History is merged in its own order: whoever has more to come is waited for.
    const loading = this.#run.shared.catalog.import_open(began, settings.import_lapse_ms)
    const deadline = began + (loading ? IMPORT_WAIT_MS : settings.lag_wait_ms)
    const future_ms = began + settings.future_ms
    const sources = lanes.map((lane, i) => reader_source(lane, this.#readers[i] as Reader, future_ms))
    for (;;) {
      let starving = false
      const merged = merge_sources(sources, {
        // What history is merged into must not depend on how fast this machine is.
        records: loading ? settings.batch_records_max : this.#most,
        bytes: settings.batch_bytes_max,
        ...(loading ? { span_ms: IMPORT_SPAN_MS } : {}),
        starved: (i, taken) => {
          const reader = this.#readers[i] as Reader
          const lags = reader.end < 0 || reader.position < reader.end
          if (lags && taken >= reader.length && clock.now() < deadline) starving = true
          return starving
        },
      })
      if (merged.items.length) {
        merged.taken.forEach((count, i) => {
          this.#readers[i]?.skip(count)
        })
        return merged.items
      }
      const { fetch } = merged
      if (fetch)
        await this.#run.persistently(() => this.#run.shared.decoders.fetch(fetch.topic, fetch.schema_id))
      else if (starving) await task.wait(Math.max(1, deadline - clock.now()))
      else return []
      if (task.signal.aborted) return []
    }
  }

  #note_idleness(now: number, records: boolean): void {
    const at_end =
      !records &&
      this.#readers.every(reader => reader.length === 0 && reader.end >= 0 && reader.position >= reader.end)
    if (!at_end || !this.#run.shared.catalog.at_end) this.#idle_since = null
    else this.#idle_since ??= now
  }

  /** Nothing to read for idle_ms, nobody upstream with more, no history being loaded. */
  #quiet(now: number): boolean {
    const { settings } = this.#run.deps
    if (this.#idle_since === null || now - this.#idle_since < settings.idle_ms) return false
    return (
      this.#processor.stream_time.upstream_idle &&
      !this.#run.shared.catalog.import_open(now, settings.import_lapse_ms)
    )
  }

  /** The wall clock moves stream time only when all is quiet and a timer is due for it; a timer means a first record. */
  #tick(now: number): number | null {
    const to_ms = now - this.#run.deps.settings.idle_ms
    const timer = this.#processor.timers.peek('stream')
    if (!timer || timer.due_ms > to_ms) return null
    return this.#quiet(now) ? to_ms : null
  }

  #may_tell_idle(now: number): boolean {
    return this.#processor.marked_topics.length > 0 && this.#told !== 'idle' && this.#quiet(now)
  }

  /** How long nothing can happen without a record: until quiet begins to matter, or the next timer. */
  #patience(now: number): number {
    const { idle_ms, checkpoint_every_ms } = this.#run.deps.settings
    let until = now + (this.#progress.checkpointed ? WAIT_MAX_MS : checkpoint_every_ms)
    const wall = this.#processor.timers.peek('wall')
    if (wall) until = Math.min(until, wall.due_ms)
    if (!this.#run.shared.catalog.at_end) until = Math.min(until, now + RECHECK_MS)
    if (this.#idle_since !== null) {
      const quiet_at = this.#idle_since + idle_ms
      const timer = this.#processor.timers.peek('stream')
      if (timer) until = Math.min(until, Math.max(quiet_at, timer.due_ms + idle_ms))
      if (this.#told !== 'idle' && this.#processor.marked_topics.length) until = Math.min(until, quiet_at)
    }
    return Math.max(until - now, until > now ? 1 : RECHECK_MS)
  }

  async #load({ items, wall_ms, tick_ms }: Taken): Promise<void> {
    const { settings, observe } = this.#run.deps
    const processor = this.#processor
    const loading = performance.now()
    for (const keys of chunks(processor.cold_keys(items, wall_ms, tick_ms, settings.timers_max)))
      await load_cold(this.#run, processor, keys, this.#progress.checkpoints.accepted())
    observe.stage('load', (performance.now() - loading) * 1e6, items.length)
  }

  #run_batch({ items, wall_ms, tick_ms, idle }: Taken): Ran {
    const { deps, shared, task } = this.#run
    const { settings, observe, clock } = deps
    const processor = this.#processor
    const progress = this.#progress
    const pushing = performance.now()
    const began = clock.now()
    const catalog_offset = shared.catalog.position
    const result = processor.run({
      items,
      wall_ms,
      tick_ms,
      timers_max: settings.timers_max,
      catalog_offset,
      spent: () => clock.now() - began > settings.batch_compute_ms,
    })
    const consumed = items.slice(0, result.consumed)
    this.#most = most_next(this.#most, items.length, result.consumed, settings.batch_records_max)
    const stream_time_ms = processor.stream_time.now_ms
    const marks = processor.marks(this.#told !== 'time' && consumed.length > 0, idle)
    const outputs = [...result.outputs, ...marks]
    const record: Batch = {
      log_id: progress.log_id,
      key_group: task.group,
      partition: task.partition,
      seq: progress.seq + 1,
      kind: 'batch',
      nonce: progress.nonce,
      wall_at: wall_ms,
      tick_ms,
      stream_time_ms: Number.isFinite(stream_time_ms) ? stream_time_ms : null,
      catalog_offset,
      timers: result.timers,
      more_due: result.more_due,
      ranges: ranges_of(consumed),
      left_out: [...result.left_out],
      outcomes: result.outcomes,
      dead_timers: result.dead_timers,
      quarantined: [...processor.quarantined],
      code: shared.code,
      digest: result.digest,
      outputs: outputs.length,
    }
    observe.stage('push', (performance.now() - pushing) * 1e6, consumed.length)
    const told = marks.length === 0 ? this.#told : idle ? 'idle' : 'time'
    return { record, outputs, tripped: result.tripped, rest: items.slice(result.consumed), told }
  }

  async #commit({ record, outputs, tripped, rest, told }: Ran): Promise<void> {
    const { deps, shared, task } = this.#run
    const { settings, observe, clock } = deps
    const progress = this.#progress
    const committing = performance.now()
    const began = clock.now()
    const { offsets } = await task.commit([...outputs, shared.log_output(task.partition, record)])
    const records = record.ranges.reduce((sum, { count }) => sum + count, 0)
    observe.stage('commit', (performance.now() - committing) * 1e6, records)
    progress.checkpoints.behind = this.#waiting >= settings.batch_records_max
    progress.advance(record, offsets.get(shared.log_topic) as number)
    this.#committed_at = clock.now()
    this.#commits_ms[record.seq % COMMITS] = this.#committed_at - began
    this.#carry = rest
    this.#more_due = record.more_due
    this.#tripped = tripped
    this.#told = told
    this.#count(record)
  }

  /** With the next batch, whose record says so: what this one did is committed already. */
  #set_aside(): void {
    if (this.#tripped.length === 0) return
    const processor = this.#processor
    const { logger } = this.#run.deps
    logger.error({ task: this.#run.name, pipelines: this.#tripped }, 'pipelines fail too often: set aside')
    processor.quarantine([...processor.quarantined, ...this.#tripped].sort())
    this.#tripped = []
  }

  #count({ ranges, left_out, outcomes }: Batch): void {
    const { observe } = this.#run.deps
    // The batch-log record says how many were late, not of which topic: few topics of a group have windows.
    let late = outcomes.late
    for (const { topic, count } of ranges) {
      const of = (...outcomes: string[]) =>
        left_out.filter(left => left.topic === topic && outcomes.includes(left.outcome)).length
      const duplicate = of('duplicate')
      const forwarded = of('forwarded')
      const dead_letter = of('unreadable', 'refused', 'failed')
      const taken = count - duplicate - forwarded - dead_letter
      const late_here = Math.min(late, taken)
      late -= late_here
      const counted = {
        duplicate,
        forwarded,
        dead_letter,
        late: late_here,
        processed: taken - late_here,
      }
      for (const [outcome, records] of Object.entries(counted))
        if (records > 0) observe.outcome(topic, outcome as Outcome, records)
    }
  }

  #report(): void {
    const { status, lanes } = this.#run
    const { seq, checkpoints } = this.#progress
    status.committed_seq = seq
    status.checkpoint_seq = checkpoints.seq ?? 0
    status.checkpoint_at = checkpoints.saved_at
    const now_ms = this.#processor.stream_time.now_ms
    status.stream_time_ms = Number.isFinite(now_ms) ? now_ms : null
    status.quarantined = this.#processor.quarantined
    status.error = checkpoints.error ? `checkpoint: ${(checkpoints.error as Error).message}` : null
    status.lag = Object.fromEntries(
      lanes.map((lane, i) => {
        const reader = this.#readers[i] as Reader
        // Before the first fetch nobody knows: something, until it turns out to be nothing.
        const behind = reader.end < 0 ? 1 : Math.max(0, reader.end - reader.position)
        return [lane.topic, behind + reader.length]
      }),
    )
  }
}

const COMMITS = 4
/** Longest wait without anything due, so that a lost wake-up costs seconds, not for ever. */
const WAIT_MAX_MS = 5000
/** Longest wait for a lagging input while history is loaded. */
const IMPORT_WAIT_MS = 30_000
/**
 * Most event time in one batch while history is loaded: what a group writes for itself comes back a batch later, and must
 * find what it belongs to still kept, and windows that may still be corrected (two days).
 */
export const IMPORT_SPAN_MS = days(1)
/** Something is due but may not happen yet (an import is open, an upstream task is not idle). */
const RECHECK_MS = 1000

const LEAST_RECORDS = 100
/** Less, where time was up before the records were; twice as many, where a full batch was worked off in time. */
export const most_next = (most: number, taken: number, consumed: number, max: number): number => {
  if (consumed < taken) return Math.min(max, Math.max(LEAST_RECORDS, consumed))
  return taken < most ? most : Math.min(max, 2 * most)
}
