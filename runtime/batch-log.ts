/** The batch log: one record per micro-batch, the commit record of a task. Building, chaining, reading. */
import avsc from 'avsc'
import { definitions } from '../schemas/definitions.ts'
import type { Batch, BatchRange } from '../schemas/types.ts'
import type { Item } from './intake.ts'

const type = avsc.Type.forSchema(definitions.batch_log as unknown as avsc.Schema)

/** Body of a batch-log record behind the registry prefix. */
export const read_batch = (value: Buffer): Batch => type.fromBuffer(value.subarray(5)) as Batch

/** Chains one record's offset and body CRC into a range's CRC (32 bits, MurmurHash3's mixing). */
export const chain_crc = (chain: number, offset: number, body_crc: number): number => {
  let h = chain ^ Math.imul(body_crc ^ offset, 0xcc9e2d51)
  h = Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64
  h ^= Math.floor(offset / 0x1_0000_0000)
  return (h ^ (h >>> 15)) >>> 0
}

/** Ranges of the items as delivered: `to` is the last offset + 1, whatever stands behind it in the log. */
export const ranges_of = (items: readonly Item[]): BatchRange[] => {
  const ranges = new Map<string, { topic: string; from: number; to: number; count: number; crc: number }>()
  for (const { topic, offset, crc } of items) {
    const range = ranges.get(topic)
    if (!range)
      ranges.set(topic, { topic, from: offset, to: offset + 1, count: 1, crc: chain_crc(0, offset, crc) })
    else {
      range.to = offset + 1
      range.count++
      range.crc = chain_crc(range.crc, offset, crc)
    }
  }
  return [...ranges.values()]
}

const nothing = { processed: 0, duplicate: 0, forwarded: 0, late: 0, dead_letter: 0 }

/** What a record says that stands for no work of a batch's own. */
const no_work = {
  tick_ms: null,
  timers: 0,
  more_due: false,
  ranges: [],
  left_out: [],
  outcomes: nothing,
  dead_timers: 0,
  quarantined: [],
}

/** The record of a rebuild: what it wrote stands beside it, and what was set aside or had failed is history. */
export const rebuilt = (of: Omit<Batch, keyof typeof no_work | 'kind'>): Batch => ({
  ...of,
  ...no_work,
  kind: 'rebuilt',
})

/** The record by which an owner announces itself. */
export const acquisition = (
  of: Pick<Batch, 'key_group' | 'partition' | 'nonce' | 'wall_at' | 'code'>,
): Batch => ({
  ...of,
  ...no_work,
  log_id: '',
  seq: 0,
  kind: 'acquired',
  stream_time_ms: null,
  catalog_offset: 0,
  digest: 0,
  outputs: 0,
})
