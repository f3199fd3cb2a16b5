/**
 * Which fetched batches are committed. kafkajs's own filter delivers aborted records when aborted transactions overlap, when the
 * broker's list is not sorted, and takes any record with a key of four zero bytes for an abort marker; this one follows the
 * protocol: all transactions begun at or before a batch count, and only control batches end one.
 */

/** One entry of a fetch response's list, which comes in the order of the abort markers. */
export interface AbortedTransaction {
  readonly producer: bigint
  readonly first: number
}

/** What the filter asks of a batch, or of a message with the context of its batch. */
export interface InTransaction {
  /** Behind its last offset. */
  readonly end: number
  readonly producer: bigint
  readonly transactional: boolean
  /** It ends a transaction. */
  readonly control: boolean
}

/**
 * Those that are in no aborted transaction, control batches included, in the order given.
 * @param aborts whether one that ends a transaction aborts it
 */
export const filter_aborted = <B extends InTransaction>(
  batches: readonly B[],
  aborted: readonly AbortedTransaction[],
  aborts: (control: B) => boolean,
): readonly B[] => {
  if (aborted.length === 0) return batches
  const ahead = aborted.toSorted((a, b) => a.first - b.first)
  const open = new Set<bigint>()
  let next = 0
  return batches.filter(batch => {
    for (let entry = ahead[next]; entry !== undefined && entry.first < batch.end; entry = ahead[++next])
      open.add(entry.producer)
    if (batch.control && aborts(batch)) open.delete(batch.producer)
    return batch.control || !batch.transactional || !open.has(batch.producer)
  })
}

/** Of the key of a control batch's record, which is int16 version, int16 type. */
export const is_abort = (key: Buffer | null | undefined): boolean =>
  key !== null && key !== undefined && key.length >= 4 && key.readInt16BE(2) === ABORT
const ABORT = 0
