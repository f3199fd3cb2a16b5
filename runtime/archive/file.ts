/**
 * The records of one partition in one file: blocks of about a megabyte, each with a header that says what it holds, so that
 * a record is found by its offset without unpacking those before it.
 *
 * Block: length of the packed records (uint32), their number (uint32), offset of the first (float64), then the records,
 * packed with Zstandard. Record: offset (float64), key length + 1 and value length + 1 (uint32 each, 0 is null), length of
 * what follows (uint32), JSON of `upstream` and `redrive` where there are any, the key, the value. All little-endian.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { LogRecord, Redrive, Upstream } from '../ports.ts'
import { ArchiveError, type FileEntry, file_of } from './manifest.ts'

const BLOCK_BYTES = 1 << 20
const BLOCK_HEADER = 16
const RECORD_HEADER = 20

const encode_record = ({ offset, key, value, upstream, redrive }: LogRecord): Buffer => {
  const extra = upstream || redrive ? Buffer.from(JSON.stringify({ upstream, redrive })) : Buffer.alloc(0)
  const header = Buffer.allocUnsafe(RECORD_HEADER)
  header.writeDoubleLE(offset, 0)
  header.writeUInt32LE(key === null ? 0 : key.length + 1, 8)
  header.writeUInt32LE(value === null ? 0 : value.length + 1, 12)
  header.writeUInt32LE(extra.length, 16)
  return Buffer.concat([header, extra, key ?? EMPTY, value ?? EMPTY])
}
const EMPTY = Buffer.alloc(0)

const decode_block = (block: Buffer): LogRecord[] => {
  const records: LogRecord[] = []
  for (let at = 0; at < block.length; ) {
    const offset = block.readDoubleLE(at)
    const key_size = block.readUInt32LE(at + 8)
    const value_size = block.readUInt32LE(at + 12)
    const extra_at = at + RECORD_HEADER
    const key_at = extra_at + block.readUInt32LE(at + 16)
    const value_at = key_at + Math.max(0, key_size - 1)
    const end = value_at + Math.max(0, value_size - 1)
    const key = key_size === 0 ? null : block.subarray(key_at, value_at)
    const value = value_size === 0 ? null : block.subarray(value_at, end)
    if (key_at === extra_at) records.push({ offset, key, value })
    else records.push({ offset, key, value, ...read_extra(block.toString('utf8', extra_at, key_at)) })
    at = end
  }
  return records
}

const read_extra = (text: string) =>
  JSON.parse(text) as { readonly upstream?: Upstream; readonly redrive?: Redrive }

/** Takes the records of one partition in offset order. */
export class FileWriter {
  readonly #fd: number
  readonly #place: Pick<FileEntry, 'topic' | 'partition'>
  #pending: Buffer[] = []
  #pending_bytes = 0
  #first = 0
  #records = 0
  #bytes = 0
  #crc = 0

  constructor(dir: string, place: Pick<FileEntry, 'topic' | 'partition'>) {
    const path = join(dir, file_of(place))
    mkdirSync(dirname(path), { recursive: true })
    this.#fd = openSync(path, 'wx')
    this.#place = place
  }

  add(record: LogRecord): void {
    if (this.#pending.length === 0) this.#first = record.offset
    const bytes = encode_record(record)
    this.#pending.push(bytes)
    this.#pending_bytes += bytes.length
    this.#records++
    if (this.#pending_bytes >= BLOCK_BYTES) this.#flush()
  }

  #flush(): void {
    if (this.#pending.length === 0) return
    const packed = zstdCompressSync(Buffer.concat(this.#pending))
    const header = Buffer.allocUnsafe(BLOCK_HEADER)
    header.writeUInt32LE(packed.length, 0)
    header.writeUInt32LE(this.#pending.length, 4)
    header.writeDoubleLE(this.#first, 8)
    for (const bytes of [header, packed]) {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at)
      this.#crc = crc32(bytes, this.#crc)
      this.#bytes += bytes.length
    }
    this.#pending = []
    this.#pending_bytes = 0
  }

  /** On disk when it returns. */
  close(): FileEntry {
    this.#flush()
    fsyncSync(this.#fd)
    closeSync(this.#fd)
    return { ...this.#place, records: this.#records, bytes: this.#bytes, crc32: this.#crc }
  }

  /** Leaves what there is. */
  abandon(): void {
    closeSync(this.#fd)
  }
}

interface Block {
  /** Of the packed records in the file. */
  readonly at: number
  readonly bytes: number
  /** Offset of its first record. */
  readonly first: number
  /** Records of the file before it. */
  readonly before: number
}

/** Reads one file of an archive, from the front or by offset. Keeps one block unpacked. */
export class FileReader {
  readonly entry: FileEntry
  readonly #path: string
  readonly #fd: number
  readonly #blocks: readonly Block[]
  #unpacked: { readonly block: Block; readonly records: readonly LogRecord[] } | null = null

  /**
   * Reads the file once, whole.
   * @throws ArchiveError naming the file when it is not what the manifest says
   */
  constructor(dir: string, entry: FileEntry) {
    this.entry = entry
    this.#path = join(dir, file_of(entry))
    try {
      this.#fd = openSync(this.#path, 'r')
    } catch (error) {
      throw this.#damaged(`it cannot be opened (${(error as NodeJS.ErrnoException).code})`)
    }
    try {
      this.#blocks = this.#check()
    } catch (error) {
      closeSync(this.#fd)
      throw error
    }
  }

  #damaged(why: string): ArchiveError {
    return new ArchiveError(`${this.#path} is damaged: ${why}. Use another backup`)
  }

  #read(at: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length)
    for (let read = 0; read < length; ) {
      const more = readSync(this.#fd, bytes, read, length - read, at + read)
      if (more === 0) throw this.#damaged(`it ends after ${at + read} of ${this.entry.bytes} bytes`)
      read += more
    }
    return bytes
  }

  #check(): Block[] {
    const { bytes, records } = this.entry
    const blocks: Block[] = []
    let [at, before, crc] = [0, 0, 0]
    while (at < bytes) {
      const header = this.#read(at, BLOCK_HEADER)
      const length = header.readUInt32LE(0)
      if (at + BLOCK_HEADER + length > bytes) throw this.#damaged(`a block at byte ${at} has no end`)
      crc = crc32(this.#read(at + BLOCK_HEADER, length), crc32(header, crc))
      blocks.push({ at: at + BLOCK_HEADER, bytes: length, first: header.readDoubleLE(8), before })
      before += header.readUInt32LE(4)
      at += BLOCK_HEADER + length
    }
    if (crc !== this.entry.crc32 || before !== records) throw this.#damaged('its checksum differs')
    if (readSync(this.#fd, Buffer.alloc(1), 0, 1, bytes) > 0) throw this.#damaged('it is longer than it was')
    return blocks
  }

  #unpack(block: Block): readonly LogRecord[] {
    if (this.#unpacked?.block !== block)
      this.#unpacked = {
        block,
        records: decode_block(zstdDecompressSync(this.#read(block.at, block.bytes))),
      }
    return this.#unpacked.records
  }

  /** Records with an offset ≥ `from`, each with its number in the file: where it will stand once it is put in. */
  *records(from = 0): Generator<readonly [record: LogRecord, number: number]> {
    for (let b = this.#block_at(from); b < this.#blocks.length; b++) {
      const block = this.#blocks[b] as Block
      const records = this.#unpack(block)
      for (let i = 0; i < records.length; i++) {
        const record = records[i] as LogRecord
        if (record.offset >= from) yield [record, block.before + i]
      }
    }
  }

  /** How many records lie before an offset; found: whether there is one at it. */
  rank(offset: number): { readonly number: number; readonly found: boolean } {
    const block = this.#blocks[this.#block_at(offset)]
    if (!block) return { number: 0, found: false }
    const records = this.#unpack(block)
    const within = count_until(records.length, i => (records[i] as LogRecord).offset < offset)
    return { number: block.before + within, found: records[within]?.offset === offset }
  }

  /** Index of the last block that begins at or before the offset; 0 where none does. */
  #block_at(offset: number): number {
    const blocks = this.#blocks
    return Math.max(0, count_until(blocks.length, i => (blocks[i] as Block).first <= offset) - 1)
  }

  close(): void {
    closeSync(this.#fd)
  }
}

/** How many of the first of `length` ordered things are `before`. */
const count_until = (length: number, before: (i: number) => boolean): number => {
  let [low, high] = [0, length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (before(middle)) low = middle + 1
    else high = middle
  }
  return low
}
