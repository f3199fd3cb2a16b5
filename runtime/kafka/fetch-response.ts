/** What a broker answers to a fetch (versions 4 to 11), as far as it is looked at. */
import type { AbortedTransaction } from './abort-filter.ts'
import { type RecordBatch, read_batches } from './record-batch.ts'

export interface FetchedPartition {
  readonly partition: number
  readonly errorCode: number
  readonly last_stable: number
  readonly aborted: readonly AbortedTransaction[]
  readonly batches: readonly RecordBatch[]
}
export interface FetchResponse {
  readonly clientSideThrottleTime: number
  readonly responses: readonly {
    readonly topicName: string
    readonly partitions: readonly FetchedPartition[]
  }[]
}

/** Reads the parts of a response one behind the other. @throws RangeError at its end */
class Parts {
  readonly bytes: Buffer
  at = 0
  constructor(bytes: Buffer) {
    this.bytes = bytes
  }
  int16(): number {
    this.at += 2
    return this.bytes.readInt16BE(this.at - 2)
  }
  int32(): number {
    this.at += 4
    return this.bytes.readInt32BE(this.at - 4)
  }
  int64(): bigint {
    this.at += 8
    return this.bytes.readBigInt64BE(this.at - 8)
  }
  text(): string {
    const length = this.int16()
    this.at += length
    return this.bytes.toString('utf8', this.at - length, this.at)
  }
  async list<T>(read: () => T | Promise<T>): Promise<T[]> {
    const items: T[] = []
    for (let left = this.int32(); left > 0; left--) items.push(await read())
    return items
  }
}

export const decode_fetch_response = async (payload: Buffer, version: number): Promise<FetchResponse> => {
  const parts = new Parts(payload)
  const clientSideThrottleTime = parts.int32()
  // Error code and session.
  if (version >= 7) parts.at += 6
  const responses = await parts.list(async () => ({
    topicName: parts.text(),
    partitions: await parts.list(() => partition_of(parts, version)),
  }))
  return { clientSideThrottleTime, responses }
}

const partition_of = async (parts: Parts, version: number): Promise<FetchedPartition> => {
  const partition = parts.int32()
  const errorCode = parts.int16()
  // High watermark.
  parts.at += 8
  const last_stable = Number(parts.int64())
  // First offset that is kept.
  if (version >= 5) parts.at += 8
  const aborted = await parts.list(() => ({ producer: parts.int64(), first: Number(parts.int64()) }))
  // Replica to read from.
  if (version >= 11) parts.at += 4
  const length = parts.int32()
  // A copy: records are slices, and one that is kept must not keep the whole response of all partitions.
  const bytes = length > 0 ? Buffer.from(parts.bytes.subarray(parts.at, parts.at + length)) : null
  parts.at += Math.max(0, length)
  const batches = bytes ? await read_batches(bytes) : []
  return { partition, errorCode, last_stable, aborted, batches }
}
