/**
 * ClickHouse's own block compression, which compress=1 and decompress=1 ask for (the Java client does by default). A
 * frame is a CityHash128 checksum (16 bytes), the method (1), the length from the method on (4), that of what is inside
 * (4), and the block. The engine makes frames: they are what the file of a TinyLog column of bytes consists of.
 */
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { zstdDecompress } from 'node:zlib'
import { quoted } from './warehouse-statements.ts'

/** Holds nothing but the answers that are being compressed. */
const DATABASE = 'compressed_answers'
const CHECKSUM_BYTES = 16
const HEAD_BYTES = 9
const NONE = 0x02
const LZ4 = 0x82
const ZSTD = 0x90

/** Runs a statement and gives back what it prints. */
type Ask = (text: string, format: string) => Promise<Uint8Array>

/** Forgets what a predecessor was compressing when it was killed. */
export const drop_frames = (ask: Ask): Promise<unknown> =>
  ask(`DROP DATABASE IF EXISTS ${DATABASE} SYNC`, 'Null')

/** The bytes of a file as frames. `number` is of no other call at this time. */
export const compressed_frames = async (ask: Ask, path: string, number: number): Promise<Buffer> => {
  const name = `answer_${number}`
  await ask(`CREATE DATABASE IF NOT EXISTS ${DATABASE}`, 'Null')
  await ask(`CREATE TABLE ${DATABASE}.${name} (b UInt8) ENGINE = TinyLog`, 'Null')
  try {
    await ask(`INSERT INTO ${DATABASE}.${name} FROM INFILE ${quoted(path)} FORMAT RowBinary`, 'Null')
    const where = `database = '${DATABASE}' AND name = '${name}'`
    const directory = await ask(`SELECT data_paths[1] FROM system.tables WHERE ${where}`, 'TSVRaw')
    return await readFile(`${Buffer.from(directory).toString().trimEnd()}b.bin`)
  } finally {
    await ask(`DROP TABLE ${DATABASE}.${name} SYNC`, 'Null')
  }
}

interface Frame {
  readonly method: number
  /** Bytes inside, as the head says. */
  readonly inside: number
  readonly block: Buffer
}

/**
 * The frames of a body, in order. Throws when one is cut. Checksums are not looked at: TCP has its own, and a block that is
 * not what its head says does not decompress.
 */
const frames_of = (bytes: Buffer): Frame[] => {
  const frames: Frame[] = []
  for (let at = 0; at < bytes.length; ) {
    const head = at + CHECKSUM_BYTES
    const length = head + HEAD_BYTES <= bytes.length ? bytes.readUInt32LE(head + 1) : 0
    if (length < HEAD_BYTES || head + length > bytes.length) throw new Error(`the frame at byte ${at} is cut`)
    const inside = bytes.readUInt32LE(head + 5)
    frames.push({ method: bytes[head]!, inside, block: bytes.subarray(head + HEAD_BYTES, head + length) })
    at = head + length
  }
  return frames
}

/** Magic, flags (version 1, blocks independent, no checksums), blocks of up to 4 MiB, checksum of these two. */
const LZ4_FILE_HEAD = Buffer.from('04224d18607073', 'hex')

/** A block as a file of its own, in the format that chDB reads. */
const lz4_file = (block: Buffer): Buffer => {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(block.length)
  return Buffer.concat([LZ4_FILE_HEAD, length, block, Buffer.alloc(4)])
}

/**
 * What is inside the frames; `lz4` decodes a file of that format. Throws when a frame is none, or when they say that more
 * than `bytes_max` is inside: a few bytes can stand for gigabytes.
 */
export const inflated_frames = async (
  bytes: Buffer,
  lz4: (file: Buffer) => Promise<Buffer>,
  bytes_max: number,
): Promise<Buffer> => {
  const frames = frames_of(bytes)
  const sum = frames.reduce((total, { inside }) => total + inside, 0)
  if (sum > bytes_max) throw new Error(`${sum} bytes are inside, at most ${bytes_max} are taken`)
  const inflated: Buffer[] = []
  for (const frame of frames) {
    const block = await block_of(frame, lz4)
    if (block.length !== frame.inside)
      throw new Error(`${block.length} bytes are inside a frame that says ${frame.inside}`)
    inflated.push(block)
  }
  return Buffer.concat(inflated)
}

const block_of = async (
  { method, block, inside }: Frame,
  lz4: (file: Buffer) => Promise<Buffer>,
): Promise<Buffer> => {
  if (method === NONE) return block
  if (method === LZ4) return lz4(lz4_file(block))
  // No more than it says: the limit is what stops a block that lies.
  if (method === ZSTD) return promisify(zstdDecompress)(block, { maxOutputLength: Math.max(1, inside) })
  throw new Error(`no method is 0x${method.toString(16)}`)
}
