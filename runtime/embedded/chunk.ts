/**
 * How records lie in LMDB: the records that one transaction adds to one partition are packed into few values (chunks), so
 * that a transaction costs puts per partition, not per record, and a reader fetches many records with one read.
 *
 * A chunk is: base offset (float64), count (uint32), then per record: key length + 1 (uint32, 0 is null), value length + 1,
 * a byte that says what follows (0 nothing; of `upstream` 1 task, 2 task and stream time; 3 `redrive`: length (uint32) and
 * JSON), that, the key, the value.
 */
import type { LogRecord, Redrive } from '../ports.ts'

export type ChunkRecord = Pick<LogRecord, 'key' | 'value' | 'upstream' | 'redrive'>

const HEADER = 12
const RECORD_HEADER = 9
const NOTHING = 0
const TASK = 1
const TASK_AND_TIME = 2
const REDRIVE = 3
const kind_of = ({ upstream, redrive }: ChunkRecord): number =>
  redrive ? REDRIVE : !upstream ? NOTHING : upstream.stream_time_ms === null ? TASK : TASK_AND_TIME
const extra_bytes = (record: ChunkRecord): number => {
  const kind = kind_of(record)
  return kind === REDRIVE ? 4 + Buffer.byteLength(redrive_text(record)) : EXTRA_BYTES[kind]!
}
const EXTRA_BYTES: readonly number[] = [0, 4, 12]
const redrive_text = ({ redrive }: ChunkRecord): string => JSON.stringify(redrive)

/** Bytes a record takes in a chunk. */
export const record_bytes = (record: ChunkRecord): number =>
  RECORD_HEADER + extra_bytes(record) + (record.key?.length ?? 0) + (record.value?.length ?? 0)

const write_record = (chunk: Buffer, at: number, record: ChunkRecord): number => {
  const { key, value, upstream } = record
  at = chunk.writeUInt32LE(key === null ? 0 : key.length + 1, at)
  at = chunk.writeUInt32LE(value === null ? 0 : value.length + 1, at)
  at = chunk.writeUInt8(kind_of(record), at)
  if (record.redrive) {
    const text = redrive_text(record)
    at = chunk.writeUInt32LE(Buffer.byteLength(text), at)
    at += chunk.write(text, at)
  } else if (upstream) {
    at = chunk.writeUInt32LE(upstream.task, at)
    if (upstream.stream_time_ms !== null) at = chunk.writeDoubleLE(upstream.stream_time_ms, at)
  }
  if (key !== null) {
    chunk.set(key, at)
    at += key.length
  }
  if (value !== null) {
    chunk.set(value, at)
    at += value.length
  }
  return at
}

/** Packs records [from, to) of the list; the first gets offset `base`. Copies their bytes. */
export const encode_chunk = (
  records: readonly ChunkRecord[],
  from: number,
  to: number,
  base: number,
): Buffer => {
  let bytes = HEADER
  for (let i = from; i < to; i++) bytes += record_bytes(records[i]!)
  const chunk = Buffer.allocUnsafe(bytes)
  chunk.writeDoubleLE(base, 0)
  chunk.writeUInt32LE(to - from, 8)
  let at = HEADER
  for (let i = from; i < to; i++) at = write_record(chunk, at, records[i]!)
  return chunk
}

/** Offset of the first record and offset behind the last one. */
export const chunk_range = (chunk: Buffer): { readonly base: number; readonly end: number } => {
  const base = chunk.readDoubleLE(0)
  return { base, end: base + chunk.readUInt32LE(8) }
}

/** Adds the chunk's records with offset ≥ `from` to the list; their buffers are slices of the chunk. */
export const decode_chunk = (chunk: Buffer, from: number, into: LogRecord[]): void => {
  const { base, end } = chunk_range(chunk)
  let at = HEADER
  for (let offset = base; offset < end; offset++) {
    const key_size = chunk.readUInt32LE(at)
    const value_size = chunk.readUInt32LE(at + 4)
    const kind = chunk[at + 8]!
    const extra_at = at + RECORD_HEADER
    const extra = kind === REDRIVE ? 4 + chunk.readUInt32LE(extra_at) : EXTRA_BYTES[kind]!
    const body = extra_at + extra
    const value_at = body + Math.max(0, key_size - 1)
    const next = value_at + Math.max(0, value_size - 1)
    if (offset >= from) {
      const key = key_size === 0 ? null : chunk.subarray(body, value_at)
      const value = value_size === 0 ? null : chunk.subarray(value_at, next)
      if (kind === NOTHING) into.push({ offset, key, value })
      else if (kind === REDRIVE)
        into.push({
          offset,
          key,
          value,
          redrive: JSON.parse(chunk.toString('utf8', extra_at + 4, body)) as Redrive,
        })
      else into.push({ offset, key, value, upstream: read_upstream(chunk, at) })
    }
    at = next
  }
}

const read_upstream = (chunk: Buffer, at: number) => ({
  task: chunk.readUInt32LE(at + RECORD_HEADER),
  stream_time_ms: chunk[at + 8] === 1 ? null : chunk.readDoubleLE(at + RECORD_HEADER + 4),
})
