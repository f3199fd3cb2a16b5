/** CRC-32 of bytes where they lie: for a hundred bytes half the time of a call out of JavaScript. */
import { crc32 } from 'node:zlib'

/** From here on zlib is faster. */
const LONG = 512

/** Four bytes at a time ("slicing by 4", Kounavis and Berry 2008). @param polynomial with its bits reversed */
const sliced = (polynomial: number): ((bytes: Buffer, from: number, to: number) => number) => {
  const table = (earlier: Int32Array | null): Int32Array =>
    Int32Array.from({ length: 256 }, (_, byte) => {
      if (earlier)
        return ((earlier[byte] as number) >>> 8) ^ (first[(earlier[byte] as number) & 0xff] as number)
      let crc = byte
      for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1
      return crc
    })
  const first: Int32Array = table(null)
  const second = table(first)
  const third = table(second)
  const fourth = table(third)
  return (bytes, from, to) => {
    let crc = -1
    let at = from
    for (; at + 3 < to; at += 4) {
      crc ^=
        (bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24)
      crc =
        (fourth[crc & 0xff] as number) ^
        (third[(crc >>> 8) & 0xff] as number) ^
        (second[(crc >>> 16) & 0xff] as number) ^
        (first[crc >>> 24] as number)
    }
    for (; at < to; at++) crc = (crc >>> 8) ^ (first[(crc ^ (bytes[at] as number)) & 0xff] as number)
    return (crc ^ -1) >>> 0
  }
}

const ieee = sliced(0xedb88320)

/** As zlib's. */
export const crc32_of = (bytes: Buffer, from: number, to: number): number =>
  to - from >= LONG ? crc32(bytes.subarray(from, to)) : ieee(bytes, from, to)

/** By Castagnoli's polynomial, as record batches have it. */
export const crc32c_of = sliced(0x82f63b78)
