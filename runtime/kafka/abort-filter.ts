/**
 * Which fetched batches are committed. kafkajs's own filter delivers aborted records when aborted transactions overlap, when the
 * broker's list is not sorted, and takes any record with a key of four zero bytes for an abort marker; this one follows the
 * protocol: all transactions begun at or before a batch count, and only control batches end one.
 */
import { is_abort_marker, type RecordBatch } from './record-batch.ts'

/** One entry of a fetch response's list, which comes in the order of the abort markers. */
export interface AbortedTransaction {
  readonly producer: bigint
  readonly first: number
}

/** Batches that are in no aborted transaction, control batches included, in the order given. */
export const filter_aborted = (
  batches: readonly RecordBatch[],
  aborted: readonly AbortedTransaction[],
): readonly RecordBatch[] => {
  if (aborted.length === 0) return batches
  const ahead = aborted.toSorted((a, b) => a.first - b.first)
  const open = new Set<bigint>()
  let next = 0
  return batches.filter(batch => {
    for (let entry = ahead[next]; entry !== undefined && entry.first < batch.end; entry = ahead[++next])
      open.add(entry.producer)
    if (is_abort_marker(batch)) open.delete(batch.producer)
    return batch.control || !batch.transactional || !open.has(batch.producer)
  })
}
