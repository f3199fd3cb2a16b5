/**
 * The Log port of one simulated process: readers that deliver in pieces and late, transactions whose replies
 * get lost, groups whose members die, leave, join and, as zombies, go on with what another already owns.
 */
import {
  type Fetched,
  type Group,
  type Log,
  type LogRecord,
  OffsetOutOfRange,
  type Output,
  type Reader,
  type TaskLog,
} from '../../runtime/ports.ts'
import { type Broker, type Partition, read_committed, stable_end } from './broker.ts'
import type { Assignment, Groups } from './groups.ts'
import { count, type Process } from './process.ts'
import type { Pending, Random, Scheduler } from './scheduler.ts'

/** Wakes whoever waits for news, and remembers news nobody waited for. */
interface Bell {
  ring(): void
  fail(error: Error): void
  wait(max_ms: number): Promise<void>
}

const create_bell = (random: Random, process: Process, label: string): Bell => {
  let news = false
  let failure: Error | null = null
  let waiting: (() => void) | null = null
  const ring = () => {
    news = true
    waiting?.()
  }
  return {
    ring,
    fail(error) {
      failure = error
      ring()
    },
    wait: max_ms =>
      new Promise<void>((resolve, reject) => {
        let planned: Pending | null = null
        let woken = false
        const end = () => {
          if (planned) process.cancel(planned)
          waiting = null
          news = false
          const error = failure
          failure = null
          if (error) reject(error)
          else resolve()
        }
        const wake = () => {
          if (woken) return
          woken = true
          if (planned) process.cancel(planned)
          planned = process.later(random.between(0, 3), `${label} is woken`, end)
        }
        if (news) return wake()
        waiting = wake
        planned = process.later(max_ms, `${label} waited`, end)
      }),
  }
}

interface SimReader extends Reader {
  close(): void
}

const create_reader = (
  scheduler: Scheduler,
  process: Process,
  at: Partition,
  bell: Bell,
  patience_ms: number,
): SimReader => {
  const { random } = scheduler
  let buffer: LogRecord[] = []
  let head = 0
  let position = 0
  let end = -1
  let seeks = 0
  let closed = false

  const fetch_later = (life: number, ms: number) => {
    process.later(ms, `${process.name} fetches ${at.topic}/${at.index} at ${position}`, () => {
      fetch(life)
      return false
    })
  }
  const fetch = (life: number) => {
    if (life !== seeks || closed) return
    if (position < at.start || position > at.entries.length) {
      return bell.fail(
        new OffsetOutOfRange(`${at.topic}/${at.index}: ${position} of ${at.start}..${at.entries.length}`),
      )
    }
    const found = read_committed(
      at,
      position,
      random.chance(0.3) ? random.between(0, 3) : random.between(4, 60),
    )
    const moved = found.position > position || found.end !== end
    buffer.push(...found.records)
    position = found.position
    end = found.end
    if (moved) bell.ring()
    if (position < end) fetch_later(life, delay())
    else at.watchers.add(() => fetch_later(life, delay()))
  }
  const delay = () => (random.chance(0.05) ? random.between(20, 200) : random.between(0, patience_ms))

  return {
    topic: at.topic,
    partition: at.index,
    get length() {
      return buffer.length - head
    },
    at: i => buffer[head + i],
    shift() {
      const record = buffer[head]
      if (record === undefined) return undefined
      head++
      if (head === buffer.length) {
        buffer = []
        head = 0
      }
      return record
    },
    skip(count) {
      for (let i = 0; i < count; i++) this.shift()
    },
    get position() {
      return position
    },
    get end() {
      return end
    },
    seek(offset) {
      buffer = []
      head = 0
      position = offset
      end = -1
      fetch_later(++seeks, delay())
    },
    pause() {
      buffer = []
      head = 0
      seeks++
    },
    close() {
      closed = true
    },
  }
}

/** What a task holds while it is assigned; `drop` takes it away whether the task has finished or not. */
export interface SimTask extends TaskLog {
  drop(): void
}

const create_task = (
  scheduler: Scheduler,
  broker: Broker,
  process: Process,
  group: Group,
  partition: number,
  assignment: Assignment,
): SimTask => {
  const { random } = scheduler
  const id = `${group.name}.${partition}`
  const label = `${process.name} ${id}`
  const bell = create_bell(random, process, label)
  const readers = new Map<string, SimReader>()
  let epoch: number | null = null
  let dropped = false

  const call = <T>(kind: 'log' | 'commit', what: string, apply: () => T) =>
    process.call(kind, `${id} ${what}`, apply)
  const guard = () => {
    if (dropped) throw new Error(`${label}: the partition was revoked and its producer dropped`)
  }
  /** All outputs, in one or two requests; waits while the transaction before is still being ended. */
  const produce = async (mine: number, outputs: readonly Output[]): Promise<number[]> => {
    const cut =
      outputs.length > 1 && random.chance(0.15) ? random.between(1, outputs.length - 1) : outputs.length
    const offsets: number[] = []
    for (const part of [outputs.slice(0, cut), outputs.slice(cut)]) {
      while (part.length > 0) {
        const written = await call('log', `produces ${part.length}`, () => broker.produce(id, mine, part))
        if (written) offsets.push(...written)
        if (written) break
        await process.clock.sleep(3)
      }
    }
    return offsets
  }
  return {
    group: group.name,
    partition,
    signal: assignment.signal,
    reader(topic) {
      const known = readers.get(topic)
      if (known) return known
      if (!group.topics.includes(topic)) throw new Error(`${topic} is no topic of group ${group.name}`)
      const reader = create_reader(
        scheduler,
        process,
        broker.partition(topic, partition),
        bell,
        group.transactional ? 8 : 60,
      )
      readers.set(topic, reader)
      return reader
    },
    wait: max_ms => bell.wait(max_ms),
    async acquire() {
      guard()
      if (!group.transactional) throw new Error(`${group.name} has no transactions`)
      epoch = null
      for (;;) {
        const fresh = await call('log', 'acquires', () => broker.init(id))
        guard()
        if (fresh !== null) {
          epoch = fresh
          return
        }
        await process.clock.sleep(random.between(1, 10))
      }
    },
    async commit(outputs) {
      guard()
      const mine = epoch
      if (mine === null) throw new Error(`${label}: commit before acquire`)
      const written = await produce(mine, outputs)
      await call('commit', 'ends its transaction', () => broker.end(id, mine))
      const offsets = new Map<string, number>()
      outputs.forEach((output, i) => {
        const offset = written[i]
        if (output.partition === partition && offset !== undefined && !offsets.has(output.topic))
          offsets.set(output.topic, offset)
      })
      return { offsets }
    },
    committed: () =>
      call('log', 'reads its progress', () => new Map<string, number>(broker.saved.get(id) ?? [])),
    save(offsets) {
      guard()
      const copy = [...offsets]
      return call('log', 'saves its progress', () => {
        if (!assignment.holds()) count(process.counters, 'former member may not save')
        if (!assignment.holds()) throw new Error(`${label}: saved by a former member`)
        const saved = broker.saved.get(id) ?? new Map<string, number>()
        for (const [topic, offset] of copy) saved.set(topic, offset)
        broker.saved.set(id, saved)
      })
    },
    drop() {
      dropped = true
      for (const reader of readers.values()) reader.close()
    },
  }
}

const tail = async function* (
  scheduler: Scheduler,
  broker: Broker,
  process: Process,
  topic: string,
  index: number,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<Fetched> {
  const { random } = scheduler
  let position = from
  let end = -1
  while (!signal.aborted) {
    const at = broker.partition(topic, index)
    if (random.chance(0.1)) await process.clock.sleep(random.between(50, 900), signal)
    const found = await process.call('log', `tails ${topic}/${index} at ${position}`, () => {
      if (position < at.start || position > at.entries.length)
        throw new OffsetOutOfRange(`${topic}/${index}: ${position}`)
      return read_committed(at, position, random.between(0, 20))
    })
    if (signal.aborted) return
    if (found.position > position || found.end !== end) {
      position = found.position
      end = found.end
      yield found
    } else if (position >= end && stable_end(at) === end) {
      await new Promise<void>(resolve => {
        const wake = () => process.later(random.between(0, 5), `${process.name} tails on`, resolve)
        at.watchers.add(wake)
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    }
  }
}

/** The Log port as `process` sees the cluster. */
export const create_log = (scheduler: Scheduler, broker: Broker, groups: Groups, process: Process): Log => ({
  ensure: topics =>
    process.call('log', 'ensures topics', () => {
      for (const { name, partitions } of topics) {
        const known = broker.partitions(name)
        if (known && known.length !== partitions) throw new Error(`${name} has ${known.length} partitions`)
        broker.create(name, partitions)
      }
    }),
  partitions: topic => process.call('log', `counts ${topic}`, () => broker.partitions(topic)?.length),
  run: (group, work, signal) =>
    groups.join(process, group, signal, (partition, assignment) => {
      const task = create_task(scheduler, broker, process, group, partition, assignment)
      return { work: () => work(task), drop: () => task.drop() }
    }),
  append: outputs =>
    process.call('log', `appends ${outputs.length}`, () =>
      outputs.map(output => broker.append(output, null)),
    ),
  tail: (topic, partition, from, signal) => tail(scheduler, broker, process, topic, partition, from, signal),
  bounds: (topic, index) =>
    process.call('log', `bounds of ${topic}/${index}`, () => {
      const at = broker.partition(topic, index)
      return { start: at.start, end: stable_end(at) }
    }),
  health: () => Promise.resolve(null),
  close: () => Promise.resolve(),
})
