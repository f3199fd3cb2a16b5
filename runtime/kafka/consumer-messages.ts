/**
 * Which messages a consumer of kafkajs itself is given, as examples/typescript is: its own filter delivers aborted records when
 * aborted transactions overlap, when the broker's list is not sorted, and takes any record with a key of four zero bytes for an
 * abort marker. Tasks and tails filter whole batches (abort-filter.ts).
 */

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

const ABORT = 0

/** A control record's key is int16 version, int16 type; type 0 is ABORT, 1 is COMMIT. */
const is_abort_marker = (record: RawRecord): boolean =>
  record.isControlRecord === true &&
  record.key !== null &&
  record.key.length >= 4 &&
  record.key.readInt16BE(2) === ABORT

/** Records that are in no aborted transaction, control records included, in the order given. */
export const committed_messages = <R extends RawRecord>({
  messages,
  abortedTransactions,
}: FilterInput<R>): R[] => {
  if (!abortedTransactions || abortedTransactions.length === 0) return [...messages]
  const ahead = abortedTransactions
    .map(({ producerId, firstOffset }) => ({ producer: String(producerId), first: Number(firstOffset) }))
    .sort((a, b) => a.first - b.first)
  const open = new Set<string>()
  let next = 0
  return messages.filter(record => {
    const offset = Number(record.offset)
    for (let entry = ahead[next]; entry !== undefined && entry.first <= offset; entry = ahead[++next])
      open.add(entry.producer)
    if (!record.batchContext) return true
    const producer = String(record.batchContext.producerId)
    if (is_abort_marker(record)) open.delete(producer)
    return record.isControlRecord === true || !record.batchContext.inTransaction || !open.has(producer)
  })
}
