/** How kafkajs writes its requests, and the record batches in them: parts that kafkajs.ts replaces. */
import { encode_batch, encode_records, type SentBatch, type SentRecord } from './batch-encoder.ts'
import { replace, require } from './kafkajs-parts.ts'

interface Encoder {
  buf: Buffer
  offset: number
  ensureAvailable(bytes: number): void
}
const ENCODER_BYTES = 128
/**
 * kafkajs begins an encoder with 512 bytes of its own, filled with zeros, for each partition and topic of a request: their parts
 * are a few bytes, and come from the common pool here.
 */
export const patch_encoder = (): void => {
  const original = require('kafkajs/src/protocol/encoder.js') as { readonly prototype: Encoder }
  original.prototype.ensureAvailable = function (bytes) {
    const needed = this.offset + bytes
    if (needed <= this.buf.length) return
    const grown = Buffer.allocUnsafe(Math.max(needed, 2 * this.buf.length))
    this.buf.copy(grown, 0, 0, this.offset)
    this.buf = grown
  }
  function SmallEncoder(this: Encoder) {
    this.buf = Buffer.allocUnsafe(ENCODER_BYTES)
    this.offset = 0
  }
  SmallEncoder.prototype = original.prototype
  Object.setPrototypeOf(SmallEncoder, original)
  replace('kafkajs/src/protocol/encoder.js', SmallEncoder)
}

interface BatchOfKafkaJs extends Omit<SentBatch, 'producerId' | 'codec' | 'packed' | 'records'> {
  readonly records: readonly SentRecord[]
  readonly producerId: { toString(): string }
  readonly compression?: number
}
interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>
}
const CODEC_MASK = 7
/** Records stay what they are until their batch is written, all at once. */
export const patch_record_batches = (): void => {
  const { lookupCodec } = require('kafkajs/src/protocol/message/compression/index.js') as {
    lookupCodec(compression: number): Codec | null
  }
  replace('kafkajs/src/protocol/recordBatch/record/v0/index.js', (record: SentRecord) => record)
  const RecordBatch = async ({ records, producerId, compression = 0, ...batch }: BatchOfKafkaJs) => {
    const codec = lookupCodec(compression)
    const bytes = encode_batch({
      ...batch,
      records,
      producerId: BigInt(producerId.toString()),
      codec: compression & CODEC_MASK,
      packed: codec && (await codec.compress({ buffer: encode_records(records) })),
    })
    // What is looked at of kafkajs's encoders.
    return { buf: bytes, buffer: bytes, size: () => bytes.length }
  }
  replace('kafkajs/src/protocol/recordBatch/v0/index.js', { RecordBatch, MAGIC_BYTE: 2 })
}
