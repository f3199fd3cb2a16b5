/**
 * The simulated cluster behind the Log port: partitions, transactions with markers that take up offsets,
 * last stable offsets, fencing. It keeps Kafka's promises and no more: markers of one transaction appear at
 * different times.
 */
import type { LogRecord, Output } from '../../runtime/ports.ts'
import { type Counters, count } from './process.ts'
import type { Pending, Scheduler } from './scheduler.ts'

export interface Transaction {
  readonly id: string
  outcome: 'open' | 'committed' | 'aborted'
  /** Partitions still without its marker. */
  readonly unmarked: Set<Partition>
}

interface Entry {
  readonly record: LogRecord | null
  readonly transaction: Transaction | null
}

export interface Partition {
  readonly topic: string
  readonly index: number
  readonly entries: Entry[]
  /** First kept offset. */
  start: number
  /** First offset of each transaction that has no marker here yet. */
  readonly open: Map<Transaction, number>
  /** Called once when something was written or became stable. */
  readonly watchers: Set<() => void>
}

interface Producer {
  epoch: number
  transaction: Transaction | null
  /** Planned end of the open transaction's time. */
  timeout: Pending | null
}

export class Fenced extends Error {
  override readonly name = 'Fenced'
}

/** Last stable offset: everything below it is decided. */
export const stable_end = (partition: Partition): number => {
  let end = partition.entries.length
  for (const first of partition.open.values()) if (first < end) end = first
  return end
}

/** Up to `max` committed records from `from` on, and the offset behind everything looked at. */
export const read_committed = (partition: Partition, from: number, max: number) => {
  const end = stable_end(partition)
  const records: LogRecord[] = []
  let position = from
  while (position < end && records.length < max) {
    const entry = partition.entries[position]
    position++
    if (entry?.record && entry.transaction?.outcome !== 'aborted') records.push(entry.record)
  }
  return { records, position, end }
}

export interface Broker {
  create(topic: string, partitions: number): void
  partition(topic: string, index: number): Partition
  partitions(topic: string): readonly Partition[] | undefined
  topics(): readonly string[]
  append(output: Output, transaction: Transaction | null): number
  /** A transaction outside of any fence: an emitter's. */
  begin(id: string): Transaction
  finish(transaction: Transaction, outcome: 'committed' | 'aborted'): void
  /** InitProducerId: the new epoch, or null while the earlier transaction is still being ended. */
  init(id: string): number | null
  /** Adds to the producer's transaction; null while the one before is still being ended. Throws Fenced. */
  produce(id: string, epoch: number, outputs: readonly Output[]): number[] | null
  /** EndTxn: decided when it returns, visible when the markers are written. Throws Fenced. */
  end(id: string, epoch: number): void
  /** Group -> partition -> topic -> next offset. */
  readonly saved: Map<string, Map<string, number>>
}

const own = (value: Buffer | null) => (value === null ? null : Buffer.from(value))

/** @param transaction_timeout_ms an open transaction is aborted by the coordinator after so long */
export const create_broker = (
  scheduler: Scheduler,
  counters: Counters,
  transaction_timeout_ms: number,
): Broker => {
  const { random } = scheduler
  const topics = new Map<string, Partition[]>()
  const producers = new Map<string, Producer>()

  const partition = (topic: string, index: number): Partition => {
    const found = topics.get(topic)?.[index]
    if (!found) throw new Error(`no partition ${topic}/${index}`)
    return found
  }
  const changed = (at: Partition) => {
    const watchers = [...at.watchers]
    at.watchers.clear()
    for (const watcher of watchers) watcher()
  }
  const append = (output: Output, transaction: Transaction | null): number => {
    const at = partition(output.topic, output.partition)
    const offset = at.entries.length
    const { key, value, upstream, redrive } = output
    at.entries.push({ record: { offset, key: own(key), value: own(value), upstream, redrive }, transaction })
    if (transaction && !at.open.has(transaction)) {
      at.open.set(transaction, offset)
      transaction.unmarked.add(at)
    }
    changed(at)
    return offset
  }
  const mark = (transaction: Transaction, at: Partition) => {
    at.entries.push({ record: null, transaction })
    at.open.delete(transaction)
    transaction.unmarked.delete(at)
    changed(at)
  }
  const finish = (transaction: Transaction, outcome: 'committed' | 'aborted') => {
    transaction.outcome = outcome
    for (const at of transaction.unmarked) {
      const wait = random.chance(0.1) ? random.between(10, 150) : random.between(0, 3)
      scheduler.after(wait, `${outcome} marker on ${at.topic}/${at.index}`, () => {
        mark(transaction, at)
        return false
      })
    }
  }
  const ending = (producer: Producer) =>
    producer.transaction !== null &&
    producer.transaction.outcome !== 'open' &&
    producer.transaction.unmarked.size > 0

  /** True when the epoch is the producer's own; a fenced one learns it here. */
  const check_epoch = (id: string, epoch: number): Producer => {
    const producer = producers.get(id)
    if (!producer || producer.epoch !== epoch) {
      count(counters, 'fenced')
      throw new Fenced(`${id} epoch ${epoch}: a newer producer exists`)
    }
    return producer
  }
  const abort_open = (producer: Producer) => {
    if (producer.transaction?.outcome !== 'open') return
    producer.epoch++
    count(counters, 'open transaction aborted')
    finish(producer.transaction, 'aborted')
  }

  return {
    saved: new Map(),
    create(topic, partitions) {
      if (topics.has(topic)) return
      const fresh = (index: number): Partition => ({
        topic,
        index,
        entries: [],
        start: 0,
        open: new Map(),
        watchers: new Set(),
      })
      topics.set(
        topic,
        Array.from({ length: partitions }, (_, index) => fresh(index)),
      )
    },
    partition,
    partitions: topic => topics.get(topic),
    topics: () => [...topics.keys()],
    append,
    begin: id => ({ id, outcome: 'open', unmarked: new Set() }),
    finish,
    init(id) {
      const producer = producers.get(id) ?? { epoch: 0, transaction: null, timeout: null }
      producers.set(id, producer)
      abort_open(producer)
      if (ending(producer)) {
        count(counters, 'concurrent transactions')
        return null
      }
      producer.transaction = null
      return ++producer.epoch
    },
    produce(id, epoch, outputs) {
      const producer = check_epoch(id, epoch)
      if (ending(producer)) return null
      if (producer.transaction?.outcome !== 'open') {
        const transaction: Transaction = { id, outcome: 'open', unmarked: new Set() }
        producer.transaction = transaction
        producer.timeout = scheduler.after(transaction_timeout_ms, `${id} has had its time`, () => {
          if (producer.transaction === transaction) abort_open(producer)
          return false
        })
      }
      const transaction = producer.transaction
      return outputs.map(output => append(output, transaction))
    },
    end(id, epoch) {
      const producer = check_epoch(id, epoch)
      if (producer.transaction?.outcome !== 'open') return
      if (producer.timeout) scheduler.cancel(producer.timeout)
      finish(producer.transaction, 'committed')
    },
  }
}
