/**
 * Which event ids a key has had, and with which body: 16 bytes an id (64-bit hash of the id, CRC-32 of the body, the
 * stream-time second it came at), in 16 buckets so that a write costs its bucket, not the whole memory. Buckets only
 * grow at their end, so (buffer, length) is a snapshot that later batches leave alone.
 */
const BUCKETS = 16
const ENTRY = 16
/** Above this many ids a bucket is indexed instead of scanned. */
const SCAN_MAX = 32

export interface IdSnapshot {
  readonly bucket: number
  readonly bytes: Buffer
}

interface Bucket {
  bytes: Buffer
  length: number
  /** hash high * 2^32 + low as text -> position of its entry. */
  index: Map<string, number> | null
}

export type Seen = 'new' | 'duplicate' | 'conflict'

export class IdMemory {
  readonly #buckets: (Bucket | undefined)[] = new Array(BUCKETS)
  readonly #keep_ms: number

  /** keep_ms Infinity: for ever. */
  constructor(keep_ms: number) {
    this.#keep_ms = keep_ms
  }

  load(bucket: number, bytes: Buffer): void {
    this.#buckets[bucket] = { bytes, length: bytes.length, index: null }
  }

  /** What is known of an id. now_ms: stream time. */
  check(event_id: string, body_crc: number, now_ms: number): Seen {
    hash_id(event_id)
    const bucket = this.#buckets[hash_low & (BUCKETS - 1)]
    if (!bucket) return 'new'
    const at = find(bucket, hash_high, hash_low)
    if (at < 0 || this.#expired(bucket.bytes, at, now_ms)) return 'new'
    return bucket.bytes.readUInt32LE(at + 8) === body_crc ? 'duplicate' : 'conflict'
  }

  /** Remembers a new id; returns the bucket that changed. */
  add(event_id: string, body_crc: number, now_ms: number): number {
    hash_id(event_id)
    const number = hash_low & (BUCKETS - 1)
    let bucket = this.#buckets[number]
    if (!bucket) {
      bucket = { bytes: Buffer.allocUnsafe(4 * ENTRY), length: 0, index: null }
      this.#buckets[number] = bucket
    }
    if (bucket.length + ENTRY > bucket.bytes.length) this.#grow(bucket, now_ms)
    append(bucket, hash_high, hash_low, body_crc, now_ms)
    return number
  }

  /** The bucket as of now; stays so whatever is seen later. */
  snapshot(bucket: number): IdSnapshot {
    const { bytes, length } = this.#buckets[bucket] as Bucket
    return { bucket, bytes: bytes.subarray(0, length) }
  }

  #expired(bytes: Buffer, at: number, now_ms: number): boolean {
    return bytes.readUInt32LE(at + 12) * 1000 < now_ms - this.#keep_ms
  }

  /** A new buffer: the old one may be part of a snapshot. Expired ids are left behind. */
  #grow(bucket: Bucket, now_ms: number): void {
    const live: number[] = []
    for (let at = 0; at < bucket.length; at += ENTRY)
      if (!this.#expired(bucket.bytes, at, now_ms)) live.push(at)
    const grown = Buffer.allocUnsafe(Math.max(4, 2 * live.length) * ENTRY)
    let length = 0
    for (const at of live) {
      bucket.bytes.copy(grown, length, at, at + ENTRY)
      length += ENTRY
    }
    bucket.bytes = grown
    bucket.length = length
    bucket.index = null
  }
}

const find = (bucket: Bucket, high: number, low: number): number => {
  if (bucket.length > SCAN_MAX * ENTRY) return indexed(bucket).get(name_of(high, low)) ?? -1
  for (let at = bucket.length - ENTRY; at >= 0; at -= ENTRY)
    if (bucket.bytes.readUInt32LE(at) === low && bucket.bytes.readUInt32LE(at + 4) === high) return at
  return -1
}

const indexed = (bucket: Bucket): Map<string, number> => {
  if (!bucket.index) {
    bucket.index = new Map()
    for (let at = 0; at < bucket.length; at += ENTRY)
      bucket.index.set(name_of(bucket.bytes.readUInt32LE(at + 4), bucket.bytes.readUInt32LE(at)), at)
  }
  return bucket.index
}

const append = (bucket: Bucket, high: number, low: number, body_crc: number, now_ms: number): void => {
  const { bytes, length } = bucket
  bytes.writeUInt32LE(low, length)
  bytes.writeUInt32LE(high, length + 4)
  bytes.writeUInt32LE(body_crc, length + 8)
  bytes.writeUInt32LE(Math.max(0, Math.floor(now_ms / 1000)) >>> 0, length + 12)
  bucket.index?.set(name_of(high, low), length)
  bucket.length = length + ENTRY
}

const name_of = (high: number, low: number): string => `${high}:${low}`

let hash_high = 0
let hash_low = 0
/** Two 32-bit FNV-1a passes with different offsets and a final mix (MurmurHash3's), into hash_high and hash_low. */
const hash_id = (id: string): void => {
  let a = 0x811c9dc5
  let b = 0x9747b28c
  for (let i = 0; i < id.length; i++) {
    const c = id.charCodeAt(i)
    a = Math.imul(a ^ c, 0x01000193)
    b = Math.imul(b ^ c, 0x85ebca6b) + i
  }
  hash_low = mix(a ^ id.length)
  hash_high = mix(b)
}
const mix = (hash: number): number => {
  let h = hash
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
