/**
 * Decompression of fetched record batches: all four codecs that emitters use, each with a cap, where kafkajs
 * has gzip alone and without one. What a batch's bytes cannot be read as is Unreadable: a property of the
 * bytes, for ever, in contrast to errors that pass.
 */
import { promisify } from 'node:util'
import { unzip, zstdDecompress } from 'node:zlib'

/** A batch of the largest size that brokers take by default (1 MiB) may have shrunk to a 64th. */
export const BATCH_BYTES_MAX = 64 * 1024 * 1024

/** The record batch cannot be read, now or later. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable'
}

const too_large = (bytes: number): Unreadable => new Unreadable(`more than ${bytes} bytes decompressed`)

type Inflate = (input: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>
const by_zlib =
  (inflate: Inflate) =>
  async (input: Buffer, most = BATCH_BYTES_MAX): Promise<Buffer> => {
    try {
      return await inflate(input, { maxOutputLength: most })
    } catch (error) {
      const { code = '', message } = error as NodeJS.ErrnoException
      if (code === 'ERR_BUFFER_TOO_LARGE') throw too_large(most)
      if (/^Z_(DATA|BUF)_ERROR$|^Z_NEED_DICT$|^ZSTD_error_(?!memory)/.test(code))
        throw new Unreadable(message)
      throw error
    }
  }

/** Bytes written so far, which later ones are copied from; grows up to `most`. */
class Output {
  #bytes: Buffer
  length = 0
  readonly #most: number

  constructor(expected: number, most: number) {
    if (expected > most) throw too_large(most)
    this.#bytes = Buffer.allocUnsafe(expected)
    this.#most = most
  }

  #grow(more: number): void {
    const needed = this.length + more
    if (needed > this.#most) throw too_large(this.#most)
    if (needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.min(this.#most, Math.max(needed, this.#bytes.length * 2)))
    this.#bytes.copy(larger, 0, 0, this.length)
    this.#bytes = larger
  }

  append(input: Buffer, from: number, length: number): void {
    if (from + length > input.length) throw new Unreadable('literals beyond the end')
    this.#grow(length)
    input.copy(this.#bytes, this.length, from, from + length)
    this.length += length
  }

  /** Copies what was written `distance` before; the parts may overlap, which repeats them. */
  repeat(distance: number, length: number): void {
    if (distance === 0 || distance > this.length) throw new Unreadable('a copy from before the beginning')
    this.#grow(length)
    const bytes = this.#bytes
    const start = this.length - distance
    if (distance >= length) bytes.copyWithin(this.length, start, start + length)
    else for (let i = 0; i < length; i++) bytes[this.length + i] = bytes[start + i] as number
    this.length += length
  }

  whole(): Buffer {
    return this.#bytes.subarray(0, this.length)
  }
}

/** Reads ahead of the end are errors, not undefined. */
const byte_at = (input: Buffer, at: number): number => {
  const byte = input[at]
  if (byte === undefined) throw new Unreadable('cut short')
  return byte
}
const little_endian = (input: Buffer, at: number, bytes: number): number => {
  if (at + bytes > input.length) throw new Unreadable('cut short')
  return input.readUIntLE(at, bytes)
}

const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const XERIAL_HEADER = 16
const SNAPPY_VARINT_BYTES = 5

const snappy_length = (input: Buffer): { length: number; at: number } => {
  let length = 0
  for (let at = 0; at < SNAPPY_VARINT_BYTES; at++) {
    const byte = byte_at(input, at)
    length += (byte & 0x7f) * 2 ** (7 * at)
    if (byte < 0x80) return { length, at: at + 1 }
  }
  throw new Unreadable('a snappy length without end')
}

/** One block, by the format description of the snappy project. */
const snappy_block = (input: Buffer, output: Output): void => {
  const { length, at: begin } = snappy_length(input)
  const end = output.length + length
  for (let at = begin; at < input.length; ) {
    const tag = byte_at(input, at++)
    const kind = tag & 3
    if (kind === 0) {
      let size = tag >> 2
      const extra = size - 59
      if (extra > 0) {
        size = little_endian(input, at, extra)
        at += extra
      }
      output.append(input, at, size + 1)
      at += size + 1
    } else if (kind === 1) {
      output.repeat(((tag >> 5) << 8) | byte_at(input, at++), ((tag >> 2) & 7) + 4)
    } else {
      const bytes = kind === 2 ? 2 : 4
      output.repeat(little_endian(input, at, bytes), (tag >> 2) + 1)
      at += bytes
    }
    if (output.length > end) throw new Unreadable('longer than its length says')
  }
  if (output.length !== end) throw new Unreadable('shorter than its length says')
}

/** Bare blocks are librdkafka's, blocks behind the header of xerial are Java's. */
const snappy = async (input: Buffer, most = BATCH_BYTES_MAX): Promise<Buffer> => {
  if (!input.subarray(0, XERIAL.length).equals(XERIAL)) {
    const output = new Output(Math.min(snappy_length(input).length, most + 1), most)
    snappy_block(input, output)
    return output.whole()
  }
  const output = new Output(Math.min(most, input.length * 2), most)
  for (let at = XERIAL_HEADER; at < input.length; ) {
    if (at + 4 > input.length) throw new Unreadable('cut short')
    const size = input.readUInt32BE(at)
    at += 4
    if (at + size > input.length) throw new Unreadable('cut short')
    snappy_block(input.subarray(at, at + size), output)
    at += size
  }
  return output.whole()
}

const LZ4_MAGIC = 0x184d2204
const LZ4_STORED = 0x80000000

/** A length of which the token holds four bits: bytes follow while they are 255. */
const lz4_length = (input: Buffer, from: number, nibble: number): { length: number; at: number } => {
  let length = nibble
  let at = from
  if (nibble === 15)
    for (let more = 255; more === 255; ) {
      more = byte_at(input, at++)
      length += more
    }
  return { length, at }
}

const lz4_block = (input: Buffer, output: Output): void => {
  for (let at = 0; at < input.length; ) {
    const token = byte_at(input, at++)
    const literals = lz4_length(input, at, token >> 4)
    output.append(input, literals.at, literals.length)
    at = literals.at + literals.length
    if (at === input.length) return // a block ends with literals
    const distance = little_endian(input, at, 2)
    const copied = lz4_length(input, at + 2, token & 15)
    output.repeat(distance, copied.length + 4)
    at = copied.at
  }
}

/** Frames by the LZ4 frame format. Checksums are left to Kafka's own, which the broker has compared. */
const lz4 = async (input: Buffer, most = BATCH_BYTES_MAX): Promise<Buffer> => {
  if (little_endian(input, 0, 4) !== LZ4_MAGIC) throw new Unreadable('no LZ4 frame')
  const flags = byte_at(input, 4)
  const [checksums, sized, dictionary] = [flags & 0x10, flags & 0x08, flags & 0x01]
  if (flags >> 6 !== 1 || dictionary)
    throw new Unreadable('an LZ4 frame of another version or with a dictionary')
  const output = new Output(Math.min(most, input.length * 2), most)
  for (let at = sized ? 15 : 7; ; ) {
    const size = little_endian(input, at, 4)
    at += 4
    if (size === 0) return output.whole()
    const length = size >= LZ4_STORED ? size - LZ4_STORED : size
    if (at + length > input.length) throw new Unreadable('cut short')
    if (size >= LZ4_STORED) output.append(input, at, length)
    else lz4_block(input.subarray(at, at + length), output)
    at += length + (checksums ? 4 : 0)
  }
}

export type Decompress = (input: Buffer, most?: number) => Promise<Buffer>

/** By the number that a record batch's attributes hold. */
export const codecs: ReadonlyMap<number, { readonly name: string; readonly decompress: Decompress }> =
  new Map([
    [1, { name: 'gzip', decompress: by_zlib(promisify(unzip)) }],
    [2, { name: 'snappy', decompress: snappy }],
    [3, { name: 'lz4', decompress: lz4 }],
    [4, { name: 'zstd', decompress: by_zlib(promisify(zstdDecompress)) }],
  ])
