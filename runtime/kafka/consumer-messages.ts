/**
 * Which messages a consumer of kafkajs itself is given, as examples/typescript is: its own filter delivers aborted records when
 * aborted transactions overlap, when the broker's list is not sorted, and takes any record with a key of four zero bytes for an
 * abort marker. Tasks and tails filter whole batches (abort-filter.ts).
 */

import { filter_aborted, is_abort } from './abort-filter.ts'

/** A record as kafkajs decodes it, with the context of its record batch. */
export interface RawRecord {
  readonly offset: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers?: Readonly<Record<string, Buffer | string | readonly (Buffer | string)[] | undefined>>
  readonly isControlRecord?: boolean
  /** Absent in the message formats before transactions existed. */
  readonly batchContext?: {
    readonly producerId: string
    readonly inTransaction: boolean
    readonly firstOffset: string
    readonly lastOffsetDelta: number
  }
}

/** One entry of a fetch response's list, which comes in the order of the abort markers. */
export interface AbortedTransaction {
  readonly producerId: string
  readonly firstOffset: string
}

export interface FilterInput<R extends RawRecord> {
  readonly messages: readonly R[]
  readonly abortedTransactions?: readonly AbortedTransaction[] | null
}

/** Messages that are in no aborted transaction, control records included, in the order given. */
export const committed_messages = <R extends RawRecord>({
  messages,
  abortedTransactions,
}: FilterInput<R>): R[] => {
  const aborted = (abortedTransactions ?? []).map(({ producerId, firstOffset }) => ({
    producer: BigInt(producerId),
    first: Number(firstOffset),
  }))
  if (aborted.length === 0) return [...messages]
  const placed = messages.map(record => ({
    record,
    end: Number(record.offset) + 1,
    producer: BigInt(record.batchContext?.producerId ?? -1),
    transactional: record.batchContext?.inTransaction === true,
    control: record.isControlRecord === true,
  }))
  return filter_aborted(placed, aborted, ({ record }) => is_abort(record.key)).map(({ record }) => record)
}
